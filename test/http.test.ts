import { rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { constants } from "node:zlib";
import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, type Person, startApp } from "./support/app.ts";
import type { Data } from "./support/socket.ts";

const VIEWER = "{ viewer { id } }";
const SEND = `mutation Send($to: ID!, $text: String!) {
  sendMessage(input: { to: $to, content: { text: { text: $text } } }) {
    ... on SendMessageSuccess { message { id } }
    ... on SendMessageError { code }
  }
}`;

interface Answer {
  status: number;
  headers: Headers;
  body: Data;
}

/** Posts a body as it is. */
async function post(person: Person, body: BodyInit, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(person.app.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${person.token}`, ...headers },
    body,
  });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
}

function codesOf(answer: Answer): string[] {
  return answer.body.errors?.map((error: Data) => error.extensions?.code);
}

describe("graphql-http's audit", () => {
  const app = new App({});
  beforeAll(() => app.start());
  afterAll(async () => {
    await app.stop();
    rmSync(app.dataFolder, { recursive: true, force: true });
  });
  const audits = serverAudits({ url: () => app.url });

  test("has the rules that we know of", () => {
    expect(audits).toHaveLength(61);
  });

  test.each(audits)("$id: $name", async (audit) => {
    expect(await audit.fn()).toMatchObject({ status: "ok" });
  });
});

test("a query may come by GET, a mutation may not", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const get = (query: string, variables: object) => {
    const url = `${app.url}?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(JSON.stringify(variables))}`;
    return fetch(url, { headers: { authorization: `Bearer ${alice.token}`, accept: "application/json" } });
  };
  expect(await (await get(VIEWER, {})).json()).toEqual({ data: { viewer: { id: "alice" } } });
  const refused = await get(SEND, { to: "bob", text: "by GET" });
  expect(refused.status).toBe(405);
  expect(refused.headers.get("allow")).toBe("POST");
  expect(await bob.conversations()).toEqual([]);
});

test.each([
  ["a form", "application/x-www-form-urlencoded", new URLSearchParams({ query: VIEWER }).toString()],
  ["plain text", "text/plain", JSON.stringify({ query: VIEWER })],
  ["plain text that says json", "text/plain; application/json", JSON.stringify({ query: VIEWER })],
  ["GraphQL itself", "application/graphql", VIEWER],
  ["no type", "", JSON.stringify({ query: VIEWER })],
])("a POST of %s is refused with 415", async (_, type, body) => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect((await post(alice, body, { "content-type": type })).status).toBe(415);
});

test("a multipart POST is refused with 415", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const form = new FormData();
  form.set("operations", JSON.stringify({ query: VIEWER }));
  form.set("map", "{}");
  const headers = { authorization: `Bearer ${alice.token}` };
  expect((await fetch(app.url, { method: "POST", headers, body: form })).status).toBe(415);
});

test("a charset behind the media type does no harm", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answer = await post(alice, JSON.stringify({ query: VIEWER }), {
    "content-type": "application/json; charset=utf-8",
  });
  expect(answer.body).toEqual({ data: { viewer: { id: "alice" } } });
});

test("a body over 256 KiB is refused with 413, one just under it is answered", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const body = (size: number) => {
    const empty = JSON.stringify({ query: VIEWER, extensions: { pad: "" } }).length;
    return JSON.stringify({ query: VIEWER, extensions: { pad: "x".repeat(size - empty) } });
  };
  expect((await post(alice, body(256 * 1024))).status).toBe(200);
  expect((await post(alice, body(256 * 1024 + 1))).status).toBe(413);
});

/** Sends a POST of this length in pieces, without a Content-Length, until the server answers. */
function postEndlessly(app: App, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const outgoing = request(app.url, { method: "POST", headers }, (response) => {
      resolve(response.statusCode ?? 0);
      outgoing.destroy();
    });
    outgoing.on("error", reject);
    const piece = Buffer.alloc(16 * 1024, " ");
    const more = () => {
      if (!outgoing.destroyed) outgoing.write(piece, more);
    };
    more();
  });
}

test("a body in pieces without end is refused with 413 once it is too long", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await postEndlessly(app, alice.token)).toBe(413);
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

/** Sends bytes as they are on a connection of their own, says nothing more, and gives all that comes back. */
function talk(app: App, ...pieces: string[]): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(pieces.join("\r\n")));
    let text = "";
    socket.on("data", (data) => {
      text += String(data);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

test.each<[string, (body: string) => string[], RegExp]>([
  ["longer than its body", (body) => [`Content-Length: ${body.length + 9}`, "", body], /^$|^HTTP\/1\.1 400 /],
  ["shorter than its body", (body) => [`Content-Length: ${body.length - 9}`, "", body], /^HTTP\/1\.1 400 /],
  ["negative", (body) => ["Content-Length: -1", "", body], /^HTTP\/1\.1 400 /],
  ["no number", (body) => ["Content-Length: 1e2", "", body], /^HTTP\/1\.1 400 /],
  ["two numbers", (body) => ["Content-Length: 1", `Content-Length: ${body.length}`, "", body], /^HTTP\/1\.1 400 /],
  ["20 MB, before a byte of it", () => ["Content-Length: 20000000", "", ""], /^HTTP\/1\.1 413 /],
  [
    "beside chunks",
    (body) => [`Content-Length: ${body.length}`, "Transfer-Encoding: chunked", "", body],
    /^HTTP\/1\.1 400 /,
  ],
  ["a chunk's, and wrong", (body) => ["Transfer-Encoding: chunked", "", "zz", body, "0", "", ""], /^HTTP\/1\.1 400 /],
])("a length that is %s is never answered with what the body asks for", async (_, rest, expected) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const head = [
    "POST /graphql HTTP/1.1",
    "Host: parley",
    "Content-Type: application/json",
    `Authorization: Bearer ${alice.token}`,
  ];
  const answer = await talk(app, ...head, ...rest(JSON.stringify({ query: VIEWER })));
  expect(answer).toMatch(expected);
  expect(answer).not.toContain("alice");
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

test("two operations and no name are BAD_USER_INPUT", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  for (const body of [
    { query: "query A { viewer { id } } query B { viewer { id } }" },
    { query: "query A { viewer { id } } query B { viewer { id } }", operationName: "C" },
    { query: "query A { viewer { id } } query B { viewer { id } }", operationName: "" },
  ]) {
    const answer = await post(alice, JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
  }
});

test("a few bytes that would unpack to 100 MB are refused as they are", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const { gzipSync, brotliCompressSync } = await import("node:zlib");
  const bomb = Buffer.from(`{"query":"{ viewer { id } }","extensions":{"x":"${" ".repeat(100_000_000)}"}}`);
  for (const [encoding, body] of [
    ["gzip", gzipSync(bomb)],
    ["br", brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ] as const) {
    expect(body.length).toBeLessThan(200_000);
    const answer = await post(alice, new Uint8Array(body), { "content-encoding": encoding });
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
  }
});

test("a compressed body is not unpacked", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const { gzipSync } = await import("node:zlib");
  const body = gzipSync(JSON.stringify({ query: VIEWER }));
  const answer = await post(alice, new Uint8Array(body), { "content-encoding": "gzip" });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

test.each(["/", "/graphql/", "/graphql/health", "/health", "/metrics", "/.env", "/GRAPHQL", "/livez/x"])(
  "there is nothing at %s",
  async (path) => {
    const app = await startApp();
    expect((await fetch(new URL(path, app.url))).status).toBe(404);
  },
);

test.each(["//", "//[", "http://[", "/%", "/graphql%00", "*", "?", "/../../etc/passwd"])(
  "the request target %s does no harm",
  async (target) => {
    const app = await startApp();
    const { hostname, port } = new URL(app.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      });
      let text = "";
      socket.on("data", (data) => {
        text += String(data);
      });
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect((await (await app.person("alice")).get(VIEWER)).viewer.id).toBe("alice");
  },
);

test.each(["PUT", "DELETE", "PATCH"])("%s is no way to ask", async (method) => {
  const app = await startApp();
  const response = await fetch(app.url, { method, body: JSON.stringify({ query: VIEWER }) });
  expect(response.status).toBe(405);
});

const wrongDocuments: [string, string, Data | undefined, string][] = [
  ["a syntax error", "{ viewer {", undefined, "GRAPHQL_PARSE_FAILED"],
  ["an unknown character", "{ viewer ☃ }", undefined, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", "{ nonsense }", undefined, "GRAPHQL_VALIDATION_FAILED"],
  ["an unknown argument", '{ viewer(name: "bob") { id } }', undefined, "GRAPHQL_VALIDATION_FAILED"],
  ["a literal of the wrong type", "{ user(id: { a: 1 }) { id } }", undefined, "BAD_USER_INPUT"],
  [
    "an unknown enum value",
    'mutation { login(input: { deviceId: "x", platform: TV }) { deviceId } }',
    undefined,
    "BAD_USER_INPUT",
  ],
  ["a variable of the wrong type", "query ($id: ID!) { user(id: $id) { id } }", { id: {} }, "BAD_USER_INPUT"],
  ["a missing variable", "query ($id: ID!) { user(id: $id) { id } }", undefined, "BAD_USER_INPUT"],
];

test.each(wrongDocuments)("%s has its code", async (_, query, variables, code) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answer = await post(alice, JSON.stringify({ query, variables }));
  expect(codesOf(answer)).toEqual([code]);
  expect(answer.body).not.toHaveProperty("data");
  const strict = await post(alice, JSON.stringify({ query, variables }), {
    accept: "application/graphql-response+json",
  });
  expect(strict.status).toBe(400);
  expect(codesOf(strict)).toEqual([code]);
});

test.each(wrongDocuments)("%s is the same when it came over a WebSocket first", async (_, query, variables, code) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const { errors } = await (await alice.connect()).ask(query, variables);
  expect(errors).toMatchObject([{ extensions: { code } }]);
  const answer = await post(alice, JSON.stringify({ query, variables }), {
    accept: "application/graphql-response+json",
  });
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual([code]);
});

test("an operation that could cost too much is 400 too", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const inner = "conversations(first: 100) { nodes { messages(first: 100) { nodes { id seq sentAt } } } }";
  const answer = await post(alice, JSON.stringify({ query: `{ ${inner} }` }), {
    accept: "application/graphql-response+json",
  });
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual(["QUERY_TOO_COMPLEX"]);
});

test("a bad token is 401 and UNAUTHENTICATED, no token is a refusal of the field", async () => {
  const app = await startApp();
  const headers = { "content-type": "application/json" };
  const ask = (more: object) =>
    fetch(app.url, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify({ query: VIEWER }) });
  const bad = await ask({ authorization: "Bearer x.y.z" });
  expect(bad.status).toBe(401);
  expect(await bad.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  const none = await ask({});
  expect(none.status).toBe(200);
  expect(await none.json()).toMatchObject({ data: null, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
});

test.each([
  ["an array of operations", JSON.stringify([{ query: VIEWER }, { query: VIEWER }])],
  ["an empty array", "[]"],
  ["null", "null"],
  ["a text", '"{ viewer { id } }"'],
  ["a number", "7"],
  ["a query that is no text", '{"query":["{ viewer { id } }"]}'],
  ["half of a JSON text", '{"query":"{ viewer'],
  ["nothing", ""],
  ["variables that are an array", JSON.stringify({ query: VIEWER, variables: [] })],
  ["variables that are a text", JSON.stringify({ query: VIEWER, variables: "{}" })],
  ["extensions that are a text", JSON.stringify({ query: VIEWER, extensions: "x" })],
  ["an operation name that is no text", JSON.stringify({ query: VIEWER, operationName: { a: 1 } })],
])("a body that is %s is refused with 400", async (_, body) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answer = await post(alice, body);
  expect(answer.status).toBe(400);
  expect(answer.body.data).toBeUndefined();
  expect(answer.body.errors).toHaveLength(1);
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
});

test.each([
  ["an object without a query", "{}"],
  ["a field that nobody knows", JSON.stringify({ query: VIEWER, extra: true })],
])("a body that holds %s is BAD_USER_INPUT", async (_, body) => {
  const app = await startApp();
  const answer = await post(await app.person("alice"), body, { accept: "application/graphql-response+json" });
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
});

test.each([
  ["null variables", '{"query":"{ viewer { id } }","variables":null}'],
  ["a variable named __proto__", '{"query":"{ viewer { id } }","variables":{"__proto__":{"role":"admin"}}}'],
  ["variables that nobody declared", '{"query":"{ viewer { id } }","variables":{"constructor":1,"x":[]}}'],
  ["a persisted query's hash", `{"query":"{ viewer { id } }","extensions":{"persistedQuery":{"sha256Hash":"?"}}}`],
])("%s changes nothing", async (_, body) => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect((await post(alice, body)).body).toEqual({ data: { viewer: { id: "alice" } } });
  expect(await alice.refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
});

test("bytes that are no UTF-8 become the replacement character, as everywhere on the web", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const body = Buffer.from(JSON.stringify({ query: SEND, variables: { to: "bob", text: "broken: ~" } }));
  body[body.indexOf("~")] = 0xff;
  await post(alice, new Uint8Array(body));
  expect((await bob.history("alice")).map(({ content }) => content.summary)).toEqual(["broken: \ufffd"]);
});

test("a body in UTF-16 is refused", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const body = new Uint8Array(Buffer.from(JSON.stringify({ query: VIEWER }), "utf16le"));
  const answer = await post(alice, body, { "content-type": "application/json; charset=utf-16" });
  expect(answer.status).toBe(400);
  expect(codesOf(answer)).toEqual(["BAD_USER_INPUT"]);
});

test("without allowed origins, no page of another origin may read an answer", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answer = await post(alice, JSON.stringify({ query: VIEWER }), { origin: "https://evil.example.com" });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  const preflight = await fetch(app.url, {
    method: "OPTIONS",
    headers: { origin: "https://evil.example.com", "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
});

test("with allowed origins, those may read and others may not; credentials are never asked for", async () => {
  const app = await startApp({ allowedOrigins: ["https://chat.example.com", "https://admin.example.com"] });
  const alice = await app.person("alice");
  for (const origin of ["https://chat.example.com", "https://admin.example.com"]) {
    const answer = await post(alice, JSON.stringify({ query: VIEWER }), { origin });
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("access-control-allow-credentials")).not.toBe("true");
    const preflight = await fetch(app.url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-allow-credentials")).not.toBe("true");
  }
  const foreign = await post(alice, JSON.stringify({ query: VIEWER }), { origin: "https://evil.example.com" });
  expect(foreign.headers.get("access-control-allow-origin")).not.toBe("https://evil.example.com");
  expect(foreign.headers.get("access-control-allow-origin")).not.toBe("*");
});

test("one field that is refused leaves the others their answers", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answer = await alice.ask("{ settings { friendsOnly } friends { nodes { id } } viewer { id } }");
  expect(answer.data).toEqual({ settings: null, friends: { nodes: [] }, viewer: { id: "alice" } });
  expect(answer.errors).toMatchObject([{ path: ["settings"], extensions: { code: "FORBIDDEN" } }]);
});

test("/livez and /readyz answer 200", async () => {
  const app = await startApp();
  for (const path of ["/livez", "/readyz"]) expect((await fetch(new URL(path, app.url))).status).toBe(200);
});
