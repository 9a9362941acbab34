import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import type { Data } from "./support/socket.ts";

/** bob has alice on his blacklist, and carol is there to be heard. */
async function blocked(showBlocked = false): Promise<{ app: App; alice: Person; bob: Person; carol: Person }> {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  if (showBlocked) await (await app.admin()).updateSettings({ showBlocked });
  await bob.block("alice");
  return { app, alice, bob, carol };
}

/** What the sender of a message sees of how far it got. */
async function reception(person: Person, peer: string): Promise<[boolean, boolean][]> {
  const messages = await person.history(peer);
  return messages.map((message: Data) => [message.deliveredToRecipient, message.readByRecipient]);
}

// ── hidden: the default ─────────────────────────────────────────────────────────────────────────

test("to one who is blocked a message looks sent", async () => {
  const { alice } = await blocked();
  const sent = await alice.trySend("bob", "hello", { clientMessageId: "key" });
  expect(sent).toMatchObject({ duplicate: false, message: { seq: 1, content: { summary: "hello" } } });
  expect(texts(await alice.history("bob"))).toEqual(["hello"]);
  expect(await alice.conversation("bob")).toMatchObject({ lastMessage: { id: sent.message.id }, unreadCount: 0 });
  expect(await alice.message(sent.message.id)).toMatchObject({ content: { summary: "hello" } });
  expect(await alice.trySend("bob", "hello", { clientMessageId: "key" })).toMatchObject({ duplicate: true });
});

test("the sender's other devices get a message that only looks sent", async () => {
  const { alice } = await blocked();
  const phone = await (await alice.login("phone", "IOS")).sync();
  await alice.send("bob", "hello");
  expect(texts([await phone.messages.next()])).toEqual(["hello"]);
});

test("who blocks never sees what the blocked one sends", async () => {
  const { alice, bob } = await blocked();
  const { id } = await alice.send("bob", "hello");
  expect(await bob.history("alice")).toEqual([]);
  expect(await bob.conversation("alice")).toBeNull();
  expect(await bob.conversations()).toEqual([]);
  expect(await bob.message(id)).toBeNull();
  expect(await bob.node(id)).toBeNull();
});

test("who blocks is not handed it: not live, not as a backlog, not as a recent contact", async () => {
  const { alice, bob, carol } = await blocked();
  const laptop = await (await bob.login("laptop")).sync();
  await alice.send("bob", "hello");
  await carol.send("bob", "from carol");
  expect(texts([await laptop.messages.next()])).toEqual(["from carol"]);
  const phone = await (await bob.login("phone", "IOS")).sync();
  expect(texts(phone.handed)).toEqual(["from carol"]);
  expect(phone.refreshed).toMatchObject({ offlineCount: 1, recentCount: 0, truncated: false });
});

test("it moves nothing in the list of conversations of the one who blocks", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  await alice.send("bob", "before");
  await carol.send("bob", "from carol");
  const before = await bob.conversations();
  await bob.block("alice");
  app.clock.advance(1_000);
  await alice.send("bob", "after");
  expect(await bob.conversations()).toEqual(before);
});

test("it stays unseen after unblocking; what comes then is seen", async () => {
  const { alice, bob } = await blocked();
  const laptop = await (await bob.login("laptop")).sync();
  const hidden = await alice.send("bob", "unseen");
  await bob.unblock("alice");
  await alice.send("bob", "seen");
  expect(texts([await laptop.messages.next()])).toEqual(["seen"]);
  expect(texts(await bob.history("alice"))).toEqual(["seen"]);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1, lastMessage: { seq: 2 } });
  expect(await bob.message(hidden.id)).toBeNull();
  expect(texts(await alice.history("bob"))).toEqual(["unseen", "seen"]);
});

test("messages from before the block stay where they are", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const before = await alice.send("bob", "before");
  await bob.block("alice");
  await alice.send("bob", "after");
  expect(texts(await bob.history("alice"))).toEqual(["before"]);
  expect(await bob.message(before.id)).not.toBeNull();
  expect(await bob.conversation("alice")).toMatchObject({
    unreadCount: 1,
    lastMessage: { content: { summary: "before" } },
  });
});

