import { expect, test } from "vitest";
import { startApp } from "./support/app.ts";
import { openBeside } from "./support/data.ts";
import type { Result } from "./support/socket.ts";
import { openSse } from "./support/sse.ts";
import { dial } from "./support/wire.ts";

const UPDATED = "subscription { messageUpdated { message { content { summary } } } }";
const HISTORY = '{ history(peer: "bob") { nodes { id } } }';

/** What of an answer could tell how the server is made. */
const INSIDES = /sqlite|select |insert |messages_|node_modules|\.[jt]s\b|\bat \w+ \(/i;

async function metricsOf(url: string | null): Promise<string> {
  if (url === null) throw new Error("there are no metrics");
  return (await fetch(url)).text();
}

test("metrics are on a port of their own, and only where one was given", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "counted");
  const url = app.server.metricsUrl;
  const text = await metricsOf(url);
  expect(text).toContain('parley_sends_total{outcome="stored"} 1');
  expect(text).toMatch(/^parley_commit_seconds_count \d+$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(new URL(url ?? "").port).not.toBe(new URL(app.url).port);
  expect((await fetch(new URL("/metrics", app.url))).status).toBe(404);
  expect((await startApp()).server.metricsUrl).toBeNull();
});

test("metrics count connections, deliveries by source and sends by outcome", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "waits", { clientMessageId: "one" });
  await alice.send("bob", "waits", { clientMessageId: "one" });
  const { messages } = await bob.sync();
  await alice.send("bob", "live");
  await alice.send("bob", "fleeting", { lifetimeSeconds: 0 });
  await messages.take(2);
  const lines = (await metricsOf(app.server.metricsUrl)).split("\n");
  for (const line of [
    "parley_connections 1",
    'parley_sends_total{outcome="stored"} 2',
    'parley_sends_total{outcome="duplicate"} 1',
    'parley_sends_total{outcome="transient"} 1',
    'parley_deliveries_total{source="OFFLINE"} 1',
    'parley_deliveries_total{source="LIVE"} 2',
  ]) {
    expect(lines).toContain(line);
  }
});

test("metrics name nobody and tell nothing that was said", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [wren] = await app.people("wren-canary", "bob");
  await wren.send("bob", "text-canary");
  await wren.login("device-canary");
  expect(await metricsOf(app.server.metricsUrl)).not.toContain("canary");
});

test("the log never holds what was said, nor any token", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await bob.login("phone", "IOS");
  const { socket } = await phone.sync();
  await alice.send("bob", "canary-text", {
    customData: "canary-data",
    clientMessageId: "canary-key",
    push: { title: "canary-title", body: "canary-body", data: "canary-push" },
  });
  await alice.send("bob", { custom: { data: "canary-custom", description: "canary-description" } });
  await alice.trySend("bob", `canary-refused\0`);
  const { id } = await alice.send("bob", "to be edited");
  await alice.edit(id, "canary-edited");
  await bob.friend("add", "alice", { greeting: "canary-greeting" });
  await alice.get('mutation { updateProfile(input: { nickname: "canary-nickname" }) { user { id } } }');
  await alice.ask('{ user(id: "canary-document" ');
  await alice.ask("query Q($x: ID!) { user(id: $x) { canaryField } }", { x: "canary-variable" });
  await socket.ask("{ nonsense }", { secret: "canary-socket-variable" });
  const refused = await dial(app);
  refused.send({ type: "connection_init", payload: { authorization: "Bearer canary-token", more: "canary-params" } });
  await refused.closed;
  const broken = await dial(app);
  broken.send("canary-frame");
  await broken.closed;

  openBeside(app).exec("alter table messages rename to messages_gone").close();
  expect(
    (
      await alice.ask(
        'mutation { sendMessage(input: { to: "bob", content: { text: { text: "canary-lost" } } }) { __typename } }',
      )
    ).errors,
  ).toHaveLength(1);
  await phone.get("mutation { logout { deviceId } }");
  await socket.closed;
  await app.stop();

  expect(app.logged).toContain("failed unexpectedly");
  expect(app.logged).toContain("connection ended");
  expect(app.logged).not.toMatch(/canary/i);
  for (const { token } of [alice, bob, phone]) {
    for (const part of token.split(".")) expect(app.logged).not.toContain(part);
  }
});

test("each line of the log is JSON with a level, a time and a message", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const socket = await phone.connect();
  await phone.get("mutation { logout { deviceId } }");
  await socket.closed;
  await app.stop();
  const lines = app.logged.trim().split("\n");
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      level: expect.any(Number),
      time: expect.any(Number),
      msg: expect.any(String),
    });
  }
});

test("an error that nobody foresaw is masked over HTTP, and is in the log", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "hello");
  openBeside(app).exec("alter table messages rename to messages_gone").close();
  const answer = await alice.ask(`{ viewer { id } ${HISTORY.slice(1)}`);
  expect(answer.data).toEqual({ viewer: { id: "alice" }, history: null });
  expect(answer.errors).toMatchObject([{ path: ["history"], extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
  expect(JSON.stringify(answer)).not.toMatch(INSIDES);
  expect(app.logged).toContain("no such table");
});

test("an error that nobody foresaw is masked over a WebSocket, and the socket goes on", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const socket = await alice.connect();
  openBeside(app).exec("alter table messages rename to messages_gone").close();
  const answer = await socket.ask(HISTORY);
  expect(answer.errors).toMatchObject([{ path: ["history"], extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
  expect(JSON.stringify(answer)).not.toMatch(INSIDES);
  expect((await socket.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "alice" } });
});

test.each(["a WebSocket", "server-sent events"])(
  "an error in the middle of a subscription is masked over %s",
  async (kind) => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    const { handed } = await bob.sync();
    await bob.acknowledge(handed[0]?.cursor);
    const next = await (async (): Promise<() => Promise<Result>> => {
      if (kind === "a WebSocket") {
        const stream = (await alice.connect()).subscribe(UPDATED);
        return () => stream.result();
      }
      const stream = await openSse(alice, UPDATED);
      return async () => (await stream.next())?.data ?? {};
    })();
    expect((await next()).data?.messageUpdated.message.content.summary).toBe("one");
    openBeside(app).exec("alter table messages rename to messages_gone").close();
    // Touches no message, and makes alice's feed read one.
    await bob.acknowledge(handed[1]?.cursor);
    const answer = await next();
    expect(answer.errors).toMatchObject([{ extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
    expect(JSON.stringify(answer)).not.toMatch(INSIDES);
  },
);

test("stopping answers what was taken, and a second stop waits for the first", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const socket = await alice.connect();
  const send =
    'mutation { sendMessage(input: { to: "bob", content: { text: { text: "at the last moment" } } }) { __typename } }';
  const answers = [socket.ask(send), socket.ask(send)];
  const { data } = await socket.ask("{ viewer { id } }");
  expect(data).toEqual({ viewer: { id: "alice" } });
  const { server } = app;
  await Promise.all([server.close(), server.close()]);
  for (const answer of answers) expect((await answer).data?.sendMessage.__typename).toBe("SendMessageSuccess");
  await app.restart();
  expect(await bob.history("alice")).toHaveLength(2);
});
