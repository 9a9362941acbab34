/** Reading all of a user or of a conversation, page by page. */
import { sql } from "drizzle-orm";
import type { Message, UserId } from "../../engine/model.ts";
import type { ConversationSpan, ExportedMessage } from "../../engine/records/record-store.ts";
import type { TimelinePlace, TimelineView } from "../../engine/store.ts";
import { all, first, type Operation, statement } from "../statement.ts";
import { conversations, deletedMessages, members, messages } from "../tables.ts";
import { member, pairOf } from "./conversations.ts";
import { readMessage } from "./messages.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";
import { visibleBehind } from "./timeline.ts";

const COUNT = sql`c.last_seq + 1 - coalesce(
  (select m.seq from ${messages} m where m.conversation_id = c.id order by m.seq limit 1), c.last_seq + 1)`;
const selectSpans = statement<{ user: string; after: string; limit: number }, { peer_id: string; count: number }>(
  (
    p,
  ) => sql`select mb.peer_id, ${COUNT} as count from ${members} mb join ${conversations} c on c.id = mb.conversation_id
    where mb.user_id = ${p.user} and mb.peer_id > ${p.after} order by mb.peer_id limit ${p.limit}`,
);
const selectSpan = statement<{ first: string; second: string }, { count: number }>(
  (p) => sql`select ${COUNT} as count from ${conversations} c
    where c.first_user = ${p.first} and c.second_user = ${p.second}`,
);

export function* conversationSpans(
  userId: UserId,
  afterPeer: string,
  limit: number,
): Operation<readonly ConversationSpan[]> {
  const rows = yield* all(selectSpans, { user: userId, after: afterPeer, limit });
  return rows.map(({ peer_id: peerId, count }) => ({ peerId, count }));
}

export function* conversationSpan(userId: UserId, peerId: UserId): Operation<ConversationSpan> {
  return { peerId, count: (yield* first(selectSpan, pairOf(userId, peerId)))?.count ?? 0 };
}

const selectKept = statement<{ conversation: number; after: number; cutoff: number; limit: number }, MessageRow>(
  (p) => sql`select ${messageColumns} from ${messages} m where m.conversation_id = ${p.conversation}
    and m.seq > ${p.after} and m.sent_at > ${p.cutoff} order by m.seq limit ${p.limit}`,
);
const selectDeleted = statement<{ conversation: number; from: number; to: number }, { seq: number; user_id: string }>(
  (p) => sql`select seq, user_id from ${deletedMessages}
    where conversation_id = ${p.conversation} and seq >= ${p.from} and seq <= ${p.to} order by seq, user_id`,
);

/** With how far each recipient has read, and who has deleted it where that is known. */
function* besides(
  found: readonly Message[],
  deletedBy: ReadonlyMap<number, readonly UserId[]> | null,
): Operation<ExportedMessage[]> {
  const read = new Map<UserId, number>();
  const exported: ExportedMessage[] = [];
  for (const message of found) {
    const { senderId, recipientId, seq } = message;
    const readSeq = read.get(recipientId) ?? (yield* member(recipientId, senderId))?.readSeq ?? 0;
    read.set(recipientId, readSeq);
    exported.push({ message, readSeq, deletedBy: deletedBy === null ? null : (deletedBy.get(seq) ?? []) });
  }
  return exported;
}

export function* keptMessages(
  conversationId: number,
  afterSeq: number,
  cutoff: number,
  limit: number,
): Operation<readonly ExportedMessage[]> {
  const rows = yield* all(selectKept, { conversation: conversationId, after: afterSeq, cutoff, limit });
  const found = rows.map(toMessage);
  const [oldest, newest] = [found[0], found.at(-1)];
  if (oldest === undefined || newest === undefined) return [];
  const deletedBy = new Map<number, UserId[]>();
  for (const row of yield* all(selectDeleted, { conversation: conversationId, from: oldest.seq, to: newest.seq })) {
    deletedBy.set(row.seq, [...(deletedBy.get(row.seq) ?? []), row.user_id]);
  }
  return yield* besides(found, deletedBy);
}

export function* exportedMessage({ conversationId, seq }: TimelinePlace): Operation<ExportedMessage | null> {
  const message = yield* readMessage(conversationId, seq);
  return message === null ? null : ((yield* besides([message], null))[0] ?? null);
}

export function* seenMessages(
  view: TimelineView,
  afterSeq: number,
  limit: number,
): Operation<readonly ExportedMessage[]> {
  return yield* besides(yield* visibleBehind(view, afterSeq, limit), null);
}