test("a hidden message is never delivered nor read, whatever bob acknowledges and reads, then or after unblocking", async () => {
  const { alice, bob, carol } = await blocked();
  await alice.send("bob", "unseen");
  await bob.send("alice", "I still write");
  await carol.send("bob", "from carol");
  const laptop = await (await bob.login("laptop")).sync();
  await bob.markRead("alice");
  expect(await reception(alice, "bob")).toEqual([
    [false, false],
    [false, false],
  ]);

  await bob.unblock("alice");
  await alice.send("bob", "seen");
  const { cursor } = await laptop.messages.next();
  await (await bob.login("laptop")).acknowledge(cursor);
  await bob.markRead("alice");
  expect(await reception(alice, "bob")).toEqual([
    [false, false],
    [false, false],
    [true, true],
  ]);
});

test("recalling a hidden message looks done and tells bob nothing", async () => {
  const { alice, bob, carol } = await blocked();
  const first = await carol.send("bob", "from carol");
  const updates = await bob.messageUpdated();
  const { id } = await alice.send("bob", "oops");
  expect(await alice.recall(id)).toMatchObject({ message: { id, content: null } });
  expect(await bob.history("alice")).toEqual([]);
  await carol.recall(first.id);
  expect(await updates.next()).toMatchObject({ change: "RECALLED", message: { id: first.id } });
});

test("editing a hidden message looks done and tells bob nothing, also after unblocking", async () => {
  const { alice, bob, carol } = await blocked();
  const first = await carol.send("bob", "from carol");
  const updates = await bob.messageUpdated();
  const { id } = await alice.send("bob", "helo");
  expect(await alice.edit(id, "hello")).toMatchObject({ message: { id, content: { summary: "hello" } } });
  await bob.unblock("alice");
  expect(await alice.edit(id, "hello!")).toMatchObject({ message: { id, content: { summary: "hello!" } } });
  expect(texts(await alice.history("bob"))).toEqual(["hello!"]);
  expect(await bob.history("alice")).toEqual([]);
  await carol.edit(first.id, "carol again");
  expect(await updates.next()).toMatchObject({ change: "EDITED", message: { id: first.id } });
});

test("editing an older message while blocked looks done to alice and reaches nobody", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const seen = await alice.send("bob", "as bob knows it");
  const other = await carol.send("bob", "from carol");
  await bob.block("alice");
  const updates = await bob.messageUpdated();
  const own = await alice.messageUpdated();

  const edited = await alice.edit(seen.id, "changed");
  expect(edited.message).toMatchObject({ content: { summary: "changed" } });
  expect(edited.message.editedAt).not.toBeNull();
  expect(await own.next()).toMatchObject({ change: "EDITED", message: { content: { summary: "changed" } } });
  expect(texts(await alice.history("bob"))).toEqual(["changed"]);
  expect(await alice.conversation("bob")).toMatchObject({ lastMessage: { content: { summary: "changed" } } });

  expect(await bob.history("alice")).toMatchObject([{ content: { summary: "as bob knows it" }, editedAt: null }]);
  expect(await bob.conversation("alice")).toMatchObject({ lastMessage: { content: { summary: "as bob knows it" } } });
  await carol.edit(other.id, "carol again");
  expect(await updates.next()).toMatchObject({ change: "EDITED", message: { id: other.id } });
});

test("an edit made while blocked stays alice's own after unblocking, and the next edit reaches bob", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "one");
  await bob.block("alice");
  await alice.edit(id, "two");
  await bob.unblock("alice");
  expect(texts(await bob.history("alice"))).toEqual(["one"]);
  expect(texts(await alice.history("bob"))).toEqual(["two"]);
  await alice.edit(id, "three");
  expect(texts(await bob.history("alice"))).toEqual(["three"]);
  expect(texts(await alice.history("bob"))).toEqual(["three"]);
});

