import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

/** The notices that a person has had, oldest first. */
async function notices(person: Person): Promise<Data[]> {
  const { history } = await person.get(`{ history(peer: "system") { nodes {
    sender { id } content { ... on NoticeContent { kind body title data subject { id } } }
  } } }`);
  return history.nodes.map((node: Data) => ({ from: node.sender.id, ...node.content }));
}

function notice(kind: string, subject: string) {
  return { from: "system", kind, subject: { id: subject }, title: null, data: null };
}

async function policy(person: Person, friendPolicy: string): Promise<void> {
  await person.change("updateProfile", { friendPolicy }, "user { id }");
}

/** What each of the two sees of the other. */
async function bothSides(): Promise<[string, string]> {
  return [(await alice.sees("bob")).friendship, (await bob.sees("alice")).friendship];
}

async function idsIn(person: Person, list: "friends" | "friendRequests"): Promise<string[]> {
  return (await person.get(`{ ${list} { nodes { id } } }`))[list].nodes.map(({ id }: Data) => id);
}

// ── asking ──────────────────────────────────────────────────────────────────────────────────────

test("a request waits until it is answered, and both sides see that", async () => {
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
  expect(await alice.friend("add", "bob")).toEqual({ status: "REQUESTED", user: { id: "bob" } });
  expect(await bothSides()).toEqual(["REQUESTED", "RECEIVED"]);
  expect(await idsIn(bob, "friendRequests")).toEqual(["alice"]);
  expect(await idsIn(alice, "friendRequests")).toEqual([]);
  expect(await idsIn(bob, "friends")).toEqual([]);
});

test("the asked one gets a notice from the system, with the greeting as its body", async () => {
  await alice.friend("add", "bob", { greeting: "It's me, from school." });
  expect(await notices(bob)).toEqual([{ ...notice("FRIEND_REQUESTED", "alice"), body: "It's me, from school." }]);
  expect(await notices(alice)).toEqual([]);
});

test.each([undefined, null, "", "  "])("without a greeting (%j) the notice says who asks", async (greeting) => {
  await alice.friend("add", "bob", { greeting });
  expect(await notices(bob)).toEqual([
    { ...notice("FRIEND_REQUESTED", "alice"), body: expect.stringContaining("alice") },
  ]);
});

test("notices reach connected devices, count as unread and stand in the list of conversations", async () => {
  const laptop = await (await bob.login("laptop")).sync();
  await alice.friend("add", "bob", { greeting: "Hi" });
  expect(await laptop.messages.next()).toMatchObject({
    source: "LIVE",
    message: { sender: { id: "system" }, content: { type: "NOTICE", summary: "Hi" } },
  });
  expect(await bob.conversations()).toMatchObject([{ peer: { id: "system" }, unreadCount: 1 }]);
  expect(await bob.markRead("system")).toMatchObject({ unreadCount: 0 });
});

test("asking again while the request waits sends no second notice", async () => {
  await alice.friend("add", "bob", { greeting: "one" });
  expect(await alice.friend("add", "bob", { greeting: "two" })).toMatchObject({ status: "REQUESTED" });
  expect(await notices(bob)).toMatchObject([{ body: "one" }]);
  expect(await idsIn(bob, "friendRequests")).toEqual(["alice"]);
});

test("a greeting has at most 500 bytes in UTF-8, and no broken characters", async () => {
  expect(await alice.friend("add", "bob", { greeting: "é".repeat(251) })).toMatchObject({ code: "INVALID_CONTENT" });
  expect(await alice.friend("add", "bob", { greeting: "a\u0000b" })).toMatchObject({ code: "INVALID_CONTENT" });
  expect(await alice.friend("add", "bob", { greeting: "a\ud83d" })).toMatchObject({ code: "INVALID_CONTENT" });
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
  await alice.friend("add", "bob", { greeting: "é".repeat(250) });
  expect(await notices(bob)).toMatchObject([{ body: "é".repeat(250) }]);
});

test("a refusal names the field at fault", async () => {
  const mutation = `mutation F($input: AddFriendInput!) {
    addFriend(input: $input) { ... on FriendshipError { code field } }
  }`;
  const input = { user: "bob", greeting: "a\u0000b" };
  expect(await alice.get(mutation, { input })).toEqual({ addFriend: { code: "INVALID_CONTENT", field: "greeting" } });
});

