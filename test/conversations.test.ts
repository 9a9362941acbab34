import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

function peers(conversations: readonly Data[]): string[] {
  return conversations.map((conversation) => conversation.peer.id);
}

function peersOfPage(page: Data): string[] {
  return peers(page.edges.map((edge: Data) => edge.node));
}

/** bob, and others who have written to him in this order. */
async function bobAnd(...ids: string[]): Promise<{ app: App; bob: Person; others: Map<string, Person> }> {
  const app = await startApp();
  const bob = await app.person("bob");
  const others = new Map<string, Person>();
  for (const id of ids) {
    const person = await app.person(id);
    await person.send("bob", `from ${id}`);
    others.set(id, person);
  }
  return { app, bob, others };
}

// ── the list ────────────────────────────────────────────────────────────────────────────────────

test("a conversation begins with the first message, on both sides, with ids of their own", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  expect(await alice.conversation("bob")).toBeNull();
  expect(await alice.conversations()).toEqual([]);

  const { id, sentAt } = await alice.send("bob", "hello");
  const common = { lastMessage: { id, seq: 1, content: { summary: "hello" } }, updatedAt: sentAt };
  const fresh = { pinned: false, muted: false, readSeq: 0, peerReadSeq: 0 };
  const [his] = await bob.conversations();
  const [hers] = await alice.conversations();
  expect(his).toMatchObject({ ...common, ...fresh, peer: { id: "alice" }, unreadCount: 1 });
  expect(hers).toMatchObject({ ...common, ...fresh, peer: { id: "bob" }, unreadCount: 0 });
  expect(his?.id).not.toBe(hers?.id);
  expect(await bob.conversation("alice")).toEqual(his);
});

test("the list is newest first, whoever wrote last", async () => {
  const { bob, others } = await bobAnd("alice", "carol", "dave");
  expect(peers(await bob.conversations())).toEqual(["dave", "carol", "alice"]);
  await others.get("alice")?.send("bob", "again");
  expect(peers(await bob.conversations())).toEqual(["alice", "dave", "carol"]);
  await bob.send("carol", "an answer");
  expect(peers(await bob.conversations())).toEqual(["carol", "alice", "dave"]);
});

test("pinned conversations come first, newest first among themselves", async () => {
  const { bob, others } = await bobAnd("alice", "carol", "dave", "erin");
  expect(await bob.arrange("pin", "carol")).toMatchObject({ peer: { id: "carol" }, pinned: true });
  await bob.arrange("pin", "alice");
  expect(peers(await bob.conversations())).toEqual(["carol", "alice", "erin", "dave"]);
  await others.get("alice")?.send("bob", "again");
  expect(peers(await bob.conversations())).toEqual(["alice", "carol", "erin", "dave"]);
  await bob.arrange("pin", "alice", { pinned: false });
  expect(peers(await bob.conversations())).toEqual(["carol", "alice", "erin", "dave"]);
});

test("pinning and muting are one's own: the peer sees nothing of them", async () => {
  const { bob, others } = await bobAnd("alice");
  await bob.arrange("pin", "alice");
  expect(await bob.arrange("mute", "alice")).toMatchObject({ pinned: true, muted: true });
  expect(await others.get("alice")?.conversation("bob")).toMatchObject({ pinned: false, muted: false });
});

test("a muted conversation still counts and lists its messages", async () => {
  const { bob, others } = await bobAnd("alice");
  await bob.arrange("mute", "alice");
  await others.get("alice")?.send("bob", "again");
  expect(await bob.conversations()).toMatchObject([{ unreadCount: 2, muted: true }]);
  expect(await bob.arrange("mute", "alice", { muted: false })).toMatchObject({ muted: false });
});

test("reading, pinning and muting do not move a conversation in time", async () => {
  const { app, bob } = await bobAnd("alice", "carol");
  const before = await bob.conversation("alice");
  app.clock.advance(60_000);
  await bob.markRead("alice");
  await bob.arrange("mute", "alice");
  expect(await bob.conversation("alice")).toMatchObject({ updatedAt: before?.updatedAt });
  expect(peers(await bob.conversations())).toEqual(["carol", "alice"]);
});

