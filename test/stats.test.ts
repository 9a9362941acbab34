import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { createTraffic } from "../src/engine/stats/traffic.ts";
import { startApp } from "./support/app.ts";
import { DAY, HOUR, MINUTE, MovableClock, SECOND } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import { startTelling } from "./support/fake-app.ts";
import { DELAY_MS, startPhones } from "./support/push/phones.ts";
import type { Data } from "./support/socket.ts";

const STATS = `{ serverStats {
  at startedAt version usersOnline connections subscriptions messagesPerMinute
  stored { countedAt users conversations messages uploads uploadBytes }
  storage { databaseBytes logBytes searchIndexBytes freeBytes }
  retention { keptSince oldestMessageAt overdueSeconds }
  pushQueues { vendor states { state count oldestAt } broken }
  hookQueues { hook waiting dead oldestAt }
  lastBackup { name startedAt seconds sizeBytes }
  clockDoubted eventLoopDelayMs longestEventLoopDelayMs
} }`;

/** The numbers, as anna gets them. */
async function statsOf(app: Awaited<ReturnType<typeof startApp>>): Promise<Data> {
  return (await (await app.admin()).get(STATS)).serverStats;
}

test("an admin sees who is online, what is sent in each minute and what is stored", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await bob.sync();
  await alice.send("bob", "one");
  await alice.send("bob", "two", { clientMessageId: "k" });
  await alice.send("bob", "two", { clientMessageId: "k" });
  app.clock.advance(MINUTE);
  await bob.send("alice", "now", { lifetimeSeconds: 0 });

  const stats = await statsOf(app);
  expect(stats).toMatchObject({ version: "0.1.0", usersOnline: 1, connections: 1, subscriptions: 2 });
  expect(stats.messagesPerMinute).toHaveLength(60);
  expect(stats.messagesPerMinute.slice(-3)).toEqual([0, 2, 1]);
  expect(stats.stored).toMatchObject({ users: 3, conversations: 1, messages: 2, uploads: 0, uploadBytes: 0 });
  expect(stats).toMatchObject({ pushQueues: [], hookQueues: [], lastBackup: null, clockDoubted: false });
  expect(Date.parse(stats.at) - Date.parse(stats.startedAt)).toBe(MINUTE);
  for (const size of ["databaseBytes", "logBytes", "searchIndexBytes", "freeBytes"]) {
    expect(stats.storage[size], size).toBeGreaterThan(0);
  }
  expect(stats.longestEventLoopDelayMs).toBeGreaterThanOrEqual(stats.eventLoopDelayMs);
});

test("nobody else does, and a look is not in the audit trail: it says nothing of anybody", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await alice.refusal(STATS)).toBe("FORBIDDEN");
  await statsOf(app);
  expect(everythingStored(app).audit ?? []).toEqual([]);
});

test("much is counted over many slices, once in ten minutes, and what is sent meanwhile is added", async () => {
  const app = await startApp({
    search: false,
    decorateStore: (store) => ({ ...store, countSlice: (what, after) => store.countSlice(what, after, 4) }),
  });
  const alice = await app.person("alice");
  const others = Array.from({ length: 150 }, (_, n) => `friend-${n}`);
  const anna = await app.admin();
  for (let from = 0; from < others.length; from += 100) {
    const users = others.slice(from, from + 100).map((id) => ({ id }));
    await anna.change("importUsers", { users }, "__typename");
  }
  await Promise.all(others.map((id) => alice.send(id, "hello")));
  await alice.send("friend-7", "once more");
  let { stored } = await statsOf(app);
  expect(stored, "while it is counted for the first time").toBeNull();
  while (stored === null) stored = (await statsOf(app)).stored;
  expect(stored).toMatchObject({ users: 152, conversations: 150, messages: 151 });
  const { countedAt } = stored;

  app.clock.advance(9 * MINUTE);
  await alice.send("friend-8", "later");
  await alice.send("anna", "new");
  const soon = (await statsOf(app)).stored;
  expect(soon).toEqual({ ...soon, countedAt, conversations: 150, messages: 153 });

  app.clock.advance(MINUTE);
  while (stored.countedAt === countedAt) stored = (await statsOf(app)).stored;
  expect(stored).toMatchObject({ conversations: 151, messages: 153 });
});

