/** One transaction's changes to what is kept: the rules by which what the server says is merged into it. */
import type { ConversationFragment, MessageFragment } from "./generated.ts";
import { peerOf } from "./present.ts";
import { addRange, covers } from "./ranges.ts";
import {
  isMessage,
  type Meta,
  type Stored,
  type StoredConversation,
  type StoredMessage,
  type StreamName,
  type Transaction,
} from "./store/store.ts";
import type { IsOutdated } from "./ticks.ts";

/**
 * How the server told of a message: as an event of newMessage (`recent`: the last of a contact), as an update of what is
 * there, as the answer to sending it, or to a question or a change (`answer`).
 */
export type Source = "live" | "missed" | "recent" | "update" | "sent" | "answer";

type Draft = { -readonly [Key in keyof StoredConversation]: StoredConversation[Key] };

/** As many messages are looked through to count what is unread; more are counted by the server. */
const MOST_COUNTED = 1_000;

function fresh(peer: string): StoredConversation {
  return {
    peer,
    nickname: null,
    avatarUrl: null,
    pinned: false,
    muted: false,
    readSeq: 0,
    readPending: false,
    peerReadSeq: 0,
    peerDeliveredSeq: 0,
    clearedSeq: 0,
    lastOwnSeq: 0,
    headSeq: 0,
    tailUnknown: true,
    ranges: [],
    epoch: 0,
    serverUnread: 0,
    countedSeq: 0,
    unreadCount: 0,
    last: null,
    activity: 0,
  };
}

interface Merged {
  readonly news: boolean;
  readonly kept: StoredMessage | null;
}

const NOTHING: Merged = { news: false, kept: null };

/** One of the same place that was sent at another time is from before a restore. */
function isSame(held: MessageFragment, message: MessageFragment): boolean {
  return held.id === message.id && held.sentAt === message.sentAt;
}

/** Up to where nothing counts as unread. */
function readUpTo({ readSeq, clearedSeq, lastOwnSeq }: Draft): number {
  return Math.max(readSeq, clearedSeq, lastOwnSeq);
}

function isUnread({ seq, message }: Stored, conversation: Draft): boolean {
  return message?.recalledAt === null && message.sender.id === conversation.peer && seq > readUpTo(conversation);
}

/** Whether what is held is to stay as it is. */
function heldIsNewer(held: MessageFragment, incoming: MessageFragment, source: Source): boolean {
  if (incoming.recalledAt !== null) return false;
  if (held.recalledAt !== null) return true;
  const [before, after] = [held.editedAt ?? "", incoming.editedAt ?? ""];
  if (before !== after) return before > after;
  return source === "live" || source === "missed" || source === "recent";
}

export class Batch {
  readonly #transaction: Transaction;
  readonly #me: string;
  readonly #drafts = new Map<string, Draft>();
  readonly #meta: Meta;
  #cursors: { [Name in StreamName]: string | null };
  #activity: number;
  /** Messages of the outbox that have turned out to be sent. */
  readonly sent: MessageFragment[] = [];

  private constructor(transaction: Transaction, me: string, meta: Meta) {
    this.#transaction = transaction;
    this.#me = me;
    this.#meta = meta;
    this.#cursors = { ...meta.cursors };
    this.#activity = meta.activity;
  }

  static async open(transaction: Transaction, me: string): Promise<Batch> {
    const meta = await transaction.meta();
    if (meta === null) throw new Error("the local store was erased");
    return new Batch(transaction, me, meta);
  }

  get cursors(): Meta["cursors"] {
    return this.#cursors;
  }

  setCursor(stream: StreamName, cursor: string | null): void {
    this.#cursors[stream] = cursor;
  }

