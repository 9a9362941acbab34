/** What events are called in what hooks are sent. These names stay. */
import type { EventKind } from "../engine/event-store.ts";

export const EVENT_TYPES = {
  sent: "message.sent",
  edited: "message.edited",
  recalled: "message.recalled",
  read: "conversation.read",
  friendRequested: "friendship.requested",
  friendAdded: "friendship.added",
  friendRemoved: "friendship.removed",
  blocked: "user.blocked",
  unblocked: "user.unblocked",
} as const satisfies Record<EventKind, string>;
