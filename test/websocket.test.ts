import { once } from "node:events";
import { connect, type Socket as NetSocket } from "node:net";
import { createClient } from "graphql-ws";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { type App, startApp, texts } from "./support/app.ts";
import { HOUR, SECOND } from "./support/clock.ts";
import { type Data, Socket } from "./support/socket.ts";
import { dial, refusedUpgrade, Wire } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";
const NEW_MESSAGE = "subscription { newMessage { source message { content { summary } } } }";
const SEND = `mutation Send($to: ID!, $text: String!) {
  sendMessage(input: { to: $to, content: { text: { text: $text } } }) {
    ... on SendMessageSuccess { message { id content { summary } } }
    ... on SendMessageError { code field }
  }
}`;

async function authenticated(app: App, user = "alice"): Promise<Wire> {
  return (await dial(app)).init(await app.token(user));
}

/** Waits for one frame of an operation, past those of others. */
async function frameOf(wire: Wire, id: string) {
  for (;;) {
    const frame = await wire.next();
    if (frame.id === id) return frame;
  }
}

/** The connection below a socket, for bytes that are no frame. */
function rawStreamOf(wire: Wire): NetSocket {
  const { _socket: stream } = wire.socket as unknown as { _socket: NetSocket };
  return stream;
}

/** The first bytes of a frame from a client, with a mask of zeros. */
function frameHead(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, 0x80 | length, 0, 0, 0, 0]);
  const head = Buffer.alloc(14);
  head[0] = first;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** Whether the socket still answers. */
async function answers(wire: Wire): Promise<boolean> {
  wire.subscribe("are-you-there", VIEWER);
  const { type } = await frameOf(wire, "are-you-there");
  await frameOf(wire, "are-you-there");
  return type === "next";
}

test("who was refused an upgrade and stays connected does not hold up a stop", async () => {
  const app = await startApp();
  const stranger = connect({ port: app.port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void stranger.destroy());
  stranger.write(
    "GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nmore that nobody reads",
  );
  const [answer] = await once(stranger, "data");
  expect(String(answer)).toMatch(/^HTTP\/1.1 404 /);
  await app.stop();
});

test("queries, mutations and subscriptions run on one socket", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const { socket, messages } = await (await alice.login("laptop", "WEB")).sync();
  const phone = await alice.login("phone", "IOS");
  expect((await socket.ask(VIEWER)).data).toEqual({ viewer: { id: "alice" } });
  expect((await socket.ask(SEND, { to: "bob", text: "over the socket" })).data?.sendMessage.message).toMatchObject({
    content: { summary: "over the socket" },
  });
  await phone.send("bob", "from the phone");
  expect(texts([await messages.next()])).toEqual(["from the phone"]);
});

test.each<[string, object | undefined]>([
  ["without parameters", undefined],
  ["with empty parameters", {}],
  ["with an empty authorization", { authorization: "" }],
  ["with an authorization that is no text", { authorization: { Bearer: "x" } }],
  ["with a token in another place", { token: "x" }],
  ["with a forged token", { authorization: "Bearer a.b.c" }],
])("a connection_init %s is closed with 4403", async (_, payload) => {
  const app = await startApp();
  const wire = await dial(app);
  wire.send({ type: "connection_init", ...(payload === undefined ? {} : { payload }) });
  expect((await wire.closed).code).toBe(4403);
});

test("a connection_init with an expired token is closed with 4403", async () => {
  const app = await startApp();
  const token = await app.token("alice", { expiresIn: SECOND });
  app.clock.advance(SECOND);
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  expect((await wire.closed).code).toBe(4403);
});

test("a connection_init with the token of an ended session is closed with 4401", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  await phone.get("mutation { logout { deviceId } }");
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${phone.token}` } });
  expect((await wire.closed).code).toBe(4401);
});

test("the parameter may be written as the header is", async () => {
  const app = await startApp();
  const socket = new Socket(app.url, { Authorization: `Bearer ${await app.token("alice")}` });
  onTestFinished(() => socket.cut());
  await socket.opened;
  expect((await socket.ask(VIEWER)).data).toEqual({ viewer: { id: "alice" } });
});

test("who opens a socket and says nothing is closed with 4408", async () => {
  const app = await startApp();
  expect((await (await dial(app)).closed).code).toBe(4408);
});

test("a second connection_init is closed with 4429", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${await app.token("bob")}` } });
  expect((await wire.closed).code).toBe(4429);
});

