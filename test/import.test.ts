/** Importing: old messages and relations come in as they were, once, with nobody told. */
import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, MovableClock } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import { startTelling } from "./support/fake-app.ts";
import { startPhones } from "./support/push/phones.ts";
import type { Data } from "./support/socket.ts";

const HOUR = 3_600_000;
const RELATIONS = "results { outcome code field }";
const RESULTS = "results { outcome code field message { id seq sentAt content { summary } } }";

function ago(app: App, ms: number): string {
  return new Date(app.clock.now() - ms).toISOString();
}

function old(app: App, from: string, to: string, text: string, hours: number, more: object = {}): object {
  return {
    from,
    to,
    content: { text: { text } },
    sentAt: ago(app, hours * HOUR),
    clientMessageId: `old ${from} ${text}`,
    ...more,
  };
}

async function importMessages(admin: Person, ...messages: object[]): Promise<Data[]> {
  return (await admin.change("importMessages", { messages }, RESULTS)).results;
}

function outcomes(results: readonly Data[]): string[] {
  return results.map(({ outcome, code }) => (code === null ? outcome : `${outcome} ${code}`));
}

test("old messages have their own times, lie in the order of these, and are read", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob")];
  const results = await importMessages(
    anna,
    old(app, "bob", "alice", "second", 4, { customData: "x" }),
    old(app, "alice", "bob", "first", 5),
    old(app, "alice", "bob", "third", 3),
  );
  expect(outcomes(results)).toEqual(["IMPORTED", "IMPORTED", "IMPORTED"]);
  expect(results.map(({ message }) => message.seq)).toEqual([2, 1, 3]);
  const history = await alice.history("bob");
  expect(texts(history)).toEqual(["first", "second", "third"]);
  expect(history.map(({ sentAt }) => sentAt)).toEqual([5, 4, 3].map((hours) => ago(app, hours * HOUR)));
  expect(history.map(({ readByRecipient }) => readByRecipient)).toEqual([true, true, true]);
  expect(history.map(({ deliveredToRecipient }) => deliveredToRecipient)).toEqual([true, true, true]);
  for (const [side, peer] of [
    [alice, "bob"],
    [bob, "alice"],
  ] as const) {
    expect(await side.conversation(peer)).toMatchObject({
      unreadCount: 0,
      updatedAt: ago(app, 3 * HOUR),
      lastMessage: { content: { summary: "third" } },
    });
  }
});

test("a key is imported once: again it changes nothing, and with other content it is refused", async () => {
  const app = await startApp();
  const [anna, [alice]] = [await app.admin(), await app.people("alice", "bob")];
  const sent = await alice.send("bob", "sent", { clientMessageId: "live" });
  const one = old(app, "alice", "bob", "one", 1);
  expect(outcomes(await importMessages(anna, one, one))).toEqual(["IMPORTED", "DUPLICATE"]);
  await app.restart();
  const again = await importMessages(
    anna,
    one,
    { ...one, content: { text: { text: "other" } } },
    old(app, "alice", "bob", "sent", 1, { clientMessageId: "live" }),
  );
  expect(outcomes(again)).toEqual(["DUPLICATE", "REFUSED IDEMPOTENCY_CONFLICT", "DUPLICATE"]);
  expect(again[2]?.message.id).toBe(sent.id);
  expect(texts(await alice.history("bob"))).toEqual(["sent", "one"]);
});

test("each is refused by itself, and leaves nothing; the others are kept", async () => {
  const app = await startApp();
  const [anna, [alice]] = [await app.admin(), await app.people("alice", "bob")];
  const results = await importMessages(
    anna,
    old(app, "alice", "bob", "kept", 1),
    old(app, "alice", "nobody", "a", 1),
    old(app, "nobody", "alice", "b", 1),
    old(app, "alice", "bob", "", 1),
    old(app, "alice", "bob", "c", -1),
    old(app, "alice", "bob", "d", 8 * 24),
    old(app, "alice", "bob", "e", 1, { clientMessageId: "" }),
    old(app, "alice", "bob", "f", 1, { content: { image: { upload: "u:AAAAAAAAAAAAAAAAAAAAAA" } } }),
    old(app, "alice", "bob", "x".repeat(13_000), 1, { clientMessageId: "large" }),
  );
  expect(outcomes(results)).toEqual([
    "IMPORTED",
    "REFUSED RECIPIENT_NOT_FOUND",
    "REFUSED SENDER_NOT_FOUND",
    "REFUSED INVALID_CONTENT",
    "REFUSED INVALID_CONTENT",
    "EXPIRED",
    "REFUSED INVALID_CONTENT",
    "REFUSED UPLOAD_NOT_FOUND",
    "REFUSED CONTENT_TOO_LARGE",
  ]);
  expect(results.map(({ field }) => field)).toEqual([
    null,
    "to",
    "from",
    "content.text.text",
    "sentAt",
    null,
    "clientMessageId",
    "content.image.upload",
    "content",
  ]);
  expect(texts(await alice.history("bob"))).toEqual(["kept"]);
  const many = Array.from({ length: 101 }, (_, n) => old(app, "alice", "bob", String(n), 1));
  expect(await anna.refusedChange("importMessages", { messages: many })).toBe("INVALID_CONTENT");
  expect(await alice.refusedChange("importMessages", { messages: [] })).toBe("FORBIDDEN");
});

