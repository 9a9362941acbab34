import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Store } from "../src/engine/store.ts";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, MINUTE, MovableClock, SECOND } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

const BY_ID = "query M($id: ID!) { message(id: $id) { content { summary } } }";

async function startWith(settings: object) {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const admin = await app.admin();
  await admin.updateSettings(settings);
  return { app, alice, bob, admin };
}

/** What a device that has never acknowledged anything is handed. */
async function freshBacklog(user: Person, deviceId: string) {
  const { handed, refreshed, socket } = await (await user.login(deviceId)).sync();
  await socket.cut();
  return { handed, refreshed };
}

/** Everything that tells bob of the one message that alice sent: what is null, empty or 0 is gone. */
async function tracesOf(id: string, bob: Person) {
  const { handed, refreshed } = await freshBacklog(bob, "phone");
  const conversation = await bob.conversation("alice");
  return {
    handed: handed.map((event) => `${event.source} ${event.message.content?.summary}`),
    truncated: refreshed.truncated,
    history: texts(await bob.history("alice")),
    lastMessage: conversation?.lastMessage?.content.summary ?? null,
    unreadCount: conversation?.unreadCount,
    byId: (await bob.get(BY_ID, { id })).message?.content.summary ?? null,
  };
}

const IN_CACHE = { handed: ["OFFLINE hello"], truncated: false };
const RECENT_ONLY = { handed: ["RECENT hello"], truncated: true };
const NOTHING_HANDED = { handed: [], truncated: true };
const IN_HISTORY = { history: ["hello"], lastMessage: "hello", unreadCount: 1, byId: "hello" };
const NO_HISTORY = { history: [], lastMessage: null, unreadCount: 0, byId: null };

describe.each([false, true])("with the sweeper having run: %s", (swept) => {
  test.each([
    { offline: 3, roaming: 5, age: 3 * DAY - 1, traces: { ...IN_CACHE, ...IN_HISTORY } },
    { offline: 3, roaming: 5, age: 3 * DAY, traces: { ...RECENT_ONLY, ...IN_HISTORY } },
    { offline: 3, roaming: 5, age: 5 * DAY - 1, traces: { ...RECENT_ONLY, ...IN_HISTORY } },
    { offline: 3, roaming: 5, age: 5 * DAY, traces: { ...NOTHING_HANDED, ...NO_HISTORY } },
    { offline: 5, roaming: 3, age: 3 * DAY - 1, traces: { ...IN_CACHE, ...IN_HISTORY } },
    { offline: 5, roaming: 3, age: 3 * DAY, traces: { ...IN_CACHE, ...NO_HISTORY } },
    { offline: 5, roaming: 3, age: 5 * DAY - 1, traces: { ...IN_CACHE, ...NO_HISTORY } },
    { offline: 5, roaming: 3, age: 5 * DAY, traces: { ...NOTHING_HANDED, ...NO_HISTORY } },
    { offline: 7, roaming: 7, age: 7 * DAY - 1, traces: { ...IN_CACHE, ...IN_HISTORY } },
    { offline: 7, roaming: 7, age: 7 * DAY, traces: { ...NOTHING_HANDED, ...NO_HISTORY } },
  ])("cache of $offline days, history of $roaming days, message $age ms old", async (row) => {
    const { app, alice, bob } = await startWith({
      offlineRetentionDays: row.offline,
      roamingRetentionDays: row.roaming,
    });
    const { id } = await alice.send("bob", "hello");
    app.clock.advance(row.age);
    if (swept) await app.server.engine.sweep();
    expect(await tracesOf(id, bob)).toEqual(row.traces);
  });
});

test("each message expires at its own moment", async () => {
  const { app, alice, bob } = await startWith({});
  await alice.send("bob", "old");
  app.clock.advance(1);
  await alice.send("bob", "young");
  app.clock.advance(7 * DAY - 1);
  expect(texts(await bob.history("alice"))).toEqual(["young"]);
  expect(texts((await freshBacklog(bob, "phone")).handed)).toEqual(["young"]);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1, lastMessage: { seq: 2 } });
});

test("a conversation whose messages have all expired stays in the list", async () => {
  const { app, alice, bob } = await startWith({});
  await alice.send("bob", "hello");
  app.clock.advance(7 * DAY);
  await app.server.engine.sweep();
  expect(await bob.conversations()).toMatchObject([{ peer: { id: "alice" }, lastMessage: null, unreadCount: 0 }]);
});

test("seq counts on after everything has expired", async () => {
  const { app, alice, bob } = await startWith({});
  await alice.send("bob", "hello");
  app.clock.advance(7 * DAY);
  await app.server.engine.sweep();
  expect(await bob.send("alice", "still there?")).toMatchObject({ seq: 2 });
});