test("an operation before the acknowledgement is closed with 4401 and does not run", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${alice.token}` } });
  wire.subscribe("1", SEND, { to: "bob", text: "too early" });
  expect((await wire.closed).code).toBe(4401);
  expect(await alice.history("bob")).toEqual([]);
});

test("an operation id that is in use is closed with 4409", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  wire.subscribe("1", NEW_MESSAGE);
  wire.subscribe("1", NEW_MESSAGE);
  expect((await wire.closed).code).toBe(4409);
});

test("an operation id may be used again once its operation is over", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  for (let round = 0; round < 3; round += 1) {
    wire.subscribe("same", VIEWER);
    expect(await wire.next()).toMatchObject({
      id: "same",
      type: "next",
      payload: { data: { viewer: { id: "alice" } } },
    });
    expect(await wire.next()).toEqual({ id: "same", type: "complete" });
  }
  wire.subscribe("same", "{ nonsense }");
  expect(await wire.next()).toMatchObject({ id: "same", type: "error" });
  wire.subscribe("same", VIEWER);
  expect(await wire.next()).toMatchObject({ id: "same", type: "next" });
});

test("an operation id is free as soon as the client has completed its operation", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const wire = await authenticated(app);
  for (let round = 0; round < 20; round += 1) {
    wire.subscribe("same", NEW_MESSAGE);
    wire.send({ id: "same", type: "complete" });
  }
  wire.subscribe("same", NEW_MESSAGE);
  expect(await answers(wire)).toBe(true);
  await bob.send("alice", "to the last one");
  expect((await frameOf(wire, "same")).payload.data.newMessage.message.content.summary).toBe("to the last one");
  wire.subscribe("last", VIEWER);
  expect((await wire.next()).id).toBe("last");
});

test("what the client completes is not answered; a send that has begun is done", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const wire = await (await dial(app)).init(alice.token);
  wire.subscribe("1", SEND, { to: "bob", text: "on its way" });
  wire.send({ id: "1", type: "complete" });
  wire.subscribe("2", SEND, { to: "bob", text: "behind it" });
  expect(await wire.next()).toMatchObject({ id: "2", type: "next" });
  expect(await wire.next()).toEqual({ id: "2", type: "complete" });
  expect(texts(await alice.history("bob"))).toEqual(["on its way", "behind it"]);
});

test.each<[string, string]>([
  ["no JSON", "hello"],
  ["half of a JSON text", '{"type":"subscribe","id":'],
  ["null", "null"],
  ["a number", "7"],
  ["a list", "[]"],
  ["an unknown type", '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}'],
  ["a connection_ack, which is the server's to send", '{"type":"connection_ack"}'],
  ["a next, which is the server's to send", '{"type":"next","id":"1","payload":{"data":{}}}'],
  ["a subscribe without id", '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
  ["a subscribe without payload", '{"type":"subscribe","id":"1"}'],
  ["a query that is no text", '{"type":"subscribe","id":"1","payload":{"query":7}}'],
  ["variables that are a list", '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":"x"}}'],
  ["JSON that is nested 30,000 deep", `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
])("a frame that is %s is closed with 4400, and the server goes on", async (_, text) => {
  const app = await startApp();
  const wire = await authenticated(app);
  wire.send(text);
  expect((await wire.closed).code).toBe(4400);
  expect(await answers(await authenticated(app))).toBe(true);
  expect(app.logged).not.toContain('"level":50');
});

test("a frame that is no UTF-8 is closed with 1007, and is one line in the log", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  wire.socket.send(Buffer.from([0xff, 0xfe, 0x22]), { binary: false });
  expect((await wire.closed).code).toBe(1007);
  expect(app.logged.match(/a socket broke the protocol/g)).toHaveLength(1);
});

