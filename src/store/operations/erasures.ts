/**
 * Erasing a person, batch by batch. Messages that it sent stay in their places, as recalled ones that say nothing; all
 * else that is kept under its id goes. What it got from others stays with those.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Erasure } from "../../engine/erasure-store.ts";
import { type AuditEntry, type Device, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type { Appended, Logged } from "../../engine/store.ts";
import { all, first, hold, holdUsers, type Operation, run, type Statement, statement } from "../statement.ts";
import {
  audit,
  blocks,
  conversations,
  deletedMessages,
  devices,
  erasures,
  friendRequests,
  friendships,
  logRuns,
  members,
  messages,
  pushes,
  pushLog,
  pushPreferences,
  uploads,
  userLog,
  users,
} from "../tables.ts";
import { revokeTokens } from "./devices.ts";
import { noteEvent } from "./events.ts";
import { appendEntries } from "./log.ts";
import { withdrawRecalled } from "./push-queue.ts";
import { SWEEPING } from "./runs.ts";
import { releaseUploads } from "./uploads.ts";

type ErasureRow = {
  id: number;
  user_id: string;
  started_by: string;
  started_at: number;
  finished_at: number | null;
  messages: number;
};
const columns = sql`id, user_id, started_by, started_at, finished_at, messages`;

function toErasure(row: ErasureRow): Erasure {
  const { id, user_id: userId, started_by: startedBy, started_at: startedAt, finished_at: finishedAt } = row;
  return { id, userId, startedBy, startedAt, finishedAt, messages: row.messages };
}

const selectRunning = statement<{ user: string }, ErasureRow>(
  (p) => sql`select ${columns} from ${erasures} where user_id = ${p.user} and finished_at is null`,
);
/** Of one that was asked for twice at the same moment. */
const selectDone = statement<{ user: string }, ErasureRow>(
  (p) => sql`select ${columns} from ${erasures} where user_id = ${p.user}
    and exists (select 1 from ${users} where id = ${p.user} and erased_at is not null) order by id desc limit 1`,
);
const insertErasure = statement<{ user: string; by: string; at: number }, ErasureRow>(
  (p) => sql`insert into ${erasures} (user_id, started_by, started_at) values (${p.user}, ${p.by}, ${p.at})
    returning ${columns}`,
);
const eraseProfile = statement<{ user: string; at: number }>(
  (p) => sql`update ${users} set nickname = null, avatar_url = null, friend_policy = 'ASK', muted_until = null,
      erased_at = ${p.at} where id = ${p.user}`,
);

export function* beginErasure(
  userId: UserId,
  tokensFrom: number,
  entry: AuditEntry,
): Operation<{ readonly erasure: Erasure; readonly ended: readonly Device[] }> {
  yield* holdUsers(userId);
  const known = (yield* first(selectRunning, { user: userId })) ?? (yield* first(selectDone, { user: userId }));
  if (known !== undefined) return { erasure: toErasure(known), ended: [] };
  const ended = yield* revokeTokens(userId, null, tokensFrom, entry);
  yield* run(eraseProfile, { user: userId, at: entry.at });
  const row = yield* first(insertErasure, { user: userId, by: entry.actorId, at: entry.at });
  if (row === undefined) throw new Error("an erasure could not be kept");
  return { erasure: toErasure(row), ended };
}

const nextConversation = statement<{ user: string }, { peer_id: string; conversation_id: number }>(
  (p) => sql`select peer_id, conversation_id from ${members} where user_id = ${p.user} limit 1`,
);
const seqOf = statement<{ id: number }, { seq: number }>((p) => sql`select seq from ${erasures} where id = ${p.id}`);
type Place = { conversation: number; seq: number };
/** Of what nobody else has, such as what the system wrote to it, all goes. */
const selectOwn = statement<
  { conversation: number; after: number; user: string; everything: number; limit: number },
  Found
>(
  (p) => sql`select seq, sender_id, recipient_id, hidden, recalled_at from ${messages}
    where conversation_id = ${p.conversation} and seq > ${p.after}
      and (sender_id = ${p.user} or ${p.everything} = 1) order by seq limit ${p.limit}`,
);
const eraseMessage = statement<Place & { now: number }>(
  (p) => sql`update ${messages} set content = null, edit_for_sender = null, custom_data = null, push = null,
      nickname = null, avatar_url = null, client_message_id = null, fingerprint = null,
      recalled_at = coalesce(recalled_at, ${p.now}), erased_at = ${p.now}
    where conversation_id = ${p.conversation} and seq = ${p.seq}`,
);
const saveSeq = statement<{ id: number; seq: number; more: number }>(
  (p) => sql`update ${erasures} set seq = ${p.seq}, messages = messages + ${p.more} where id = ${p.id}`,
);
const eraseMember = statement<{ user: string; peer: string }>(
  (p) => sql`delete from ${members} where user_id = ${p.user} and peer_id = ${p.peer}`,
);
const eraseDeleted = statement<{ conversation: number; user: string }>(
  (p) => sql`delete from ${deletedMessages} where conversation_id = ${p.conversation} and user_id = ${p.user}`,
);

