/** Friends, friend requests and blacklists. */
import { type SQL, sql } from "drizzle-orm";
import type { PeopleList, PersonPlace } from "../../engine/cursors.ts";
import type { AuditEntry, Relation, UserId } from "../../engine/model.ts";
import type { Page, PageRange } from "../../engine/pages.ts";
import type { Appended, FriendChange, Notice } from "../../engine/store.ts";
import { all, first, holdUsers, type Operation, run, type Statement, statement } from "../statement.ts";
import { blocks, friendRequests, friendships } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { noteEvent } from "./events.ts";
import { appendNotice } from "./notices.ts";

type Pair = { user: string; other: string };

const selectRelation = statement<
  Pair,
  { friends: number; blocks: number; blocked_by: number; requested: number; received: number }
>(
  (p) => sql`select
    (select count(*) from ${friendships} where user_id = ${p.user} and other_id = ${p.other}) as friends,
    (select count(*) from ${blocks} where user_id = ${p.user} and other_id = ${p.other}) as blocks,
    (select count(*) from ${blocks} where user_id = ${p.other} and other_id = ${p.user}) as blocked_by,
    (select count(*) from ${friendRequests} where user_id = ${p.other} and other_id = ${p.user}) as requested,
    (select count(*) from ${friendRequests} where user_id = ${p.user} and other_id = ${p.other} and hidden = 0)
      as received`,
);

export function* relation(userId: UserId, otherId: UserId): Operation<Relation> {
  const row = yield* first(selectRelation, { user: userId, other: otherId });
  return {
    friends: row?.friends === 1,
    blocks: row?.blocks === 1,
    blockedBy: row?.blocked_by === 1,
    requested: row?.requested === 1,
    received: row?.received === 1,
  };
}

const insertRequest = statement<Pair & { now: number; hidden: number }, { user_id: string }>(
  (p) => sql`insert into ${friendRequests} (user_id, other_id, since, hidden)
    values (${p.user}, ${p.other}, ${p.now}, ${p.hidden})
    on conflict (user_id, other_id) do update set hidden = 0, since = excluded.since
      where friend_requests.hidden = 1 and excluded.hidden = 0
    returning user_id`,
);
export const deleteRequest = statement<Pair, { hidden: number }>(
  (p) => sql`delete from ${friendRequests} where user_id = ${p.user} and other_id = ${p.other} returning hidden`,
);
export const hideRequest = statement<Pair>(
  (p) => sql`update ${friendRequests} set hidden = 1 where user_id = ${p.user} and other_id = ${p.other}`,
);
export const insertFriend = statement<Pair & { now: number }, { user_id: string }>(
  (p) => sql`insert into ${friendships} (user_id, other_id, since) values (${p.user}, ${p.other}, ${p.now})
    on conflict do nothing returning user_id`,
);
export const deleteFriend = statement<Pair, { user_id: string }>(
  (p) => sql`delete from ${friendships} where user_id = ${p.user} and other_id = ${p.other} returning user_id`,
);
export const insertBlock = statement<Pair & { now: number }, { user_id: string }>(
  (p) => sql`insert into ${blocks} (user_id, other_id, since) values (${p.user}, ${p.other}, ${p.now})
    on conflict do nothing returning user_id`,
);
const deleteBlock = statement<Pair, { user_id: string }>(
  (p) => sql`delete from ${blocks} where user_id = ${p.user} and other_id = ${p.other} returning user_id`,
);

function* notify(notices: readonly Notice[]): Operation<Appended[]> {
  const appended: Appended[] = [];
  for (const notice of notices) appended.push(...(yield* appendNotice(notice)));
  return appended;
}

/** Facts may have changed since the engine looked; it looks again. */
const CHANGED_MEANWHILE: FriendChange = { stale: true, appended: [] };

export function* requestFriend(from: UserId, to: UserId, hidden: boolean, notice: Notice): Operation<FriendChange> {
  yield* holdUsers(from, to);
  const { blockedBy, friends, received } = yield* relation(from, to);
  if (!hidden && (blockedBy || friends || received)) return CHANGED_MEANWHILE;
  const row = yield* first(insertRequest, { user: to, other: from, now: notice.at, hidden: hidden ? 1 : 0 });
  if (row === undefined) return { stale: false, appended: [] };
  if (hidden) return { stale: false, appended: [] };
  yield* noteEvent({ kind: "friendRequested", at: notice.at, userId: from, otherId: to, place: null });
  return { stale: false, appended: yield* notify([notice]) };
}

export function* befriend(
  a: UserId,
  b: UserId,
  notices: readonly Notice[],
  now: number,
  audit: readonly AuditEntry[],
): Operation<FriendChange> {
  yield* holdUsers(a, b);
  const { blocks: aBlocks, blockedBy: bBlocks } = yield* relation(a, b);
  if (aBlocks || bBlocks) return CHANGED_MEANWHILE;
  yield* first(deleteRequest, { user: a, other: b });
  yield* first(deleteRequest, { user: b, other: a });
  for (const entry of audit) yield* recordAudit(entry);
  const changed = (yield* first(insertFriend, { user: a, other: b, now })) !== undefined;
  yield* first(insertFriend, { user: b, other: a, now });
  if (!changed) return { stale: false, appended: [] };
  yield* noteEvent({ kind: "friendAdded", at: now, userId: a, otherId: b, place: null });
  return { stale: false, appended: yield* notify(notices) };
}