test("a frame over 128 KiB is closed with 1009; one just under it is taken", async () => {
  const app = await startApp();
  const pad = "#".repeat(128 * 1024 - 200);
  const wire = await authenticated(app);
  wire.subscribe("1", `${VIEWER} ${pad}`);
  expect(await wire.next()).toMatchObject({ id: "1", type: "next" });
  wire.subscribe("2", `${VIEWER} ${pad}${"#".repeat(200)}`);
  const closed = await wire.closed;
  expect(closed.code).toBe(1009);
});

test("a frame that announces 100 MB is closed with 1009 before they come", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  const stream = rawStreamOf(wire);
  stream.write(frameHead(0x81, 100_000_000));
  expect((await wire.closed).code).toBe(1009);
});

test("a frame in pieces of one byte is put together; too much of that is closed", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  const text = JSON.stringify({ id: "1", type: "subscribe", payload: { query: VIEWER } });
  for (let at = 0; at < text.length; at += 1) wire.socket.send(text.charAt(at), { fin: at === text.length - 1 });
  expect(await wire.next()).toMatchObject({ id: "1", type: "next", payload: { data: { viewer: { id: "alice" } } } });
  const flood = await authenticated(app);
  flood.socket.send(" ", { fin: false });
  for (let count = 0; count < 20_000; count += 1) flood.socket.send(" ", { fin: false });
  expect((await flood.closed).code).toBe(1008);
  expect(await answers(wire)).toBe(true);
});

test("a binary frame is read as text", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  const frame = { id: "1", type: "subscribe", payload: { query: VIEWER } };
  wire.socket.send(Buffer.from(JSON.stringify(frame)), { binary: true });
  expect(await wire.next()).toMatchObject({ id: "1", type: "next" });
  wire.socket.send(Buffer.from([0xff, 0xfe, 0x00]), { binary: true });
  expect((await wire.closed).code).toBe(4400);
});

test.each<[string, Buffer]>([
  ["with a reserved bit", Buffer.concat([frameHead(0xc1, 2), Buffer.from("{}")])],
  ["of an unknown kind", Buffer.concat([frameHead(0x83, 2), Buffer.from("{}")])],
  ["without a mask", Buffer.from([0x81, 2, 0x7b, 0x7d])],
  ["that goes on with nothing", Buffer.concat([frameHead(0x80, 2), Buffer.from("{}")])],
  ["that is a ping in pieces", Buffer.concat([frameHead(0x09, 2), Buffer.from("{}")])],
])("a frame %s is closed with 1002", async (_, bytes) => {
  const app = await startApp();
  const wire = await authenticated(app);
  rawStreamOf(wire).write(bytes);
  expect((await wire.closed).code).toBe(1002);
  expect(await answers(await authenticated(app, "bob"))).toBe(true);
});

test("20,000 subscriptions on one socket: 50 run, each of the others is refused", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const wire = await authenticated(app);
  const refused = new Set<string>();
  for (let count = 0; count < 20_000; count += 1) wire.subscribe(`s${count}`, NEW_MESSAGE);
  while (refused.size < 19_950) {
    const { id, type, payload } = await wire.next();
    expect([type, payload[0].extensions.code]).toEqual(["error", "RATE_LIMITED"]);
    refused.add(id);
  }
  await bob.send("alice", "to those that run");
  const running = new Set<string>();
  while (running.size < 50) {
    const { id, type } = await wire.next();
    expect(type).toBe("next");
    running.add(id);
  }
  expect([...running].filter((id) => refused.has(id))).toEqual([]);
  expect(app.server.engine.connections.count).toBe(1);
});

test("who never answers a ping is cut off, and who does is not", async () => {
  const app = await startApp({ keepAliveMs: 100 });
  const good = await authenticated(app, "bob");
  const silent = new WebSocket(app.url.replace("http", "ws"), "graphql-transport-ws", { autoPong: false });
  onTestFinished(() => silent.terminate());
  const closed = new Promise((resolve) => silent.on("close", resolve));
  const wire = new Wire(silent);
  await new Promise((resolve) => silent.on("open", resolve));
  await wire.init(await app.token("alice"));
  expect(app.server.engine.connections.count).toBe(2);
  expect(await closed).toBe(1006);
  expect(await answers(good)).toBe(true);
  await expect.poll(() => app.server.engine.connections.count).toBe(1);
});

