/** Friends, friend requests and the blacklist, with the notices that they cause. */

import { auditEntry, recordLook } from "./audit.ts";
import type { NoticeKind } from "./content.ts";
import { checkString } from "./content-checks.ts";
import { announced, type Core } from "./core.ts";
import { decodePersonCursor, type PeopleList, type PersonPlace } from "./cursors.ts";
import { Refusal } from "./errors.ts";
import { type FriendshipStatus, type Relation, SYSTEM_USER, type User, type UserId } from "./model.ts";
import { type Page, type PageArguments, pageRange } from "./pages.ts";
import { checkMute, limitChanges } from "./permissions.ts";
import { pushTimes } from "./push/times.ts";
import type { Notice } from "./store.ts";
import { friendshipStatus } from "./users.ts";
import { isAdmin, requireAdmin, subjectOf, type Viewer } from "./viewer.ts";

const LONGEST_GREETING_BYTES = 500;

export interface FriendshipResult {
  readonly user: User;
  readonly status: FriendshipStatus;
}

interface People {
  requirePerson(id: string): Promise<User>;
}

export function createRelationships(core: Core, users: People) {
  const { store, clock } = core;

  function notice(to: UserId, kind: NoticeKind, subjectId: UserId, body: string): Notice {
    const at = core.timekeeper.latest();
    if (!core.settings.friendNotices) return { to, content: null, at, pushes: null };
    const content = { type: "NOTICE", kind, subjectId, title: null, body, data: null } as const;
    const pushes = pushTimes(core, content, null, null);
    if (pushes !== null) core.push?.expect(pushes.dueAt);
    return { to, content, at, pushes };
  }

  function accepted(to: UserId, by: UserId): Notice {
    return notice(to, "FRIEND_ACCEPTED", by, `${by} is your friend now.`);
  }

  function readGreeting(greeting: string | null | undefined): string | null {
    if (greeting == null || greeting.trim() === "") return null;
    checkString(greeting, "greeting");
    if (Buffer.byteLength(greeting) <= LONGEST_GREETING_BYTES) return greeting;
    const reason = `It is over ${LONGEST_GREETING_BYTES} bytes in UTF-8.`;
    throw new Refusal("INVALID_CONTENT", reason, { field: "greeting" });
  }

  /** Null where one has blocked the other meanwhile. */
  async function befriend(viewer: Viewer, user: User): Promise<FriendshipResult | null> {
    const notices = [accepted(user.id, viewer.userId)];
    const change = announced(core, await store.befriend(viewer.userId, user.id, notices, clock.now(), []));
    return change.stale ? null : { user, status: "FRIENDS" };
  }

  function checkAsk(viewer: Viewer, user: User, relation: Relation): void {
    if (user.id === viewer.userId) throw new Refusal("FORBIDDEN", "Nobody can befriend themselves.");
    if (relation.blocks) throw new Refusal("FORBIDDEN", "You have blocked this user; unblock first.");
    if (relation.blockedBy && core.settings.showBlocked && !isAdmin(viewer)) {
      throw new Refusal("BLOCKED", "This user takes no friend requests from you.");
    }
    if (user.friendPolicy === "NOBODY" && !relation.received) {
      throw new Refusal("FORBIDDEN", "This user takes no friend requests.");
    }
  }

  /** Acts on what stands between the two now; null where something came between looking and acting. */
  async function ask(viewer: Viewer, user: User, greeting: string | null): Promise<FriendshipResult | null> {
    const relation = await store.relation(viewer.userId, user.id);
    if (relation.friends) return { user, status: "FRIENDS" };
    checkAsk(viewer, user, relation);
    if (!relation.blockedBy && (relation.received || user.friendPolicy === "ANYONE")) return befriend(viewer, user);
    const body = greeting ?? `${viewer.userId} asks to be your friend.`;
    const asked = notice(user.id, "FRIEND_REQUESTED", viewer.userId, body);
    const change = await store.requestFriend(viewer.userId, user.id, relation.blockedBy, asked);
    announced(core, change);
    return change.stale ? null : { user, status: "REQUESTED" };
  }

  /**
   * Asks for friendship; the other's policy decides whether that is a request or a friendship at once. To one who
   * is blocked a request looks made, and reaches nobody.
   * @throws Refusal USER_NOT_FOUND, INVALID_CONTENT, MUTED, RATE_LIMITED, FORBIDDEN, BLOCKED
   */
  async function add(viewer: Viewer, id: string, greetingInput: string | null | undefined): Promise<FriendshipResult> {
    limitChanges(core, viewer);
    const user = await users.requirePerson(id);
    const greeting = readGreeting(greetingInput);
    checkMute(core, viewer, await users.requirePerson(viewer.userId));
    if (!isAdmin(viewer)) core.rates.take(`send:${viewer.userId}`);
    for (;;) {
      const result = await ask(viewer, user, greeting);
      if (result !== null) return result;
    }
  }

  /** @throws Refusal USER_NOT_FOUND, NO_FRIEND_REQUEST */
  async function accept(viewer: Viewer, id: string): Promise<FriendshipResult> {
    limitChanges(core, viewer);
    const user = await users.requirePerson(id);
    const relation = await store.relation(viewer.userId, user.id);
    if (relation.friends) return { user, status: "FRIENDS" };
    const result = relation.received ? await befriend(viewer, user) : null;
    if (result === null) throw new Refusal("NO_FRIEND_REQUEST", "This user has not asked for your friendship.");
    return result;
  }

  /** @throws Refusal USER_NOT_FOUND, NO_FRIEND_REQUEST */
  async function decline(viewer: Viewer, id: string): Promise<FriendshipResult> {
    limitChanges(core, viewer);
    const user = await users.requirePerson(id);
    const { received } = await store.relation(viewer.userId, user.id);
    if (!received || !(await store.declineFriend(viewer.userId, user.id))) {
      throw new Refusal("NO_FRIEND_REQUEST", "This user has not asked for your friendship.");
    }
    return { user, status: "NONE" };
  }

  /**
   * Ends a friendship, or withdraws the viewer's own request; nothing to end is no error.
   * @throws Refusal USER_NOT_FOUND
   */
  async function remove(viewer: Viewer, id: string): Promise<FriendshipResult> {
    limitChanges(core, viewer);
    const user = await users.requirePerson(id);
    const told = notice(user.id, "FRIEND_REMOVED", viewer.userId, `${viewer.userId} is no longer your friend.`);
    announced(core, await store.unfriend(viewer.userId, user.id, told));
    return { user, status: friendshipStatus(await store.relation(viewer.userId, user.id)) };
  }

  /**
   * Makes two users friends at once.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT, BLOCKED
   */
  async function setFriends(viewer: Viewer, id: string, friendId: string): Promise<FriendshipStatus> {
    requireAdmin(viewer, "`setFriends`");
    const [user, friend] = [await users.requirePerson(id), await users.requirePerson(friendId)];
    if (user.id === friend.id) {
      throw new Refusal("INVALID_CONTENT", "Nobody can befriend themselves.", { field: "friend" });
    }
    const audit = [
      auditEntry(core, viewer, "setFriends", user.id, friend.id),
      auditEntry(core, viewer, "setFriends", friend.id, user.id),
    ];
    const notices = [accepted(user.id, friend.id), accepted(friend.id, user.id)];
    const change = announced(core, await store.befriend(user.id, friend.id, notices, clock.now(), audit));
    if (change.stale) throw new Refusal("BLOCKED", "One of the two has blocked the other; unblock first.");
    return "FRIENDS";
  }

  async function setBlocked(
    viewer: Viewer,
    id: string,
    of: string | null | undefined,
    blocked: boolean,
  ): Promise<{ user: User; blocked: boolean }> {
    limitChanges(core, viewer);
    const userId = subjectOf(viewer, of);
    await users.requirePerson(userId);
    const user = await users.requirePerson(id);
    if (user.id === userId) throw new Refusal("INVALID_CONTENT", "Nobody can block themselves.", { field: "user" });
    const action = blocked ? "blockUser" : "unblockUser";
    const audit = userId === viewer.userId ? null : auditEntry(core, viewer, action, userId, user.id);
    if (blocked) await store.block(userId, user.id, clock.now(), audit);
    else await store.unblock(userId, user.id, clock.now(), audit);
    core.happened();
    return { user, blocked };
  }

  /**
   * Friends, incoming requests or blocked users, newest first.
   * @throws Refusal FORBIDDEN, BAD_USER_INPUT
   */
  async function list(
    viewer: Viewer,
    which: PeopleList,
    args: PageArguments,
    of: string | null | undefined,
  ): Promise<Page<PersonPlace> & { readonly userId: UserId; readonly list: PeopleList }> {
    const userId = subjectOf(viewer, of);
    const range = pageRange(args, (cursor) => decodePersonCursor(userId, which, cursor), "start");
    const page = await store.people(which, userId, range);
    const ids = page.items.map((place) => place.userId);
    await recordLook(core, viewer, which, userId, ids.join(" "));
    return { ...page, userId, list: which };
  }

  /** What stands between the viewer and another user; null for the viewer itself and for the system. */
  async function towards(viewer: Viewer, id: UserId): Promise<{ status: FriendshipStatus; blocked: boolean } | null> {
    if (id === viewer.userId || id === SYSTEM_USER) return null;
    const relation = await store.relation(viewer.userId, id);
    return { status: friendshipStatus(relation), blocked: relation.blocks };
  }

  return { add, accept, decline, remove, setFriends, setBlocked, list, towards };
}
