import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import type { Data } from "./support/socket.ts";

const TRAIL = `query Trail($first: Int, $after: String, $last: Int, $before: String, $actor: ID, $user: ID) {
  auditTrail(first: $first, after: $after, last: $last, before: $before, actor: $actor, user: $user) {
    edges { cursor node { at actor { id } deviceId action user { id } subject } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

let app: App;
let anna: Person;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  anna = await app.admin();
  [alice, bob] = await app.people("alice", "bob");
});

async function page(by: Person, args: object = {}): Promise<Data> {
  return (await by.get(TRAIL, args)).auditTrail;
}

/** Action, user and subject of entries, newest first. */
async function trail(args: object = {}): Promise<[string, string | null, string][]> {
  const { edges } = await page(anna, args);
  return edges.map(({ node }: Data) => [node.action, node.user?.id ?? null, node.subject]);
}

/** The same as it lies on disk, oldest first. */
function onDisk(): [string, string | null, string][] {
  const rows = everythingStored(app).audit as Data[];
  return rows.map((row) => [row.action, row.user_id, row.subject]);
}

// ── what is recorded ────────────────────────────────────────────────────────────────────────────

test("an entry says who, when, on which device, what and about whom", async () => {
  const desk = await anna.login("desk", "DESKTOP");
  await desk.mute("bob", 60);
  expect((await page(anna)).edges.map((edge: Data) => edge.node)).toEqual([
    {
      at: new Date(app.clock.now()).toISOString(),
      actor: { id: "anna" },
      deviceId: "desk",
      action: "muteUser",
      user: { id: "bob" },
      subject: "60 seconds",
    },
  ]);
});

const changes: [what: string, work: () => Promise<unknown>, left: [string, string | null, string][]][] = [
  ["muting", () => anna.mute("bob", 60), [["muteUser", "bob", "60 seconds"]]],
  ["a setting", () => anna.updateSettings({ friendsOnly: true }), [["updateSettings", null, '{"friendsOnly":true}']]],
  [
    "importing",
    () => anna.change("importUsers", { users: [{ id: "carol", nickname: "Carol" }, { id: "dave" }] }, "users { id }"),
    [
      ["importUsers", "carol", "nickname"],
      ["importUsers", "dave", ""],
    ],
  ],
  [
    "making friends",
    () => anna.change("setFriends", { user: "alice", friend: "bob" }, "status"),
    [
      ["setFriends", "alice", "bob"],
      ["setFriends", "bob", "alice"],
    ],
  ],
  [
    "another's profile",
    () => anna.change("updateProfile", { nickname: "Bobby", of: "bob" }, "user { id }"),
    [["updateProfile", "bob", "nickname"]],
  ],
  [
    "blocking in another's name",
    () => anna.change("blockUser", { user: "alice", of: "bob" }, "blocked"),
    [["blockUser", "bob", "alice"]],
  ],
  [
    "unblocking in another's name",
    () => anna.change("unblockUser", { user: "alice", of: "bob" }, "blocked"),
    [["unblockUser", "bob", "alice"]],
  ],
  ["a notice", () => anna.send("bob", { notice: { body: "hello" } }), [["sendNotice", "system", "to bob m:1:1"]]],
  [
    "sending in another's name, each time",
    async () => {
      for (let n = 0; n < 2; n += 1) await anna.send("bob", "hello", { sendAs: "alice", clientMessageId: "key" });
    },
    [
      ["sendAs", "alice", "to bob m:1:1"],
      ["sendAs", "alice", "again m:1:1"],
    ],
  ],
];

test.each(changes)("%s is recorded", async (_, work, expected) => {
  await work();
  expect(onDisk()).toEqual(expected);
});

test("recalling another's message is recorded, also where it was recalled before", async () => {
  const { id } = await alice.send("bob", "hello");
  await anna.recall(id);
  expect(onDisk()).toEqual([["recallMessage", "alice", id]]);
  await anna.recall(id);
  expect(onDisk()).toEqual([
    ["recallMessage", "alice", id],
    ["recallMessage", "alice", id],
  ]);
});

test("a look at another's history is recorded with the peer and the messages that were seen", async () => {
  for (let n = 1; n <= 5; n += 1) await alice.send("bob", `${n}`);
  const first = await anna.historyPage("alice", { last: 2, of: "bob" });
  await anna.historyPage("alice", { last: 2, before: first.pageInfo.startCursor, of: "bob" });
  await anna.historyPage("carol", { of: "bob" });
  await anna.historyPage("anna", { of: "bob" });
  expect(onDisk()).toEqual([
    ["history", "bob", "alice 4 to 5"],
    ["history", "bob", "alice 2 to 3"],
    ["history", "bob", "anna nothing"],
  ]);
});

test("a look at another's lists is recorded with those who were seen", async () => {
  await app.people("carol", "dave");
  await anna.change("setFriends", { user: "bob", friend: "carol" }, "status");
  await (await app.person("dave")).friend("add", "bob");
  await bob.block("alice");
  await bob.send("dave", "hello");
  await anna.get(`{ friends(of: "bob") { nodes { id } } }`);
  await anna.get(`{ friendRequests(of: "bob") { nodes { id } } }`);
  await anna.get(`{ blockedUsers(of: "bob") { nodes { id } } }`);
  await anna.get(`{ conversations(of: "bob") { nodes { id } } }`);
  expect((await trail({ user: "bob" })).slice(0, 4).reverse()).toEqual([
    ["friends", "bob", "carol"],
    ["friendRequests", "bob", "dave"],
    ["blockedUsers", "bob", "alice"],
    ["conversations", "bob", "dave system"],
  ]);
});

test("what is reached from another's conversation is recorded as well", async () => {
  const question = await alice.send("bob", "question");
  const answer = await bob.send("alice", "answer", { replyTo: question.id });
  const query = `{ conversation(peer: "alice", of: "bob") {
    lastMessage { id replyTo { id } conversation { id } } messages(first: 1) { nodes { id } } } }`;
  await anna.get(query);
  expect((await trail()).map(String).sort()).toEqual([
    "conversation,bob,alice",
    "conversation,bob,alice",
    "history,bob,alice 1 to 1",
    `message,bob,${question.id}`,
    `message,bob,${answer.id}`,
  ]);
});

test("a look at a message or a conversation by its id is recorded", async () => {
  const question = await alice.send("bob", "question");
  const answer = await bob.send("alice", "answer", { replyTo: question.id });
  await anna.get("query M($id: ID!) { message(id: $id) { id replyTo { id } } }", { id: answer.id });
  await anna.node((await bob.conversation("alice"))?.id);
  expect(onDisk()).toEqual([
    ["message", null, answer.id],
    ["message", null, question.id],
    ["conversation", "bob", "alice"],
  ]);
});

test("an admin that looks at its own message once it has deleted it does so as an admin", async () => {
  const { id } = await alice.send("anna", "hello");
  await anna.message(id);
  await anna.deleteMessages(id);
  expect(onDisk()).toEqual([]);
  await anna.message(id);
  expect(onDisk()).toEqual([["message", null, id]]);
});

test("what only admins may know of a user is recorded when it is read", async () => {
  await bob.block("anna");
  await anna.get(`{ user(id: "bob") { nickname mutedUntil } }`);
  await anna.get(`{ user(id: "bob") { online } }`);
  await anna.get("{ settings { friendsOnly } }");
  expect(onDisk()).toEqual([
    ["user", "bob", ""],
    ["online", "bob", ""],
    ["settings", null, ""],
  ]);
});

test("what admins do in their own name, and what others do, is not recorded", async () => {
  const { id } = await anna.send("bob", "hello");
  await bob.send("anna", "hello");
  await anna.edit(id, "well");
  await anna.recall(id);
  await anna.block("alice");
  await anna.change("updateProfile", { nickname: "Anna", of: "anna" }, "user { mutedUntil }");
  await anna.get(`{ conversations(of: "anna") { nodes { lastMessage { id replyTo { id } } messages { nodes { id } } } }
    friends { nodes { id } } user(id: "bob") { online blocked } }`);
  await bob.history("anna");
  await bob.get("{ viewer { mutedUntil friendPolicy online } }");
  expect(onDisk()).toEqual([]);
});

test("refused attempts are not recorded, so that nobody can fill the disk", async () => {
  expect(await alice.refusal(`{ friends(of: "bob") { nodes { id } } }`)).toBe("FORBIDDEN");
  expect(await alice.refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
  expect(await alice.refusedChange("muteUser", { user: "bob", seconds: 1 })).toBe("FORBIDDEN");
  expect(await alice.refusal(TRAIL)).toBe("FORBIDDEN");
  expect(await anna.conversation("x".repeat(10_000), "bob")).toBeNull();
  expect(onDisk()).toEqual([]);
});

test("no words of a message are in the trail, and no token", async () => {
  const secret = "canary";
  const { id } = await anna.send("bob", secret, {
    sendAs: "alice",
    customData: secret,
    clientMessageId: secret,
    push: { title: secret, body: secret },
  });
  await anna.history("alice", { of: "bob" });
  await anna.recall(id);
  await anna.change("updateProfile", { nickname: secret, of: "bob" }, "user { id }");
  await anna.change("importUsers", { users: [{ id: "carol", nickname: secret }] }, "users { id }");
  const rows = JSON.stringify(everythingStored(app).audit);
  expect(rows).toContain("recallMessage");
  expect(rows).not.toContain(secret);
  expect(rows).not.toContain(anna.token);
});

// ── reading it ──────────────────────────────────────────────────────────────────────────────────

test("the trail is paged through both ways, newest first", async () => {
  for (let n = 1; n <= 5; n += 1) await anna.mute("bob", n);
  const first = await page(anna, { first: 2, user: "bob" });
  const subjects = ({ edges }: Data) => edges.map((edge: Data) => edge.node.subject);
  expect(subjects(first)).toEqual(["5 seconds", "4 seconds"]);
  expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  const second = await page(anna, { first: 2, after: first.pageInfo.endCursor, user: "bob" });
  expect(subjects(second)).toEqual(["3 seconds", "2 seconds"]);
  expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  const third = await page(anna, { first: 2, after: second.pageInfo.endCursor, user: "bob" });
  expect(subjects(third)).toEqual(["1 seconds"]);
  expect(third.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  const back = await page(anna, { last: 2, before: third.pageInfo.startCursor, user: "bob" });
  expect(subjects(back)).toEqual(["3 seconds", "2 seconds"]);
  expect(subjects(await page(anna, { last: 1, user: "bob" }))).toEqual(["1 seconds"]);
});

test("the trail is asked for one admin, one user, or both", async () => {
  const amy = await app.admin("amy");
  await anna.mute("alice", 1);
  await anna.mute("bob", 2);
  await amy.mute("bob", 3);
  const muted = (args: object) => trail(args).then((all) => all.filter(([action]) => action === "muteUser"));
  expect(await muted({ actor: "anna" })).toEqual([
    ["muteUser", "bob", "2 seconds"],
    ["muteUser", "alice", "1 seconds"],
  ]);
  expect(await muted({ user: "bob" })).toEqual([
    ["muteUser", "bob", "3 seconds"],
    ["muteUser", "bob", "2 seconds"],
  ]);
  expect(await muted({ actor: "amy", user: "bob" })).toEqual([["muteUser", "bob", "3 seconds"]]);
  expect(await trail({ actor: "nobody" })).toEqual([]);
});

test("reading the trail is in the trail", async () => {
  await anna.mute("bob", 1);
  await trail();
  await trail({ actor: "nobody" });
  expect(onDisk()).toEqual([
    ["muteUser", "bob", "1 seconds"],
    ["auditTrail", null, "entries 1 to 1"],
    ["auditTrail", null, "nothing"],
  ]);
});

test("a cursor of another admin, and pages out of range, are BAD_USER_INPUT", async () => {
  await anna.mute("bob", 1);
  const { pageInfo } = await page(anna);
  const amy = await app.admin("amy");
  expect(await amy.refusal(TRAIL, { after: pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  expect(await anna.refusal(TRAIL, { first: 101 })).toBe("BAD_USER_INPUT");
  expect(await anna.refusal(TRAIL, { after: "x" })).toBe("BAD_USER_INPUT");
});

// ── how long it is kept ─────────────────────────────────────────────────────────────────────────

test("an entry is kept for auditRetentionDays, to the millisecond, and then leaves the disk", async () => {
  await anna.updateSettings({ auditRetentionDays: 30 });
  app.clock.advance(1);
  await anna.mute("bob", 1);
  app.clock.advance(30 * DAY - 1);
  const admin = await app.admin();
  const actions = async () => (await page(admin)).edges.map((edge: Data) => edge.node.action);
  expect(await actions()).toEqual(["muteUser"]);
  app.clock.advance(1);
  expect(await actions()).toEqual(["auditTrail"]);
  await app.server.engine.sweep();
  expect(everythingStored(app).audit).not.toContainEqual(expect.objectContaining({ action: "muteUser" }));
  expect(everythingStored(app).audit).not.toContainEqual(expect.objectContaining({ action: "updateSettings" }));
});

test("no admin can have the trail forget at once", async () => {
  expect(await anna.refusedChange("updateSettings", { auditRetentionDays: 29 })).toBe("BAD_USER_INPUT");
});