test("devices are not handed them as new, nor told; what comes next is the next", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob")];
  const before = await bob.send("alice", "before");
  const { messages, socket } = await alice.sync();
  const updated = socket.subscribe("subscription { messageUpdated { change message { id } } }");
  const changed = socket.subscribe("subscription { conversationUpdated { conversation { id } } }");
  await socket.ask("{ viewer { id } }");
  await importMessages(anna, old(app, "bob", "alice", "old", 1), old(app, "alice", "bob", "answer", 1));
  await bob.send("alice", "new");
  expect((await messages.next()).message.content.summary).toBe("new");
  await alice.recall((await alice.send("bob", "mine")).id);
  expect((await updated.next()).change).toBe("RECALLED");
  await (await alice.login("tablet", "WEB")).arrange("pin", "bob");
  await changed.next();
  expect(socket.frames.filter(({ payload }) => JSON.stringify(payload)?.includes("conversationUpdated"))).toHaveLength(
    1,
  );
  // One that was away gets what it missed, and nothing that is old.
  const phone = await alice.login("phone", "IOS");
  const { handed } = await phone.sync();
  expect(texts(handed)).toEqual(["before", "new", null]);
  expect(before.seq).toBe(1);
});

test("marks do not jump over what is unread, and what is to be unread is", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob")];
  await bob.send("alice", "unread");
  await importMessages(anna, old(app, "alice", "bob", "own", 2), old(app, "bob", "alice", "old", 1));
  expect(await alice.conversation("bob")).toMatchObject({ unreadCount: 2, readSeq: 0 });
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 0 });
  await alice.markRead("bob");
  await importMessages(anna, old(app, "bob", "alice", "read", 1));
  expect(await alice.conversation("bob")).toMatchObject({ unreadCount: 0, readSeq: 4 });
  await importMessages(anna, old(app, "bob", "alice", "not read", 1, { read: false }));
  expect(await alice.conversation("bob")).toMatchObject({ unreadCount: 1, readSeq: 4 });
});

test("mute, blacklist and friends-only keep nothing old out; notices are imported too", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob")];
  await anna.updateSettings({ friendsOnly: true });
  await anna.mute("alice", 3_600);
  await bob.block("alice");
  const notice = old(app, "system", "bob", "n", 1, { content: { notice: { body: "welcome" } } });
  expect(outcomes(await importMessages(anna, old(app, "alice", "bob", "hello", 2), notice))).toEqual([
    "IMPORTED",
    "IMPORTED",
  ]);
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
  expect(texts(await bob.history("system"))).toEqual(["welcome"]);
  expect(texts(await alice.history("bob"))).toEqual(["hello"]);
});

test("what is imported is found, is in the audit trail, goes with its time, and gives its key up then", async () => {
  const app = await startApp({}, new MovableClock(Date.UTC(2026, 10, 26)));
  const [anna, [alice]] = [await app.admin(), await app.people("alice", "bob")];
  const messages = [old(app, "alice", "bob", "apricot", 24), old(app, "alice", "bob", "apple", 23)];
  await importMessages(anna, ...messages);
  const found = await alice.get('{ searchMessages(words: "apricot") { nodes { seq } } }');
  expect(found.searchMessages.nodes).toEqual([{ seq: 1 }]);
  const { auditTrail } = await anna.get("{ auditTrail(first: 1) { nodes { action user { id } subject } } }");
  expect(auditTrail.nodes).toEqual([
    { action: "importMessages", user: { id: "alice" }, subject: "to bob, 2: m:1:1 to m:1:2" },
  ]);
  app.clock.advance(6 * DAY + HOUR / 2);
  await app.server.engine.sweep();
  expect(texts(await alice.history("bob"))).toEqual(["apple"]);
  const again = { ...messages[0], sentAt: ago(app, HOUR) };
  expect(outcomes(await importMessages(anna, again))).toEqual(["IMPORTED"]);
});

