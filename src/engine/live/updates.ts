/** `messageUpdated` and `conversationUpdated`: two more filters over the user's log. */
import { type Core, cutoffsNow } from "../core.ts";
import type { LogEntry, Member, Stream } from "../model.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { createFeed, type Feed } from "./feed.ts";
import { createLogReader } from "./log-reader.ts";
import { messageNow } from "./message-now.ts";
import { cursorAt, servablePlace } from "./places.ts";

export type MessageChange = "RECALLED" | "EDITED" | "READ" | "DELIVERED";

export interface MessageUpdatedEvent extends MessageView {
  readonly change: MessageChange;
  readonly cursor: string;
}

export interface ConversationUpdatedEvent {
  readonly conversation: Member;
  readonly cursor: string;
}

function changeOf(entry: LogEntry): MessageChange | null {
  switch (entry.kind) {
    case "recalled":
      return "RECALLED";
    case "edited":
      return "EDITED";
    case "delivered":
      return "DELIVERED";
    case "read":
      return "READ";
    case "received":
    case "sent":
    case "unsynced":
    case "conversation":
      return null;
    default:
      return entry.kind satisfies never;
  }
}

export function createUpdates(core: Core) {
  const { store, hub } = core;

  /** A feed over one stream of the log from a place on, of what `pick` makes of the other devices' entries. */
  async function follow<T>(
    viewer: Viewer,
    stream: Stream,
    since: string | null | undefined,
    pick: (entry: LogEntry, cursor: string) => Promise<T | null>,
  ): Promise<Feed<T>> {
    const { userId } = viewer;
    let head = 0;

    async function pull(): Promise<T | null> {
      for (let read = await reader.next(); read !== null; read = await reader.next()) {
        const { entry } = read;
        // Only of what was there before: what comes live is new, whatever the clock said then or says now.
        if (entry.position <= head && entry.at <= oldest) continue;
        const event = await pick(entry, cursorAt(core, userId, stream, entry.position));
        if (event !== null) return event;
      }
      return null;
    }

    const feed: Feed<T> = createFeed(pull, () => leaveHub());
    const reader = createLogReader(store, viewer, stream, feed.wake);
    const leaveHub = hub.join(userId, { appended: reader.appended });
    const oldest = cutoffsNow(core).offline;
    try {
      const place = await servablePlace(core, viewer, stream, since);
      reader.start(place.after);
      head = place.head;
    } catch (error) {
      feed.end();
      throw error;
    }
    return feed;
  }

  return {
    /**
     * Recalls, edits, deliveries and reads.
     * @throws Refusal BAD_USER_INPUT or CURSOR_EXPIRED for a `since` that cannot be served
     */
    subscribeToMessages(viewer: Viewer, since: string | null | undefined): Promise<Feed<MessageUpdatedEvent>> {
      const { userId } = viewer;
      return follow(viewer, "updates", since, async (entry, cursor) => {
        const change = changeOf(entry);
        const message = await messageNow(core, entry);
        if (change === null || message === null || message.sentAt <= cutoffsNow(core).erased) return null;
        return { message, viewedBy: userId, change, cursor };
      });
    },

    /**
     * What the viewer's other devices did to its view of conversations.
     * @throws Refusal BAD_USER_INPUT or CURSOR_EXPIRED for a `since` that cannot be served
     */
    subscribeToConversations(
      viewer: Viewer,
      since: string | null | undefined,
    ): Promise<Feed<ConversationUpdatedEvent>> {
      return follow(viewer, "conversations", since, async (entry, cursor) => {
        const conversation = await store.memberByConversation(viewer.userId, entry.conversationId);
        return conversation === null ? null : { conversation, cursor };
      });
    },
  };
}