test("to one who befriends anyone, asking is enough", async () => {
  await policy(bob, "ANYONE");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "FRIENDS" });
  expect(await bothSides()).toEqual(["FRIENDS", "FRIENDS"]);
  expect(await notices(bob)).toMatchObject([notice("FRIEND_ACCEPTED", "alice")]);
  expect(await notices(alice)).toEqual([]);
  expect(await idsIn(bob, "friendRequests")).toEqual([]);
});

test("to one who befriends nobody, asking is refused and leaves nothing", async () => {
  await policy(bob, "NOBODY");
  expect(await alice.friend("add", "bob")).toMatchObject({ code: "FORBIDDEN" });
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
  expect(await notices(bob)).toEqual([]);
});

test("one who befriends nobody can ask others, and is accepted", async () => {
  await policy(bob, "NOBODY");
  await bob.friend("add", "alice");
  expect(await alice.friend("accept", "bob")).toMatchObject({ status: "FRIENDS" });
});

test("requests that meet make a friendship, with one notice to the one who asked first", async () => {
  await alice.friend("add", "bob");
  expect(await bob.friend("add", "alice")).toMatchObject({ status: "FRIENDS" });
  expect(await bothSides()).toEqual(["FRIENDS", "FRIENDS"]);
  expect(await notices(alice)).toMatchObject([notice("FRIEND_ACCEPTED", "bob")]);
  expect(await notices(bob)).toMatchObject([{ kind: "FRIEND_REQUESTED" }]);
});

test("the policy of today decides, and null brings back ASK", async () => {
  await policy(bob, "NOBODY");
  await bob.change("updateProfile", { friendPolicy: null }, "user { id }");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "REQUESTED" });
  expect(await bob.get("{ viewer { friendPolicy } }")).toEqual({ viewer: { friendPolicy: "ASK" } });
});

test("asking a friend again changes nothing", async () => {
  await policy(bob, "ANYONE");
  await alice.friend("add", "bob");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "FRIENDS" });
  expect(await bob.friend("accept", "alice")).toMatchObject({ status: "FRIENDS" });
  expect(await notices(bob)).toHaveLength(1);
  expect(await notices(alice)).toEqual([]);
});

// ── answering ───────────────────────────────────────────────────────────────────────────────────

test("accepting makes friends on both sides and tells the one who asked", async () => {
  await alice.friend("add", "bob");
  expect(await bob.friend("accept", "alice")).toEqual({ status: "FRIENDS", user: { id: "alice" } });
  expect(await bothSides()).toEqual(["FRIENDS", "FRIENDS"]);
  expect(await idsIn(alice, "friends")).toEqual(["bob"]);
  expect(await idsIn(bob, "friends")).toEqual(["alice"]);
  expect(await idsIn(bob, "friendRequests")).toEqual([]);
  expect(await notices(alice)).toMatchObject([notice("FRIEND_ACCEPTED", "bob")]);
});

test("accepting twice at once makes one friendship and one notice", async () => {
  await alice.friend("add", "bob");
  const results = await Promise.all([bob.friend("accept", "alice"), bob.friend("accept", "alice")]);
  expect(results).toMatchObject([{ status: "FRIENDS" }, { status: "FRIENDS" }]);
  expect(await notices(alice)).toHaveLength(1);
});

test("declining ends the request and tells nobody", async () => {
  await alice.friend("add", "bob");
  expect(await bob.friend("decline", "alice")).toEqual({ status: "NONE", user: { id: "alice" } });
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
  expect(await notices(alice)).toEqual([]);
});

test("one who was declined may ask again, with a notice", async () => {
  await alice.friend("add", "bob", { greeting: "one" });
  await bob.friend("decline", "alice");
  expect(await alice.friend("add", "bob", { greeting: "two" })).toMatchObject({ status: "REQUESTED" });
  expect(await notices(bob)).toMatchObject([{ body: "one" }, { body: "two" }]);
});

