/** Users: profiles, what one may know of another, muting, importing. */

import { auditEntry, recordLook } from "./audit.ts";
import { checkString, isWebUrl } from "./content-checks.ts";
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import { isUserId } from "./ids.ts";
import { type FriendPolicy, type FriendshipStatus, type Relation, SYSTEM_USER, type User } from "./model.ts";
import { limitChanges } from "./permissions.ts";
import type { ProfileChange } from "./store.ts";
import { isAdmin, requireAdmin, subjectOf, type Viewer } from "./viewer.ts";

const LONGEST_PROFILE_BYTES = 500;
const MOST_IMPORTED_AT_ONCE = 100;
const LONGEST_MUTE_SECONDS = 10 * 365 * 86_400;

export interface ProfileInput {
  readonly nickname?: string | null | undefined;
  readonly avatarUrl?: string | null | undefined;
  readonly friendPolicy?: FriendPolicy | null | undefined;
}

function readProfile(input: ProfileInput): ProfileChange {
  const change: { -readonly [K in keyof ProfileChange]: ProfileChange[K] } = {};
  const { nickname, avatarUrl, friendPolicy } = input;
  for (const [name, value] of Object.entries({ nickname, avatarUrl })) {
    if (value == null) continue;
    checkString(value, name);
    if (Buffer.byteLength(value) > LONGEST_PROFILE_BYTES) {
      const reason = `It is over ${LONGEST_PROFILE_BYTES} bytes in UTF-8.`;
      throw new Refusal("INVALID_CONTENT", reason, { field: name });
    }
  }
  if (avatarUrl != null && !isWebUrl(avatarUrl)) {
    throw new Refusal("INVALID_CONTENT", "It must be an http or https URL.", { field: "avatarUrl" });
  }
  if (nickname !== undefined) change.nickname = nickname;
  if (avatarUrl !== undefined) change.avatarUrl = avatarUrl;
  // null brings back what a new user has.
  if (friendPolicy !== undefined) change.friendPolicy = friendPolicy ?? "ASK";
  return change;
}

/** What a relation is called from the first user's side. */
export function friendshipStatus(relation: Relation): FriendshipStatus {
  if (relation.friends) return "FRIENDS";
  if (relation.received) return "RECEIVED";
  return relation.requested ? "REQUESTED" : "NONE";
}

export function createUsers(core: Core) {
  const { store, clock, connections } = core;

  async function find(id: string): Promise<User | null> {
    if (!isUserId(id)) return null;
    return (await store.users([id])).get(id) ?? null;
  }

  /** @throws Refusal USER_NOT_FOUND, also for the system, which is nobody */
  async function requirePerson(id: string): Promise<User> {
    const user = id === SYSTEM_USER ? null : await find(id);
    if (user === null || user.erasedAt !== null)
      throw new Refusal("USER_NOT_FOUND", "There is no such user.", { field: "user" });
    return user;
  }

  /** Whether the user is online; null where it has blocked the viewer, unless that is an admin. */
  async function online(viewer: Viewer, id: string): Promise<boolean | null> {
    if (id !== viewer.userId && (await store.relation(viewer.userId, id)).blockedBy) {
      if (!isAdmin(viewer)) return null;
      await recordLook(core, viewer, "online", id, "");
    }
    return connections.isOnline(id) || ((await core.cluster?.isPresent(id)) ?? false);
  }

  /** What of a user only the user itself and admins may know; null for anybody else. */
  async function privateFacts(
    viewer: Viewer,
    id: string,
  ): Promise<{ friendPolicy: FriendPolicy; mutedUntil: number | null } | null> {
    if (id !== viewer.userId && !isAdmin(viewer)) return null;
    const user = await find(id);
    if (user === null) return null;
    await recordLook(core, viewer, "user", id, "");
    const muted = user.mutedUntil !== null && user.mutedUntil > clock.now();
    return { friendPolicy: user.friendPolicy, mutedUntil: muted ? user.mutedUntil : null };
  }

  /**
   * Changes a profile; what is left out stays, null clears.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT
   */
  async function updateProfile(viewer: Viewer, input: ProfileInput, of: string | null | undefined): Promise<User> {
    limitChanges(core, viewer);
    const userId = subjectOf(viewer, of);
    await requirePerson(userId);
    const change = readProfile(input);
    const what = Object.keys(change).join(" ");
    const audit = userId === viewer.userId ? [] : [auditEntry(core, viewer, "updateProfile", userId, what)];
    await store.saveProfiles(new Map([[userId, change]]), clock.now(), audit);
    return requirePerson(userId);
  }

  /**
   * Creates users or updates their profiles, all or none.
   * @throws Refusal FORBIDDEN, INVALID_CONTENT for more than 100, an id that no user can have, or a profile
   */
  async function importUsers(
    viewer: Viewer,
    users: readonly (ProfileInput & { readonly id: string })[],
  ): Promise<readonly User[]> {
    requireAdmin(viewer, "`importUsers`");
    if (users.length > MOST_IMPORTED_AT_ONCE) {
      const reason = `At most ${MOST_IMPORTED_AT_ONCE} users can be imported at once.`;
      throw new Refusal("INVALID_CONTENT", reason, { field: "users" });
    }
    const changes = new Map<string, ProfileChange>();
    for (const { id, ...profile } of users) {
      if (!isUserId(id) || id === SYSTEM_USER) {
        const reason = "A user's id has 1 to 128 bytes of A-Z a-z 0-9 _ - . @ + | and is not `system`.";
        throw new Refusal("INVALID_CONTENT", reason, { field: "users.id" });
      }
      changes.set(id, { ...changes.get(id), ...readProfile(profile) });
    }
    const ids = [...changes.keys()];
    const erasing = ids.find((id) => core.erasing.has(id));
    if (erasing !== undefined) {
      const reason = `What was kept under ${erasing} is being erased. Try again later.`;
      throw new Refusal("INVALID_CONTENT", reason, { field: "users.id" });
    }
    const audit = ids.map((id) =>
      auditEntry(core, viewer, "importUsers", id, Object.keys(changes.get(id) ?? {}).join(" ")),
    );
    await store.saveProfiles(changes, clock.now(), audit);
    for (const id of ids) core.erased.delete(id);
    const saved = await store.users(ids);
    return users.flatMap(({ id }) => saved.get(id) ?? []);
  }

  /**
   * Silences a user for a while; 0 seconds ends it.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT for less than 0 or more than ten years
   */
  async function mute(viewer: Viewer, id: string, seconds: number): Promise<User> {
    requireAdmin(viewer, "`muteUser`");
    if (seconds < 0 || seconds > LONGEST_MUTE_SECONDS) {
      throw new Refusal("INVALID_CONTENT", `It is from 0 to ${LONGEST_MUTE_SECONDS}.`, { field: "seconds" });
    }
    const user = await requirePerson(id);
    const until = seconds === 0 ? null : clock.now() + seconds * 1_000;
    await store.muteUser(user.id, until, auditEntry(core, viewer, "muteUser", user.id, `${seconds} seconds`));
    return requirePerson(id);
  }

  return { find, requirePerson, online, privateFacts, updateProfile, importUsers, mute };
}