type Found = { seq: number; sender_id: string; recipient_id: string; hidden: number; recalled_at: number | null };

/** Makes a placeholder of a message. The other side is told where it has not been recalled before. */
function* eraseOne(
  conversation: number,
  { seq, sender_id: sender, recipient_id: recipient, hidden, recalled_at: recalledAt }: Found,
  user: UserId,
  now: number,
): Operation<Appended[]> {
  const place = { conversationId: conversation, seq };
  yield* run(eraseMessage, { conversation, seq, now });
  yield* releaseUploads({ owner: conversation, from: seq, to: seq });
  yield* withdrawRecalled(recipient, conversation, seq, now);
  if (recalledAt !== null) return [];
  yield* noteEvent({ kind: "recalled", at: now, userId: sender, otherId: recipient, place });
  if (recipient === user || hidden === 1) return [];
  return yield* appendEntries([{ userId: recipient, kind: "recalled", ...place, at: now, origin: null }]);
}

/** @returns null where no conversation is left */
function* eraseMessages(erasure: Erasure, batch: number, now: number): Operation<Appended[] | null> {
  const { id, userId: user } = erasure;
  const next = yield* first(nextConversation, { user });
  if (next === undefined) return null;
  const { peer_id: peer, conversation_id: conversation } = next;
  const after = (yield* first(seqOf, { id }))?.seq ?? 0;
  const everything = peer === SYSTEM_USER ? 1 : 0;
  const found = yield* all(selectOwn, { conversation, after, user, everything, limit: batch });
  const appended: Appended[] = [];
  for (const row of found) appended.push(...(yield* eraseOne(conversation, row, user, now)));
  const last = found.at(-1);
  yield* run(saveSeq, { id, seq: found.length < batch ? 0 : (last?.seq ?? 0), more: found.length });
  if (found.length === batch) return appended;
  yield* run(eraseDeleted, { conversation, user });
  yield* run(eraseMember, { user, peer });
  return appended;
}

type Some = Statement<{ user: string; limit: number }, { one: number }>;
/** Conversations that are looked through at once for notices. */
const CONVERSATIONS_AT_ONCE = 2_000;
const searchedUpTo = statement<{ id: number }, { searched: number; last: number | null }>(
  (p) => sql`select searched, (select max(id) from ${conversations}) as last from ${erasures} where id = ${p.id}`,
);
const saveSearched = statement<{ id: number; searched: number; more: number }>(
  (p) => sql`update ${erasures} set searched = ${p.searched}, messages = messages + ${p.more} where id = ${p.id}`,
);
/** In the words of JSON; what it finds in other letters is looked at once more. */
const selectNotices = statement<
  { from: number; to: number; system: string; pattern: string },
  Found & { conversation_id: number; content: string }
>(
  (p) => sql`select m.conversation_id, m.seq, m.sender_id, m.recipient_id, m.hidden, m.recalled_at, m.content
    from ${conversations} c join ${messages} m on m.conversation_id = c.id
    where c.id > ${p.from} and c.id <= ${p.to} and (c.first_user = ${p.system} or c.second_user = ${p.system})
      and m.content like ${p.pattern}`,
);

/** Notices to others that tell of the person, such as with the words of a friend request. @returns null where all are */
function* eraseNotices({ id, userId: user }: Erasure, now: number): Operation<Appended[] | null> {
  const { searched: from, last } = (yield* first(searchedUpTo, { id })) ?? notThere();
  if (from >= (last ?? 0)) return null;
  const to = from + CONVERSATIONS_AT_ONCE;
  const rows = yield* all(selectNotices, { from, to, system: SYSTEM_USER, pattern: `%"subjectId":"${user}"%` });
  const about = rows.filter(({ content }) => (JSON.parse(content) as { subjectId?: unknown }).subjectId === user);
  const appended: Appended[] = [];
  for (const row of about) appended.push(...(yield* eraseOne(row.conversation_id, row, user, now)));
  yield* run(saveSearched, { id, searched: to, more: about.length });
  return appended;
}

