/** Limits hold when everything comes at once, cost nobody else anything, and are counted. */
import { createClient } from "graphql-ws";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { REFUSAL_REASONS } from "../src/server/refusals.ts";
import { type App, NEW_MESSAGE, type Person, startApp } from "./support/app.ts";
import { MINUTE, SECOND } from "./support/clock.ts";
import { type Data, Socket } from "./support/socket.ts";
import { openSse } from "./support/sse.ts";
import { dial, refusedUpgrade, type Wire } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";

/** All metrics of one kind, by their label; the value itself where there is none. */
async function metric(app: App, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(String(app.server.metricsUrl))).text();
  const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{\\w+="(\\w+)"\\})? (\\d+)$`, "gm"))];
  return Object.fromEntries(lines.map(([, label = "", value]) => [label, Number(value)]));
}

/** The refusals so far, by reason. */
async function refusals(app: App): Promise<Record<string, number>> {
  const all = Object.entries(await metric(app, "parley_refusals_total"));
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

async function gauge(app: App, name: string): Promise<number | undefined> {
  return (await metric(app, `parley_${name}`))[""];
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Posts a query as somebody behind a proxy, or as nobody. */
function post(app: App, { from, token }: { from?: string; token?: string } = {}, body?: string): Promise<Response> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (from !== undefined) headers["x-forwarded-for"] = from;
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return fetch(app.url, { method: "POST", headers, body: body ?? JSON.stringify({ query: "{ __typename }" }) });
}

async function statuses(answers: Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const response of await Promise.all(answers)) {
    counts[response.status] = (counts[response.status] ?? 0) + 1;
    await response.text();
  }
  return counts;
}

/** Opens a socket and tells how it goes: null where it was let in, else the code that closed it. */
async function tryToConnect(app: App, person: Person): Promise<{ socket: Socket; code: number | null }> {
  const socket = new Socket(app.url, { authorization: `Bearer ${person.token}` });
  onTestFinished(() => socket.cut());
  const code = await socket.opened.then(
    () => null,
    async () => (await socket.closed).code,
  );
  return { socket, code };
}

// ── rates of users ──────────────────────────────────────────────────────────────────────────────

test.each([
  ["over HTTP", async (alice: Person) => (content: string) => alice.trySend("bob", content)],
  [
    "over one WebSocket",
    async (alice: Person) => {
      const socket = await alice.connect();
      const send = `mutation S($text: String!) { sendMessage(input: { to: "bob", content: { text: { text: $text } } }) {
        ... on SendMessageSuccess { message { id } } ... on SendMessageError { code retryAfterMs } } }`;
      return async (text: string) => (await socket.ask(send, { text })).data?.sendMessage as Data;
    },
  ],
])("of 200 sends at once %s, exactly the burst goes through, and nobody else waits", async (_, prepare) => {
  const app = await startApp({ sendRate: 20, metricsPort: 0 });
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const send = await prepare(alice);
  const [results, neighbour] = await Promise.all([
    Promise.all(times(200, (index) => send(`${index}`))),
    Promise.all(times(50, (index) => carol.trySend("bob", `${index}`))),
  ]);
  const refused = results.filter(({ code }) => code !== undefined);
  expect(results.length - refused.length).toBe(60);
  expect(refused).toEqual(
    times(140, () => ({ code: "RATE_LIMITED", retryAfterMs: 50 }) as Data).map((entry) =>
      expect.objectContaining(entry),
    ),
  );
  expect(neighbour.filter(({ code }) => code !== undefined)).toEqual([]);
  expect(await bob.history("alice")).toHaveLength(60);
  expect(await refusals(app)).toEqual({ RATE_LIMITED: 140 });
});

test("a burst is whole where the rate divides no second evenly", async () => {
  const app = await startApp({ sendRate: 7 });
  const [alice] = await app.people("alice", "bob");
  for (const round of [1, 2, 3]) {
    const results = await Promise.all(times(40, (index) => alice.trySend("bob", `${round} ${index}`)));
    expect(results.filter(({ message }) => message !== undefined)).toHaveLength(21);
    app.clock.advance(3 * SECOND);
  }
});

test("a clock that jumps locks nobody out, and gives nobody a burst", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  const burst = async () => {
    const results = await Promise.all(times(10, (index) => alice.trySend("bob", `${index}`)));
    return results.filter(({ message }) => message !== undefined).length;
  };
  expect(await burst()).toBe(6);
  for (const jump of [-30 * MINUTE, 60 * MINUTE]) {
    app.clock.jump(jump);
    expect(await burst()).toBe(0);
    app.clock.advance(3 * SECOND);
    expect(await burst()).toBe(6);
  }
});

test("reads have a rate: queries and subscriptions that start, over HTTP and WebSocket together", async () => {
  const app = await startApp({ limits: { readRate: 10 }, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  app.clock.advance(MINUTE);
  const socket = await alice.connect();
  const overHttp = await Promise.all(times(20, () => alice.ask(VIEWER)));
  const overSocket = await Promise.all(times(20, () => socket.ask(VIEWER)));
  const answers = [...overHttp, ...overSocket];
  expect(answers.filter(({ data }) => data != null)).toHaveLength(30);
  for (const { errors } of answers.filter(({ data }) => data == null)) {
    expect(errors).toMatchObject([{ extensions: { code: "RATE_LIMITED", retryAfterMs: 100 } }]);
    expect(errors?.[0]?.extensions).not.toHaveProperty("http");
  }
  const refused = await post(app, { token: alice.token });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await socket.ask(NEW_MESSAGE)).toMatchObject({ errors: [{ extensions: { code: "RATE_LIMITED" } }] });
  expect((await openSse(alice, NEW_MESSAGE)).response.status).toBe(429);
  expect(await bob.history("alice")).toEqual([]);
  await alice.send("bob", "writing has rates of its own");
  app.clock.advance(100);
  expect((await alice.ask(VIEWER)).data).toEqual({ viewer: { id: "alice" } });
  expect(await refusals(app)).toEqual({ RATE_LIMITED: 13 });
});

test("logins have a rate, and admins have none", async () => {
  const app = await startApp({ limits: { loginRate: 5 }, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  const login = (person: Person) =>
    person.ask('mutation { login(input: { deviceId: "tab", platform: WEB }) { deviceId } }');
  const answers = await Promise.all(times(20, () => login(alice)));
  expect(answers.filter(({ data }) => data?.login != null)).toHaveLength(5);
  const refused = answers.filter(({ errors }) => errors !== undefined);
  for (const { errors } of refused) {
    expect(errors).toMatchObject([{ extensions: { code: "RATE_LIMITED", retryAfterMs: 12_000 } }]);
  }
  await bob.login("tab");
  for (const { errors } of await Promise.all(times(20, () => login(anna)))) expect(errors).toBeUndefined();
  app.clock.advance(12 * SECOND);
  await alice.login("tab");
  expect(await refusals(app)).toEqual({ RATE_LIMITED: 15 });
});

test("sends that are refused or repeated have a rate too: that of all changes", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "once", { clientMessageId: "key" });
  const tries = await Promise.all([
    ...times(40, () => alice.trySend("nobody", "hello")),
    ...times(40, () => alice.trySend("bob", "once", { clientMessageId: "key" })),
  ]);
  expect(tries.filter(({ code }) => code === "RATE_LIMITED")).toHaveLength(80 - 59);
});

// ── addresses ───────────────────────────────────────────────────────────────────────────────────

test("an address has no rate unless it is given one", async () => {
  const app = await startApp();
  expect(await statuses(times(100, () => post(app)))).toEqual({ 200: 100 });
});

test("an address that asks too often is answered 429 before anything is read; sockets count, and close with 1013", async () => {
  const app = await startApp({ limits: { addressRate: 10 }, metricsPort: 0 });
  expect(await statuses(times(100, () => post(app, {}, "no JSON")))).toEqual({ 400: 30, 429: 70 });
  const refused = await post(app);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toEqual({
    errors: [
      {
        message: expect.stringContaining("try again in 100 ms"),
        extensions: { code: "RATE_LIMITED", retryAfterMs: 100 },
      },
    ],
  });
  expect(await (await dial(app)).closed).toEqual({ code: 1013, reason: "Too many connections of this address" });
  for (const path of ["/livez", "/readyz"]) expect((await fetch(new URL(path, app.url))).status).toBe(200);
  app.clock.advance(100);
  await (await dial(app)).init(await app.token("alice"));
  expect(await refusals(app)).toEqual({ BAD_USER_INPUT: 30, address_rate: 72 });
});

test.each<[string, number, string, string, boolean]>([
  ["X-Forwarded-For is not believed", 0, "198.51.100.1", "198.51.100.2", true],
  ["the last entry counts behind one proxy", 1, "203.0.113.9, 198.51.100.1", "203.0.113.8,198.51.100.1", true],
  ["other clients of the proxy count for themselves", 1, "198.51.100.1", "198.51.100.2", false],
  ["the last but one counts behind two", 2, "9.9.9.9, 198.51.100.1, 10.0.0.1", "198.51.100.1, 10.0.0.2", true],
  ["ports count for nothing", 1, "198.51.100.1:4711", "198.51.100.1:4712", true],
  ["a /64 is one address", 1, "2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:1%eth0", true],
  ["brackets and ports count for nothing", 1, "[2001:db8:1:2::1]:443", "2001:0db8:0001:0002::9", true],
  ["the next /64 is another one", 1, "2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["an IPv4 address is the same where it is written as IPv6", 1, "::ffff:198.51.100.1", "198.51.100.1", true],
  ["IPv4 addresses that are written as IPv6 differ", 1, "::ffff:198.51.100.1", "::ffff:c633:6402", false],
  ["what is no address counts for the proxy", 1, "unknown", "_hidden", true],
])("%s", async (_, proxies, first, second, isSame) => {
  const app = await startApp({ limits: { addressRate: 1 }, proxies });
  expect(await statuses(times(3, () => post(app, { from: first })))).toEqual({ 200: 3 });
  expect(await statuses([post(app, { from: second })])).toEqual(isSame ? { 429: 1 } : { 200: 1 });
});

test("an attacker with any number of addresses frees no other from its limit, and fills no memory", async () => {
  const app = await startApp({ limits: { addressRate: 1 }, proxies: 1, metricsPort: 0 });
  const victim = "198.51.100.1";
  await statuses(times(3, () => post(app, { from: victim })));
  for (let wave = 0; wave < 15; wave += 1) {
    const flood = times(100, (index) => post(app, { from: `2001:db8:${wave}:${index.toString(16)}::1` }));
    expect(await statuses(flood)).toEqual({ 200: 100 });
    expect(await statuses([post(app, { from: victim }), post(app, { from: victim })])).toEqual(
      wave === 0 ? { 429: 2 } : { 200: 1, 429: 1 },
    );
    expect(await gauge(app, "rate_keys")).toBeLessThanOrEqual(7 * 101);
    app.clock.advance(SECOND);
  }
  app.clock.advance(MINUTE);
  await statuses([post(app, { from: victim })]);
  app.clock.advance(MINUTE);
  await statuses([post(app, { from: victim })]);
  expect(await gauge(app, "rate_keys")).toBeLessThanOrEqual(2);
});

// ── connections ─────────────────────────────────────────────────────────────────────────────────

test("of 100 sockets of a user at once, exactly as many live as it may have; those that live go on", async () => {
  const app = await startApp({ limits: { connectionsPerUser: 10 }, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  const first = await alice.goOnline();
  const tries = await Promise.all(times(100, () => tryToConnect(app, alice)));
  expect(tries.filter(({ code }) => code === null)).toHaveLength(9);
  expect(tries.filter(({ code }) => code === 1013)).toHaveLength(91);
  expect(await tries.find(({ code }) => code !== null)?.socket.closed).toEqual({
    code: 1013,
    reason: "Too many connections of this user",
  });
  await bob.send("alice", "still there?");
  expect((await first.messages.next()).message.content.summary).toBe("still there?");
  await bob.connect();
  expect(await refusals(app)).toEqual({ user_connections: 91 });
  expect(await gauge(app, "connections")).toBe(11);
});

test.each<[string, (socket: Socket, alice: Person) => Promise<unknown>]>([
  ["closes it", (socket) => socket.close()],
  ["crashes", (socket) => socket.cut()],
  [
    "breaks the protocol",
    async (socket) => {
      socket.raw("?");
      await socket.closed;
    },
  ],
])("a place is given back when its client %s", async (_, end) => {
  const app = await startApp({ limits: { connectionsPerUser: 1, connectionsPerAddress: 1 }, metricsPort: 0 });
  const alice = await app.person("alice");
  for (let round = 0; round < 5; round += 1) {
    const { socket, code } = await tryToConnect(app, alice);
    expect(code).toBeNull();
    expect((await (await dial(app)).closed).code).toBe(1013);
    await end(socket, alice);
    await expect.poll(() => gauge(app, "tcp_connections")).toBeLessThanOrEqual(2);
    await expect.poll(() => gauge(app, "connections")).toBe(0);
  }
  expect(await refusals(app)).toMatchObject({ address_connections: 5 });
});

test("a place is given back when the token is refused, or nobody ever says who it is", async () => {
  const app = await startApp({ limits: { connectionsPerAddress: 1, initTimeoutMs: 50 }, metricsPort: 0 });
  const alice = await app.person("alice");
  const forged = await dial(app);
  forged.send({ type: "connection_init", payload: { authorization: "Bearer a.b.c" } });
  expect((await forged.closed).code).toBe(4403);
  const silent = await tryUntilOpen(app);
  expect((await silent.closed).code).toBe(4408);
  await (await tryUntilOpen(app)).init(alice.token);
  const counted = await refusals(app);
  expect(counted).toMatchObject({ UNAUTHENTICATED: 1, init_timeout: 1 });
  expect(await gauge(app, "waiting_connections")).toBe(0);
});

/** The server may hear a moment later than we do that a socket has closed. */
async function tryUntilOpen(app: App): Promise<Wire> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const wire = await dial(app).catch(() => null);
    wire?.send({ type: "ping" });
    const answer = await wire?.next().catch(() => null);
    if (wire !== null && answer?.type === "pong") return wire;
  }
  throw new Error("nobody is let in");
}

test("graphql-ws's own client comes back by itself once there is a place", async () => {
  const app = await startApp({ limits: { connectionsPerUser: 1, connectionsPerAddress: 2 }, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  const [first, other] = [await alice.connect(), await bob.connect()];
  const client = createClient({
    url: app.url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${alice.token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: () => new Promise((resolve) => setImmediate(resolve)),
  });
  onTestFinished(() => client.dispose());
  const answer = client.iterate({ query: VIEWER }).next();
  await expect.poll(async () => (await refusals(app)).address_connections).toBeGreaterThan(0);
  await other.cut();
  await expect.poll(async () => (await refusals(app)).user_connections).toBeGreaterThan(0);
  await first.cut();
  expect(await answer).toMatchObject({ value: { data: { viewer: { id: "alice" } } } });
});

test("streams over SSE count as sockets do; one too many is 429, and says so to GraphQL clients", async () => {
  const app = await startApp({ limits: { connectionsPerUser: 3 }, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  await alice.connect();
  const streams = await Promise.all(times(20, () => openSse(alice, NEW_MESSAGE)));
  const living = streams.filter(({ response }) => response.status === 200);
  const refused = streams.filter(({ response }) => response.status === 429);
  expect([living.length, refused.length]).toEqual([2, 18]);
  expect(refused[0]?.response.headers.get("retry-after")).toBe("5");
  expect(await refused[0]?.next()).toMatchObject({
    data: { errors: [{ extensions: { code: "RATE_LIMITED", retryAfterMs: 5_000 } }] },
  });
  expect((await tryToConnect(app, alice)).code).toBe(1013);
  await openSse(bob, NEW_MESSAGE);
  living[0]?.abort();
  await expect.poll(() => gauge(app, "connections")).toBe(3);
  expect((await openSse(alice, NEW_MESSAGE)).response.status).toBe(200);
  expect(await refusals(app)).toEqual({ user_connections: 19 });
});

test("a stream gives its place back when it hangs up, and when its subscription is refused", async () => {
  const app = await startApp({ limits: { connectionsPerUser: 1, connectionsPerAddress: 1 }, metricsPort: 0 });
  const alice = await app.person("alice");
  const left = () => expect.poll(() => gauge(app, "connections")).toBe(0);
  for (let round = 0; round < 3; round += 1) {
    const refused = await openSse(alice, 'subscription { newMessage(since: "?") { cursor } }');
    expect(await refused.next()).toMatchObject({ data: { errors: [{ extensions: { code: "BAD_USER_INPUT" } }] } });
    await left();
    const stream = await openSse(alice, NEW_MESSAGE);
    expect(stream.response.status).toBe(200);
    expect((await openSse(alice, NEW_MESSAGE)).response.status).toBe(429);
    stream.abort();
    await left();
  }
});

test("an address has as many sockets and streams as it is given, whoever is behind it", async () => {
  const app = await startApp({ limits: { connectionsPerAddress: 4 }, proxies: 1, metricsPort: 0 });
  const people = await app.people("alice", "bob");
  const parameters = (index: number) => ({ authorization: `Bearer ${people[index % 2 === 0 ? 0 : 1].token}` });
  const headers = { "x-forwarded-for": "198.51.100.1" };
  const wires = await Promise.all(times(20, () => dial(app, { headers })));
  for (const [index, wire] of wires.entries()) wire.send({ type: "connection_init", payload: parameters(index) });
  const answers = await Promise.all(wires.map((wire) => wire.next().catch(async () => (await wire.closed).code)));
  expect(answers.filter((answer) => answer === 1013)).toHaveLength(16);
  expect(answers.filter((answer) => answer !== 1013)).toEqual(times(4, () => ({ type: "connection_ack" })));
  const stream = await fetch(app.url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: `Bearer ${people[0].token}`,
    },
    body: JSON.stringify({ query: NEW_MESSAGE }),
  });
  expect(stream.status).toBe(429);
  await stream.text();
  await people[1].connect();
  expect(await refusals(app)).toEqual({ address_connections: 17 });
});

test("of sockets that say nothing, those that wait longest go; who says who it is comes in all the same", async () => {
  const app = await startApp({ limits: { waitingConnections: 20, initTimeoutMs: 60_000 }, metricsPort: 0 });
  const alice = await app.person("alice");
  const silent = await Promise.all(times(20, () => dial(app)));
  const more = await Promise.all(times(30, () => dial(app)));
  for (const { closed } of silent) {
    expect(await closed).toEqual({ code: 1013, reason: "Too many connections wait to authenticate" });
  }
  await (await alice.connect()).ask(VIEWER);
  expect(await gauge(app, "waiting_connections")).toBe(20 - 1);
  expect(await refusals(app)).toEqual({ waiting_connections: 31 });
  for (const { socket } of more) socket.terminate();
  await expect.poll(() => gauge(app, "waiting_connections")).toBe(0);
});

test("the server has as many TCP connections as it is given, and takes others once some have gone", async () => {
  const app = await startApp({ limits: { connections: 5 }, metricsPort: 0 });
  const token = await app.token("alice");
  const tries = await Promise.all(times(30, () => dial(app).catch(() => null)));
  const living = tries.filter((wire) => wire !== null);
  expect(living).toHaveLength(5);
  expect(await gauge(app, "tcp_connections")).toBe(5);
  expect(await refusals(app)).toEqual({ server_connections: 25 });
  living[0]?.socket.terminate();
  await (await tryUntilOpen(app)).init(token);
});

// ── subscriptions and operations ────────────────────────────────────────────────────────────────

test("a connection has as many subscriptions as it is given, and a user as many over all", async () => {
  const limits = { subscriptionsPerConnection: 3, subscriptionsPerUser: 5 };
  const app = await startApp({ limits, metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  const [first, second] = [await alice.connect(), await alice.connect()];
  const open = (socket: Socket) => times(10, () => socket.subscribe("subscription { typing { typing } }"));
  const streams = [...open(first), ...open(second)];
  await Promise.all([first.ask(VIEWER), second.ask(VIEWER)]);
  const refused = streams.filter(({ waiting }) => waiting.length > 0);
  expect(refused).toHaveLength(15);
  for (const { waiting } of refused) {
    expect(waiting).toMatchObject([{ errors: [{ extensions: { code: "RATE_LIMITED" } }] }]);
  }
  expect(await gauge(app, "subscriptions")).toBe(5);
  expect((await openSse(alice, NEW_MESSAGE)).response.status).toBe(429);
  await bob.goOnline();
  await first.cut();
  await expect.poll(() => gauge(app, "subscriptions")).toBe(4);
  expect((await openSse(alice, NEW_MESSAGE)).response.status).toBe(200);
  expect(await refusals(app)).toEqual({ RATE_LIMITED: 16 });
});

test("a subscription that is completed or refused gives its place back", async () => {
  const app = await startApp({ limits: { subscriptionsPerConnection: 1 } });
  const alice = await app.person("alice");
  const socket = await alice.connect();
  for (let round = 0; round < 5; round += 1) {
    await socket.ask('subscription { newMessage(since: "?") { cursor } }');
    await socket.ask(VIEWER);
    const stream = socket.subscribe("subscription { typing { typing } }");
    await socket.ask(VIEWER);
    expect(stream.waiting).toEqual([]);
    stream.stop();
    await socket.ask(VIEWER);
  }
});

test("a socket has as many operations under way as it is given", async () => {
  const app = await startApp({ limits: { operationsPerConnection: 5 }, metricsPort: 0 });
  const [alice] = await app.people("alice", "bob");
  const socket = await alice.connect();
  const answers = await Promise.all(
    times(50, () => socket.ask('mutation { pinConversation(input: { peer: "bob" }) { conversation { id } } }')),
  );
  const refused = answers.filter(({ errors }) => errors?.[0]?.extensions?.code === "RATE_LIMITED");
  expect(refused.length).toBeGreaterThan(0);
  expect(await refusals(app)).toEqual({ RATE_LIMITED: refused.length });
  expect((await socket.ask(VIEWER)).data).toEqual({ viewer: { id: "alice" } });
});

// ── sizes ───────────────────────────────────────────────────────────────────────────────────────

test("frames, bodies and documents have the sizes that they are given", async () => {
  const app = await startApp({
    limits: { frameBytes: 2_048, bodyBytes: 4_096, documentTokens: 100 },
    metricsPort: 0,
  });
  const alice = await app.person("alice");
  const socket = await alice.connect();
  expect((await socket.ask(`${VIEWER} ${"#".repeat(1_500)}`)).data).toEqual({ viewer: { id: "alice" } });
  socket.raw("x".repeat(2_049));
  expect((await socket.closed).code).toBe(1009);
  const body = (size: number) => JSON.stringify({ query: `${VIEWER} ${"#".repeat(size)}` });
  expect((await post(app, { token: alice.token }, body(3_000))).status).toBe(200);
  expect((await post(app, { token: alice.token }, body(4_096))).status).toBe(413);
  const fields = (count: number) => `{ ${"__typename ".repeat(count)} }`;
  expect((await alice.ask(fields(98))).data).toBeDefined();
  expect(await alice.refusal(fields(99))).toBe("QUERY_TOO_COMPLEX");
  expect(await refusals(app)).toEqual({ frame_too_big: 1, body_too_big: 1, QUERY_TOO_COMPLEX: 1 });
});

test("who does not read is cut off after as long, or with as much unread, as is given", async () => {
  const app = await startApp({ limits: { unreadBytes: 65_536, slowReaderMs: 60_000 }, metricsPort: 0 });
  const alice = await app.person("alice");
  const flood = await alice.connect();
  flood.pause();
  const ping = JSON.stringify({ type: "ping", payload: { filler: "x".repeat(100_000) } });
  for (let count = 0; count < 200; count += 1) flood.raw(ping);
  await app.untilLogged('"reason":"tooSlow"');
  expect(await refusals(app)).toEqual({ unread_bytes: 1 });

  const slow = await startApp({ limits: { slowReaderMs: 100 }, metricsPort: 0 });
  const stuck = await (await slow.person("alice")).connect();
  stuck.pause();
  for (let count = 0; count < 100; count += 1) stuck.raw(ping);
  await slow.untilLogged('"reason":"tooSlow"');
  expect(await refusals(slow)).toEqual({ slow_reader: 1 });
});

// ── metrics ─────────────────────────────────────────────────────────────────────────────────────

test("every reason is there from the start, and none is counted for what was answered", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice, bob] = await app.people("alice", "bob");
  await bob.sync();
  await alice.send("bob", "hello");
  const counts = await metric(app, "parley_refusals_total");
  expect(Object.keys(counts).toSorted()).toEqual(REFUSAL_REASONS.toSorted());
  expect(await refusals(app)).toEqual({});
});

test("each refusal of an operation counts once under its code, as data, as an error and in a stream", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice] = await app.people("alice", "bob");
  const socket = await alice.connect();
  await alice.trySend("nobody", "hello");
  await alice.ask("{ settings { friendsOnly } }");
  await socket.ask("{ settings { friendsOnly } }");
  await alice.ask("{ nonsense }");
  await socket.ask("{ nonsense }");
  await alice.ask("{ viewer {");
  await socket.ask("{ viewer {");
  await socket.ask('subscription { newMessage(since: "?") { cursor } }');
  await post(app, { token: "forged" });
  await (await openSse(alice, 'subscription { messageUpdated(since: "?") { cursor } }')).next();
  expect(await refusals(app)).toEqual({
    RECIPIENT_NOT_FOUND: 1,
    FORBIDDEN: 2,
    GRAPHQL_VALIDATION_FAILED: 2,
    GRAPHQL_PARSE_FAILED: 2,
    BAD_USER_INPUT: 2,
    UNAUTHENTICATED: 1,
  });
});

test("who comes from a page that is not allowed, breaks the protocol, or answers no ping, is counted too", async () => {
  const app = await startApp({ allowedOrigins: ["https://chat.example.com"], metricsPort: 0 });
  await refusedUpgrade(app, { headers: { origin: "https://evil.example.com" } });
  const wire = await dial(app);
  wire.send("?");
  await wire.closed;
  const outOfPlace = await dial(app);
  outOfPlace.send({ type: "connection_ack" });
  await outOfPlace.closed;
  expect(await refusals(app)).toEqual({ origin: 1, protocol: 2 });

  const other = await startApp({ keepAliveMs: 50, metricsPort: 0 });
  const silent = new WebSocket(other.url.replace("http", "ws"), "graphql-transport-ws", { autoPong: false });
  onTestFinished(() => silent.terminate());
  await new Promise((resolve) => silent.on("close", resolve));
  expect(await refusals(other)).toEqual({ silent: 1 });
});