test("the list survives a restart", async () => {
  const { app, bob } = await bobAnd("alice", "carol");
  await bob.arrange("pin", "alice");
  const before = await bob.conversations();
  await app.restart();
  expect(await bob.conversations()).toEqual(before);
});

test("the list holds the newest recentContactsLimit", async () => {
  const { app, bob } = await bobAnd("alice", "carol", "dave");
  const anna = await app.admin();
  await anna.updateSettings({ recentContactsLimit: 2 });
  expect(peers(await bob.conversations())).toEqual(["dave", "carol"]);
  expect(await bob.conversationsPage({ first: 2 })).toMatchObject({ pageInfo: { hasNextPage: false } });
  expect(peers(await bob.conversations({ last: 2 }))).toEqual(["dave", "carol"]);
  expect(await bob.conversation("alice")).not.toBeNull();
  await anna.updateSettings({ recentContactsLimit: 3 });
  expect(peers(await bob.conversations())).toEqual(["dave", "carol", "alice"]);
});

test("what is pinned stays in a short list", async () => {
  const { app, bob } = await bobAnd("alice", "carol", "dave");
  await (await app.admin()).updateSettings({ recentContactsLimit: 2 });
  await bob.arrange("pin", "alice");
  expect(peers(await bob.conversations())).toEqual(["alice", "dave"]);
});

test("a conversation whose messages have all expired stays, without a last message", async () => {
  const { app, bob } = await bobAnd("alice");
  app.clock.advance(7 * DAY - 1);
  expect(await bob.conversations()).toMatchObject([{ lastMessage: { seq: 1 }, unreadCount: 1 }]);
  app.clock.advance(1);
  expect(await bob.conversations()).toMatchObject([{ peer: { id: "alice" }, lastMessage: null, unreadCount: 0 }]);
});

// ── paging ──────────────────────────────────────────────────────────────────────────────────────

test("the list is paged forwards by cursor, and says what lies on either side", async () => {
  const { bob } = await bobAnd("a", "b", "c", "d", "e");
  await bob.arrange("pin", "b");
  const pages: [string[], boolean, boolean][] = [];
  let after: string | undefined;
  for (let n = 0; n < 3; n += 1) {
    const page = await bob.conversationsPage({ first: 2, after });
    pages.push([peersOfPage(page), page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]);
    expect(page.pageInfo.startCursor).toBe(page.edges[0].cursor);
    expect(page.pageInfo.endCursor).toBe(page.edges.at(-1).cursor);
    after = page.pageInfo.endCursor;
  }
  expect(pages).toEqual([
    [["b", "e"], false, true],
    [["d", "c"], true, true],
    [["a"], true, false],
  ]);
  expect(await bob.conversationsPage({ first: 2, after })).toMatchObject({
    edges: [],
    pageInfo: { startCursor: null, endCursor: null },
  });
});

test("the list is paged backwards by cursor", async () => {
  const { bob } = await bobAnd("a", "b", "c", "d", "e");
  const pages: [string[], boolean, boolean][] = [];
  let before: string | undefined;
  for (let n = 0; n < 3; n += 1) {
    const page = await bob.conversationsPage({ last: 2, before });
    pages.push([peersOfPage(page), page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]);
    before = page.pageInfo.startCursor;
  }
  expect(pages).toEqual([
    [["b", "a"], true, false],
    [["d", "c"], true, true],
    [["e"], false, true],
  ]);
});

test("a page between two cursors holds what lies between them", async () => {
  const { bob } = await bobAnd("a", "b", "c", "d", "e");
  const all = await bob.conversationsPage({ first: 100 });
  const window = { after: all.edges[0].cursor, before: all.edges[4].cursor };
  expect(peersOfPage(await bob.conversationsPage({ first: 100, ...window }))).toEqual(["d", "c", "b"]);
  expect(peersOfPage(await bob.conversationsPage({ last: 2, ...window }))).toEqual(["c", "b"]);
});

test("a send in between moves a conversation to the top, and repeats nothing further down", async () => {
  const { bob, others } = await bobAnd("a", "b", "c", "d");
  const first = await bob.conversationsPage({ first: 2 });
  expect(peersOfPage(first)).toEqual(["d", "c"]);
  await others.get("a")?.send("bob", "again");
  await others.get("d")?.send("bob", "again");
  const second = await bob.conversationsPage({ first: 2, after: first.pageInfo.endCursor });
  expect(peersOfPage(second)).toEqual(["b"]);
  const above = await bob.conversationsPage({ last: 100, before: second.pageInfo.startCursor });
  expect(peersOfPage(above)).toEqual(["d", "a", "c"]);
});

