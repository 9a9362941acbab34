import { beforeEach, describe, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let anna: Person;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  anna = await app.admin();
  [alice, bob] = await app.people("alice", "bob");
});

// ── sending ─────────────────────────────────────────────────────────────────────────────────────

test("an admin writes past mute, blacklist and friends-only, as itself", async () => {
  await anna.updateSettings({ friendsOnly: true, showBlocked: true });
  await anna.mute("anna", 60);
  await bob.block("anna");
  expect(await anna.send("bob", "from the office")).toMatchObject({ sender: { id: "anna" } });
  expect(texts(await bob.history("anna"))).toEqual(["from the office"]);
});

test("an admin writes as anybody, also past that one's mute and the recipient's blacklist", async () => {
  await anna.mute("alice", 60);
  await bob.block("alice");
  const laptop = await (await bob.login("laptop")).sync();
  expect(await anna.send("bob", "in alice's name", { sendAs: "alice" })).toMatchObject({
    sender: { id: "alice" },
    recipient: { id: "bob" },
  });
  expect(texts([await laptop.messages.next()])).toEqual(["in alice's name"]);
  expect(texts(await bob.history("alice"))).toEqual(["in alice's name"]);
  expect(texts(await alice.history("bob"))).toEqual(["in alice's name"]);
  expect(await anna.conversations()).toEqual([]);
});

test("all devices of the one in whose name it was sent get it", async () => {
  const own = await alice.sync();
  const phone = await (await alice.login("phone", "IOS")).sync();
  await anna.send("bob", "in alice's name", { sendAs: "alice" });
  for (const { messages } of [own, phone]) expect(texts([await messages.next()])).toEqual(["in alice's name"]);
});

test("what an admin wrote as alice is alice's to recall and edit", async () => {
  const { id } = await anna.send("bob", "in alice's name", { sendAs: "alice" });
  expect(await alice.edit(id, "in my own")).toMatchObject({ message: { content: { summary: "in my own" } } });
  expect(await alice.recall(id)).toMatchObject({ message: { content: null } });
});

test.each(["nobody", "no user", "", "\ud800"])("an admin cannot write as %j, who does not exist", async (sendAs) => {
  expect(await anna.trySend("bob", "hello", { sendAs })).toMatchObject({ code: "SENDER_NOT_FOUND", field: "sendAs" });
  expect(await bob.conversations()).toEqual([]);
});

test("nobody else writes as another, or as themselves by that way", async () => {
  expect(await alice.trySend("bob", "hello", { sendAs: "carol" })).toMatchObject({ code: "FORBIDDEN" });
  expect(await alice.trySend("bob", "hello", { sendAs: "alice" })).toMatchObject({ code: "FORBIDDEN" });
  expect(await bob.conversations()).toEqual([]);
});

test("a notice comes from the system, unless the admin names another sender", async () => {
  expect(await anna.send("bob", { notice: { body: "We moved." } })).toMatchObject({ sender: { id: "system" } });
  expect(await anna.send("bob", { notice: { body: "So did I." } }, { sendAs: "alice" })).toMatchObject({
    sender: { id: "alice" },
  });
  expect(texts(await bob.history("system"))).toEqual(["We moved."]);
  expect(texts(await bob.history("alice"))).toEqual(["So did I."]);
});

test("a notice by somebody else is FORBIDDEN", async () => {
  expect(await alice.trySend("bob", { notice: { body: "We moved." } })).toMatchObject({ code: "FORBIDDEN" });
  expect(await bob.conversations()).toEqual([]);
});