export function* declineFriend(userId: UserId, asker: UserId): Operation<boolean> {
  yield* holdUsers(userId, asker);
  return (yield* first(deleteRequest, { user: userId, other: asker })) !== undefined;
}

function* endFriendship(userId: UserId, otherId: UserId, at: number): Operation<boolean> {
  const row = yield* first(deleteFriend, { user: userId, other: otherId });
  if (row === undefined) return false;
  yield* first(deleteFriend, { user: otherId, other: userId });
  yield* noteEvent({ kind: "friendRemoved", at, userId, otherId, place: null });
  return true;
}

export function* unfriend(userId: UserId, otherId: UserId, notice: Notice): Operation<FriendChange> {
  yield* holdUsers(userId, otherId);
  yield* first(deleteRequest, { user: otherId, other: userId });
  const changed = yield* endFriendship(userId, otherId, notice.at);
  return { stale: false, appended: changed ? yield* notify([notice]) : [] };
}

/** The request of the one who is now blocked goes on looking sent; the blocker's own is withdrawn. */
export function* block(userId: UserId, otherId: UserId, now: number, audit: AuditEntry | null): Operation<void> {
  yield* holdUsers(userId, otherId);
  const blocked = yield* first(insertBlock, { user: userId, other: otherId, now });
  if (blocked !== undefined) yield* noteEvent({ kind: "blocked", at: now, userId, otherId, place: null });
  yield* endFriendship(userId, otherId, now);
  yield* first(deleteRequest, { user: otherId, other: userId });
  yield* run(hideRequest, { user: userId, other: otherId });
  yield* recordAudit(audit);
}

export function* unblock(userId: UserId, otherId: UserId, now: number, audit: AuditEntry | null): Operation<void> {
  yield* holdUsers(userId, otherId);
  const unblocked = yield* first(deleteBlock, { user: userId, other: otherId });
  if (unblocked !== undefined) yield* noteEvent({ kind: "unblocked", at: now, userId, otherId, place: null });
  yield* recordAudit(audit);
}

type WindowParameters = {
  user: string;
  afterSince: number;
  afterId: string;
  beforeSince: number;
  beforeId: string;
  limit: number;
};
type PersonRow = { since: number; other_id: string };

/** Newest first: (since, other_id) falling. `after` is the upper end of a window, `before` the lower. */
function peopleWindow(source: SQL, direction: SQL): Statement<WindowParameters, PersonRow> {
  return statement<WindowParameters, PersonRow>(
    (p) => sql`select since, other_id from ${source} and user_id = ${p.user}
      and (since, other_id) < (${p.afterSince}, ${p.afterId}) and (since, other_id) > (${p.beforeSince}, ${p.beforeId})
      order by since ${direction}, other_id ${direction} limit ${p.limit}`,
  );
}
function bothWays(source: SQL) {
  return { start: peopleWindow(source, sql`desc`), end: peopleWindow(source, sql`asc`) };
}
const windows: Record<PeopleList, ReturnType<typeof bothWays>> = {
  friends: bothWays(sql`${friendships} where true`),
  friendRequests: bothWays(sql`${friendRequests} where hidden = 0`),
  blockedUsers: bothWays(sql`${blocks} where true`),
};
const NEWEST = { since: Number.MAX_SAFE_INTEGER, userId: "" };
const OLDEST = { since: -1, userId: "" };

function* peopleBetween(
  list: PeopleList,
  userId: UserId,
  { from, after, before, limit }: PageRange<PersonPlace>,
): Operation<readonly PersonPlace[]> {
  const upper = after ?? NEWEST;
  const lower = before ?? OLDEST;
  const rows = yield* all(windows[list][from], {
    user: userId,
    afterSince: upper.since,
    afterId: upper.userId,
    beforeSince: lower.since,
    beforeId: lower.userId,
    limit,
  });
  return rows.map((row) => ({ since: row.since, userId: row.other_id }));
}

export function* people(list: PeopleList, userId: UserId, range: PageRange<PersonPlace>): Operation<Page<PersonPlace>> {
  const found = yield* peopleBetween(list, userId, range);
  const items = range.from === "start" ? found : found.toReversed();
  const [head, tail] = [items[0], items.at(-1)];
  if (head === undefined || tail === undefined) return { items, hasNextPage: false, hasPreviousPage: false };
  const next = yield* peopleBetween(list, userId, { from: "start", after: tail, before: null, limit: 1 });
  const previous = yield* peopleBetween(list, userId, { from: "end", after: null, before: head, limit: 1 });
  return { items, hasNextPage: next.length > 0, hasPreviousPage: previous.length > 0 };
}
