/**
 * Pages of a conversation: from the local store where that knows all of them, else from the server, merged. What is
 * missing is never passed over in silence.
 */
import type { Batch } from "./batch.ts";
import type { Connection } from "./connection.ts";
import { ParleyError } from "./errors.ts";
import { History as HistoryOperation, type HistoryQuery } from "./generated.ts";
import type { Local } from "./local.ts";
import type { Message, MessagePage } from "./model.ts";
import { toMessage, toPendingMessage, type Viewer } from "./present.ts";
import { addRange, covers, highestHole, type Range } from "./ranges.ts";
import {
  isMessage,
  type Outgoing,
  type StoredConversation,
  type StoredMessage,
  type Transaction,
} from "./store/store.ts";
import type { IsOutdated, Ticks } from "./ticks.ts";

/** Which messages of a conversation: all from `from` up to `before`, and `count` more below that; seqs, `from` included. */
export interface Bounds {
  readonly before: number;
  readonly from: number;
  readonly count: number;
}

export interface Window {
  readonly conversation: StoredConversation | null;
  /** The highest first. */
  readonly rows: readonly StoredMessage[];
  readonly pending: readonly Outgoing[];
  /** The highest stretch that the store does not know; null where it knows all of the window. */
  readonly hole: Range | null;
  readonly hasMore: boolean;
}

const NEWEST = Number.MAX_SAFE_INTEGER;
const MOST_PER_PAGE = 100;
const LEAST_PER_PAGE = 30;
/** Where more than so many are missing among what was shown, they are not fetched: it begins anew at the newest. */
const MOST_MISSING = 500;
/** As many as IndexedDB can be asked for. */
const ALL = 2 ** 32 - 1;

/** The newest `count`, or those below `before`. */
export function newest(count: number, before = NEWEST): Bounds {
  return { before, from: before, count };
}

/** The highest first, deleted ones left out; one more than asked for where there is one. */
async function readRows(transaction: Transaction, peer: string, { before, from, count }: Bounds) {
  const held = from < before ? await transaction.messagesAbove(peer, from - 1, ALL) : [];
  const shown = held
    .filter(isMessage)
    .filter(({ seq }) => seq < before)
    .reverse();
  const older: StoredMessage[] = [];
  for (let below = from; older.length <= count; ) {
    const page = await transaction.messagesBelow(peer, below, count + 1 - older.length);
    older.push(...page.filter(isMessage));
    below = page.at(-1)?.seq ?? 0;
    if (page.length === 0) break;
  }
  return { rows: shown.concat(older.slice(0, count)), enough: older.length >= count, more: older.length > count };
}

/** What the store has within the bounds. */
export async function readWindow(transaction: Transaction, peer: string, bounds: Bounds): Promise<Window> {
  const { before, from, count } = bounds;
  const conversation = await transaction.conversation(peer);
  const pending = before < NEWEST ? [] : (await transaction.outgoing()).filter((message) => message.peer === peer);
  const { rows, enough, more } = await readRows(transaction, peer, bounds);
  if (conversation === null) return { conversation, rows, pending, hole: [1, before - 1], hasMore: more };

  const { ranges, clearedSeq, headSeq, tailUnknown } = conversation;
  const bottom = clearedSeq + 1;
  const lowest = enough ? Math.max(bottom, Math.min(from, rows.at(-1)?.seq ?? from)) : bottom;
  const top = before < NEWEST && (tailUnknown || before <= headSeq) ? before - 1 : headSeq;
  const tail: Range | null = before === NEWEST && tailUnknown ? [headSeq + 1, NEWEST - 1] : null;
  const hole = tail ?? highestHole(ranges, lowest, top);
  if (tail === null && hole !== null && missingFrom(from, hole, rows) > MOST_MISSING) {
    return readWindow(transaction, peer, newest(Math.max(count, LEAST_PER_PAGE), before));
  }
  return { conversation, rows, pending, hole, hasMore: more || !covers(ranges, bottom, lowest - 1) || hole !== null };
}

/** How many numbers of the hole, from `from` on, nothing is held of. */
function missingFrom(from: number, [first, last]: Range, rows: readonly StoredMessage[]): number {
  const start = Math.max(from, first);
  return last - start + 1 - rows.filter(({ seq }) => seq >= start && seq <= last).length;
}

/** The window as it is shown, oldest first. */
export function toPage(window: Window, viewer: Viewer, inStep: boolean, isNewest: boolean): MessagePage {
  const { conversation, rows, pending, hole, hasMore } = window;
  const ranges = conversation?.ranges ?? [];
  const stored = rows.toReversed();
  const messages: Message[] = stored.map(({ seq, message }, index) => {
    const above = stored[index - 1]?.seq;
    return toMessage(message, viewer, conversation, above !== undefined && !covers(ranges, above + 1, seq - 1));
  });
  messages.push(...pending.map((outgoing) => toPendingMessage(outgoing, viewer)));
  return { messages, complete: hole === null && (inStep || !isNewest), hasMore };
}