test("the role is the token's: one who is no admin any more is refused", async () => {
  const former = await app.person("anna");
  expect(await former.refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
  expect(await former.trySend("bob", "hello", { sendAs: "alice" })).toMatchObject({ code: "FORBIDDEN" });
});

test("a device of an admin that has logged in is an admin's", async () => {
  const desk = await anna.login("desk", "DESKTOP");
  expect(await desk.get("{ settings { friendsOnly } }")).toEqual({ settings: { friendsOnly: false } });
});

test("the idempotency key of a message shows to its sender and to admins only", async () => {
  const { id } = await alice.send("bob", "hello", { clientMessageId: "key" });
  expect(await alice.message(id)).toMatchObject({ clientMessageId: "key" });
  expect(await bob.message(id)).toMatchObject({ clientMessageId: null });
  expect(await anna.message(id)).toMatchObject({ clientMessageId: "key" });
  expect(await bob.history("alice")).toMatchObject([{ clientMessageId: null }]);
  expect((await bob.sync()).handed).toMatchObject([{ message: { clientMessageId: null } }]);
  expect(await anna.history("alice", { of: "bob" })).toMatchObject([{ clientMessageId: "key" }]);
});

// ── the system ──────────────────────────────────────────────────────────────────────────────────

test("nobody signs in as the system", async () => {
  for (const role of ["user", "admin"] as const) {
    await expect(app.person("system", { role })).rejects.toThrow("UNAUTHENTICATED");
  }
});

test("nobody writes to the system, admins included", async () => {
  await anna.send("bob", { notice: { body: "We moved." } });
  expect(await bob.trySend("system", "thanks")).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
  expect(await anna.trySend("system", "thanks")).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
});

test("nobody blocks, mutes, imports, or befriends the system, or changes its profile", async () => {
  expect(await bob.refusedChange("blockUser", { user: "system" })).toBe("USER_NOT_FOUND");
  expect(await anna.refusedChange("blockUser", { user: "bob", of: "system" })).toBe("USER_NOT_FOUND");
  expect(await anna.refusedChange("muteUser", { user: "system", seconds: 1 })).toBe("USER_NOT_FOUND");
  expect(await anna.refusedChange("importUsers", { users: [{ id: "system" }] })).toBe("INVALID_CONTENT");
  expect(await anna.refusedChange("setFriends", { user: "bob", friend: "system" })).toBe("USER_NOT_FOUND");
  expect(await anna.refusedChange("updateProfile", { nickname: "Sys", of: "system" })).toBe("USER_NOT_FOUND");
});

test("the system is a user that can be looked up", async () => {
  expect(await bob.sees("system")).toMatchObject({ id: "system", nickname: null });
});

// ── in another's place ──────────────────────────────────────────────────────────────────────────

test("an admin sees a conversation as each of its two sides does", async () => {
  await alice.send("bob", "hello");
  await bob.arrange("pin", "alice");
  expect(await anna.conversation("alice", "bob")).toEqual(await bob.conversation("alice"));
  expect(await anna.conversation("bob", "alice")).toEqual(await alice.conversation("bob"));
  expect(await anna.conversation("alice")).toBeNull();
});

test("an admin reads another's conversations, page by page", async () => {
  await alice.send("bob", "hello");
  await bob.send("bob", "a note");
  expect(await anna.conversations({ first: 100, of: "bob" })).toEqual(await bob.conversations());
  const first = await anna.conversationsPage({ first: 1, of: "bob" });
  const second = await anna.conversationsPage({ first: 1, of: "bob", after: first.pageInfo.endCursor });
  expect(second.edges).toMatchObject([{ node: { peer: { id: "alice" } } }]);
});

test("an admin reads another's history, as that one sees it", async () => {
  const { id } = await alice.send("bob", "one");
  await alice.send("bob", "two");
  await bob.deleteMessages(id);
  expect(texts(await anna.history("alice", { of: "bob" }))).toEqual(["two"]);
  expect(texts(await anna.history("bob", { of: "alice" }))).toEqual(["one", "two"]);
  const query = '{ history(peer: "alice", of: "bob") { nodes { conversation { id } } } }';
  const his = await bob.conversation("alice");
  expect(await anna.get(query)).toEqual({ history: { nodes: [{ conversation: { id: his?.id } }] } });
});

test("an admin outside a conversation sees its messages, with no side of its own", async () => {
  const { id } = await alice.send("bob", "hello");
  expect(await anna.message(id)).toMatchObject({ content: { summary: "hello" } });
  expect(await anna.node(id)).toMatchObject({ __typename: "Message" });
  const query = "query M($id: ID!) { message(id: $id) { conversation { id } } }";
  expect(await anna.get(query, { id })).toEqual({ message: { conversation: null } });
});

test("an admin reads another's friends, requests and blacklist", async () => {
  const [, dave] = await app.people("carol", "dave");
  await anna.change("setFriends", { user: "bob", friend: "carol" }, "status");
  await dave.friend("add", "bob");
  await bob.block("alice");
  const query = `{
    friends(of: "bob") { nodes { id } } friendRequests(of: "bob") { nodes { id } }
    blockedUsers(of: "bob") { nodes { id } }
  }`;
  expect(await anna.get(query)).toEqual({
    friends: { nodes: [{ id: "carol" }] },
    friendRequests: { nodes: [{ id: "dave" }] },
    blockedUsers: { nodes: [{ id: "alice" }] },
  });
});

test("an admin keeps another's blacklist", async () => {
  expect(await anna.change("blockUser", { user: "alice", of: "bob" }, "blocked user { id }")).toEqual({
    blocked: true,
    user: { id: "alice" },
  });
  await alice.send("bob", "hello");
  expect(await bob.history("alice")).toEqual([]);
  expect(await bob.sees("alice")).toMatchObject({ blocked: true });
  expect(await anna.sees("alice")).toMatchObject({ blocked: false });
  await anna.change("unblockUser", { user: "alice", of: "bob" }, "blocked");
  expect(await bob.sees("alice")).toMatchObject({ blocked: false });
});

test("an admin changes another's profile", async () => {
  const input = { nickname: "Bobby", friendPolicy: "NOBODY", of: "bob" };
  expect(await anna.change("updateProfile", input, "user { id nickname friendPolicy }")).toEqual({
    user: { id: "bob", nickname: "Bobby", friendPolicy: "NOBODY" },
  });
  expect(await bob.sees("bob")).toMatchObject({ nickname: "Bobby" });
  expect(await anna.sees("anna")).toMatchObject({ nickname: null });
});

const OF_QUERIES = [
  '{ conversation(peer: "alice", of: "bob") { id } }',
  '{ conversations(of: "bob") { nodes { id } } }',
  '{ history(peer: "alice", of: "bob") { nodes { id } } }',
  '{ friends(of: "bob") { nodes { id } } }',
  '{ friendRequests(of: "bob") { nodes { id } } }',
  '{ blockedUsers(of: "bob") { nodes { id } } }',
];

test.each([
  ...OF_QUERIES,
  "{ settings { friendsOnly } }",
  'mutation { updateProfile(input: { nickname: "x", of: "bob" }) { user { id } } }',
  'mutation { blockUser(input: { user: "alice", of: "bob" }) { blocked } }',
  'mutation { unblockUser(input: { user: "alice", of: "bob" }) { blocked } }',
  'mutation { importUsers(input: { users: [{ id: "x" }] }) { users { id } } }',
  "mutation { updateSettings(input: { friendsOnly: true }) { settings { friendsOnly } } }",
  'mutation { setFriends(input: { user: "alice", friend: "bob" }) { status } }',
  'mutation { muteUser(input: { user: "bob", seconds: 60 }) { mutedUntil } }',
])("for others it is FORBIDDEN, and changes nothing: %s", async (query) => {
  expect(await alice.refusal(query)).toBe("FORBIDDEN");
  expect(await bob.sees("bob")).toMatchObject({ nickname: null });
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE", blocked: false });
  expect(await bob.sees("x")).toBeNull();
  expect(await anna.get("{ settings { friendsOnly } }")).toEqual({ settings: { friendsOnly: false } });
  await bob.send("alice", "not muted");
});

test("one refusal does not erase the rest of the answer", async () => {
  const { data, errors } = await alice.ask('{ viewer { id } friends(of: "bob") { nodes { id } } }');
  expect(data).toEqual({ viewer: { id: "alice" }, friends: null });
  expect(errors).toMatchObject([{ path: ["friends"], extensions: { code: "FORBIDDEN" } }]);
});

test("asking as oneself with `of` is nothing special", async () => {
  await alice.send("bob", "hello");
  expect(await bob.conversation("alice", "bob")).toEqual(await bob.conversation("alice"));
  expect(await bob.change("blockUser", { user: "alice", of: "bob" }, "blocked")).toEqual({ blocked: true });
});

test.each(OF_QUERIES)("an id that is no user's has nothing to see as: %s", async (query) => {
  expect(await anna.refusal(query.replace('of: "bob"', 'of: "no user"'))).toBe("USER_NOT_FOUND");
});

// ── importing ───────────────────────────────────────────────────────────────────────────────────

describe("importing", () => {
  const importUsers = (...users: object[]) =>
    anna.change("importUsers", { users }, "users { id nickname avatarUrl }") as Promise<Data>;

  test("creates users who can be written to before they ever signed in", async () => {
    const avatarUrl = "https://example.org/c.png";
    expect(await importUsers({ id: "carol", nickname: "Carol", avatarUrl }, { id: "dave" })).toEqual({
      users: [
        { id: "carol", nickname: "Carol", avatarUrl },
        { id: "dave", nickname: null, avatarUrl: null },
      ],
    });
    await alice.send("dave", "welcome");
    expect(texts((await (await app.person("dave")).sync()).handed)).toEqual(["welcome"]);
  });

  test("updates those who exist: what is left out stays, null clears", async () => {
    const avatarUrl = "https://example.org/b.png";
    await importUsers({ id: "bob", nickname: "Bob", avatarUrl });
    expect(await importUsers({ id: "bob", nickname: "Bobby" })).toEqual({
      users: [{ id: "bob", nickname: "Bobby", avatarUrl }],
    });
    expect(await importUsers({ id: "bob", avatarUrl: null })).toEqual({
      users: [{ id: "bob", nickname: "Bobby", avatarUrl: null }],
    });
    expect(await importUsers({ id: "bob" })).toEqual({ users: [{ id: "bob", nickname: "Bobby", avatarUrl: null }] });
  });

  test("leaves an existing user's friends, policy and messages as they are", async () => {
    await bob.change("updateProfile", { friendPolicy: "NOBODY" }, "user { id }");
    await alice.send("bob", "hello");
    await importUsers({ id: "bob", nickname: "Bob" });
    expect(await bob.get("{ viewer { friendPolicy } }")).toEqual({ viewer: { friendPolicy: "NOBODY" } });
    expect(texts(await bob.history("alice"))).toEqual(["hello"]);
  });

  test("takes 100 at a time, and no more", async () => {
    const users = Array.from({ length: 101 }, (_, n) => ({ id: `u${n}` }));
    expect(await anna.refusedChange("importUsers", { users })).toBe("INVALID_CONTENT");
    expect(await bob.sees("u0")).toBeNull();
    expect((await importUsers(...users.slice(0, 100))).users).toHaveLength(100);
    expect(await bob.sees("u99")).toMatchObject({ id: "u99" });
  });

  test("takes an empty list", async () => {
    expect(await importUsers()).toEqual({ users: [] });
  });

  test.each(["", "two words", "a:b", "ü", "x".repeat(129), "a\u0000", "system"])(
    "refuses the id %j, and then imports nobody",
    async (id) => {
      expect(await anna.refusedChange("importUsers", { users: [{ id: "carol" }, { id }] })).toBe("INVALID_CONTENT");
      expect(await bob.sees("carol")).toBeNull();
    },
  );

  test.each(["x".repeat(128), "A-Z.a_z@0+9|", "1"])("takes the id %j", async (id) => {
    expect(await importUsers({ id })).toMatchObject({ users: [{ id }] });
    await alice.send(id, "hello");
  });

  test("refuses a profile that breaks a rule, and then imports nobody", async () => {
    const users = [{ id: "carol" }, { id: "dave", avatarUrl: "javascript:alert(1)" }];
    expect(await anna.refusedChange("importUsers", { users })).toBe("INVALID_CONTENT");
    expect(await bob.sees("carol")).toBeNull();
  });
});

// ── muting, friendships, recalling ──────────────────────────────────────────────────────────────

test("muting says until when, to the admin and the muted one alone", async () => {
  const until = new Date(app.clock.now() + 60_000).toISOString();
  expect(await anna.mute("alice", 60)).toBe(until);
  const query = '{ user(id: "alice") { mutedUntil } }';
  expect(await alice.get(query)).toEqual({ user: { mutedUntil: until } });
  expect(await anna.get(query)).toEqual({ user: { mutedUntil: until } });
  expect(await bob.get(query)).toEqual({ user: { mutedUntil: null } });
  app.clock.advance(60_000);
  expect(await alice.get(query)).toEqual({ user: { mutedUntil: null } });
});

test("a mute is counted from the last order, shorter or longer", async () => {
  await anna.mute("alice", 3_600);
  await anna.mute("alice", 10);
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "MUTED", retryAfterMs: 10_000 });
});

