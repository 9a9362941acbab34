/** Users and their profiles. */
import { sql } from "drizzle-orm";
import type { AuditEntry, User, UserId } from "../../engine/model.ts";
import type { ProfileChange } from "../../engine/store.ts";
import { first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { users } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { toUser, type UserRow } from "./rows.ts";

const selectUser = statement<{ id: string }, UserRow>(
  (p) => sql`select id, nickname, avatar_url, friend_policy, muted_until, tokens_from, erased_at,
      delivered_position from ${users}
    where id = ${p.id}`,
);
const insertUser = statement<{ id: string; now: number }>(
  (p) => sql`insert into ${users} (id, created_at) values (${p.id}, ${p.now}) on conflict do nothing`,
);
type ProfileParameters = { id: string; nickname: string | null; avatarUrl: string | null; friendPolicy: string };
const updateProfile = statement<ProfileParameters>(
  (p) => sql`update ${users} set nickname = ${p.nickname}, avatar_url = ${p.avatarUrl},
    friend_policy = ${p.friendPolicy}, erased_at = null where id = ${p.id}`,
);
const updateMute = statement<{ id: string; until: number | null }>(
  (p) => sql`update ${users} set muted_until = ${p.until} where id = ${p.id}`,
);

export function* readUser(id: UserId): Operation<User | null> {
  const row = yield* first(selectUser, { id });
  return row === undefined ? null : toUser(row);
}

export function* readUsers(ids: readonly UserId[]): Operation<ReadonlyMap<UserId, User>> {
  const found = new Map<UserId, User>();
  for (const id of ids) {
    const user = yield* readUser(id);
    if (user !== null) found.set(id, user);
  }
  return found;
}

export function* ensureUser(id: UserId, now: number): Operation<void> {
  yield* run(insertUser, { id, now });
}

export function* saveProfiles(
  changes: ReadonlyMap<UserId, ProfileChange>,
  now: number,
  audit: readonly AuditEntry[],
): Operation<void> {
  yield* holdUsers(...changes.keys());
  for (const [id, change] of changes) {
    yield* ensureUser(id, now);
    const user = yield* readUser(id);
    if (user === null) throw new Error("a user that was just created is not there");
    yield* run(updateProfile, {
      id,
      nickname: change.nickname === undefined ? user.nickname : change.nickname,
      avatarUrl: change.avatarUrl === undefined ? user.avatarUrl : change.avatarUrl,
      friendPolicy: change.friendPolicy ?? user.friendPolicy,
    });
  }
  for (const entry of audit) yield* recordAudit(entry);
}

export function* muteUser(id: UserId, until: number | null, audit: AuditEntry): Operation<void> {
  yield* run(updateMute, { id, until });
  yield* recordAudit(audit);
}