test("a message that has left history cannot be replied to", async () => {
  const { app, alice } = await startWith({ roamingRetentionDays: 3 });
  const { id } = await alice.send("bob", "hello");
  app.clock.advance(3 * DAY);
  const reply = await alice.trySend("bob", "again", { replyTo: id });
  expect(reply).toMatchObject({ code: "INVALID_CONTENT", field: "replyTo" });
});

test("a message can be edited and recalled for as long as a device may still be handed it", async () => {
  const { app, alice, bob } = await startWith({ roamingRetentionDays: 3, recallWindowSeconds: 31_536_000 });
  const [first, second] = [await alice.send("bob", "first"), await alice.send("bob", "second")];
  app.clock.advance(7 * DAY - 1);
  expect(await alice.edit(first.id, "edited")).toMatchObject({ message: { id: first.id } });
  expect(await alice.recall(second.id)).toMatchObject({ message: { id: second.id } });
  expect(texts((await bob.sync()).handed)).toEqual(["edited", null]);
  app.clock.advance(1);
  expect(await alice.edit(first.id, "too late")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await alice.recall(first.id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
});

test("settings that change take effect at once, on what is there already", async () => {
  const { app, alice, bob, admin } = await startWith({});
  const { id } = await alice.send("bob", "hello");
  app.clock.advance(2 * DAY);
  await admin.updateSettings({ offlineRetentionDays: 2, roamingRetentionDays: 2 });
  expect(await tracesOf(id, bob)).toEqual({ ...NOTHING_HANDED, ...NO_HISTORY });
  await admin.updateSettings({ offlineRetentionDays: 7, roamingRetentionDays: 7 });
  expect(await tracesOf(id, bob)).toEqual({ ...IN_CACHE, ...IN_HISTORY });
});

describe("a message with a lifetime of its own", () => {
  test.each([
    { age: 60 * SECOND - 1, traces: { ...IN_CACHE, ...IN_HISTORY } },
    { age: 60 * SECOND, traces: { ...RECENT_ONLY, ...IN_HISTORY } },
    { age: 7 * DAY - 1, traces: { ...RECENT_ONLY, ...IN_HISTORY } },
    { age: 7 * DAY, traces: { ...NOTHING_HANDED, ...NO_HISTORY } },
  ])("of a minute leaves the offline cache then, and history with the others: $age ms", async ({ age, traces }) => {
    const { app, alice, bob } = await startWith({});
    const { id } = await alice.send("bob", "hello", { lifetimeSeconds: 60 });
    app.clock.advance(age);
    expect(await tracesOf(id, bob)).toEqual(traces);
  });

  test("is named among what was not handed over", async () => {
    const { app, alice, bob } = await startWith({});
    const carol = await app.person("carol");
    await alice.send("bob", "short", { lifetimeSeconds: 60 });
    await carol.send("bob", "long");
    app.clock.advance(MINUTE);
    const { handed, refreshed } = await freshBacklog(bob, "phone");
    expect(texts(handed)).toEqual(["long", "short"]);
    expect(refreshed).toMatchObject({ offlineCount: 1, recentCount: 1, truncated: true, truncatedPeers: ["alice"] });
  });

  test("of more than the retention is cut to it", async () => {
    const { app, alice, bob } = await startWith({});
    const { id } = await alice.send("bob", "hello", { lifetimeSeconds: 30 * 86_400 });
    app.clock.advance(7 * DAY - 1);
    expect(await tracesOf(id, bob)).toEqual({ ...IN_CACHE, ...IN_HISTORY });
    app.clock.advance(1);
    expect(await tracesOf(id, bob)).toEqual({ ...NOTHING_HANDED, ...NO_HISTORY });
  });

  test("below zero is refused", async () => {
    const { alice } = await startWith({});
    const result = await alice.trySend("bob", "hello", { lifetimeSeconds: -1 });
    expect(result).toMatchObject({ code: "INVALID_CONTENT", field: "lifetimeSeconds" });
  });
});

describe("a backlog of more than offlineMessagesPerContact", () => {
  test.each([
    { sent: 2, handed: ["1", "2"], truncated: false, truncatedPeers: [] },
    { sent: 3, handed: ["1", "2", "3"], truncated: false, truncatedPeers: [] },
    { sent: 4, handed: ["2", "3", "4"], truncated: true, truncatedPeers: ["alice"] },
    { sent: 9, handed: ["7", "8", "9"], truncated: true, truncatedPeers: ["alice"] },
  ])("of 3 hands over the newest: $sent sent", async ({ sent, handed, truncated, truncatedPeers }) => {
    const { alice, bob } = await startWith({ offlineMessagesPerContact: 3 });
    for (let number = 1; number <= sent; number += 1) await alice.send("bob", String(number));
    const backlog = await freshBacklog(bob, "phone");
    expect(texts(backlog.handed)).toEqual(handed);
    expect(backlog.refreshed).toMatchObject({ offlineCount: handed.length, recentCount: 0, truncated, truncatedPeers });
    expect(await bob.history("alice")).toHaveLength(sent);
  });

  test("is cut for each contact by itself, and the order stays", async () => {
    const { app, alice, bob } = await startWith({ offlineMessagesPerContact: 2 });
    const carol = await app.person("carol");
    for (const text of ["1", "2", "3"]) {
      await alice.send("bob", `alice ${text}`);
      if (text !== "2") await carol.send("bob", `carol ${text}`);
    }
    const { handed, refreshed } = await freshBacklog(bob, "phone");
    expect(texts(handed)).toEqual(["carol 1", "alice 2", "alice 3", "carol 3"]);
    expect(refreshed).toMatchObject({ offlineCount: 4, truncated: true, truncatedPeers: ["alice"] });
  });

  test("counts from where the device goes on, not from the beginning", async () => {
    const { alice, bob } = await startWith({ offlineMessagesPerContact: 2 });
    const phone = await bob.login("phone");
    const online = await phone.sync();
    for (const text of ["1", "2", "3"]) await alice.send("bob", text);
    const [one] = await online.messages.take(3);
    await online.socket.cut();
    await phone.acknowledge(one?.cursor);
    const { handed, refreshed } = await phone.sync();
    expect(texts(handed)).toEqual(["2", "3"]);
    expect(refreshed).toMatchObject({ truncated: false, truncatedPeers: [] });
  });

  test("counts what bob's other devices sent too", async () => {
    const { alice, bob } = await startWith({ offlineMessagesPerContact: 2 });
    await bob.send("alice", "from bob");
    for (const text of ["1", "2"]) await alice.send("bob", text);
    const { handed, refreshed } = await freshBacklog(bob, "phone");
    expect(texts(handed)).toEqual(["1", "2"]);
    expect(refreshed).toMatchObject({ truncated: true, truncatedPeers: ["alice"] });
  });

  test("does not limit what comes live", async () => {
    const { alice, bob } = await startWith({ offlineMessagesPerContact: 2 });
    const { messages } = await bob.sync();
    for (const text of ["1", "2", "3", "4"]) await alice.send("bob", text);
    expect(texts(await messages.take(4))).toEqual(["1", "2", "3", "4"]);
  });
});

/** Whether a text stands anywhere in the files of the store. */
function onDisk(app: App, text: string): boolean {
  const files = ["parley.sqlite", "parley.sqlite-wal"].map((name) => join(app.dataFolder, name));
  return files.some((file) => existsSync(file) && readFileSync(file).includes(text));
}

describe("the sweeper erases from disk", () => {
  const SECRET_TEXT = "the treasure lies under the old oak";

  test("what neither cache nor history needs any more, and nothing earlier", async () => {
    const { app, alice } = await startWith({ offlineRetentionDays: 3, roamingRetentionDays: 5 });
    await alice.send("bob", SECRET_TEXT, { customData: "the map", push: { title: "a knock", body: "at the door" } });
    for (const age of [3 * DAY, 2 * DAY - 1]) {
      app.clock.advance(age);
      await app.server.engine.sweep();
      expect(onDisk(app, SECRET_TEXT)).toBe(true);
    }
    app.clock.advance(1);
    await app.server.engine.sweep();
    for (const text of [SECRET_TEXT, "the map", "a knock", "at the door"]) expect(onDisk(app, text)).toBe(false);
  });

  test("what the offline cache still needs only once it has left that too", async () => {
    const { app, alice } = await startWith({ offlineRetentionDays: 5, roamingRetentionDays: 3 });
    await alice.send("bob", SECRET_TEXT);
    app.clock.advance(5 * DAY - 1);
    await app.server.engine.sweep();
    expect(onDisk(app, SECRET_TEXT)).toBe(true);
    app.clock.advance(1);
    await app.server.engine.sweep();
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
  });

  test("a recalled body", async () => {
    const { app, alice } = await startWith({});
    const { id } = await alice.send("bob", SECRET_TEXT, { customData: "the map" });
    expect(onDisk(app, SECRET_TEXT)).toBe(true);
    await alice.recall(id);
    await app.server.engine.sweep();
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
    expect(onDisk(app, "the map")).toBe(false);
  });

  test("what an edit has replaced", async () => {
    const { app, alice } = await startWith({});
    const { id } = await alice.send("bob", SECRET_TEXT);
    await alice.edit(id, "nothing to see");
    await app.server.engine.sweep();
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
    expect(onDisk(app, "nothing to see")).toBe(true);
  });

  test("more than a batch at once, and keeps what is young", async () => {
    const { app, alice, bob } = await startWith({});
    const all = Array.from({ length: 600 }, (_, index) => index);
    await Promise.all(all.map((index) => alice.send("bob", `${SECRET_TEXT} ${index}`)));
    app.clock.advance(DAY);
    await alice.send("bob", "kept");
    app.clock.advance(6 * DAY);
    await app.server.engine.sweep();
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
    expect(texts(await bob.history("alice"))).toEqual(["kept"]);
  });

  test("and a stop waits for none of its rests, however many sweep", async () => {
    const clock = new MovableClock();
    let rests = () => {};
    const isResting = new Promise<void>((resolve) => {
      rests = resolve;
    });
    let isSlow = true;
    const decorateStore = (store: Store): Store => ({
      ...store,
      async sweep(...how) {
        const rows = await store.sweep(...how);
        if (rows > 0 && isSlow) {
          isSlow = false;
          clock.advance(SECOND);
          rests();
        }
        return rows;
      },
    });
    const app = await startApp({ decorateStore }, clock);
    const [alice] = await app.people("alice", "bob");
    const all = Array.from({ length: 300 }, (_, index) => index);
    await Promise.all(all.map((index) => alice.send("bob", `${SECRET_TEXT} ${index}`)));
    clock.advance(7 * DAY);
    // It sweeps by itself, and has seconds to rest, as its first batch took one.
    await isResting;
    await app.server.engine.sweep();
    await app.stop();
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
  });

  test("by itself within the hour", async () => {
    const { app, alice, bob } = await startWith({});
    await alice.send("bob", SECRET_TEXT);
    app.clock.advance(7 * DAY);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      app.clock.advance(MINUTE);
      await bob.conversations();
    }
    expect(onDisk(app, SECRET_TEXT)).toBe(false);
  });
});

test("every answer is the same before and after the sweeper has run", async () => {
  const { app, alice, bob } = await startWith({ offlineRetentionDays: 2, roamingRetentionDays: 4 });
  const carol = await app.person("carol");
  const ids: string[] = [];
  for (let day = 0; day < 6; day += 1) {
    for (const sender of [alice, carol]) {
      const { id } = await sender.send("bob", `${sender.id} on day ${day}`, day === 4 ? { lifetimeSeconds: 60 } : {});
      ids.push(id);
      if (day === 3) await sender.recall(id);
    }
    await bob.send("carol", `bob on day ${day}`);
    if (day === 2) await bob.markRead("alice");
    app.clock.advance(DAY);
  }

  async function answers(deviceId: string): Promise<Data> {
    const { handed, refreshed } = await freshBacklog(bob, deviceId);
    return {
      handed,
      counts: [refreshed.offlineCount, refreshed.recentCount, refreshed.truncated, refreshed.cursor],
      history: await Promise.all(["alice", "carol"].map((peer) => bob.historyPage(peer, { last: 100 }))),
      conversations: await bob.conversationsPage({ first: 100 }),
      messages: await Promise.all(ids.map((id) => bob.get(BY_ID, { id }))),
      others: [await alice.history("bob"), await alice.conversations(), await carol.history("bob")],
    };
  }
  const before = await answers("phone");
  expect(await app.server.engine.sweep()).toBeGreaterThan(0);
  expect(await answers("laptop")).toEqual(before);
});

test.each([false, true])(
  "a device that missed nothing is not told that it did, however old its own doings (swept: %s)",
  async (swept) => {
    const { app, alice, bob } = await startWith({});
    const phone = await alice.login("phone");
    const { refreshed, socket } = await phone.sync();
    await phone.acknowledge(refreshed.cursor);
    await socket.cut();
    await phone.send("bob", "mine");
    await phone.arrange("pin", "bob");
    const laptop = await bob.login("laptop");
    const handed = (await laptop.sync()).refreshed;
    await laptop.acknowledge(handed.cursor);
    await bob.markRead("alice");
    app.clock.advance(8 * DAY);
    if (swept) await app.server.engine.sweep();
    expect((await phone.sync()).refreshed).toMatchObject({ truncated: false, truncatedPeers: [] });
  },
);