test("a mute of ten years is the longest", async () => {
  const longest = 10 * 365 * 86_400;
  expect(await anna.refusedChange("muteUser", { user: "alice", seconds: -1 })).toBe("INVALID_CONTENT");
  expect(await anna.refusedChange("muteUser", { user: "alice", seconds: longest + 1 })).toBe("INVALID_CONTENT");
  await alice.send("bob", "not muted");
  await anna.mute("alice", longest);
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "MUTED", retryAfterMs: 2 ** 31 - 1 });
});

test("nobody who does not exist is muted", async () => {
  expect(await anna.refusedChange("muteUser", { user: "nobody", seconds: 60 })).toBe("USER_NOT_FOUND");
});

test("an admin makes two users friends, who are told, and ends what was asked between them", async () => {
  await alice.friend("add", "bob");
  expect(await anna.change("setFriends", { user: "alice", friend: "bob" }, "status")).toEqual({ status: "FRIENDS" });
  expect(await alice.sees("bob")).toMatchObject({ friendship: "FRIENDS" });
  expect(await bob.sees("alice")).toMatchObject({ friendship: "FRIENDS" });
  expect(await bob.get("{ friendRequests { nodes { id } } }")).toEqual({ friendRequests: { nodes: [] } });
  const kinds = '{ history(peer: "system") { nodes { content { ... on NoticeContent { kind subject { id } } } } } }';
  expect((await alice.get(kinds)).history.nodes).toEqual([
    { content: { kind: "FRIEND_ACCEPTED", subject: { id: "bob" } } },
  ]);
  expect((await bob.get(kinds)).history.nodes).toEqual([
    { content: { kind: "FRIEND_REQUESTED", subject: { id: "alice" } } },
    { content: { kind: "FRIEND_ACCEPTED", subject: { id: "alice" } } },
  ]);
});