test("an older message can be recalled while blocked, for bob too", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "oops");
  await bob.block("alice");
  await alice.edit(id, "worse");
  await alice.recall(id);
  expect(texts(await bob.history("alice"))).toEqual([null]);
  expect(texts(await alice.history("bob"))).toEqual([null]);
});

test("bob can do nothing with a hidden message: not recall, edit, delete or answer it", async () => {
  const { alice, bob } = await blocked();
  const { id } = await alice.send("bob", "hello");
  expect(await bob.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await bob.edit(id, "hello")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await bob.deleteMessages(id)).toEqual([]);
  expect(await bob.trySend("alice", "what?", { replyTo: id })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "replyTo",
  });
});

test("an answer to a hidden message does not give it away once alice is unblocked", async () => {
  const { alice, bob } = await blocked();
  const hidden = await alice.send("bob", "unseen");
  await bob.unblock("alice");
  const { id } = await alice.send("bob", "as I said", { replyTo: hidden.id });
  const query = "query R($id: ID!) { message(id: $id) { replyTo { id } } }";
  expect(await bob.get(query, { id })).toEqual({ message: { replyTo: null } });
  expect(await alice.get(query, { id })).toEqual({ message: { replyTo: { id: hidden.id } } });
});

test("a message of lifetime 0 looks sent and reaches none of bob's devices", async () => {
  const { alice, bob, carol } = await blocked();
  const laptop = await (await bob.login("laptop")).sync();
  expect(await alice.trySend("bob", "hello", { lifetimeSeconds: 0 })).toMatchObject({ message: { seq: 0 } });
  await carol.send("bob", "from carol", { lifetimeSeconds: 0 });
  expect(texts([await laptop.messages.next()])).toEqual(["from carol"]);
});

test("an admin sees a hidden message", async () => {
  const { app, alice } = await blocked();
  const { id } = await alice.send("bob", "hello");
  const anna = await app.admin();
  expect(await anna.message(id)).toMatchObject({ content: { summary: "hello" } });
  expect(texts(await anna.history("bob", { of: "alice" }))).toEqual(["hello"]);
  expect(await anna.history("alice", { of: "bob" })).toEqual([]);
});

test("a hidden message stays hidden after a restart", async () => {
  const { app, alice, bob } = await blocked();
  await alice.send("bob", "one");
  await app.restart();
  await alice.send("bob", "two");
  expect(await bob.history("alice")).toEqual([]);
  expect(texts(await alice.history("bob"))).toEqual(["one", "two"]);
});

// ── shown ───────────────────────────────────────────────────────────────────────────────────────

test("with showBlocked the blocked one is told", async () => {
  const { alice, bob } = await blocked(true);
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "BLOCKED" });
  await bob.unblock("alice");
  await alice.send("bob", "hello");
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});

test("with showBlocked an edit of an older message is refused and changes nothing", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await (await app.admin()).updateSettings({ showBlocked: true });
  const { id } = await alice.send("bob", "hello");
  await bob.block("alice");
  expect(await alice.edit(id, "changed")).toMatchObject({ code: "BLOCKED" });
  expect(texts(await alice.history("bob"))).toEqual(["hello"]);
});

// ── typing, friend requests, presence ───────────────────────────────────────────────────────────

test("typing to one who blocks looks done and reaches nobody", async () => {
  const { alice, bob, carol } = await blocked();
  const typing = await bob.typing();
  await alice.setTyping("bob");
  await carol.setTyping("bob");
  expect(await typing.next()).toEqual({ typing: true, user: { id: "carol" } });
});

test("with showBlocked typing is refused with BLOCKED", async () => {
  const { alice } = await blocked(true);
  expect(await alice.refusedChange("setTyping", { peer: "bob" })).toBe("BLOCKED");
});

