/** What one client does costs the others nothing, and leaves nothing behind. */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { type App, NEW_MESSAGE, startApp } from "./support/app.ts";
import { megabytesInUse } from "./support/heap.ts";

/** Waits until the server counts so many living connections. */
async function connectionsOf(app: App, count: number): Promise<void> {
  await expect.poll(() => app.server.engine.connections.count, { timeout: 15_000 }).toBe(count);
}

test("sockets that vanish while their token is looked at leave nobody online", async () => {
  const app = await startApp();
  const watcher = await app.person("watcher");
  const token = await app.token("ghost");
  const vanish = () =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(app.url.replace("http", "ws"), "graphql-transport-ws");
      socket.on("open", () => {
        const payload = { authorization: `Bearer ${token}` };
        socket.send(JSON.stringify({ type: "connection_init", payload }), () => socket.terminate());
      });
      socket.on("close", () => resolve());
      socket.on("error", () => {});
    });
  await Promise.all(Array.from({ length: 30 }, vanish));
  // Committed after the ghost was, so all of its tokens have been looked at.
  await watcher.send("watcher", "later");
  await connectionsOf(app, 0);
  expect((await watcher.sees("ghost")).online).toBe(false);
});

test("a subscription that nobody can be answered on is refused before it starts", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const response = await fetch(app.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", authorization: `Bearer ${bob.token}` },
    body: JSON.stringify({ query: NEW_MESSAGE }),
  });
  expect(response.status).toBe(406);
  expect(await response.text()).toContain("BAD_USER_INPUT");
  await connectionsOf(app, 0);
});

test("a stream whose reader goes before it has begun is gone too", async () => {
  const app = await startApp();
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => app.token(`new-${index}`)));
  const abort = (token: string) =>
    new Promise<void>((resolve) => {
      const headers = {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${token}`,
      };
      const request = httpRequest(app.url, { method: "POST", headers });
      request.on("error", () => {});
      request.on("close", () => resolve());
      request.end(JSON.stringify({ query: NEW_MESSAGE }), () => setImmediate(() => request.destroy()));
    });
  await Promise.all(tokens.map(abort));
  await connectionsOf(app, 0);
});

test("a client that pings and never reads is cut off before it costs much", async () => {
  const app = await startApp({ limits: { slowReaderMs: 60_000 } });
  const [alice, bob] = await app.people("alice", "bob");
  const flood = await bob.connect();
  flood.pause();
  const ping = JSON.stringify({ type: "ping", payload: { filler: "x".repeat(100_000) } });
  for (let count = 0; count < 400; count += 1) flood.raw(ping);
  await app.untilLogged('"reason":"tooSlow"');
  expect(process.memoryUsage().rss).toBeLessThan(1_500_000_000);
  await alice.send("bob", "still served");
});

test("subscriptions that are completed at once, all under one id, leave no feed behind", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  const socket = await bob.connect();
  const subscribe = JSON.stringify({ id: "a", type: "subscribe", payload: { query: NEW_MESSAGE } });
  for (let count = 0; count < 50; count += 1) {
    socket.raw(subscribe);
    socket.raw('{"id":"a","type":"complete"}');
  }
  expect((await socket.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "bob" } });
  await expect.poll(() => app.server.engine.connections.subscriptionCount).toBe(0);
  const { messages } = await bob.sync();
  await alice.send("bob", "for the one that is left");
  await messages.next();
  const metrics = await (await fetch(String(app.server.metricsUrl))).text();
  expect(metrics).toContain('parley_deliveries_total{source="LIVE"} 1\n');
});

test("streams that are pipelined on one connection leave nobody online", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const { hostname, port } = new URL(app.url);
  const body = JSON.stringify({ query: NEW_MESSAGE });
  const request = [
    "POST /graphql HTTP/1.1",
    `Host: ${hostname}`,
    "Content-Type: application/json",
    "Accept: text/event-stream",
    `Authorization: Bearer ${bob.token}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
  const socket = connect(Number(port), hostname);
  socket.write(request.repeat(5));
  await connectionsOf(app, 1);
  socket.destroy();
  await connectionsOf(app, 0);
});

test("a client that asks for much in one burst and never reads is cut off before it costs much", async () => {
  const app = await startApp({ limits: { slowReaderMs: 60_000 } });
  const [alice, bob] = await app.people("alice", "bob");
  await Promise.all(Array.from({ length: 100 }, (_, index) => alice.send("bob", `${index} ${"x".repeat(12_000)}`)));
  const greedy = await bob.connect();
  greedy.pause();
  for (let count = 0; count < 200; count += 1) {
    void greedy
      .ask('{ history(peer: "alice", last: 100) { nodes { content { ... on TextContent { text } } } } }')
      .catch(() => {});
  }
  await app.untilLogged('"reason":"tooSlow"');
  await alice.send("bob", "still served");
});

test("documents that are sent once each do not pile up, however long they are", async () => {
  const app = await startApp();
  // Nobody in particular: a document is parsed before a token is asked for.
  const ask = async (text: string) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(app.url, { method: "POST", headers, body: JSON.stringify({ query: text }) });
    expect((await response.json()) as object).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  };
  const long = (index: number) => `{ user(id: [${"1 ".repeat(3_980)}]) { id } } # ${index}`;
  for (let index = 0; index < 20; index += 1) await ask(long(index));
  const before = await megabytesInUse();
  for (let index = 20; index < 140; index += 1) await ask(long(index));
  expect((await megabytesInUse()) - before).toBeLessThan(50);
}, 60_000);