test("without first and last, the list gives its first 50", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const ids = Array.from({ length: 52 }, (_, n) => `p${n}`);
  await (await app.admin()).change("importUsers", { users: ids.map((id) => ({ id })) }, "users { id }");
  for (const id of ids) await bob.send(id, "hello");
  const page = await bob.conversationsPage();
  expect(peersOfPage(page)).toEqual(ids.toReversed().slice(0, 50));
  expect(page.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
  const [rest, all] = [
    await bob.conversations({ first: 2, after: page.pageInfo.endCursor }),
    await bob.conversations(),
  ];
  expect(peers(rest)).toEqual(["p1", "p0"]);
  expect(all).toHaveLength(52);
});

test("an empty list is an empty page", async () => {
  const app = await startApp();
  expect(await (await app.person("alice")).conversationsPage()).toEqual({
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

const CONVERSATIONS = `query C($first: Int, $after: String, $last: Int, $before: String) {
  conversations(first: $first, after: $after, last: $last, before: $before) { nodes { id } }
}`;

test.each([
  { first: 1, last: 1 },
  { first: -1 },
  { last: -1 },
  { first: 101 },
  { last: 101 },
  { first: 1, after: "garbage" },
  { last: 1, before: "e30" },
])("the page arguments %j are refused", async (args) => {
  const { bob } = await bobAnd("alice");
  expect(await bob.refusal(CONVERSATIONS, args)).toBe("BAD_USER_INPUT");
});

test("a cursor of another user, or of another list, is refused", async () => {
  const { bob, others } = await bobAnd("alice");
  const hers = await others.get("alice")?.conversationsPage({ first: 1 });
  const history = await bob.historyPage("alice", { first: 1 });
  expect(await bob.refusal(CONVERSATIONS, { first: 1, after: hers?.pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  expect(await bob.refusal(CONVERSATIONS, { first: 1, after: history.pageInfo.endCursor })).toBe("BAD_USER_INPUT");
});

// ── clearing and deleting ───────────────────────────────────────────────────────────────────────

test("clearing empties a conversation for oneself alone", async () => {
  const { bob, others } = await bobAnd("alice");
  const { id } = (await bob.history("alice"))[0] ?? {};
  expect(await bob.arrange("clear", "alice")).toMatchObject({ lastMessage: null, unreadCount: 0 });
  expect(await bob.history("alice")).toEqual([]);
  expect(await bob.message(id)).toBeNull();
  expect(await bob.conversations()).toMatchObject([{ peer: { id: "alice" }, lastMessage: null, unreadCount: 0 }]);
  expect(texts((await others.get("alice")?.history("bob")) ?? [])).toEqual(["from alice"]);
});

test("after clearing, what comes is there and counts", async () => {
  const { bob, others } = await bobAnd("alice");
  await bob.arrange("clear", "alice");
  await others.get("alice")?.send("bob", "after");
  expect(texts(await bob.history("alice"))).toEqual(["after"]);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1, lastMessage: { seq: 2 } });
});

test("clearing survives a restart", async () => {
  const { app, bob } = await bobAnd("alice");
  await bob.arrange("clear", "alice");
  await app.restart();
  expect(await bob.history("alice")).toEqual([]);
});

test("a device that comes back is handed nothing of what was cleared", async () => {
  const { bob } = await bobAnd("alice", "carol");
  await bob.arrange("clear", "alice");
  const { handed, refreshed } = await (await bob.login("phone", "IOS")).sync();
  expect(texts(handed)).toEqual(["from carol"]);
  expect(refreshed).toMatchObject({ offlineCount: 1, recentCount: 0 });
});

test("deleting messages takes them from oneself alone", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const ids: string[] = [];
  for (const text of ["one", "two", "three"]) ids.push((await alice.send("bob", text)).id);
  const [one = "", , three = ""] = ids;
  expect(await bob.deleteMessages(one, three)).toEqual([one, three]);
  expect(texts(await bob.history("alice"))).toEqual(["two"]);
  expect(await bob.message(one)).toBeNull();
  expect(await bob.conversation("alice")).toMatchObject({
    unreadCount: 1,
    lastMessage: { content: { summary: "two" } },
  });
  expect(texts(await alice.history("bob"))).toEqual(["one", "two", "three"]);
});

test("own messages can be deleted for oneself too; the peer keeps them", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "hello");
  expect(await alice.deleteMessages(id)).toEqual([id]);
  expect(await alice.history("bob")).toEqual([]);
  expect(await alice.conversation("bob")).toMatchObject({ lastMessage: null });
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});

test("ids that cannot be seen are passed over, and an id twice counts once", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const theirs = await alice.send("bob", "not carol's");
  const hers = await alice.send("carol", "carol's");
  expect(await carol.deleteMessages(theirs.id, "m:9:9", "garbage", "alice", hers.id, hers.id)).toEqual([hers.id]);
  expect(texts(await bob.history("alice"))).toEqual(["not carol's"]);
  expect(await carol.deleteMessages(hers.id)).toEqual([]);
});

test("at most 100 messages are deleted at once", async () => {
  const { bob } = await bobAnd("alice");
  const ids = Array.from({ length: 101 }, (_, n) => `m:1:${n + 1}`);
  expect(await bob.deleteMessages(...ids.slice(0, 100))).toEqual(["m:1:1"]);
  expect(await bob.refusedChange("deleteMessages", { ids })).toBe("INVALID_CONTENT");
});

test.each(["nobody", "carol", "no user", "system"])(
  "there is nothing to arrange with %s, to whom nothing was ever written",
  async (peer) => {
    const { app, bob } = await bobAnd("alice");
    await app.person("carol");
    expect(await bob.conversation(peer)).toBeNull();
    expect(await bob.arrange("pin", peer)).toBeNull();
    expect(await bob.arrange("mute", peer)).toBeNull();
    expect(await bob.arrange("clear", peer)).toBeNull();
    expect(await bob.conversations()).toHaveLength(1);
  },
);

// ── node ────────────────────────────────────────────────────────────────────────────────────────

test("node finds users, and one's own messages and conversations", async () => {
  const { bob } = await bobAnd("alice");
  const [conversation] = await bob.conversations();
  const id = conversation?.id;
  const messageId = conversation?.lastMessage.id;
  expect(await bob.node("alice")).toEqual({ id: "alice", __typename: "User" });
  expect(await bob.node(messageId)).toEqual({ id: messageId, __typename: "Message" });
  expect(await bob.node(id)).toEqual({ id, __typename: "Conversation" });
});

test("node gives nothing of other people's", async () => {
  const { app, bob, others } = await bobAnd("alice");
  const carol = await app.person("carol");
  const his = await bob.conversation("alice");
  const hers = await others.get("alice")?.conversation("bob");
  expect(await carol.node(his?.id)).toBeNull();
  expect(await carol.node(his?.lastMessage.id)).toBeNull();
  expect(await carol.message(his?.lastMessage.id)).toBeNull();
  expect(await bob.node(hers?.id)).toBeNull();
});

test.each([
  "nobody",
  "",
  "m:1:2",
  "m:0:1",
  "m:1",
  "m:999999999999999:1",
  "c:1:",
  "c:2:bob",
  "c:1:carol",
  "x:1",
  "\ud800",
])("node finds nothing under %j", async (id) => {
  const { app, bob } = await bobAnd("alice");
  await app.person("carol");
  expect(await bob.node(id)).toBeNull();
});

test("a message leads to the viewer's side of its conversation", async () => {
  const { app, bob, others } = await bobAnd("alice");
  const { id } = (await bob.history("alice"))[0] ?? {};
  const query = "query M($id: ID!) { message(id: $id) { conversation { id peer { id } } } }";
  const his = await bob.conversation("alice");
  const hers = await others.get("alice")?.conversation("bob");
  expect(await bob.get(query, { id })).toEqual({
    message: { conversation: { id: his?.id, peer: { id: "alice" } } },
  });
  expect(await others.get("alice")?.get(query, { id })).toEqual({
    message: { conversation: { id: hers?.id, peer: { id: "bob" } } },
  });
  expect(await (await app.admin()).get(query, { id })).toEqual({ message: { conversation: null } });
});