export class History {
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #ticks: Ticks;
  /** One page at a time of each conversation: the next may be there already. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(local: Local, connection: Connection, ticks: Ticks) {
    this.#local = local;
    this.#connection = connection;
    this.#ticks = ticks;
  }

  read(peer: string, bounds: Bounds): Promise<Window> {
    return this.#local.read((transaction) => readWindow(transaction, peer, bounds));
  }

  get inStep(): boolean {
    return this.#connection.state.getSnapshot().status === "inStep";
  }

  /** Asks the server for whatever the store does not know of the window. @throws ParleyError OFFLINE and others */
  fill(peer: string, bounds: Bounds): Promise<Window> {
    const turn = (this.#turns.get(peer) ?? Promise.resolve()).then(async () => {
      for (;;) {
        const window = await this.read(peer, bounds);
        if (window.hole === null) return window;
        // Among what was shown all of the hole is wanted.
        await this.#fetchInto(peer, window.hole, window.hole[1] >= bounds.from ? MOST_PER_PAGE : bounds.count);
      }
    });
    const settled = turn.catch(() => {});
    this.#turns.set(peer, settled);
    void settled.then(() => {
      if (this.#turns.get(peer) === settled) this.#turns.delete(peer);
    });
    return turn;
  }

  /** One page that reaches down into the hole from the nearest message above it. */
  async #fetchInto(peer: string, hole: Range, count: number): Promise<void> {
    const { anchor, conversation } = await this.#local.read(async (transaction) => {
      const conversation = await transaction.conversation(peer);
      const above = hole[1] >= NEWEST - 1 ? [] : await transaction.messagesAbove(peer, hole[1], MOST_PER_PAGE);
      // Cursors of an earlier epoch may be of another conversation.
      const usable = above.find(({ epoch, message }) => epoch === conversation?.epoch && message?.cursor != null);
      return { anchor: usable ?? null, conversation };
    });
    const last = Math.min(MOST_PER_PAGE, Math.max(LEAST_PER_PAGE, count));
    const epoch = conversation?.epoch ?? 0;
    await this.#ticks.during(async (isOutdated) => {
      const { history } = await this.#connection.ask(HistoryOperation, {
        peer,
        last,
        before: anchor?.message?.cursor ?? null,
      });
      if (history === null) throw new ParleyError("USER_NOT_FOUND", `There is no user ${peer}.`);
      await this.#local.change(async (batch, transaction) => {
        const now = await batch.conversation(peer);
        // What is held was put in doubt meanwhile: the page may be of before.
        if (now.epoch !== epoch) return;
        const top = anchor === null ? null : anchor.seq - 1;
        await mergePage(batch, transaction, peer, history, top, conversation?.headSeq ?? 0, isOutdated);
      });
    });
  }
}

/**
 * @param top the page is of what lies up to here; null for the newest
 * @param headSeq the highest that was known to exist before the page was asked for
 */
async function mergePage(
  batch: Batch,
  transaction: Transaction,
  peer: string,
  { nodes, pageInfo }: NonNullable<HistoryQuery["history"]>,
  top: number | null,
  headSeq: number,
  isOutdated: IsOutdated,
): Promise<void> {
  const conversation = await batch.conversation(peer);
  const first = pageInfo.hasPreviousPage ? (nodes[0]?.seq ?? 1) : 1;
  const last = top ?? Math.max(headSeq, nodes.at(-1)?.seq ?? 0);
  for (const message of nodes) {
    if (isOutdated(peer, message.seq)) continue;
    await batch.liftOldMark(peer, message.seq);
    await batch.put(message, "answer");
  }
  const there = new Set(nodes.map(({ seq }) => seq));
  // What an earlier epoch held and the server does not have: deleted by the viewer, or gone with a restore. What lies
  // below the lowest that the server has is past its retention, and stays.
  for (let above = (nodes[0]?.seq ?? last + 1) - 1; ; ) {
    const held = await transaction.messagesAbove(peer, above, MOST_PER_PAGE);
    for (const { seq, epoch } of held.filter(isMessage)) {
      const gone = (top === null || seq <= top) && epoch < conversation.epoch && !there.has(seq);
      if (gone) await transaction.removeMessages(peer, seq, seq);
    }
    above = held.at(-1)?.seq ?? NEWEST;
    if (held.length < MOST_PER_PAGE || above >= (top ?? NEWEST)) break;
  }
  conversation.ranges = addRange(conversation.ranges, first, last);
  if (top === null) conversation.tailUnknown = false;
}