test("nobody accepts or declines what was not asked", async () => {
  for (const what of ["accept", "decline"] as const) {
    expect(await bob.friend(what, "alice")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
    await alice.friend("add", "bob");
    expect(await alice.friend(what, "bob")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
    await alice.friend("remove", "bob");
  }
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
});

test("a request that was withdrawn can no longer be accepted", async () => {
  await alice.friend("add", "bob");
  expect(await alice.friend("remove", "bob")).toMatchObject({ status: "NONE" });
  expect(await bob.friend("accept", "alice")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
  expect(await notices(bob)).toMatchObject([{ kind: "FRIEND_REQUESTED" }]);
});

// ── ending ──────────────────────────────────────────────────────────────────────────────────────

test("either may end a friendship; the other is told", async () => {
  await alice.friend("add", "bob");
  await bob.friend("accept", "alice");
  expect(await bob.friend("remove", "alice")).toEqual({ status: "NONE", user: { id: "alice" } });
  expect(await bothSides()).toEqual(["NONE", "NONE"]);
  expect(await idsIn(alice, "friends")).toEqual([]);
  expect(await notices(alice)).toMatchObject([{ kind: "FRIEND_ACCEPTED" }, notice("FRIEND_REMOVED", "bob")]);
  expect(await notices(bob)).toMatchObject([{ kind: "FRIEND_REQUESTED" }]);
});

test("ending what is not there is no error and tells nobody", async () => {
  expect(await alice.friend("remove", "bob")).toEqual({ status: "NONE", user: { id: "bob" } });
  expect(await notices(bob)).toEqual([]);
});

test("removing one who asks does not decline for oneself: the request still waits", async () => {
  await alice.friend("add", "bob");
  expect(await bob.friend("remove", "alice")).toMatchObject({ status: "RECEIVED" });
  expect(await bothSides()).toEqual(["REQUESTED", "RECEIVED"]);
});

// ── whom one cannot befriend ────────────────────────────────────────────────────────────────────

test.each(["nobody", "no user", "", "system", "\ud800"])("there is no friendship with %j", async (user) => {
  for (const what of ["add", "accept", "decline", "remove"] as const) {
    expect(await alice.friend(what, user)).toMatchObject({ code: "USER_NOT_FOUND" });
  }
});

test("nobody befriends oneself", async () => {
  expect(await alice.friend("add", "alice")).toMatchObject({ code: "FORBIDDEN" });
  expect(await idsIn(alice, "friends")).toEqual([]);
  expect(await notices(alice)).toEqual([]);
});

test("there is no friendship to show with oneself or the system", async () => {
  expect(await alice.sees("alice")).toMatchObject({ friendship: null, blocked: null });
  expect(await alice.sees("system")).toMatchObject({ friendship: null, blocked: null });
});

// ── lists ───────────────────────────────────────────────────────────────────────────────────────

const LISTS = `query L($first: Int, $after: String, $last: Int, $before: String) {
  friends(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function page(person: Person, args: object): Promise<Data> {
  const { friends } = await person.get(LISTS, args);
  return { ...friends, ids: friends.edges.map((edge: Data) => edge.node.id) };
}

/** bob has made these friends, one after another. */
async function befriend(...ids: string[]): Promise<void> {
  const anna = await app.admin();
  await anna.change("importUsers", { users: ids.map((id) => ({ id })) }, "users { id }");
  for (const friend of ids) {
    await anna.change("setFriends", { user: "bob", friend }, "status");
    app.clock.advance(1);
  }
}

test("friends are listed newest first, page by page, in both directions", async () => {
  await befriend("m", "z", "a", "y", "b");
  const first = await page(bob, { first: 2 });
  expect(first).toMatchObject({ ids: ["b", "y"], pageInfo: { hasPreviousPage: false, hasNextPage: true } });
  expect(first.pageInfo).toMatchObject({ startCursor: first.edges[0].cursor, endCursor: first.edges[1].cursor });
  const second = await page(bob, { first: 2, after: first.pageInfo.endCursor });
  expect(second).toMatchObject({ ids: ["a", "z"], pageInfo: { hasPreviousPage: true, hasNextPage: true } });
  const third = await page(bob, { first: 2, after: second.pageInfo.endCursor });
  expect(third).toMatchObject({ ids: ["m"], pageInfo: { hasPreviousPage: true, hasNextPage: false } });
  const back = await page(bob, { last: 3, before: third.pageInfo.startCursor });
  expect(back).toMatchObject({ ids: ["y", "a", "z"], pageInfo: { hasPreviousPage: true, hasNextPage: true } });
});

test("friends of the same millisecond are all listed, once each", async () => {
  const ids = ["m", "z", "a", "y", "b"];
  const anna = await app.admin();
  await anna.change("importUsers", { users: ids.map((id) => ({ id })) }, "users { id }");
  for (const friend of ids) await anna.change("setFriends", { user: "bob", friend }, "status");
  const found: string[] = [];
  let after: string | null = null;
  do {
    const { ids, pageInfo } = await page(bob, { first: 2, after });
    found.push(...ids);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  expect(found.toSorted()).toEqual(ids.toSorted());
});

test("an empty list is an empty page", async () => {
  expect(await page(bob, {})).toMatchObject({
    ids: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test("requests are listed newest first", async () => {
  for (const id of ["m", "z", "a"]) {
    await (await app.person(id)).friend("add", "bob");
    app.clock.advance(1);
  }
  expect(await idsIn(bob, "friendRequests")).toEqual(["a", "z", "m"]);
});

test.each([{ first: 1, last: 1 }, { first: -1 }, { last: 101 }, { first: 1, after: "garbage" }])(
  "the page arguments %j are refused",
  async (args) => {
    expect(await bob.refusal(LISTS, args)).toBe("BAD_USER_INPUT");
  },
);

test("a cursor of another list, or of another user's, is refused", async () => {
  await befriend("carol");
  await bob.block("alice");
  const { blockedUsers } = await bob.get("{ blockedUsers { pageInfo { endCursor } } }");
  expect(await bob.refusal(LISTS, { first: 1, after: blockedUsers.pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  const { pageInfo } = await page(bob, {});
  expect(await alice.refusal(LISTS, { first: 1, after: pageInfo.endCursor })).toBe("BAD_USER_INPUT");
});

test("friendships and requests survive a restart", async () => {
  await befriend("carol");
  await alice.friend("add", "bob");
  await app.restart();
  expect(await idsIn(bob, "friends")).toEqual(["carol"]);
  expect(await idsIn(bob, "friendRequests")).toEqual(["alice"]);
});

test("a block that comes in the same moment as a friendship wins, whichever is first", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await bob.get("mutation { updateProfile(input: { friendPolicy: ANYONE }) { user { id } } }");
  for (let round = 0; round < 20; round += 1) {
    const add = () => alice.friend("add", "bob");
    const block = () => bob.block("alice");
    await Promise.all(round % 2 === 0 ? [add(), block()] : [block(), add()]);
    expect(await bob.sees("alice")).toMatchObject({ blocked: true, friendship: "NONE" });
    expect((await bob.get("{ friendRequests { nodes { id } } }")).friendRequests.nodes).toEqual([]);
    await bob.unblock("alice");
    await alice.friend("remove", "bob");
    await bob.friend("remove", "alice");
  }
});

test("a friend whose policy is NOBODY is a friend all the same", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await bob.get("mutation { updateProfile(input: { friendPolicy: ANYONE }) { user { id } } }");
  await alice.friend("add", "bob");
  await bob.get("mutation { updateProfile(input: { friendPolicy: NOBODY }) { user { id } } }");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "FRIENDS" });
});

test("two who ask each other in the same moment are friends", async () => {
  const app = await startApp();
  for (let round = 0; round < 10; round += 1) {
    const [one, other] = [await app.person(`one-${round}`), await app.person(`other-${round}`)];
    await Promise.all([one.friend("add", other.id), other.friend("add", one.id)]);
    expect(await one.sees(other.id)).toMatchObject({ friendship: "FRIENDS" });
  }
});

test("an admin switches the notices off, and requests are there all the same", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await (await app.admin()).updateSettings({ friendNotices: false });
  await alice.friend("add", "bob");
  expect((await bob.get("{ friendRequests { nodes { id } } }")).friendRequests.nodes).toEqual([{ id: "alice" }]);
  await bob.friend("accept", "alice");
  await alice.friend("remove", "bob");
  for (const person of [alice, bob]) expect(await person.conversation("system")).toBeNull();
  await (await app.admin()).updateSettings({ friendNotices: true });
  await alice.friend("add", "bob");
  expect(await bob.conversation("system")).toMatchObject({ unreadCount: 1 });
});
