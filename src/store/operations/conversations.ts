/** Conversations as one side has them: recent contacts, read marks, pins, mutes, clears. */
import { sql } from "drizzle-orm";
import { type Member, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type { Appended, Logged } from "../../engine/store.ts";
import { all, first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { conversations, members, messages } from "../tables.ts";
import { noteEvent } from "./events.ts";
import { appendEntries } from "./log.ts";
import { withdrawRead } from "./push-queue.ts";
import { type MemberRow, toMember } from "./rows.ts";

/** The pair in the order in which it is stored. */
export function pairOf(a: UserId, b: UserId): { first: UserId; second: UserId } {
  return a < b ? { first: a, second: b } : { first: b, second: a };
}

const selectMember = statement<{ user: string; peer: string }, MemberRow>(
  (p) => sql`select * from ${members} where user_id = ${p.user} and peer_id = ${p.peer}`,
);
const selectPair = statement<{ conversation: number }, { first_user: string; second_user: string }>(
  (p) => sql`select first_user, second_user from ${conversations} where id = ${p.conversation}`,
);
const selectConversation = statement<{ first: string; second: string }, { id: number }>(
  (p) => sql`select id from ${conversations} where first_user = ${p.first} and second_user = ${p.second}`,
);
const selectRecent = statement<{ user: string; limit: number }, MemberRow>(
  (p) => sql`select * from ${members} where user_id = ${p.user}
    order by pinned desc, last_position desc limit ${p.limit}`,
);

export function* member(userId: UserId, peerId: UserId): Operation<Member | null> {
  const row = yield* first(selectMember, { user: userId, peer: peerId });
  return row === undefined ? null : toMember(row);
}

export function* memberByConversation(userId: UserId, conversationId: number): Operation<Member | null> {
  const pair = yield* first(selectPair, { conversation: conversationId });
  if (pair === undefined) return null;
  if (pair.first_user === userId) return yield* member(userId, pair.second_user);
  return pair.second_user === userId ? yield* member(userId, pair.first_user) : null;
}

export function* conversationBetween(a: UserId, b: UserId): Operation<number | null> {
  return (yield* first(selectConversation, pairOf(a, b)))?.id ?? null;
}

export function* recentContacts(userId: UserId, limit: number): Operation<readonly Member[]> {
  const rows = yield* all(selectRecent, { user: userId, limit });
  return rows.map(toMember);
}

const newestOfPeer = statement<{ conversation: number; user: string; after: number; upTo: number }, { seq: number }>(
  (p) => sql`select seq from ${messages} where conversation_id = ${p.conversation} and seq > ${p.after}
    and seq <= ${p.upTo} and sender_id <> ${p.user} and hidden = 0 order by seq desc limit 1`,
);
export const moveReadMark = statement<{ user: string; peer: string; seq: number }>(
  (p) => sql`update ${members} set read_seq = ${p.seq} where user_id = ${p.user} and peer_id = ${p.peer}`,
);

export function* markRead(
  { userId, peerId }: Member,
  upToSeq: number | null,
  now: number,
  origin: string | null,
): Operation<Logged> {
  yield* holdUsers(userId, peerId);
  const current = yield* member(userId, peerId);
  if (current === null) return { appended: [] };
  const { conversationId, readSeq, lastSeq } = current;
  const target = Math.min(upToSeq ?? lastSeq, lastSeq);
  if (target <= readSeq) return { appended: [] };
  yield* run(moveReadMark, { user: userId, peer: peerId, seq: target });

  const range = { conversation: conversationId, user: userId, after: readSeq, upTo: target };
  const newlyRead = yield* first(newestOfPeer, range);
  const entry = { conversationId, at: now };
  const wanted: Omit<Appended, "position">[] = [];
  if (newlyRead !== undefined) {
    // In the order of their ids, as everywhere.
    for (const reader of [userId, peerId].sort()) {
      if (reader === SYSTEM_USER) continue;
      const from = reader === userId ? origin : null;
      wanted.push({ ...entry, userId: reader, kind: "read", seq: newlyRead.seq, origin: from });
    }
    const place = { conversationId, seq: newlyRead.seq };
    yield* noteEvent({ kind: "read", at: now, userId, otherId: peerId, place });
  }
  wanted.push({ ...entry, userId, kind: "conversation", seq: 0, origin });
  yield* withdrawRead(userId, conversationId, target, now, origin);
  return { appended: yield* appendEntries(wanted) };
}

const saveArrangement = statement<{ user: string; peer: string; pinned: number; muted: number; cleared: number }>(
  (p) => sql`update ${members} set pinned = ${p.pinned}, muted = ${p.muted}, cleared_seq = ${p.cleared}
    where user_id = ${p.user} and peer_id = ${p.peer}`,
);
const selectLastSeq = statement<{ conversation: number }, { last_seq: number }>(
  (p) => sql`select last_seq from ${conversations} where id = ${p.conversation}`,
);

export function* arrange(
  { userId, peerId, conversationId }: Member,
  change: { pinned?: boolean; muted?: boolean; cleared?: true },
  now: number,
  origin: string | null,
): Operation<Logged> {
  yield* holdUsers(userId, peerId);
  const current = yield* member(userId, peerId);
  if (current === null) return { appended: [] };
  const lastSeq = (yield* first(selectLastSeq, { conversation: conversationId }))?.last_seq ?? 0;
  const wanted = {
    pinned: change.pinned ?? current.pinned,
    muted: change.muted ?? current.muted,
    clearedSeq: change.cleared === true ? lastSeq : current.clearedSeq,
  };
  const { pinned, muted, clearedSeq } = current;
  if (wanted.pinned === pinned && wanted.muted === muted && wanted.clearedSeq === clearedSeq) return { appended: [] };
  yield* run(saveArrangement, {
    user: userId,
    peer: peerId,
    pinned: wanted.pinned ? 1 : 0,
    muted: wanted.muted ? 1 : 0,
    cleared: wanted.clearedSeq,
  });
  const entry = { userId, kind: "conversation", conversationId, seq: 0, at: now, origin } as const;
  return { appended: yield* appendEntries([entry]) };
}