test("a friend request to one who blocks looks done, and nobody sees it, also after unblocking", async () => {
  const { alice, bob } = await blocked();
  expect(await alice.friend("add", "bob", { greeting: "please" })).toMatchObject({ status: "REQUESTED" });
  expect(await alice.sees("bob")).toMatchObject({ friendship: "REQUESTED" });
  const requests = "{ friendRequests { nodes { id } } }";
  expect(await bob.get(requests)).toEqual({ friendRequests: { nodes: [] } });
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE", blocked: true });
  expect(await bob.history("system")).toEqual([]);
  expect(await bob.friend("accept", "alice")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
  await bob.unblock("alice");
  expect(await bob.get(requests)).toEqual({ friendRequests: { nodes: [] } });
  expect(await bob.friend("accept", "alice")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
  expect(await bob.history("system")).toEqual([]);
});

test("once unblocked, alice's next request is seen", async () => {
  const { alice, bob } = await blocked();
  await alice.friend("add", "bob", { greeting: "please" });
  await bob.unblock("alice");
  expect(await alice.friend("add", "bob", { greeting: "once more" })).toMatchObject({ status: "REQUESTED" });
  expect(texts(await bob.history("system"))).toEqual(["once more"]);
  expect(await bob.friend("accept", "alice")).toMatchObject({ status: "FRIENDS" });
});

test("even where bob befriends anyone, one whom he blocks does not become his friend", async () => {
  const { alice, bob } = await blocked();
  await bob.change("updateProfile", { friendPolicy: "ANYONE" }, "user { id }");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "REQUESTED" });
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE" });
});

test("with showBlocked a friend request is refused with BLOCKED", async () => {
  const { alice, bob } = await blocked(true);
  expect(await alice.friend("add", "bob")).toMatchObject({ code: "BLOCKED" });
  expect(await alice.sees("bob")).toMatchObject({ friendship: "NONE" });
  await bob.unblock("alice");
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "REQUESTED" });
});

test("one who is blocked does not see whether bob is online", async () => {
  const { app, alice, bob, carol } = await blocked();
  expect(await alice.sees("bob")).toMatchObject({ online: null });
  await bob.connect();
  expect(await alice.sees("bob")).toMatchObject({ online: null });
  expect(await carol.sees("bob")).toMatchObject({ online: true });
  expect(await (await app.admin()).sees("bob")).toMatchObject({ online: true });
  await bob.unblock("alice");
  expect(await alice.sees("bob")).toMatchObject({ online: true });
});

test("a blacklist hides nothing of that from an admin who is on it", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const anna = await app.admin();
  await bob.block("anna");
  expect(await anna.sees("bob")).toMatchObject({ online: false });
  await bob.connect();
  expect(await anna.sees("bob")).toMatchObject({ online: true });
});

test("one who blocks still sees whether the other is online", async () => {
  const { alice, bob } = await blocked();
  expect(await bob.sees("alice")).toMatchObject({ online: false });
  await alice.connect();
  expect(await bob.sees("alice")).toMatchObject({ online: true });
});

test("one who is blocked cannot tell from the other's profile", async () => {
  const { alice } = await blocked();
  expect(await alice.sees("bob")).toMatchObject({ id: "bob", friendship: "NONE", blocked: false });
});

// ── blocking itself ─────────────────────────────────────────────────────────────────────────────

test("an own block does not stop an own send", async () => {
  const { alice, bob } = await blocked();
  await bob.send("alice", "I still write");
  expect(texts(await alice.history("bob"))).toEqual(["I still write"]);
});

test("a block holds in one direction and for one user", async () => {
  const { alice, bob, carol } = await blocked();
  await alice.send("carol", "to carol");
  await carol.send("bob", "to bob");
  expect(texts(await carol.history("alice"))).toEqual(["to carol"]);
  expect(texts(await bob.history("carol"))).toEqual(["to bob"]);
});

