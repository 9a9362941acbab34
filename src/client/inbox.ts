/**
 * What the subscriptions hand over, in the order in which it came: merged into the local store, told to the app, and
 * only then acknowledged, many at once.
 */
import type { Batch, Source } from "./batch.ts";
import type { Connection } from "./connection.ts";
import type { Emitter } from "./emitter.ts";
import { type ParleyError, toParleyError } from "./errors.ts";
import {
  Acknowledge,
  ConversationUpdated,
  type ConversationUpdatedSubscription,
  type DeliverySource,
  MessageUpdated,
  type MessageUpdatedSubscription,
  NewMessage,
  type NewMessageSubscription,
  Refresh,
  type RefreshSubscription,
} from "./generated.ts";
import type { Local } from "./local.ts";
import type { ChatEvents } from "./model.ts";
import { peerOf, toMessage } from "./present.ts";
import type { Socket } from "./socket.ts";
import type { StreamName } from "./store/store.ts";
import { Ticks } from "./ticks.ts";

type Item =
  | { readonly kind: "message"; readonly event: NewMessageSubscription["newMessage"] }
  | { readonly kind: "update"; readonly event: MessageUpdatedSubscription["messageUpdated"] }
  | { readonly kind: "conversation"; readonly event: ConversationUpdatedSubscription["conversationUpdated"] }
  | { readonly kind: "refresh"; readonly event: RefreshSubscription["refresh"]; readonly socket: Socket }
  | { readonly kind: "expired"; readonly stream: StreamName };

/** So many at most share a transaction. */
const MOST_AT_ONCE = 200;

const SOURCES: Record<DeliverySource, Source> = { OFFLINE: "handed", LIVE: "handed", RECENT: "recent" };

export class Inbox {
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #events: Emitter<ChatEvents>;
  /** The messages that updates have told of while a question was under way. */
  readonly ticks = new Ticks();
  /** Called when all that was missed is kept. */
  onCaughtUp: (socket: Socket) => Promise<void> = async () => {};
  #queue: Item[] = [];
  #draining = false;
  readonly #acknowledging = new Map<StreamName, { latest: string }>();

  constructor(local: Local, connection: Connection, events: Emitter<ChatEvents>) {
    this.#local = local;
    this.#connection = connection;
    this.#events = events;
  }

  /** Subscribes on a fresh connection, behind what is kept. */
  async open(socket: Socket): Promise<void> {
    const meta = await this.#local.read((transaction) => transaction.meta());
    const { messages, updates, conversations } = meta?.cursors ?? {
      messages: null,
      updates: null,
      conversations: null,
    };
    socket.subscribe(
      Refresh,
      {},
      {
        next: ({ refresh: event }) => this.#push({ kind: "refresh", event, socket }),
        refused: (error) => this.#fail(error, socket),
      },
    );
    const next = ({ newMessage: event }: NewMessageSubscription) => this.#push({ kind: "message", event });
    socket.subscribe(NewMessage, { since: messages }, { next, refused: this.#expired("messages", socket) });
    // Without a cursor they begin where the refresh says: whatever is fetched later is fetched as it is then.
    if (updates !== null) this.#followUpdates(socket, updates);
    if (conversations !== null) this.#followConversations(socket, conversations);
  }

  #followUpdates(socket: Socket, since: string): void {
    const next = ({ messageUpdated: event }: MessageUpdatedSubscription) => this.#push({ kind: "update", event });
    socket.subscribe(MessageUpdated, { since }, { next, refused: this.#expired("updates", socket) });
  }

  #followConversations(socket: Socket, since: string): void {
    const next = ({ conversationUpdated: event }: ConversationUpdatedSubscription) =>
      this.#push({ kind: "conversation", event });
    socket.subscribe(ConversationUpdated, { since }, { next, refused: this.#expired("conversations", socket) });
  }

  /** A cursor that the server cannot serve: from before a restore, or too old. */
  #expired(stream: StreamName, socket: Socket): (error: ParleyError) => void {
    return (error) => {
      if (error.code === "CURSOR_EXPIRED" || error.code === "BAD_USER_INPUT") this.#push({ kind: "expired", stream });
      this.#fail(error, socket);
    };
  }

  #fail(error: ParleyError, socket: Socket): void {
    if (error.code !== "CURSOR_EXPIRED") this.#events.emit("error", error);
    // The queue is emptied first, so that the next connection begins behind it.
    void this.#idle().then(() => this.#connection.restart(socket, error.message));
  }

  #push(item: Item): void {
    this.#queue.push(item);
    void this.#drain();
  }

  #tellIdle: (() => void)[] = [];

  #idle(): Promise<void> {
    return this.#draining ? new Promise((resolve) => this.#tellIdle.push(resolve)) : Promise.resolve();
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    // A turn later, so that all that came together is kept and acknowledged together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const items = this.#queue.splice(0, MOST_AT_ONCE);
      try {
        await this.#keep(items);
      } catch (error) {
        // Nothing of it is kept or acknowledged: it will be handed over again.
        this.#queue = [];
        this.#events.emit("error", toParleyError(error, "STORE_FAILED"));
        const { socket } = this.#connection;
        if (socket !== null) this.#connection.restart(socket, "The local store failed.");
      }
    }
    this.#draining = false;
    for (const tell of this.#tellIdle.splice(0)) tell();
  }

