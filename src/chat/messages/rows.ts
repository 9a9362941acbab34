/** What the list of messages is made of: messages in groups, days, holes, and where the unread ones begin. */
import type { Message } from "../../client/index.ts";
import { isSameDay } from "../shared/format.ts";

export type Row =
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: Message;
      /** Whether it begins and ends a group of one sender. */
      readonly first: boolean;
      readonly last: boolean;
    }
  | { readonly type: "day"; readonly key: string; readonly at: string }
  /** `before` is the seq of the message above which something is missing. */
  | { readonly type: "hole"; readonly key: string; readonly before: number }
  | { readonly type: "unread"; readonly key: string };

/** Milliseconds within which messages of one sender belong together. */
const TOGETHER = 5 * 60_000;

function standsAlone({ content, recalledAt }: Message): boolean {
  return recalledAt !== null || content?.type === "NOTICE";
}

function belongTogether(above: Message, below: Message): boolean {
  if (above.sender !== below.sender || standsAlone(above) || standsAlone(below)) return false;
  return Math.abs(Date.parse(below.sentAt) - Date.parse(above.sentAt)) < TOGETHER;
}

/**
 * @param messages oldest first
 * @param unreadAfter the seq behind which a line says that messages are new; null: no line
 */
export function toRows(messages: readonly Message[], unreadAfter: number | null): Row[] {
  const rows: Row[] = [];
  let marked = unreadAfter === null;
  let above: Message | null = null;
  for (const message of messages) {
    const { key, seq, sentAt } = message;
    const start = rows.length;
    if (message.gapBefore && seq !== null) rows.push({ type: "hole", key: `hole ${key}`, before: seq });
    if (above === null || !isSameDay(above.sentAt, sentAt)) rows.push({ type: "day", key: `day ${key}`, at: sentAt });
    if (!marked && !message.mine && seq !== null && seq > (unreadAfter ?? 0)) {
      rows.push({ type: "unread", key: "unread" });
      marked = true;
    }
    const first = rows.length > start || above === null || !belongTogether(above, message);
    const before = rows[start - 1];
    if (first && before?.type === "message") rows[start - 1] = { ...before, last: true };
    rows.push({ type: "message", key, message, first, last: false });
    above = message;
  }
  const newest = rows.at(-1);
  if (newest?.type === "message") rows[rows.length - 1] = { ...newest, last: true };
  return rows;
}

export interface Placed {
  readonly rows: readonly Row[];
  /** The list's number of the first row: what the others are counted from, so that no row changes its number. */
  readonly firstIndex: number;
}

/** High enough for all the history that anybody scrolls through. */
export const START_INDEX = 10_000_000;

/** Numbers the rows so that each message keeps the number that it had. */
export function place(rows: readonly Row[], before: Placed | null): Placed {
  if (before === null) return { rows, firstIndex: START_INDEX };
  const places = new Map(before.rows.map(({ key }, index) => [key, index]));
  for (const [index, { type, key }] of rows.entries()) {
    const old = type === "message" ? places.get(key) : undefined;
    if (old !== undefined) return { rows, firstIndex: before.firstIndex + old - index };
  }
  return { rows, firstIndex: before.firstIndex };
}