test("a message of 12 KiB fits through, however much of it is escaped", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const text = "\u0001".repeat(12 * 1024);
  const { data } = await (await alice.connect()).ask(SEND, { to: "bob", text });
  expect(data?.sendMessage.message.content.summary).toBeDefined();
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "0", "😀", "x".repeat(1_000)])(
  "the operation id %j is as good as another",
  async (id) => {
    const app = await startApp();
    const wire = await authenticated(app);
    wire.subscribe(id, VIEWER);
    expect(await wire.next()).toMatchObject({ id, type: "next", payload: { data: { viewer: { id: "alice" } } } });
    expect(await wire.next()).toEqual({ id, type: "complete" });
    wire.subscribe("after", VIEWER);
    expect(await wire.next()).toMatchObject({ id: "after", type: "next" });
  },
);

test("complete of an operation that is not there does nothing", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  for (const id of ["unknown", "__proto__", "constructor"]) wire.send({ id, type: "complete" });
  expect(await answers(wire)).toBe(true);
});

test("a ping is answered with a pong, also before the connection_init", async () => {
  const app = await startApp();
  const wire = await dial(app);
  wire.send({ type: "ping", payload: { at: 1 } });
  expect(await wire.next()).toMatchObject({ type: "pong", payload: { at: 1 } });
  await wire.init(await app.token("alice"));
  wire.send({ type: "ping" });
  expect((await wire.next()).type).toBe("pong");
});

test.each(["graphql-ws", "chat"])("a socket that offers only the protocol %s does not open", async (protocol) => {
  const app = await startApp();
  await expect(dial(app, { protocols: [protocol] })).rejects.toThrow();
  expect(await answers(await authenticated(app))).toBe(true);
});

test("a socket that names no protocol is closed with 4406", async () => {
  const app = await startApp();
  expect((await (await dial(app, { protocols: [] })).closed).code).toBe(4406);
});

test("a socket on another path is refused with 404", async () => {
  const app = await startApp();
  for (const path of ["/", "/graphql/", "/subscriptions", "//"]) {
    expect(await refusedUpgrade(app, { path })).toBe(404);
  }
});

test("a query behind the path is no other path", async () => {
  const app = await startApp();
  expect(await answers(await (await dial(app, { path: "/graphql?from=here" })).init(await app.token("alice")))).toBe(
    true,
  );
});

test("with allowed origins, browsers from elsewhere are refused with 403", async () => {
  const app = await startApp({ allowedOrigins: ["https://chat.example.com"] });
  for (const origin of [
    "https://evil.example.com",
    "http://chat.example.com",
    "https://chat.example.com.evil.com",
    "null",
  ]) {
    expect(await refusedUpgrade(app, { headers: { origin } })).toBe(403);
  }
  for (const headers of [{ origin: "https://chat.example.com" }, undefined]) {
    const wire = await dial(app, headers === undefined ? {} : { headers });
    expect(await answers(await wire.init(await app.token("alice")))).toBe(true);
  }
});

test("without allowed origins, any page may connect: nothing but the token lets it in", async () => {
  const app = await startApp();
  const wire = await dial(app, { headers: { origin: "https://anywhere.example.com" } });
  expect(await answers(await wire.init(await app.token("alice")))).toBe(true);
});

test("operations of one socket run side by side", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const wire = await (await dial(app)).init(alice.token);
  wire.subscribe("typing", "subscription { typing { typing user { id } } }");
  wire.subscribe("messages", NEW_MESSAGE);
  wire.subscribe("who", VIEWER);
  expect((await frameOf(wire, "who")).payload.data.viewer.id).toBe("alice");
  await bob.send("alice", "hello");
  expect((await frameOf(wire, "messages")).payload.data.newMessage.message.content.summary).toBe("hello");
  await bob.get('mutation { setTyping(input: { peer: "alice" }) { typing } }');
  expect((await frameOf(wire, "typing")).payload.data.typing).toEqual({ typing: true, user: { id: "bob" } });
  wire.send({ id: "typing", type: "complete" });
  await bob.send("alice", "again");
  expect((await frameOf(wire, "messages")).payload.data.newMessage.message.content.summary).toBe("again");
});