test("blocking ends the friendship for both, without a notice", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await (await app.admin()).change("setFriends", { user: "alice", friend: "bob" }, "status");
  await bob.block("alice");
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE", blocked: true });
  expect(await alice.sees("bob")).toMatchObject({ friendship: "NONE", blocked: false });
  expect(await alice.history("system")).toHaveLength(1);
  await bob.unblock("alice");
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE", blocked: false });
});

test("blocking hides the other's request and withdraws one's own", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  await alice.friend("add", "bob");
  await bob.friend("add", "carol");
  await bob.block("alice");
  await bob.block("carol");
  expect(await bob.sees("alice")).toMatchObject({ friendship: "NONE" });
  expect(await alice.sees("bob")).toMatchObject({ friendship: "REQUESTED" });
  expect(await carol.sees("bob")).toMatchObject({ friendship: "NONE" });
  expect(await carol.friend("accept", "bob")).toMatchObject({ code: "NO_FRIEND_REQUEST" });
});

test("who blocks must unblock before asking for friendship", async () => {
  const { bob } = await blocked();
  expect(await bob.friend("add", "alice")).toMatchObject({ code: "FORBIDDEN" });
});

test("blocking and unblocking twice is no error", async () => {
  const { bob } = await blocked();
  const block = { user: "alice" };
  expect(await bob.change("blockUser", block, "blocked user { id }")).toEqual({ blocked: true, user: { id: "alice" } });
  expect(await bob.change("unblockUser", block, "blocked")).toEqual({ blocked: false });
  expect(await bob.change("unblockUser", block, "blocked")).toEqual({ blocked: false });
});

test.each([
  ["oneself", "bob", "INVALID_CONTENT"],
  ["the system", "system", "USER_NOT_FOUND"],
  ["nobody", "nobody", "USER_NOT_FOUND"],
  ["a malformed id", "no user", "USER_NOT_FOUND"],
])("one cannot block %s", async (_what, user, code) => {
  const app = await startApp();
  const bob = await app.person("bob");
  expect(await bob.refusedChange("blockUser", { user })).toBe(code);
  expect(await bob.get("{ blockedUsers { nodes { id } } }")).toEqual({ blockedUsers: { nodes: [] } });
});

test("sends that race a block are seen or not, and none that began after it", async () => {
  const app = await startApp();
  for (let round = 0; round < 20; round += 1) {
    const [alice, bob] = await app.people(`alice-${round}`, `bob-${round}`);
    const send = (text: string) => alice.send(bob.id, text);
    await send("before");
    let blocked = false;
    const block = bob.block(alice.id).then(() => {
      blocked = true;
    });
    const racing: Promise<Data>[] = [];
    while (!blocked) {
      racing.push(send(`racing ${racing.length}`));
      await racing.at(-1 - (racing.length % 3));
    }
    await block;
    await send("after");
    await Promise.all(racing);
    const seen = (await bob.history(alice.id)).map(({ seq }) => seq);
    // Each is seen up to the block, and none behind it.
    expect(seen).toEqual(seen.map((_, index) => index + 1));
    expect(texts(await bob.history(alice.id))).not.toContain("after");
    expect(texts(await alice.history(bob.id))).toContain("after");
    expect(await alice.history(bob.id)).toHaveLength(racing.length + 2);
  }
});

test("the blacklist is listed newest first, and survives a restart", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "zoe", "alice", "mia");
  for (const user of ["zoe", "alice", "mia"]) {
    await bob.block(user);
    app.clock.advance(1);
  }
  await bob.unblock("alice");
  await app.restart();
  const { blockedUsers } = await bob.get("{ blockedUsers { nodes { id blocked } } }");
  expect(blockedUsers.nodes).toEqual([
    { id: "mia", blocked: true },
    { id: "zoe", blocked: true },
  ]);
});

test("what a blocked sender marks as read tells the blocker nothing of what it never saw", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await bob.send("alice", "one");
  await bob.block("alice");
  await alice.send("bob", "unseen");
  await alice.markRead("bob");
  expect(await bob.conversation("alice")).toMatchObject({ peerReadSeq: 1, lastMessage: { seq: 1 } });
});