  async #keep(items: readonly Item[]): Promise<void> {
    const afterwards: (() => void)[] = [];
    const cursors = new Map<StreamName, string>();
    await this.#local.change(async (batch, transaction) => {
      for (const item of items) {
        switch (item.kind) {
          case "message":
            await this.#keepMessage(batch, item.event, afterwards);
            cursors.set("messages", item.event.cursor);
            break;
          case "update":
            await this.#keepUpdate(batch, item.event, afterwards);
            cursors.set("updates", item.event.cursor);
            break;
          case "conversation": {
            const { conversation } = item.event;
            const peer = conversation.peer.id;
            const { pinned, muted, readSeq, clearedSeq } = await batch.conversation(peer);
            const explained =
              pinned !== conversation.pinned ||
              muted !== conversation.muted ||
              readSeq < conversation.readSeq ||
              clearedSeq < conversation.clearedSeq;
            await batch.putConversation(conversation);
            // Messages were deleted, and which is not said.
            if (!explained) await batch.doubt(peer);
            cursors.set("conversations", item.event.cursor);
            afterwards.push(() => this.#events.emit("conversationUpdated", { peer }));
            break;
          }
          case "refresh":
            await this.#keepRefresh(batch, item, afterwards, transaction);
            cursors.set("messages", item.event.cursor);
            break;
          case "expired":
            await batch.doubtAll();
            batch.setCursor(item.stream, null);
            break;
          default:
            item satisfies never;
        }
      }
      for (const [stream, cursor] of cursors) batch.setCursor(stream, cursor);
    });
    for (const step of afterwards) step();
    for (const [stream, cursor] of cursors) this.#acknowledge(stream, cursor);
  }

  async #keepMessage(
    batch: Batch,
    { message, source }: NewMessageSubscription["newMessage"],
    afterwards: (() => void)[],
  ): Promise<void> {
    // With lifetime 0 it is for now only.
    const transient = message.seq === 0;
    const { news, kept } = transient ? { news: true, kept: null } : await batch.put(message, SOURCES[source]);
    if (!news || (kept === null && !transient)) return;
    const shown = toMessage(kept?.message ?? message, this.#local.me, null);
    afterwards.push(() => this.#events.emit("newMessage", { message: shown, source }));
  }

  async #keepUpdate(
    batch: Batch,
    { message, change }: MessageUpdatedSubscription["messageUpdated"],
    afterwards: (() => void)[],
  ): Promise<void> {
    const { me } = this.#local;
    const { seq } = message;
    const conversation = await batch.conversation(peerOf(message, me));
    const mine = message.sender.id === me;
    if (change === "READ" && mine) conversation.peerReadSeq = Math.max(conversation.peerReadSeq, seq);
    if (change === "READ" || change === "DELIVERED") {
      if (mine) conversation.peerDeliveredSeq = Math.max(conversation.peerDeliveredSeq, seq);
    } else {
      this.ticks.note(conversation.peer, seq);
      await batch.put(message, "update");
    }
    const shown = toMessage(message, me, conversation);
    afterwards.push(() => this.#events.emit("messageUpdated", { message: shown, change }));
  }

  async #keepRefresh(
    batch: Batch,
    { event, socket }: Extract<Item, { readonly kind: "refresh" }>,
    afterwards: (() => void)[],
    transaction: { conversations(): Promise<readonly { readonly peer: string }[]> },
  ): Promise<void> {
    const { cursor, truncated, truncatedPeers } = event;
    const incomplete =
      truncatedPeers.length > 0 ? truncatedPeers : (await transaction.conversations()).map((c) => c.peer);
    if (truncated) for (const peer of incomplete) (await batch.conversation(peer)).tailUnknown = true;
    const { updates, conversations } = batch.cursors;
    if (updates === null) {
      batch.setCursor("updates", cursor);
      afterwards.push(() => this.#followUpdates(socket, cursor));
    }
    if (conversations === null) {
      batch.setCursor("conversations", cursor);
      afterwards.push(() => this.#followConversations(socket, cursor));
    }
    afterwards.push(() => void this.#catchUp(socket, event));
  }

  async #catchUp(socket: Socket, event: RefreshSubscription["refresh"]): Promise<void> {
    try {
      await this.onCaughtUp(socket);
    } catch (error) {
      this.#fail(toParleyError(error, "UNKNOWN"), socket);
      return;
    }
    this.#connection.inStep(socket);
    const { cursor: _, ...told } = event;
    this.#events.emit("refresh", told);
  }

  /** One acknowledgement at a time for each stream; what is kept meanwhile goes with the next. */
  #acknowledge(stream: StreamName, cursor: string): void {
    const running = this.#acknowledging.get(stream);
    if (running !== undefined) {
      running.latest = cursor;
      return;
    }
    const run = { latest: cursor };
    this.#acknowledging.set(stream, run);
    void this.#acknowledgeUntilDone(stream, run);
  }

  async #acknowledgeUntilDone(stream: StreamName, run: { latest: string }): Promise<void> {
    for (let done: string | null = null; done !== run.latest; ) {
      const { latest } = run;
      try {
        await this.#connection.socket?.ask(Acknowledge, { cursor: latest });
      } catch {
        // Whatever it was: what was not acknowledged is handed over again, and acknowledged then.
      }
      done = latest;
    }
    this.#acknowledging.delete(stream);
  }
}
