/** Two servers on one database: whoever is where, it is as if there were one. */

import { Client } from "pg";
import { expect, inject, test } from "vitest";
import type { Bus } from "../../src/engine/cluster/bus.ts";
import type { Store } from "../../src/engine/store.ts";
import { texts } from "../support/app.ts";
import { startCluster } from "../support/cluster.ts";
import { ask } from "../support/postgres.ts";

const server = inject("postgres");

test("a message that is sent on one server reaches devices on the other, live and later", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const phone = await on(1, bob).sync();
  const laptop = await on(0, bob).sync();
  const desk = await on(1, alice).sync();
  await alice.send("bob", "one");
  await on(1, alice).send("bob", "two");
  for (const device of [phone, laptop]) expect(texts(await device.messages.take(2))).toEqual(["one", "two"]);
  expect(texts(await on(1, bob).history("alice"))).toEqual(["one", "two"]);
  await desk.socket.cut();
});

test("recalls, edits, reads and typing cross over", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const message = await alice.send("bob", "to be changed");
  const other = await alice.send("bob", "to be recalled");
  const updates = await on(1, bob).messageUpdated();
  const own = await alice.messageUpdated();
  const typing = await on(1, bob).typing();
  await alice.edit(message.id, "changed");
  await alice.recall(other.id);
  expect((await updates.take(2)).map(({ change }) => change)).toEqual(["EDITED", "RECALLED"]);
  await on(1, bob).markRead("alice");
  expect((await own.take(3)).map(({ change }) => change)).toEqual(["EDITED", "RECALLED", "READ"]);
  await alice.setTyping("bob");
  expect(await typing.next()).toEqual({ typing: true, user: { id: "alice" } });
});

test("a message that is not stored reaches devices on the other server, however long it is", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const { messages } = await on(1, bob).sync();
  const text = `${"\u00fc".repeat(3_000)}!`;
  await alice.send("bob", text, { lifetimeSeconds: 0 });
  const { message } = await messages.next();
  expect(message.id).toMatch(/^t:/);
  expect(message.content.type).toBe("TEXT");
});

test("settings and blocks take effect everywhere", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const admin = await servers[0].admin();
  await admin.updateSettings({ friendsOnly: true });
  await servers[1].server.engine.lookAround();
  expect((await on(1, alice).trySend("bob", "hello")).code).toBe("NOT_FRIENDS");
  await admin.updateSettings({ friendsOnly: false, showBlocked: true });
  await servers[1].server.engine.lookAround();
  await on(0, bob).block("alice");
  expect((await on(1, alice).trySend("bob", "hello")).code).toBe("BLOCKED");
});

test("a session that is ended on one server is closed on the other, and its token is refused", async () => {
  const { servers, on } = await startCluster({ server });
  const [bob] = await servers[0].people("bob");
  const phone = await bob.login("phone");
  const socket = await on(1, phone).connect();
  const admin = await servers[0].admin();
  await admin.change("revokeTokens", { user: "bob" }, "validFrom");
  expect(await socket.closed).toMatchObject({ code: 4401 });
  expect(await on(1, phone).refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
});

test("one login too many ends the oldest, wherever it is", async () => {
  const { servers, on } = await startCluster({
    server,
    sessionLimits: { WEB: 1, IOS: 1, ANDROID: 1, DESKTOP: 1, OTHER: 1 },
  });
  const [bob] = await servers[0].people("bob");
  const first = await bob.login("one");
  const socket = await on(1, first).connect();
  await bob.login("two");
  expect(await socket.closed).toMatchObject({ code: 4401 });
});

test("rates count over both servers", async () => {
  let heard = 0;
  const decorateBus = (bus: Bus): Bus => ({
    ...bus,
    get healthy() {
      return bus.healthy;
    },
    listen(listener) {
      bus.listen({
        ...listener,
        told(news) {
          listener.told(news);
          if (news.kind === "uses") for (const [, count] of news.uses) heard += count;
        },
      });
    },
  });
  const { servers, on } = await startCluster({ server, sendRate: 2, decorateBus });
  const [alice] = await servers[0].people("alice", "bob");
  for (let number = 0; number < 6; number += 1) expect((await alice.trySend("bob", "x")).message).toBeDefined();
  expect((await alice.trySend("bob", "x")).code).toBe("RATE_LIMITED");
  await expect.poll(() => heard).toBeGreaterThanOrEqual(5);
  // The first alone may have been too little to be told.
  await on(1, alice).trySend("bob", "x");
  expect((await on(1, alice).trySend("bob", "x")).code).toBe("RATE_LIMITED");
  expect((await on(1, await servers[1].person("bob")).trySend("alice", "x")).message).toBeDefined();
});

test("who is connected to any server is online, until that server is gone", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const socket = await on(1, bob).connect();
  await expect.poll(async () => (await alice.sees("bob")).online).toBe(true);
  await socket.cut();
  await expect.poll(async () => (await alice.sees("bob")).online).toBe(false);
  await on(1, bob).connect();
  await expect.poll(async () => (await alice.sees("bob")).online).toBe(true);
  await servers[1].stop();
  expect((await alice.sees("bob")).online).toBe(false);
});

