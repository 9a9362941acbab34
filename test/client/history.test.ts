import { expect, test } from "vitest";
import { createMemoryStore, type Message } from "../../src/client/index.ts";
import { type App, type Person, startApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { enter, inStep, late, next, shows, startProxy, texts, until } from "./support.ts";

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

async function sendAll(from: Person, to: string, texts: readonly string[]): Promise<void> {
  const all = texts.map(
    (text, at) => `m${at}: sendMessage(input: { to: "${to}", content: { text: { text: "${text}" } } }) { __typename }`,
  );
  // One request does several, one after the other.
  for (let at = 0; at < all.length; at += 20) await from.get(`mutation { ${all.slice(at, at + 20).join("\n")} }`);
}

/** bob has written 120 messages; the offline cache hands over the last ten. */
async function longConversation(): Promise<{ app: App; bob: Person }> {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineMessagesPerContact: 10 });
  const [bob] = await app.people("bob", "alice");
  await sendAll(bob, "alice", numbered(1, 120));
  return { app, bob };
}

test("pages go up to the beginning, each continuous with the one below", async () => {
  const { app } = await longConversation();
  const alice = await inStep(await enter(app, "alice"));
  const pages: (string | null)[][] = [];
  let before: number | undefined;
  for (let more = true; more; ) {
    const page = await alice.getMessages("bob", { count: 50, ...(before === undefined ? {} : { before }) });
    expect(page.complete).toBe(true);
    pages.push(texts(page.messages));
    before = page.messages[0]?.seq ?? 0;
    more = page.hasMore;
  }
  expect(pages).toEqual([numbered(71, 120), numbered(21, 70), numbered(1, 20)]);
});

test("what was fetched once is there without a connection", async () => {
  const { app } = await longConversation();
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  await alice.getMessages("bob", { count: 60 });
  proxy.shut();
  await until(alice.connection, ({ status }) => status === "offline");
  const held = await alice.getMessages("bob", { before: 100, count: 20 });
  expect(texts(held.messages)).toEqual(numbered(80, 99));
  expect(held).toMatchObject({ complete: true, hasMore: true });
  const newest = await alice.getMessages("bob", { count: 5 });
  expect(texts(newest.messages)).toEqual(numbered(116, 120));
  expect(newest.complete).toBe(false);
  const partly = await alice.getMessages("bob", { before: 65, count: 20 });
  expect(texts(partly.messages)).toEqual(numbered(61, 64));
  expect(partly).toMatchObject({ complete: false, hasMore: true });
});

test("a list shows the newest, more on demand, and what comes", async () => {
  const { app, bob } = await longConversation();
  const alice = await inStep(await enter(app, "alice"));
  await shows(alice, "bob", numbered(91, 120));
  const list = alice.messages("bob");
  expect(list.getSnapshot()).toMatchObject({ hasMore: true, loading: false });
  await list.loadOlder(40);
  expect(texts(list.getSnapshot().messages)).toEqual(numbered(51, 120));
  await bob.send("alice", "121");
  await shows(alice, "bob", numbered(51, 121));
  await list.loadOlder(1_000);
  expect(texts(list.getSnapshot().messages)).toEqual(numbered(1, 121));
  expect(list.getSnapshot().hasMore).toBe(false);
});

test("what a list shows stays while others come, and is a page again when nobody watches", async () => {
  const { app, bob } = await longConversation();
  const alice = await inStep(await enter(app, "alice"));
  const list = alice.messages("bob");
  const begins: (string | null | undefined)[] = [];
  const leave = list.subscribe(() => begins.push(texts(list.getSnapshot().messages)[0]));
  await shows(alice, "bob", numbered(91, 120));
  begins.length = 0;
  await sendAll(bob, "alice", numbered(121, 160));
  await alice.sendMessage("bob", "mine").settled;
  await shows(alice, "bob", [...numbered(91, 160), "mine"]);
  expect(new Set(begins)).toEqual(new Set(["91"]));
  await alice.deleteMessages(list.getSnapshot().messages.slice(0, 50));
  await shows(alice, "bob", [...numbered(82, 90), ...numbered(141, 160), "mine"]);
  await list.loadOlder(20);
  expect(texts(list.getSnapshot().messages)).toEqual([...numbered(62, 90), ...numbered(141, 160), "mine"]);
  leave();
  const page = [...numbered(82, 90), ...numbered(141, 160), "mine"];
  expect(texts(list.getSnapshot().messages)).toEqual(page);
  expect(list.getSnapshot().hasMore).toBe(true);
  await shows(alice, "bob", page);
});

