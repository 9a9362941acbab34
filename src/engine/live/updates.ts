/** `messageUpdated` and `conversationUpdated`: two more filters over the user's log. */
import { nextTurn } from "../clock.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { LogEntry, Member, Stream } from "../model.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { createFeed, type Feed } from "./feed.ts";
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

const PAGE = 100;

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
    const { userId, deviceId } = viewer;
    let page: LogEntry[] = [];
    let readUpTo = 0;
    let head = 0;

    async function pull(): Promise<T | null> {
      for (;;) {
        for (let entry = page.shift(); entry !== undefined; entry = page.shift()) {
          if (entry.origin === deviceId) continue;
          // Only of what was there before: what comes live is new, whatever the clock said then or says now.
          if (entry.position <= head && entry.at <= oldest) continue;
          const event = await pick(entry, cursorAt(core, userId, stream, entry.position));
          if (event !== null) return event;
        }
        const { entries, upTo } = await store.log(userId, stream, readUpTo, PAGE);
        readUpTo = upTo;
        page = [...entries];
        if (page.length === 0) return null;
        if (page.length === PAGE) await nextTurn();
      }
    }

    const feed: Feed<T> = createFeed(pull, () => leaveHub());
    const leaveHub = hub.join(userId, feed);
    const oldest = cutoffsNow(core).offline;
    try {
      ({ after: readUpTo, head } = await servablePlace(core, viewer, stream, since));
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
