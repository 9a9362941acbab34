import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createMemoryStore, type LocalStore } from "../../src/client/index.ts";
import { type App, type Person, startApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { openBeside } from "../support/data.ts";
import { collect, enter, inStep, late, next, shows, startProxy, texts, until } from "./support.ts";

/** A WebSocket that notes the acknowledgements that leave. */
function counting() {
  const acknowledged: string[] = [];
  class Counting extends WebSocket {
    override send(data: string): void {
      const { query, variables } = JSON.parse(data).payload ?? {};
      if (String(query).startsWith("mutation Acknowledge")) acknowledged.push(variables.cursor);
      super.send(data);
    }
  }
  return { acknowledged, webSocketImpl: Counting };
}

async function sendAll(from: Person, to: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await from.send(to, text);
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${index + 1}`);
}

test("what was missed comes as OFFLINE, is told once, and is acknowledged with few words", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  await sendAll(bob, "alice", numbered(60));
  const store = createMemoryStore();
  const { acknowledged, webSocketImpl } = counting();
  const alice = await enter(app, "alice", { store, webSocketImpl });
  const told = collect(alice, "newMessage");
  await inStep(alice);
  expect(texts(told.map(({ message }) => message))).toEqual(numbered(60));
  expect(new Set(told.map(({ source }) => source))).toEqual(new Set(["OFFLINE"]));
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged.length).toBeLessThan(20);
  alice.close();

  const again = await enter(app, "alice", { store });
  const toldAgain = collect(again, "newMessage");
  await inStep(again);
  expect(toldAgain).toEqual([]);
  await shows(again, "bob", numbered(60).slice(-30));
});

test("what is handed over again is not told again", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  await sendAll(bob, "alice", numbered(3));
  const store = createMemoryStore();
  const before = await inStep(await enter(app, "alice", { store, deviceId: "old name" }));
  before.close();
  // Under another name the device has acknowledged nothing, and is handed everything.
  const after = await enter(app, "alice", { store, deviceId: "new name" });
  const told = collect(after, "newMessage");
  const refreshed = next(after, "refresh");
  await inStep(after);
  expect(await refreshed).toMatchObject({ offlineCount: 3 });
  expect(told).toEqual([]);
  await shows(after, "bob", numbered(3));
});

test("what was missed and is no longer handed over is fetched when it is looked at", async () => {
  const app = await startApp();
  const settings = { offlineRetentionDays: 2, roamingRetentionDays: 60, recentContactsLimit: 1 };
  await (await app.admin()).updateSettings(settings);
  const [bob, carol] = await app.people("bob", "carol", "alice");
  await bob.send("alice", "one");
  const store = createMemoryStore();
  const before = await inStep(await enter(app, "alice", { store }));
  await shows(before, "bob", ["one"]);
  before.close();
  await bob.send("alice", "two");
  app.clock.advance(3 * DAY);
  await carol.send("alice", "hello");
  const alice = await enter(app, "alice", { store });
  const told = collect(alice, "newMessage");
  const refreshed = next(alice, "refresh");
  await inStep(alice);
  // Of whom something is missing is known until the sweeper has been there.
  expect(await refreshed).toMatchObject({ truncated: true });
  expect(texts(told.map(({ message }) => message))).toEqual(["hello"]);
  expect(texts((await alice.getMessages("bob")).messages)).toEqual(["one", "two"]);
});

test("a message that comes behind its own recall stays recalled, and is told all the same", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const { webSocketImpl, isHeld, release } = late('"newMessage"');
  const alice = await inStep(await enter(app, "alice", { webSocketImpl }));
  const told = next(alice, "newMessage");
  const updated = next(alice, "messageUpdated");
  const { id } = await bob.send("alice", "not meant for you");
  await isHeld;
  await bob.recall(id);
  await updated;
  release();
  expect((await told).message).toMatchObject({ id, content: null });
  await shows(alice, "bob", [null]);
});

test("a message that comes behind its own deletion on another device is not shown, and not told", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const phone = await inStep(await enter(app, "alice", {}));
  const { webSocketImpl, isHeld, release } = late('"newMessage"');
  const laptop = await inStep(await enter(app, "alice", { webSocketImpl }));
  const told = collect(laptop, "newMessage");
  const arrived = next(phone, "newMessage");
  await bob.send("alice", "one");
  const updated = next(laptop, "conversationUpdated");
  await isHeld;
  await phone.deleteMessages([(await arrived).message]);
  await updated;
  release();
  await bob.send("alice", "two");
  await shows(laptop, "bob", ["two"]);
  expect(texts(told.map(({ message }) => message))).toEqual(["two"]);
});

test("what changed before a device was ever in step is not missed", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  const sent = [await bob.send("alice", "one"), await bob.send("alice", "two")];
  const proxy = await startProxy(app);
  // Its first connection breaks between the messages and the refresh.
  const { webSocketImpl, isHeld } = late('"refresh"');
  const alice = await enter(app, "alice", { url: proxy.url, webSocketImpl });
  await until(alice.conversations, ([first]) => first?.lastMessage?.seq === 2);
  await isHeld;
  proxy.shut();
  await bob.edit(String(sent[0]?.id), "one, edited");
  await (await app.person("alice")).deleteMessages(String(sent[1]?.id));
  proxy.open();
  await shows(alice, "bob", ["one, edited"]);
});

test("nothing is acknowledged, and nothing lost, while the store cannot be written", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  const memory = createMemoryStore();
  let full = false;
  const store: LocalStore = {
    ...memory,
    transaction: (mode, work) =>
      full && mode === "write" ? Promise.reject(new Error("the disk is full")) : memory.transaction(mode, work),
  };
  const { acknowledged, webSocketImpl } = counting();
  const alice = await inStep(await enter(app, "alice", { store, webSocketImpl }));
  const told = collect(alice, "newMessage");
  full = true;
  acknowledged.length = 0;
  const failed = next(alice, "error");
  await bob.send("alice", "for later");
  expect(await failed).toMatchObject({ code: "STORE_FAILED" });
  expect(acknowledged).toEqual([]);
  expect(told).toEqual([]);
  const arriving = next(alice, "newMessage");
  full = false;
  expect((await arriving).message.content).toMatchObject({ text: "for later" });
});

test("more than a backlog takes leaves a hole that is shown as one until it is filled", async () => {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineMessagesPerContact: 5 });
  const [bob] = await app.people("bob", "alice");
  const proxy = await startProxy(app);
  const store = createMemoryStore();
  await sendAll(bob, "alice", ["old 1", "old 2"]);
  const before = await inStep(await enter(app, "alice", { url: proxy.url, store }));
  await shows(before, "bob", ["old 1", "old 2"]);
  before.close();
  await sendAll(bob, "alice", numbered(20));

  const alice = await enter(app, "alice", { url: proxy.url, store });
  const refreshed = next(alice, "refresh");
  await inStep(alice);
  expect(await refreshed).toMatchObject({ offlineCount: 5, truncated: true, truncatedPeers: ["bob"] });
  proxy.shut();
  await until(alice.connection, ({ status }) => status === "offline");
  const offline = await alice.getMessages("bob");
  expect(texts(offline.messages)).toEqual(["old 1", "old 2", ...numbered(20).slice(-5)]);
  expect(offline.messages.map(({ gapBefore }) => gapBefore)).toEqual([false, false, true, false, false, false, false]);
  expect(offline).toMatchObject({ complete: false, hasMore: true });

  proxy.open();
  await inStep(alice);
  const page = await alice.getMessages("bob");
  expect(texts(page.messages)).toEqual(["old 1", "old 2", ...numbered(20)]);
  expect(page).toMatchObject({ complete: true, hasMore: false });
  expect(page.messages.some(({ gapBefore }) => gapBefore)).toBe(false);
});

/** alice has two messages of bob's on a device that has gone away. */
async function awayWithTwo(): Promise<{ app: App; bob: Person; store: LocalStore; ids: string[] }> {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineRetentionDays: 2, roamingRetentionDays: 60 });
  const [bob] = await app.people("bob", "alice");
  const sent = [await bob.send("alice", "one"), await bob.send("alice", "two"), await bob.send("alice", "three")];
  const store = createMemoryStore();
  const alice = await inStep(await enter(app, "alice", { store }));
  await shows(alice, "bob", ["one", "two", "three"]);
  alice.close();
  return { app, bob, store, ids: sent.map(({ id }) => id) };
}

test("recalls and edits of the time away are caught up with", async () => {
  const { app, bob, store, ids } = await awayWithTwo();
  await bob.recall(String(ids[0]));
  await bob.edit(String(ids[1]), "two, edited");
  const alice = await enter(app, "alice", { store });
  const updates = collect(alice, "messageUpdated");
  await shows(alice, "bob", [null, "two, edited", "three"]);
  expect(updates.map(({ change }) => change)).toEqual(["RECALLED", "EDITED"]);
});

test("where updates have expired meanwhile, what is held is fetched anew", async () => {
  const { app, bob, store, ids } = await awayWithTwo();
  await bob.recall(String(ids[0]));
  await bob.edit(String(ids[1]), "two, edited");
  await (await app.person("alice")).deleteMessages(String(ids[2]));
  app.clock.advance(3 * DAY);
  await app.server.engine.sweep();
  const alice = await enter(app, "alice", { store });
  await shows(alice, "bob", [null, "two, edited"]);
});

test("after the server was put back to an earlier day, what it has is shown, and nothing else", async () => {
  const { app, bob, store } = await awayWithTwo();
  // As after a backup from between one and two, and a start with the command that README names.
  await app.stop();
  const database = openBeside(app);
  database.exec(`delete from messages where seq > 1; delete from user_log where seq > 1;
    update conversations set last_seq = 1; update members set last_seq = 1, read_seq = min(read_seq, 1);
    update users set head = 1; update devices set acked_messages = min(acked_messages, 1),
      acked_updates = min(acked_updates, 1), acked_conversations = min(acked_conversations, 1);
    update store_info set generation = lower(hex(randomblob(16)))`);
  database.close();
  await app.start();
  await bob.send("alice", "another two");
  const alice = await enter(app, "alice", { store });
  await shows(alice, "bob", ["one", "another two"]);
  await until(alice.conversations, ([first]) => first?.lastMessage?.content?.summary === "another two");
  await bob.send("alice", "and on");
  await shows(alice, "bob", ["one", "another two", "and on"]);
});
