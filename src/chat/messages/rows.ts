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

/** How things stood when the conversation was opened, with something unread. */
export interface Unread {
  /** Up to where it had been read: a seq. */
  readonly readSeq: number;
  /** Its newest message: a seq. */
  readonly lastSeq: number;
}

/** The seq behind which messages were unread: who has answered has read what came before. */
function unreadAfter(messages: readonly Message[], { readSeq, lastSeq }: Unread): number {
  const answer = messages.findLast(({ mine, seq }) => mine && seq !== null && seq <= lastSeq);
  return Math.max(readSeq, answer?.seq ?? 0);
}

/**
 * @param messages oldest first
 * @param unread where a line says that messages are new; null: nowhere
 * @param isWhole whether there is nothing older
 */
export function toRows(messages: readonly Message[], unread: Unread | null, isWhole: boolean): Row[] {
  const rows: Row[] = [];
  const newAfter = unread === null ? Number.POSITIVE_INFINITY : unreadAfter(messages, unread);
  // Where older ones are still to come, the first new one may be among them.
  let marked = !isWhole && (messages[0]?.seq ?? 0) > newAfter;
  let above: Message | null = null;
  for (const message of messages) {
    const { key, seq, sentAt } = message;
    const start = rows.length;
    if (message.gapBefore && seq !== null) rows.push({ type: "hole", key: `hole ${key}`, before: seq });
    if (above === null || !isSameDay(above.sentAt, sentAt)) rows.push({ type: "day", key: `day ${key}`, at: sentAt });
    if (!marked && !message.mine && seq !== null && seq > newAfter) {
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
