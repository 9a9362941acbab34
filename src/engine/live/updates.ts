/** `messageUpdated` and `conversationUpdated`: two more filters over the user's log. */
import { type Core, cutoffsNow } from "../core.ts";
import { messageId } from "../ids.ts";
import type { LogEntry, Member, Stream } from "../model.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { Feed } from "./feed.ts";
import type { Fresh, Listener } from "./hub.ts";
import { LogReader } from "./log-reader.ts";
import { messageNow } from "./message-now.ts";
import { cursorAt, servablePlace } from "./places.ts";

export type MessageChange = "RECALLED" | "EDITED" | "READ" | "DELIVERED";

export interface MessageUpdatedEvent extends MessageView {
  readonly change: MessageChange;
  readonly cursor: string;
}

export interface ConversationUpdatedEvent {
  readonly conversation: Member;
  /** What the viewer deleted for itself; null where something else of its view has changed. */
  readonly deletedMessage: DeletedMessage | null;
  readonly cursor: string;
}

export interface DeletedMessage {
  readonly id: string;
  readonly seq: number;
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

/** What a feed makes of an entry of another device; null where there is nothing to tell. */
type Pick<T> = (entry: LogEntry, cursor: string) => Promise<T | null>;

/** One stream of a log from a place on. */
class UpdatesFeed<T> extends Feed<T> implements Listener {
  readonly #core: Core;
  readonly #viewer: Viewer;
  readonly #stream: Stream;
  readonly #pick: Pick<T>;
  readonly #reader: LogReader;
  /** What is older, and was there when it began, has left the cache. */
  readonly #oldest: number;
  #head = 0;

  constructor(core: Core, viewer: Viewer, stream: Stream, pick: Pick<T>) {
    super();
    this.#core = core;
    this.#viewer = viewer;
    this.#stream = stream;
    this.#pick = pick;
    this.#oldest = cutoffsNow(core).offline;
    this.#reader = new LogReader(core.store, viewer, stream, this);
    core.hub.join(viewer.userId, this);
  }

  start(after: number, head: number): void {
    this.#reader.start(after);
    this.#head = head;
  }

  appended(entry: LogEntry, fresh: Fresh | null): void {
    this.#reader.appended(entry, fresh);
  }

  behind(head: number): void {
    this.#reader.behind(head);
  }

  protected override async pull(): Promise<T | null> {
    for (let read = await this.#reader.next(); read !== null; read = await this.#reader.next()) {
      const { entry } = read;
      // Only of what was there before: what comes live is new, whatever the clock said then or says now.
      if (entry.position <= this.#head && entry.at <= this.#oldest) continue;
      const cursor = cursorAt(this.#core, this.#viewer.userId, this.#stream, entry.position);
      const event = await this.#pick(entry, cursor);
      if (event !== null) return event;
    }
    return null;
  }

  protected override left(): void {
    this.#core.hub.leave(this.#viewer.userId, this);
  }
}

export function createUpdates(core: Core) {
  const { store } = core;

  async function follow<T>(
    viewer: Viewer,
    stream: Stream,
    since: string | null | undefined,
    pick: Pick<T>,
  ): Promise<Feed<T>> {
    const feed = new UpdatesFeed(core, viewer, stream, pick);
    try {
      const { after, head } = await servablePlace(core, viewer, stream, since);
      feed.start(after, head);
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
        const { conversationId, seq } = entry;
        const conversation = await store.memberByConversation(viewer.userId, conversationId);
        if (conversation === null) return null;
        const deletedMessage = seq === 0 ? null : { id: messageId(conversationId, seq), seq };
        return { conversation, deletedMessage, cursor };
      });
    },
  };
}
