/** What the subscriptions hand over, merged into the local store: one kind of event, one rule. */
import type { Batch, Source } from "./batch.ts";
import type { Emitter } from "./emitter.ts";
import type {
  ConversationUpdatedSubscription,
  DeliverySource,
  MessageUpdatedSubscription,
  NewMessageSubscription,
  RefreshSubscription,
} from "./generated.ts";
import type { ChatEvents } from "./model.ts";
import { peerOf, toMessage, type Viewer } from "./present.ts";
import type { Meta, StreamName, Transaction } from "./store/store.ts";
import type { Ticks } from "./ticks.ts";

/** Called with the places up to which everything is kept then. */
type OnKept = (cursors: Meta["cursors"]) => void;

export type Item =
  | { readonly kind: "message"; readonly event: NewMessageSubscription["newMessage"] }
  | { readonly kind: "update"; readonly event: MessageUpdatedSubscription["messageUpdated"] }
  | { readonly kind: "conversation"; readonly event: ConversationUpdatedSubscription["conversationUpdated"] }
  | { readonly kind: "refresh"; readonly event: RefreshSubscription["refresh"]; readonly onKept: OnKept }
  /** The server cannot serve this stream's cursor. */
  | { readonly kind: "expired"; readonly stream: StreamName };

const SOURCES: Record<DeliverySource, Source> = { OFFLINE: "missed", LIVE: "live", RECENT: "recent" };

export class Intake {
  readonly #viewer: Viewer;
  readonly #events: Emitter<ChatEvents>;
  readonly #ticks: Ticks;

  constructor(viewer: Viewer, events: Emitter<ChatEvents>, ticks: Ticks) {
    this.#viewer = viewer;
    this.#events = events;
    this.#ticks = ticks;
  }

  /** @returns what is to be done once it is kept */
  merge(item: Item, batch: Batch, transaction: Transaction): Promise<() => void> {
    switch (item.kind) {
      case "message":
        return this.#message(item.event, batch);
      case "update":
        return this.#update(item.event, batch);
      case "conversation":
        return this.#conversation(item.event, batch);
      case "refresh":
        return this.#refresh(item, batch, transaction);
      case "expired":
        return this.#expired(item.stream, batch);
      default:
        return item satisfies never;
    }
  }

  async #message({ message, source, cursor }: NewMessageSubscription["newMessage"], batch: Batch) {
    batch.setCursor("messages", cursor);
    // With lifetime 0 it is for now only.
    const transient = message.seq === 0;
    const { news, kept } = transient ? { news: true, kept: null } : await batch.put(message, SOURCES[source]);
    if (!news || (kept === null && !transient)) return () => {};
    const shown = toMessage(kept?.message ?? message, this.#viewer, null);
    return () => this.#events.emit("newMessage", { message: shown, source });
  }

  async #update({ message, change, cursor }: MessageUpdatedSubscription["messageUpdated"], batch: Batch) {
    batch.setCursor("updates", cursor);
    const { seq } = message;
    const conversation = await batch.conversation(peerOf(message, this.#viewer.id));
    if (change === "EDITED" || change === "RECALLED") {
      this.#ticks.note(conversation.peer, seq);
      await batch.put(message, "update");
    } else if (message.sender.id === this.#viewer.id) {
      conversation.peerDeliveredSeq = Math.max(conversation.peerDeliveredSeq, seq);
      if (change === "READ") conversation.peerReadSeq = Math.max(conversation.peerReadSeq, seq);
    }
    // What the viewer itself has read on another device comes with the conversation, exactly.
    const shown = toMessage(message, this.#viewer, conversation);
    return () => this.#events.emit("messageUpdated", { message: shown, change });
  }

  async #conversation(event: ConversationUpdatedSubscription["conversationUpdated"], batch: Batch) {
    batch.setCursor("conversations", event.cursor);
    const { conversation, deletedMessage } = event;
    const peer = conversation.peer.id;
    if (deletedMessage !== null) await batch.delete(peer, deletedMessage.seq);
    await batch.putConversation(conversation);
    this.#ticks.note(peer, "conversation");
    return () => this.#events.emit("conversationUpdated", { peer });
  }

  async #refresh(
    { event, onKept }: Extract<Item, { readonly kind: "refresh" }>,
    batch: Batch,
    transaction: Transaction,
  ) {
    const { cursor, truncated, truncatedPeers } = event;
    batch.setCursor("messages", cursor);
    // Whatever is fetched from now on is fetched as it is after this place.
    if (batch.cursors.updates === null) batch.setCursor("updates", cursor);
    if (batch.cursors.conversations === null) batch.setCursor("conversations", cursor);
    if (truncated) {
      const all = truncatedPeers.length === 0 ? await transaction.conversations() : [];
      for (const peer of [...truncatedPeers, ...all.map((conversation) => conversation.peer)]) {
        (await batch.conversation(peer)).tailUnknown = true;
      }
    }
    return () => onKept(batch.cursors);
  }

  async #expired(stream: StreamName, batch: Batch) {
    await batch.doubtAll();
    await batch.doubtMarks();
    batch.setCursor(stream, null);
    return () => {};
  }
}