test("no phone is pushed to, not even for what is unread, and the app's hooks are not told", async () => {
  const phones = await startPhones();
  const anna = await phones.app.admin();
  await phones.phone("bob");
  const alice = await phones.app.person("alice");
  await importMessages(anna, old(phones.app, "alice", "bob", "old", 1, { read: false }));
  expect(everythingStored(phones.app).pushes).toEqual([]);
  await alice.send("bob", "new");
  phones.pass();
  // The badge counts both.
  expect(await phones.untilTold(1)).toMatchObject([{ body: "new", badge: 2 }]);

  const [app, fake] = await startTelling();
  const [carol] = await app.people("carol", "dave");
  const admin = await app.admin();
  await importMessages(admin, old(app, "carol", "dave", "old", 1));
  const relations = [{ kind: "FRIENDS", user: "carol", other: "dave" }];
  await admin.change("importRelations", { relations }, RELATIONS);
  const { id } = await carol.send("dave", "new");
  expect(await fake.untilTaken(1)).toMatchObject([{ type: "message.sent", data: { message: { id } } }]);
});

test("friendships and blacklists come in with their times, once, without a notice", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob", "carol", "dave")];
  const relations = [
    { kind: "FRIENDS", user: "alice", other: "bob", since: ago(app, 9_000 * HOUR) },
    { kind: "FRIENDS", user: "alice", other: "carol" },
    { kind: "BLOCKED", user: "alice", other: "dave" },
    { kind: "FRIENDS", user: "dave", other: "alice" },
    { kind: "FRIENDS", user: "alice", other: "nobody" },
    { kind: "BLOCKED", user: "system", other: "alice" },
    { kind: "BLOCKED", user: "alice", other: "alice" },
    { kind: "FRIENDS", user: "bob", other: "carol", since: ago(app, -HOUR) },
    { kind: "FRIENDS", user: "bob", other: "carol", since: "1969-12-31T23:59:59Z" },
  ];
  const bring = async () => outcomes((await anna.change("importRelations", { relations }, RELATIONS)).results);
  const refusals = [
    "REFUSED BLOCKED",
    "REFUSED USER_NOT_FOUND",
    "REFUSED USER_NOT_FOUND",
    "REFUSED INVALID_CONTENT",
    "REFUSED INVALID_CONTENT",
    "REFUSED INVALID_CONTENT",
  ];
  expect(await bring()).toEqual(["IMPORTED", "IMPORTED", "IMPORTED", ...refusals]);
  expect(await bring()).toEqual(["DUPLICATE", "DUPLICATE", "DUPLICATE", ...refusals]);
  expect(await alice.sees("bob")).toMatchObject({ friendship: "FRIENDS" });
  expect(await bob.sees("alice")).toMatchObject({ friendship: "FRIENDS" });
  expect(await alice.sees("dave")).toMatchObject({ blocked: true });
  const { friends } = await alice.get("{ friends { nodes { id } } }");
  expect(friends.nodes).toEqual([{ id: "carol" }, { id: "bob" }]);
  expect(await alice.conversations()).toEqual([]);
  expect(everythingStored(app).audit).toHaveLength(5);
  expect(await alice.refusedChange("importRelations", { relations: [] })).toBe("FORBIDDEN");
});

test("a friendship that was asked for is no request any more, and a block ends a friendship", async () => {
  const app = await startApp();
  const [anna, [alice, bob, carol]] = [await app.admin(), await app.people("alice", "bob", "carol")];
  await alice.friend("add", "bob");
  await alice.friend("add", "carol");
  await carol.friend("accept", "alice");
  await anna.change(
    "importRelations",
    {
      relations: [
        { kind: "FRIENDS", user: "bob", other: "alice" },
        { kind: "BLOCKED", user: "carol", other: "alice" },
      ],
    },
    RELATIONS,
  );
  expect(await bob.sees("alice")).toMatchObject({ friendship: "FRIENDS" });
  const { friendRequests } = await bob.get("{ friendRequests { nodes { id } } }");
  expect(friendRequests.nodes).toEqual([]);
  expect(await alice.sees("carol")).toMatchObject({ friendship: "NONE" });
});