test("a server that was taken for gone says again who is connected to it", async () => {
  const { servers, on, url } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  await on(1, bob).connect();
  await expect.poll(async () => (await alice.sees("bob")).online).toBe(true);
  // As another server does after a minute without a word.
  await ask(url, "delete from presences", "delete from servers");
  expect((await alice.sees("bob")).online).toBe(false);
  await servers[1].server.engine.lookAround();
  await expect.poll(async () => (await alice.sees("bob")).online).toBe(true);
});

test("who logs in and connects while the store is asked about sessions is not taken for one that has ended", async () => {
  let isHeld = false;
  let answer = () => {};
  const decorateStore = (store: Store): Store => ({
    ...store,
    async standings(ids) {
      const found = await store.standings(ids);
      if (isHeld) {
        isHeld = false;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      }
      return found;
    },
  });
  const { servers, on } = await startCluster({ server, decorateStore });
  const bob = await servers[1].person("bob");
  await bob.login("laptop").then((laptop) => on(1, laptop).connect());
  isHeld = true;
  const looking = servers[1].server.engine.lookAround();
  await expect.poll(() => isHeld).toBe(false);
  const phone = await on(0, bob).login("phone");
  const socket = await on(1, phone).connect();
  answer();
  await looking;
  expect(await socket.ask("{ viewer { id } }")).toMatchObject({ data: { viewer: { id: "bob" } } });
  expect(await on(1, phone).get("{ viewer { id } }")).toEqual({ viewer: { id: "bob" } });
});

test("a message whose commit was not answered is told to everybody when it is sent again", async () => {
  let isLost = true;
  const decorateStore = (store: Store): Store => ({
    ...store,
    async append(draft) {
      const appended = await store.append(draft);
      // As after a connection that broke: the next try finds the key taken.
      if (!isLost) return appended;
      isLost = false;
      return null;
    },
  });
  const { servers, on } = await startCluster({ server, decorateStore });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const devices = [await on(0, bob).sync(), await on(1, bob).sync()];
  expect(await alice.trySend("bob", "hello", { clientMessageId: "key" })).toMatchObject({ duplicate: true });
  for (const { messages } of devices) expect(texts([await messages.next()])).toEqual(["hello"]);
  // Sooner than a server looks for it by itself.
}, 15_000);