test("a subscription that the client completes hands over nothing more", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const wire = await (await dial(app)).init(alice.token);
  wire.subscribe("first", NEW_MESSAGE);
  wire.subscribe("second", NEW_MESSAGE);
  await bob.send("alice", "one");
  const both = [await wire.next(), await wire.next()];
  expect(new Set(both.map(({ id }) => id))).toEqual(new Set(["first", "second"]));
  wire.send({ id: "first", type: "complete" });
  expect(await answers(wire)).toBe(true);
  await bob.send("alice", "two");
  expect(await wire.next()).toMatchObject({ id: "second" });
  expect(await answers(wire)).toBe(true);
});

const deep = `{ viewer ${"{ id viewer ".repeat(30)} ${"}".repeat(30)} }`;

test.each<[string, string, object, string]>([
  ["a syntax error", "{ viewer {", {}, "GRAPHQL_PARSE_FAILED"],
  ["an empty document", "", {}, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", "{ nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"],
  ["an over-complex document", deep, {}, "QUERY_TOO_COMPLEX"],
  ["a literal of the wrong type", "{ user(id: { a: 1 }) { id } }", {}, "BAD_USER_INPUT"],
  ["a variable of the wrong type", "query ($id: ID!) { user(id: $id) { id } }", { id: [1] }, "BAD_USER_INPUT"],
  ["a missing variable", "query ($id: ID!) { user(id: $id) { id } }", {}, "BAD_USER_INPUT"],
  ["a refusal of the engine", "{ settings { friendsOnly } }", {}, "FORBIDDEN"],
  ["a refused subscription", 'subscription { newMessage(since: "x") { cursor } }', {}, "BAD_USER_INPUT"],
])("%s answers on its own operation and leaves the others alone", async (_, query, variables, code) => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const wire = await (await dial(app)).init(alice.token);
  wire.subscribe("messages", NEW_MESSAGE);
  wire.subscribe("wrong", query, variables);
  const { type, payload } = await frameOf(wire, "wrong");
  const errors = type === "error" ? payload : payload.errors;
  expect(errors).toMatchObject([{ extensions: { code } }]);
  expect(Object.keys(errors[0].extensions)).not.toContain("http");
  await bob.send("alice", "still here");
  expect((await frameOf(wire, "messages")).payload.data.newMessage.message.content.summary).toBe("still here");
});

test.each([
  ["skipped", "subscription { refresh @skip(if: true) { cursor } }"],
  ["left out", "subscription { refresh @include(if: false) { cursor } }"],
  ["skipped by variable", "subscription ($no: Boolean = true) { refresh @skip(if: $no) { cursor } }"],
  ["skipped by a variable that is not given", "subscription ($no: Boolean!) { refresh @skip(if: $no) { cursor } }"],
  ["skipped in a fragment", "subscription { ...F } fragment F on Subscription { refresh @skip(if: true) { cursor } }"],
  ["skipped with its fragment", "subscription { ... @skip(if: true) { refresh { cursor } } }"],
])("a subscription whose field is %s is GRAPHQL_VALIDATION_FAILED, and the socket goes on", async (_, query) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const socket = await alice.connect();
  expect((await socket.ask(query)).errors?.map(({ extensions }) => extensions?.code)).toEqual([
    "GRAPHQL_VALIDATION_FAILED",
  ]);
  expect((await alice.ask(query)).errors?.map(({ extensions }) => extensions?.code)).toEqual([
    "GRAPHQL_VALIDATION_FAILED",
  ]);
  expect((await socket.ask(VIEWER)).data).toEqual({ viewer: { id: "alice" } });
});