/** What is kept under the id elsewhere, some at a time; each gives what it has erased. */
function someOf(table: SQL, key: SQL, where: (user: SQL) => SQL): Some {
  return statement<{ user: string; limit: number }, { one: number }>(
    (p) => sql`delete from ${table} where (${key}) in
        (select ${key} from ${table} where ${where(sql`${p.user}`)} limit ${p.limit})
      returning 1 as one`,
  );
}
const own = (user: SQL) => sql`user_id = ${user}`;
const ofBoth = (user: SQL) => sql`user_id = ${user} or other_id = ${user}`;
const REST: readonly Some[] = [
  someOf(sql`${userLog}`, sql`user_id, position`, own),
  someOf(sql`${logRuns}`, sql`oldest_at, user_id, first_position`, own),
  someOf(sql`${pushes}`, sql`user_id, conversation_id, device_id, vendor`, own),
  someOf(sql`${pushLog}`, sql`id`, own),
  someOf(sql`${pushPreferences}`, sql`user_id`, own),
  someOf(sql`${devices}`, sql`user_id, device_id`, own),
  someOf(sql`${friendships}`, sql`user_id, other_id`, ofBoth),
  someOf(sql`${friendRequests}`, sql`user_id, other_id`, ofBoth),
  someOf(sql`${blocks}`, sql`user_id, other_id`, ofBoth),
];
const condemnUploads = statement<{ user: string }>(
  (p) => sql`update ${uploads} set expires_at = 0, name = '' where owner_id = ${p.user}`,
);
/** Whoever has the id next begins with an empty log, in which nothing is missing. */
const endLog = statement<{ user: string }>(
  (p) => sql`update ${users} set head_at = null, floor_messages = 0, floor_updates = 0, floor_conversations = 0
    where id = ${p.user}`,
);
/** That it was done, by whom and when, stays. */
const redactAudit = statement<{ user: string; kept: string }>(
  (p) => sql`update ${audit} set subject = ''
    where user_id = ${p.user} and subject <> '' and action <> ${p.kept}`,
);
const redactDevices = statement<{ user: string }>(
  (p) => sql`update ${audit} set device_id = '' where actor_id = ${p.user} and device_id <> ''`,
);
const finish = statement<{ id: number; now: number }, ErasureRow>(
  (p) => sql`update ${erasures} set finished_at = ${p.now} where id = ${p.id} returning ${columns}`,
);
const selectOne = statement<{ id: number }, ErasureRow>(
  (p) => sql`select ${columns} from ${erasures} where id = ${p.id}`,
);

export function* eraseMore(
  erasure: Erasure,
  batch: number,
  now: number,
): Operation<Logged & { readonly erasure: Erasure }> {
  const { id, userId: user } = erasure;
  yield* hold(`user ${user}`, SWEEPING);
  const appended = (yield* eraseMessages(erasure, batch, now)) ?? (yield* eraseNotices(erasure, now));
  if (appended !== null) return { appended, erasure: toErasure((yield* first(selectOne, { id })) ?? notThere()) };
  for (const some of REST) {
    if ((yield* all(some, { user, limit: 4 * batch })).length > 0) return { appended: [], erasure };
  }
  yield* run(condemnUploads, { user });
  yield* run(endLog, { user });
  yield* run(redactAudit, { user, kept: "eraseUser" });
  yield* run(redactDevices, { user });
  return { appended: [], erasure: toErasure((yield* first(finish, { id, now })) ?? notThere()) };
}

function notThere(): never {
  throw new Error("an erasure that is under way is not there");
}

const allRunning = statement<Record<string, never>, ErasureRow>(
  () => sql`select ${columns} from ${erasures} where finished_at is null order by id`,
);
const newest = statement<{ limit: number }, ErasureRow>(
  (p) => sql`select ${columns} from ${erasures} order by id desc limit ${p.limit}`,
);
const clearErased = statement<{ user: string }>((p) => sql`update ${users} set erased_at = null where id = ${p.user}`);

export function* runningErasures(): Operation<readonly Erasure[]> {
  return (yield* all(allRunning, {})).map(toErasure);
}

export function* readErasure(id: number): Operation<Erasure | null> {
  const row = yield* first(selectOne, { id });
  return row === undefined ? null : toErasure(row);
}

export function* readErasures(limit: number): Operation<readonly Erasure[]> {
  return (yield* all(newest, { limit })).map(toErasure);
}

export function* comeBack(userId: UserId): Operation<void> {
  yield* run(clearErased, { user: userId });
}

const eraseEnded = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${erasures} where id in
      (select id from ${erasures} where finished_at <= ${p.cutoff} order by finished_at limit ${p.batch})
    returning id`,
);

/** @returns how many went */
export function* sweepErasures(cutoff: number, batch: number): Operation<number> {
  return (yield* all(eraseEnded, { cutoff, batch })).length;
}