test("what should have been erased is overdue until the sweeper has been there, and is then counted no more", async () => {
  let sweeping = false;
  const app = await startApp({
    decorateStore: (store) => ({ ...store, sweep: async (...how) => (sweeping ? store.sweep(...how) : 0) }),
  });
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "old");
  app.clock.advance(7 * DAY - HOUR);
  await alice.send("bob", "young");
  const youngAt = app.clock.now();
  expect((await statsOf(app)).retention).toMatchObject({ overdueSeconds: 0 });

  app.clock.advance(3 * HOUR);
  const late = await statsOf(app);
  expect(late.retention.overdueSeconds).toBe((2 * HOUR) / SECOND);
  expect(Date.parse(late.retention.keptSince)).toBe(app.clock.now() - 7 * DAY);

  sweeping = true;
  await app.server.engine.sweep();
  app.clock.advance(10 * MINUTE);
  expect((await statsOf(app)).retention).toMatchObject({
    overdueSeconds: 0,
    oldestMessageAt: new Date(youngAt).toISOString(),
  });
  let { stored } = await statsOf(app);
  while (stored.countedAt === late.stored.countedAt) stored = (await statsOf(app)).stored;
  expect(stored.messages).toBe(1);
});

test("the last backup that is done is told of, until the next start", async () => {
  const app = await startApp();
  const anna = await app.admin();
  const begin = `mutation { backUp(input: { name: "today.sqlite" }) { backup { startedAt } } }`;
  const { startedAt } = (await anna.get(begin)).backUp.backup;
  for (let state = ""; state !== "DONE"; ) state = (await anna.get("{ backups { state } }")).backups[0].state;
  const { lastBackup } = await statsOf(app);
  expect(lastBackup).toMatchObject({ name: "today.sqlite", startedAt });
  expect(lastBackup.sizeBytes).toBeGreaterThan(0);
});

test("pushes are told of for each vendor by how far they are, with the age of the oldest", async () => {
  const phones = await startPhones();
  const { app } = phones;
  await phones.phone("bob");
  expect((await statsOf(app)).pushQueues).toEqual([{ vendor: "FCM", states: [], broken: null }]);
  const [alice, carol] = await app.people("alice", "carol");
  const oldestAt = new Date(app.clock.now()).toISOString();
  await alice.send("bob", "one");
  app.clock.advance(SECOND);
  await carol.send("bob", "two");
  const queued = { state: "QUEUED", count: 2, oldestAt };
  expect((await statsOf(app)).pushQueues).toEqual([{ vendor: "FCM", states: [queued], broken: null }]);
  phones.pass(DELAY_MS);
  await phones.untilTold(2);
  await app.server.engine.pushing.settled();
  expect((await statsOf(app)).pushQueues[0].states).toMatchObject([{ state: "SHOWN", count: 2 }]);
});

test("what a hook has not taken is told of, with since when", async () => {
  const [app, fake] = await startTelling({ types: ["message.sent"] });
  const [alice] = await app.people("alice", "bob");
  fake.receive = () => ({ status: 503 });
  await alice.send("bob", "hello");
  await app.server.engine.hooks.settled();
  const [queue, ...others] = (await statsOf(app)).hookQueues;
  expect(others).toEqual([]);
  expect(queue).toMatchObject({ waiting: 1, dead: 0 });
  expect(Date.parse(queue.oldestAt)).toBeLessThanOrEqual(app.clock.now());
  expect(queue.hook).not.toBe("");
});

test("a doubted clock is told of", async () => {
  const app = await startApp();
  app.clock.jump(3 * HOUR);
  expect((await statsOf(app)).clockDoubted).toBe(true);
});

test("a size that nobody can say is null", async () => {
  const app = await startApp({ search: false });
  rmSync(`${app.dataFolder}/search.sqlite`, { force: true });
  expect((await statsOf(app)).storage.searchIndexBytes).toBeNull();
});

test("an hour is over after sixty minutes, whatever the clock is set to", () => {
  const clock = new MovableClock();
  const traffic = createTraffic(clock);
  traffic.sent("stored");
  clock.jump(DAY);
  traffic.sent("hidden");
  clock.advance(59 * MINUTE);
  traffic.sent("transient");
  expect(traffic.perMinute()).toEqual([2, ...Array.from({ length: 58 }, () => 0), 1]);
  clock.advance(59 * SECOND);
  expect(traffic.perMinute()[0]).toBe(2);
  clock.advance(SECOND);
  expect(traffic.perMinute()).toEqual([...Array.from({ length: 58 }, () => 0), 1, 0]);
  clock.advance(3 * DAY);
  expect(traffic.perMinute()).toEqual(Array.from({ length: 60 }, () => 0));
  expect(traffic.stored).toBe(2);
});