test("an operation name that the document does not have is refused on its operation", async () => {
  const app = await startApp();
  const wire = await authenticated(app);
  for (const payload of [
    { query: "query A { viewer { id } } query B { viewer { id } }" },
    { query: "query A { viewer { id } }", operationName: "B" },
  ]) {
    wire.send({ id: "1", type: "subscribe", payload });
    const { type, payload: errors } = await frameOf(wire, "1");
    expect(type).toBe("error");
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  }
  expect(await answers(wire)).toBe(true);
});

test("more than 50 subscriptions on a socket are refused with RATE_LIMITED, one by one", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const wire = await authenticated(app);
  for (let count = 0; count < 50; count += 1) wire.subscribe(`s${count}`, NEW_MESSAGE);
  wire.subscribe("one too many", NEW_MESSAGE);
  const refused = await wire.next();
  expect(refused).toMatchObject({
    id: "one too many",
    type: "error",
    payload: [{ extensions: { code: "RATE_LIMITED" } }],
  });
  await bob.send("alice", "to all of them");
  const seen = new Set<string>();
  while (seen.size < 50) seen.add((await wire.next()).id);
  wire.send({ id: "s0", type: "complete" });
  wire.subscribe("in its place", VIEWER);
  expect(await frameOf(wire, "in its place")).toMatchObject({ type: "next" });
});

test("closing the app closes sockets with 1012, so that clients come back", async () => {
  const app = await startApp();
  const { socket, messages } = await (await app.person("alice")).sync();
  await app.stop();
  expect(await socket.closed).toEqual({ code: 1012, reason: "Server restarting" });
  expect(await messages.over()).toBe("closed with 1012");
});

test("a socket that has not authenticated is closed on stop too", async () => {
  const app = await startApp();
  const wire = await dial(app);
  await app.stop();
  expect((await wire.closed).code).toBe(1012);
});

test("graphql-ws's own client runs a query, a mutation and a subscription", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const client = createClient({
    url: app.url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${bob.token}` },
  });
  onTestFinished(() => client.dispose());
  expect(await client.iterate({ query: VIEWER }).next()).toMatchObject({ value: { data: { viewer: { id: "bob" } } } });
  const events = client.iterate({ query: NEW_MESSAGE });
  const variables = { to: "alice", text: "hi alice" };
  expect(await client.iterate({ query: SEND, variables }).next()).toMatchObject({
    value: { data: { sendMessage: { message: { content: { summary: "hi alice" } } } } },
  });
  await alice.send("bob", "hi bob");
  expect(await events.next()).toMatchObject({
    value: { data: { newMessage: { message: { content: { summary: "hi bob" } } } } },
  });
});

test("graphql-ws's own client comes back with a fresh token after 4403, and misses nothing", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  let logins = 0;
  const client = createClient({
    url: app.url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    retryWait: async () => {},
    connectionParams: async () => {
      logins += 1;
      return { authorization: `Bearer ${await app.token("bob", { expiresIn: HOUR })}` };
    },
  });
  onTestFinished(() => client.dispose());
  const events = client.iterate<Data>({ query: NEW_MESSAGE });
  const summaryOf = ({ value }: Awaited<ReturnType<typeof events.next>>) =>
    value.data.newMessage.message.content.summary;
  await alice.send("bob", "before");
  expect(summaryOf(await events.next())).toBe("before");
  app.clock.advance(HOUR);
  await (await app.person("alice")).send("bob", "after");
  // Nothing was acknowledged, so what was handed over comes again.
  const seen: string[] = [];
  while (!seen.includes("after")) seen.push(summaryOf(await events.next()));
  expect(seen).toEqual(["before", "after"]);
  expect(logins).toBe(2);
});

test("graphql-ws's own client stays away once its session has ended", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const client = createClient({
    url: app.url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${phone.token}` },
  });
  onTestFinished(() => client.dispose());
  const connected = new Promise((resolve) => client.on("connected", resolve));
  const ended = client.iterate({ query: NEW_MESSAGE }).next();
  await connected;
  await phone.get("mutation { logout { deviceId } }");
  await expect(ended).rejects.toMatchObject({ code: 4401 });
});
