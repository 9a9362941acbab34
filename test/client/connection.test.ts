import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/client/index.ts";
import { startApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { collect, enter, inStep, next, shows, startProxy, texts, until } from "./support.ts";

test("it connects, catches up, is in step, and comes back in step after a cut", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const alice = await enter(app, "alice", { url: proxy.url });
  const states = collect(alice, "connection");
  await inStep(alice);
  proxy.cutAll();
  await until(alice.connection, ({ status }) => status === "offline");
  await inStep(alice);
  expect(states.map(({ status }) => status)).toEqual([
    "catchingUp",
    "inStep",
    "offline",
    "connecting",
    "catchingUp",
    "inStep",
  ]);
  expect(states[2]).toMatchObject({ error: { code: "OFFLINE" }, retryInMs: expect.any(Number) });
});

test("each time that it is in step the app is told, once", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const bob = await app.person("bob");
  const alice = await enter(app, "alice", { url: proxy.url });
  const refreshes = collect(alice, "refresh");
  await inStep(alice);
  proxy.shut();
  await until(alice.connection, ({ status }) => status === "offline");
  for (const text of ["one", "two"]) await bob.send("alice", text);
  proxy.open();
  await inStep(alice);
  expect(refreshes).toEqual([
    { offlineCount: 0, recentCount: 0, truncated: false, truncatedPeers: [] },
    { offlineCount: 2, recentCount: 0, truncated: false, truncatedPeers: [] },
  ]);
});

test("a connection that is dead without a word is given up for another", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const bob = await app.person("bob");
  const alice = await inStep(await enter(app, "alice", { url: proxy.url, heartbeatMs: 150 }));
  const arriving = next(alice, "newMessage");
  proxy.freeze();
  await bob.send("alice", "into the void");
  await until(alice.connection, ({ status }) => status === "offline");
  proxy.thaw();
  expect((await arriving).message.content).toMatchObject({ text: "into the void" });
});

test("a connection on which nothing is said stays", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const bob = await app.person("bob");
  const alice = await inStep(await enter(app, "alice", { url: proxy.url, heartbeatMs: 30 }));
  const { connections } = proxy;
  const states = collect(alice, "connection");
  // As long as five heartbeats take.
  for (let pongs = 0; pongs < 5; pongs += 1) {
    const arriving = next(alice, "newMessage");
    setTimeout(() => void bob.send("alice", "still there"), 35);
    await arriving;
  }
  expect(states).toEqual([]);
  expect(proxy.connections - connections).toBeLessThanOrEqual(1);
});

test("with something in the store it starts without a network, and connects when there is one", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const [bob] = await app.people("bob", "alice");
  await bob.send("alice", "before");
  const store = createMemoryStore();
  const first = await inStep(await enter(app, "alice", { url: proxy.url, store }));
  await shows(first, "bob", ["before"]);
  first.close();

  proxy.shut();
  const again = await enter(app, "alice", { url: proxy.url, store });
  await until(again.conversations, (list) => list.length === 1);
  const { messages, complete } = await again.getMessages("bob");
  expect(texts(messages)).toEqual(["before"]);
  expect(complete).toBe(false);
  proxy.open();
  await inStep(again);
  expect(await again.getMessages("bob")).toMatchObject({ complete: true, hasMore: false });
});

test("the token is asked for anew when the server refuses the old one, and the chat goes on", async () => {
  const app = await startApp();
  let asked = 0;
  const token = () => {
    asked += 1;
    return app.token("alice", { expiresIn: 10 * DAY });
  };
  const alice = await inStep(await enter(app, "alice", { token }));
  expect(asked).toBe(1);
  app.clock.advance(11 * DAY);
  expect(await until(alice.connection, ({ status }) => status === "offline")).toMatchObject({
    error: { code: "UNAUTHENTICATED" },
  });
  await inStep(alice);
  expect(asked).toBe(2);
});

test("the session is renewed before it runs out, on the connection that lives", async () => {
  const app = await startApp();
  const asked: string[] = [];
  const token = async () => {
    // The first has little more left than the time at which it is to be renewed.
    const fresh = await app.token("alice", { expiresIn: asked.length === 0 ? 61_000 : DAY });
    asked.push(fresh);
    return fresh;
  };
  const alice = await inStep(await enter(app, "alice", { token }));
  const states = collect(alice, "connection");
  const [bob, person] = await app.people("bob", "alice");
  const runsOut = async () => Date.parse((await person.get("{ devices { expiresAt } }")).devices[0].expiresAt);
  while ((await runsOut()) < app.clock.now() + 120_000);
  expect(asked).toHaveLength(2);
  app.clock.advance(120_000);
  const arriving = next(alice, "newMessage");
  await bob.send("alice", "still here");
  await arriving;
  expect(states).toEqual([]);
});

test("a session that is ended stays ended, and says why", async () => {
  const app = await startApp();
  const alice = await inStep(await enter(app, "alice", { platform: "IOS", deviceId: "old phone" }));
  const person = await app.person("alice");
  await person.login("new phone", "IOS");
  expect(await until(alice.connection, ({ status }) => status === "ended")).toMatchObject({
    error: { code: "SESSION_ENDED" },
  });
  await expect(alice.people.get("alice")).rejects.toMatchObject({ code: "SESSION_ENDED" });
});

test("logging out ends the session and erases what was kept", async () => {
  const app = await startApp();
  const [bob] = await app.people("bob", "alice");
  await bob.send("alice", "hello");
  const store = createMemoryStore();
  const alice = await inStep(await enter(app, "alice", { store, deviceId: "laptop" }));
  await shows(alice, "bob", ["hello"]);
  await alice.logout();
  expect(alice.connection.getSnapshot()).toMatchObject({ status: "ended" });
  const { devices } = await (await app.person("alice")).get("{ devices { deviceId signedIn } }");
  expect(devices).toEqual([{ deviceId: "laptop", signedIn: false }]);
  expect(await store.transaction("read", (transaction) => transaction.conversations())).toEqual([]);
});

test("a server that restarts is come back to", async () => {
  const app = await startApp();
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  await app.stop();
  await until(alice.connection, ({ status }) => status === "offline");
  const { settled } = alice.sendMessage("alice", "a note to myself");
  await app.start();
  expect(await settled).toMatchObject({ status: "read", seq: 1 });
});