test("making friends of friends changes nothing and tells nobody", async () => {
  await anna.change("setFriends", { user: "alice", friend: "bob" }, "status");
  await anna.change("setFriends", { user: "bob", friend: "alice" }, "status");
  expect(await alice.history("system")).toHaveLength(1);
  expect(await bob.history("system")).toHaveLength(1);
});

test.each([
  ["alice", "alice", "INVALID_CONTENT"],
  ["alice", "nobody", "USER_NOT_FOUND"],
  ["nobody", "alice", "USER_NOT_FOUND"],
])("%s and %s cannot be made friends", async (user, friend, code) => {
  expect(await anna.refusedChange("setFriends", { user, friend })).toBe(code);
});

test("an admin recalls any message, at any time, and the sender's content is gone for all", async () => {
  const { id } = await alice.send("bob", "regrettable");
  app.clock.advance(6 * DAY);
  expect(await anna.recall(id)).toMatchObject({ message: { id, content: null } });
  expect(texts(await alice.history("bob"))).toEqual([null]);
  expect(texts(await bob.history("alice"))).toEqual([null]);
});

test("an admin does not edit what others wrote", async () => {
  const { id } = await alice.send("bob", "hello");
  expect(await anna.edit(id, "changed")).toMatchObject({ code: "FORBIDDEN" });
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});
