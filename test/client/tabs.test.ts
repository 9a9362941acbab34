import "fake-indexeddb/auto";
import { expect, onTestFinished, test } from "vitest";
import { type Chat, type LocalStore, type LoginOptions, openIndexedDbStore } from "../../src/client/index.ts";
import { type App, startApp } from "../support/app.ts";
import { collect, enter, inStep, next, shows, startProxy, until } from "./support.ts";

let databases = 0;

/** A name that no other test has. */
function freshName(): string {
  databases += 1;
  return `chat of alice ${databases}`;
}

/** A tab: it opens the database anew, as a page does. */
async function openTab(app: App, name: string, options: Partial<LoginOptions> = {}): Promise<Chat> {
  return enter(app, "alice", { store: await openIndexedDbStore(name), ...options });
}

async function deviceIds(app: App): Promise<string[]> {
  const { devices } = await (await app.person("alice")).get("{ devices { deviceId } }");
  return devices.map(({ deviceId }: { deviceId: string }) => deviceId);
}

test("what is kept in IndexedDB is there after a reload, without a connection", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  for (const text of ["one", "two"]) await bob.send("alice", text);
  const proxy = await startProxy(app);
  const name = freshName();
  const before = await inStep(await openTab(app, name, { url: proxy.url }));
  await shows(before, "bob", ["one", "two"]);
  before.close();
  proxy.shut();
  const after = await openTab(app, name, { url: proxy.url });
  const told = collect(after, "newMessage");
  after.sendMessage("bob", "three");
  await until(after.messages("bob"), ({ messages }) => messages.length === 3);
  await until(after.conversations, ([first]) => first?.unreadCount === 2);
  proxy.open();
  await inStep(after);
  await shows(after, "bob", ["one", "two", "three"]);
  expect(told).toEqual([]);
  expect(await deviceIds(app)).toHaveLength(1);
});

test("two tabs are one device, and each shows what the other does", async () => {
  const app = await startApp();
  const bob = await inStep(await enter(app, "bob"));
  const name = freshName();
  const left = await inStep(await openTab(app, name));
  const right = await inStep(await openTab(app, name));
  expect(await deviceIds(app)).toHaveLength(1);
  await bob.sendMessage("alice", "hello").settled;
  for (const tab of [left, right]) await shows(tab, "bob", ["hello"]);

  // The server hands a device nothing that it has sent or done itself.
  const sent = await left.sendMessage("bob", "hello bob").settled;
  for (const tab of [left, right]) await shows(tab, "bob", ["hello", "hello bob"]);
  await right.pinConversation("bob");
  await until(left.conversations, ([first]) => first?.pinned === true);
  await right.deleteMessages([sent]);
  for (const tab of [left, right]) await shows(tab, "bob", ["hello"]);
});

test("what is new is told in each tab, once", async () => {
  const app = await startApp();
  const bob = await inStep(await enter(app, "bob"));
  const name = freshName();
  const tabs = [await inStep(await openTab(app, name)), await inStep(await openTab(app, name))];
  const told = tabs.map((tab) => collect(tab, "newMessage"));
  for (const text of ["one", "two", "three"]) await bob.sendMessage("alice", text).settled;
  for (const tab of tabs) await shows(tab, "bob", ["one", "two", "three"]);
  await bob.sendMessage("alice", "four").settled;
  for (const tab of tabs) await shows(tab, "bob", ["one", "two", "three", "four"]);
  for (const events of told) expect(events.map(({ message }) => message.seq)).toEqual([1, 2, 3, 4]);
});

test("what waits is sent once, whichever tabs are there", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const proxy = await startProxy(app);
  const name = freshName();
  const tabs = [
    await inStep(await openTab(app, name, { url: proxy.url })),
    await inStep(await openTab(app, name, { url: proxy.url })),
  ];
  proxy.shut();
  for (const tab of tabs) await until(tab.connection, ({ status }) => status === "offline");
  const texts = Array.from({ length: 10 }, (_, index) => `message ${index + 1}`);
  for (const text of texts) {
    const tab = tabs[texts.indexOf(text) % 2];
    tab?.sendMessage("bob", text);
    // In this order: each is kept before the next one is written.
    if (tab !== undefined) await until(tab.messages("bob"), ({ messages }) => messages.length > texts.indexOf(text));
  }
  tabs[1]?.close();
  proxy.open();
  const first = tabs[0];
  if (first !== undefined) await shows(first, "bob", texts);
  await until(first?.messages("bob") ?? never(), ({ messages }) => messages.every(({ status }) => status === "sent"));
  expect((await bob.history("alice")).map(({ content }) => content.summary)).toEqual(texts);
});

function never(): never {
  throw new Error("there is no such tab");
}

test("logging out in one tab ends the others", async () => {
  const app = await startApp();
  const name = freshName();
  const [left, right] = [await inStep(await openTab(app, name)), await inStep(await openTab(app, name))];
  await left.logout();
  expect(await until(right.connection, ({ status }) => status === "ended")).toMatchObject({
    error: { code: "SESSION_ENDED" },
  });
});

test("a write that fails leaves nothing behind, and what reads waits for what writes", async () => {
  const store: LocalStore = await openIndexedDbStore(freshName());
  onTestFinished(() => store.close());
  const outgoing = (clientMessageId: string, order: number) => ({
    clientMessageId,
    peer: "bob",
    order,
    createdAt: "2026-01-31T09:30:00.000Z",
    files: [],
    content: { text: { text: "hello" } },
    replyTo: null,
    customData: null,
    push: null,
    lifetimeSeconds: null,
    failure: null,
  });
  await store.transaction("write", (transaction) => transaction.putOutgoing(outgoing("b", 2)));
  const failing = store.transaction("write", async (transaction) => {
    await transaction.putOutgoing(outgoing("c", 3));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  const writing = store.transaction("write", (transaction) => transaction.putOutgoing(outgoing("a", 1)));
  const read = await store.transaction("read", (transaction) => transaction.outgoing());
  await writing;
  expect(read.map(({ clientMessageId }) => clientMessageId)).toEqual(["a", "b"]);
  expect(await store.transaction("write", (transaction) => transaction.removeOutgoing("a"))).toBe(true);
  expect(await store.transaction("write", (transaction) => transaction.removeOutgoing("a"))).toBe(false);
  await store.erase();
  expect(await store.transaction("read", (transaction) => transaction.outgoing())).toEqual([]);
});

test("a message that has come is told by its event", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const alice = await inStep(await openTab(app, freshName()));
  const arriving = next(alice, "newMessage");
  await bob.send("alice", "hello");
  expect((await arriving).message).toMatchObject({ peer: "bob", content: { text: "hello" } });
});