  async conversation(peer: string): Promise<Draft> {
    const known = this.#drafts.get(peer);
    if (known !== undefined) return known;
    const draft = { ...((await this.#transaction.conversation(peer)) ?? fresh(peer)) };
    this.#drafts.set(peer, draft);
    return draft;
  }

  /** The conversation is the one where something has just happened. */
  async touch(peer: string): Promise<void> {
    this.#activity += 1;
    (await this.conversation(peer)).activity = this.#activity;
  }

  /**
   * Merges a message, and says whether it is new to the app, changes what it has been shown, or neither.
   * @returns the message as it is kept; null where the viewer is to see nothing of it
   */
  async put(message: MessageFragment, source: Source): Promise<Merged> {
    const { seq } = message;
    const peer = peerOf(message, this.#me);
    const conversation = await this.conversation(peer);
    await this.#learnFrom(message, conversation);
    if (seq <= conversation.clearedSeq) return NOTHING;

    const there = await this.#transaction.message(peer, seq);
    if (there?.message === null && (there.sentAt ?? message.sentAt) === message.sentAt) return NOTHING;
    const held = there !== null && isMessage(there) && isSame(there.message, message) ? there : null;
    const handed = held?.handed ?? false;
    // What comes live comes to each tab, and to each once; what was missed may come again.
    const news = source === "live" || (source === "missed" && !handed) || (source === "recent" && held === null);
    if (news || source === "sent") await this.touch(peer);
    const current = held !== null && held.epoch === conversation.epoch;
    const kept: StoredMessage = {
      peer,
      seq,
      epoch: conversation.epoch,
      handed: news || handed,
      message: current && heldIsNewer(held.message, message, source) ? held.message : message,
    };
    await this.#transaction.putMessage(kept);
    return { news, kept };
  }

  async #learnFrom(message: MessageFragment, conversation: Draft): Promise<void> {
    const { seq, sender, recipient, clientMessageId } = message;
    const mine = sender.id === this.#me;
    const { nickname, avatarUrl } = mine ? recipient : sender;
    Object.assign(conversation, { nickname, avatarUrl });
    conversation.headSeq = Math.max(conversation.headSeq, seq);
    conversation.ranges = addRange(conversation.ranges, seq, seq);
    if (!mine) return;
    conversation.lastOwnSeq = Math.max(conversation.lastOwnSeq, seq);
    // A note to oneself is read at once, whatever the mark says.
    if (recipient.id !== this.#me && message.deliveredToRecipient)
      conversation.peerDeliveredSeq = Math.max(conversation.peerDeliveredSeq, seq);
    if (recipient.id !== this.#me && message.readByRecipient)
      conversation.peerReadSeq = Math.max(conversation.peerReadSeq, seq);
    if (clientMessageId !== null && (await this.#transaction.removeOutgoing(clientMessageId))) this.sent.push(message);
  }

  /** Takes over how the server says that a conversation is now, where no event has told of it since. */
  async putConversation(snapshot: ConversationFragment, isOutdated: IsOutdated = () => false): Promise<void> {
    const { peer, pinned, muted, readSeq, peerReadSeq, clearedSeq, unreadCount, lastMessage } = snapshot;
    if (isOutdated(peer.id, "conversation")) return;
    const conversation = await this.conversation(peer.id);
    await this.clear(peer.id, clearedSeq);
    const { nickname, avatarUrl } = peer;
    Object.assign(conversation, { nickname, avatarUrl, pinned, muted });
    if (lastMessage !== null && !isOutdated(peer.id, lastMessage.seq)) await this.put(lastMessage, "recent");
    conversation.peerReadSeq = Math.max(conversation.peerReadSeq, peerReadSeq);
    conversation.readPending &&= conversation.readSeq > readSeq;
    conversation.readSeq = Math.max(conversation.readSeq, readSeq);
    conversation.serverUnread = unreadCount;
    conversation.countedSeq = lastMessage?.seq ?? clearedSeq;
  }

  /** As `putConversation`, for a list of the newest first, whose order is taken over. */
  async putConversations(snapshots: readonly ConversationFragment[], isOutdated: IsOutdated): Promise<void> {
    for (const snapshot of snapshots) await this.putConversation(snapshot, isOutdated);
    const order = snapshots
      .toReversed()
      .sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : Number(a.updatedAt > b.updatedAt)));
    const newer: string[] = [];
    for (const { peer, lastMessage } of order) {
      // A message has come since the list was made.
      if ((await this.conversation(peer.id)).headSeq > (lastMessage?.seq ?? 0) && lastMessage !== null)
        newer.push(peer.id);
      else await this.touch(peer.id);
    }
    newer.sort((a, b) => (this.#drafts.get(a)?.activity ?? 0) - (this.#drafts.get(b)?.activity ?? 0));
    for (const peer of newer) await this.touch(peer);
  }

  /** The server knows nothing of this conversation: what is held of it is not unread. */
  async forgetUnread(peer: string): Promise<void> {
    const conversation = await this.conversation(peer);
    const held = await this.#transaction.messagesBelow(peer, Number.MAX_SAFE_INTEGER, MOST_COUNTED);
    // One of this epoch has come since the server was asked.
    const newest = held.find(({ epoch }) => epoch < conversation.epoch);
    Object.assign(conversation, { readSeq: newest?.seq ?? 0, serverUnread: 0, countedSeq: 0 });
  }

  /** Takes away what lies at or before the mark. */
  async clear(peer: string, upToSeq: number): Promise<void> {
    const conversation = await this.conversation(peer);
    if (upToSeq <= conversation.clearedSeq) return;
    conversation.clearedSeq = upToSeq;
    await this.#transaction.removeMessages(peer, 0, upToSeq);
  }

  /** Deleted by the viewer, here or on another device: also where it has not come yet. */
  async delete(peer: string, seq: number): Promise<void> {
    const conversation = await this.conversation(peer);
    if (seq <= conversation.clearedSeq) return;
    const held = await this.#transaction.message(peer, seq);
    const counted = held !== null && isUnread(held, conversation) && seq <= conversation.countedSeq;
    if (counted && conversation.serverUnread > 0) conversation.serverUnread -= 1;
    const sentAt = (held?.message ?? held)?.sentAt ?? null;
    await this.#transaction.putMessage({ peer, seq, epoch: conversation.epoch, message: null, sentAt });
  }

  /** The server has a message where one was deleted before everything held was put in doubt: the mark is out of date. */
  async liftOldMark(peer: string, seq: number): Promise<void> {
    const { epoch } = await this.conversation(peer);
    const held = await this.#transaction.message(peer, seq);
    if (held?.message === null && held.epoch < epoch) await this.#transaction.removeMessages(peer, seq, seq);
  }

  /** Everything that is held of a conversation has to be asked for again; until then it is shown as it is. */
  async doubt(peer: string): Promise<void> {
    const conversation = await this.conversation(peer);
    conversation.epoch += 1;
    conversation.ranges = [];
    conversation.tailUnknown = true;
  }

  /** As `doubt`, for all. */
  async doubtAll(): Promise<void> {
    for (const { peer } of await this.#transaction.conversations()) await this.doubt(peer);
  }

  /** The server may have been put back to an earlier day: what it said of marks and ends is forgotten. */
  async doubtMarks(): Promise<void> {
    for (const { peer } of await this.#transaction.conversations()) {
      const marks = { headSeq: 0, readSeq: 0, peerReadSeq: 0, peerDeliveredSeq: 0, lastOwnSeq: 0, clearedSeq: 0 };
      Object.assign(await this.conversation(peer), marks);
    }
  }

  /** Writes what was changed. @returns the peers whose conversations may look different */
  async finish(): Promise<string[]> {
    for (const conversation of this.#drafts.values()) {
      conversation.last = await this.#lastOf(conversation);
      conversation.unreadCount = await this.#unreadOf(conversation);
      await this.#transaction.putConversation({ ...conversation });
    }
    await this.#transaction.putMeta({ ...this.#meta, cursors: this.#cursors, activity: this.#activity });
    return [...this.#drafts.keys()];
  }

  async #lastOf({ peer }: Draft): Promise<StoredMessage | null> {
    for (let below = Number.MAX_SAFE_INTEGER; ; ) {
      const page = await this.#transaction.messagesBelow(peer, below, 10);
      const last = page.find(isMessage);
      below = page.at(-1)?.seq ?? 0;
      if (last !== undefined || page.length === 0) return last ?? null;
    }
  }

  async #unreadOf(conversation: Draft): Promise<number> {
    const { peer, headSeq, countedSeq, serverUnread, ranges } = conversation;
    if (peer === this.#me) return 0;
    const mark = readUpTo(conversation);
    const known = headSeq - mark <= MOST_COUNTED && covers(ranges, mark + 1, headSeq);
    const from = known ? mark : Math.max(mark, countedSeq);
    const rows = await this.#transaction.messagesAbove(peer, from, MOST_COUNTED);
    const counted = rows.filter((row) => isUnread(row, conversation));
    return counted.length + (known || mark >= countedSeq ? 0 : serverUnread);
  }
}