test("a look reads nothing of those who are in step", async () => {
  let reads = 0;
  const decorateStore = (store: Store): Store => ({
    ...store,
    log(...place) {
      reads += 1;
      return store.log(...place);
    },
  });
  const { servers, on } = await startCluster({ server, decorateStore });
  const [alice, bob] = await servers[0].people("alice", "bob");
  await alice.send("bob", "before");
  const devices = await Promise.all([on(0, bob).sync(), on(1, bob).sync(), on(1, alice).sync()]);
  // What a subscription has read before it is answered was read by its owner.
  await Promise.all(devices.map(({ socket }) => socket.ask("{ viewer { id } }")));
  const before = reads;
  for (const app of servers) await app.server.engine.lookAround();
  expect(reads).toBe(before);
  await alice.send("bob", "after");
  for (const { messages } of devices.slice(0, 2)) expect(texts([await messages.next()])).toEqual(["after"]);
});

test("while something is under way in the database, who follows what happens waits once, however much happens", async () => {
  let looks = 0;
  const decorateStore = (store: Store): Store => ({
    ...store,
    events(...place) {
      looks += 1;
      return store.events(...place);
    },
  });
  const { servers, url, clock } = await startCluster({ server, decorateStore });
  const [alice] = await servers[0].people("alice", "bob");
  const slow = new Client({ connectionString: url });
  await slow.connect();
  await slow.query("begin");
  await slow.query("select pg_current_xact_id()");
  for (let number = 0; number < 5; number += 1) await alice.send("bob", `word ${number}`);
  const found = async () =>
    (await alice.get('{ searchMessages(words: "word") { nodes { id } } }')).searchMessages.nodes;
  // Each wants what was sent before it to be found, and does not wait for long.
  let answered: unknown[] | null = null;
  void Promise.all(Array.from({ length: 60 }, found)).then((all) => {
    answered = all.flat();
  });
  await expect
    .poll(() => {
      clock.advance(200);
      return answered;
    })
    .toEqual([]);
  const before = looks;
  await slow.query("commit");
  await slow.end();
  await expect.poll(async () => (await found()).length).toBe(5);
  expect(looks - before).toBeLessThan(30);
});

test("the same key, sent to both at once, gives one message", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  for (let round = 0; round < 10; round += 1) {
    const clientMessageId = `key ${round}`;
    const sends = [0, 1, 0, 1].map((index) => on(index as 0 | 1, alice).trySend("bob", "once", { clientMessageId }));
    const answers = await Promise.all(sends);
    expect(new Set(answers.map(({ message }) => message.id)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  }
  expect((await bob.history("alice")).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 10 }, (_, index) => index + 1),
  );
});

test("two who write to each other on two servers, all at once, are in one order", async () => {
  const { servers, on } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const readers = [await alice.login("reads"), await bob.login("reads")];
  const devices = await Promise.all(readers.flatMap((reader) => [on(0, reader).sync(), on(1, reader).sync()]));
  const sends = Array.from({ length: 60 }, (_, index) => {
    const [who, to] = index % 2 === 0 ? [alice, "bob"] : [bob, "alice"];
    return on(index % 3 === 0 ? 0 : 1, who).send(to, `${index}`);
  });
  await Promise.all(sends);
  const order = texts(await on(1, bob).history("alice"));
  expect(order).toHaveLength(60);
  for (const { messages } of devices) expect(texts(await messages.take(60))).toEqual(order);
});

test("servers go on while a newer release adds to the tables", async () => {
  const { servers, on, url } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const { messages } = await on(1, bob).sync();
  await alice.send("bob", "before");
  for (const index of [0, 1] as const) await on(index, alice).conversations();
  const tables = await ask(
    url,
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  await ask(
    url,
    ...tables.map(({ name }) => `alter table "${String(name)}" add column added_later text`),
    "create table new_table (id bigint primary key)",
    `insert into parley_migrations (hash, created_at) values ('of the next release', ${Date.UTC(2100, 0, 1)})`,
  );
  for (const index of [0, 1] as const) {
    await on(index, alice).send("bob", `after, on ${index}`);
    expect(await on(index, bob).conversations()).toHaveLength(1);
    await on(index, bob).markRead("alice");
  }
  expect(texts(await messages.take(3))).toEqual(["before", "after, on 0", "after, on 1"]);
  await servers[1].stop();
  await expect(servers[1].start()).rejects.toThrow(/newer/i);
});