test("what was missed meanwhile is put behind what is shown, unless it is too much", async () => {
  const { app, bob } = await longConversation();
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  const list = alice.messages("bob");
  list.subscribe(() => {});
  await shows(alice, "bob", numbered(91, 120));
  const miss = async (from: number, to: number) => {
    proxy.shut();
    await until(alice.connection, ({ status }) => status === "offline");
    await sendAll(bob, "alice", numbered(from, to));
    proxy.open();
    await inStep(alice);
  };
  await miss(121, 300);
  await shows(alice, "bob", numbered(91, 300));
  await miss(301, 1_000);
  await shows(alice, "bob", numbered(971, 1_000));
  await list.loadOlder(100);
  expect(texts(list.getSnapshot().messages)).toEqual(numbered(871, 1_000));
});

test("a page that was read before an update does not undo it", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  const { id } = await bob.send("alice", "first");
  await bob.edit(id, "second");
  const { webSocketImpl, isHeld, release } = late('"history"');
  const alice = await inStep(await enter(app, "alice", { webSocketImpl }));
  const page = alice.getMessages("bob");
  await isHeld;
  const updated = next(alice, "messageUpdated");
  // In the same millisecond: the clock stands still.
  await bob.edit(id, "third");
  await updated;
  release();
  expect(texts((await page).messages)).toEqual(["third"]);
});

test("snapshots and messages stay the same objects until they change", async () => {
  const { app, bob } = await longConversation();
  const alice = await inStep(await enter(app, "alice"));
  const before = await shows(alice, "bob", numbered(91, 120));
  const list = alice.messages("bob");
  const snapshot = list.getSnapshot();
  expect(alice.messages("bob")).toBe(list);
  // Something elsewhere.
  const carol = await app.person("carol");
  const arriving = next(alice, "newMessage");
  await carol.send("alice", "hello");
  await arriving;
  await list.loadOlder(0);
  expect(list.getSnapshot()).toBe(snapshot);
  await bob.send("alice", "121");
  const after = await shows(alice, "bob", numbered(91, 121));
  expect(after.slice(0, -1).every((message, index) => message === before[index])).toBe(true);
});

test("what the server has let go stays on the device", async () => {
  const app = await startApp();
  await (await app.admin()).updateSettings({ roamingRetentionDays: 7, offlineRetentionDays: 7 });
  const [bob] = await app.people("bob", "alice");
  await sendAll(bob, "alice", ["old 1", "old 2"]);
  const store = createMemoryStore();
  const before = await inStep(await enter(app, "alice", { store }));
  await shows(before, "bob", ["old 1", "old 2"]);
  before.close();
  app.clock.advance(8 * DAY);
  await app.server.engine.sweep();
  await bob.send("alice", "new");
  const alice = await inStep(await enter(app, "alice", { store }));
  await shows(alice, "bob", ["old 1", "old 2", "new"]);
  expect(await bob.history("alice")).toHaveLength(1);
});

test("with somebody to whom nothing was ever written there is nothing, and it is complete", async () => {
  const app = await startApp();
  await app.person("bob");
  const alice = await inStep(await enter(app, "alice"));
  expect(await alice.getMessages("bob")).toEqual({ messages: [], complete: true, hasMore: false });
  expect(await alice.getMessages("bob", { before: 50 })).toEqual({ messages: [], complete: true, hasMore: false });
  await expect(alice.getMessages("nobody")).rejects.toMatchObject({ code: "USER_NOT_FOUND" });
});

test("numbers that the viewer does not see are no holes", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  const alice = await inStep(await enter(app, "alice"));
  await bob.send("alice", "before");
  await alice.people.block("bob");
  await sendAll(bob, "alice", ["hidden 1", "hidden 2"]);
  await alice.people.unblock("bob");
  await bob.send("alice", "after");
  const messages = await shows(alice, "bob", ["before", "after"]);
  expect(messages.map(({ seq }: Message) => seq)).toEqual([1, 4]);
  expect(messages.some(({ gapBefore }) => gapBefore)).toBe(false);
});
