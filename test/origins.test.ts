import { expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { everythingStored } from "./support/data.ts";
import { openSse } from "./support/sse.ts";
import { dial, refusedUpgrade } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";
const BLOCK = 'mutation Block { blockUser(input: { user: "bob" }) { blocked } }';
const KNOWN = ["https://chat.example.com", "https://admin.example.com"];
const FOREIGN = [
  "null",
  "https://evil.example.com",
  "http://chat.example.com",
  "https://chat.example.com:8443",
  "https://chat.example.com.evil.com",
  "https://evil.com/https://chat.example.com",
  "HTTPS://CHAT.EXAMPLE.COM",
];

interface Request {
  method?: string;
  origin?: string | undefined;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The headers of an answer that speak of origins. */
async function cors(person: Person, { method = "POST", origin, path = "", headers = {}, body }: Request) {
  const response = await fetch(`${person.app.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      "content-type": "application/json",
      ...(origin === undefined ? {} : { origin }),
      ...headers,
    },
    ...(method === "POST" ? { body: body ?? JSON.stringify({ query: VIEWER }) } : {}),
  });
  await response.text();
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith("access-control-")));
}

const preflight = {
  method: "OPTIONS",
  headers: { "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
};
const WAYS: [what: string, request: Request][] = [
  ["a POST", {}],
  ["a GET", { method: "GET", path: `?query=${encodeURIComponent(VIEWER)}` }],
  ["a preflight", preflight],
  ["an OPTIONS of its own", { method: "OPTIONS" }],
  ["a stream", { headers: { accept: "text/event-stream" } }],
  ["a refusal", { headers: { "content-type": "text/plain" } }],
  ["a bad token", { headers: { authorization: "Bearer x" } }],
  ["a broken body", { body: "{" }],
];

test.each(WAYS)("nothing is said of origins unless some are allowed: %s", async (_, request) => {
  const app = await startApp({ allowedOrigins: null });
  const alice = await app.person("alice");
  for (const origin of [undefined, ...KNOWN, ...FOREIGN]) expect(await cors(alice, { ...request, origin })).toEqual({});
});

test.each([
  ["one", KNOWN.slice(0, 1)],
  ["two", KNOWN],
] as const)(
  "with %s allowed, no other origin may read anything: null and those that look alike included",
  async (_, allowedOrigins) => {
    const app = await startApp({ allowedOrigins });
    const alice = await app.person("alice");
    for (const [, request] of WAYS) {
      for (const origin of FOREIGN) expect(await cors(alice, { ...request, origin }), origin).toEqual({});
    }
  },
);

test("no answer ever lets a page send cookies along", async () => {
  for (const allowedOrigins of [KNOWN.slice(0, 1), KNOWN, ["*"]]) {
    const app = await startApp({ allowedOrigins });
    const alice = await app.person("alice");
    for (const [, request] of WAYS) {
      for (const origin of [undefined, ...KNOWN, ...FOREIGN]) {
        expect(await cors(alice, { ...request, origin })).not.toHaveProperty("access-control-allow-credentials");
      }
    }
  }
});

test("a page of an allowed origin reads queries, refusals and streams", async () => {
  const app = await startApp({ allowedOrigins: KNOWN });
  const alice = await app.person("alice");
  for (const origin of KNOWN) {
    for (const request of [{}, preflight, { headers: { accept: "text/event-stream" } }, { body: "{" }]) {
      const headers = await cors(alice, { ...request, origin });
      expect(headers["access-control-allow-origin"], JSON.stringify(request)).toBe(origin);
    }
  }
});

test("a preflight does nothing but answer", async () => {
  const app = await startApp({ allowedOrigins: KNOWN });
  const [alice] = await app.people("alice", "bob");
  const before = everythingStored(app);
  const path = `?query=${encodeURIComponent(BLOCK)}`;
  for (const origin of [...KNOWN, "null"]) await cors(alice, { ...preflight, origin, path });
  expect(everythingStored(app)).toEqual(before);
});

test("a socket of the origin null is foreign where origins are allowed", async () => {
  const app = await startApp({ allowedOrigins: KNOWN });
  for (const origin of FOREIGN) expect(await refusedUpgrade(app, { headers: { origin } }), origin).toBe(403);
  for (const origin of KNOWN) (await dial(app, { headers: { origin } })).socket.close();
});

test("a socket from anywhere gets nowhere without a token of its own: there are no cookies to ride on", async () => {
  const app = await startApp();
  const wire = await dial(app, {
    headers: {
      origin: "https://evil.example.com",
      cookie: "token=x",
      authorization: `Bearer ${await app.token("alice")}`,
    },
  });
  wire.send({ type: "connection_init" });
  expect((await wire.closed).code).toBe(4403);
});

test("GraphiQL may be framed by nobody and says nothing of origins", async () => {
  const app = await startApp({ allowedOrigins: ["*"] });
  const response = await fetch(app.url, { headers: { accept: "text/html", origin: "https://evil.example.com" } });
  expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

// ── nothing is changed by a link or a form ──────────────────────────────────────────────────────

/** Each way in which a page can make a browser ask without asking it first, with a token as if it had one. */
const SIMPLE: [what: string, request: (app: App) => [url: string, init: RequestInit]][] = [
  ["a link", ({ url }) => [`${url}?query=${encodeURIComponent(BLOCK)}`, {}]],
  [
    "a link to one of two operations",
    ({ url }) => [`${url}?query=${encodeURIComponent(`query A ${VIEWER} ${BLOCK}`)}&operationName=Block`, {}],
  ],
  [
    "a link to a mutation among fragments",
    ({ url }) => [`${url}?query=${encodeURIComponent(`fragment F on User { id } ${BLOCK}`)}`, {}],
  ],
  ["a link, twice", ({ url }) => [`${url}?query=${encodeURIComponent(VIEWER)}&query=${encodeURIComponent(BLOCK)}`, {}]],
  [
    "an event source",
    ({ url }) => [`${url}?query=${encodeURIComponent(BLOCK)}`, { headers: { accept: "text/event-stream" } }],
  ],
  ["a look ahead", ({ url }) => [`${url}?query=${encodeURIComponent(BLOCK)}`, { method: "HEAD" }]],
  [
    "a link with a body",
    ({ url }) => [url, { method: "POST", headers: { "content-type": "" }, body: JSON.stringify({ query: BLOCK }) }],
  ],
  [
    "a form",
    ({ url }) => [url, { method: "POST", body: new URLSearchParams({ query: BLOCK, operationName: "Block" }) }],
  ],
  [
    "a form with the query in its address",
    ({ url }) => [`${url}?query=${encodeURIComponent(BLOCK)}`, { method: "POST", body: new URLSearchParams() }],
  ],
  [
    "a form in parts",
    ({ url }) => {
      const body = new FormData();
      body.set("operations", JSON.stringify({ query: BLOCK }));
      body.set("map", "{}");
      return [url, { method: "POST", body }];
    },
  ],
  [
    "plain text",
    ({ url }) => [
      url,
      { method: "POST", headers: { "content-type": "text/plain" }, body: JSON.stringify({ query: BLOCK }) },
    ],
  ],
  [
    "plain text for a stream",
    ({ url }) => [
      url,
      {
        method: "POST",
        headers: { "content-type": "text/plain", accept: "text/event-stream" },
        body: JSON.stringify({ query: BLOCK }),
      },
    ],
  ],
];

test.each(SIMPLE)("%s changes nothing", async (_, request) => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const before = everythingStored(app);
  const [url, init] = request(app);
  const headers = { authorization: `Bearer ${alice.token}`, ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(url, { ...init, headers });
  expect(await response.text()).not.toContain('blocked":true');
  expect([200, 400, 405, 415]).toContain(response.status);
  expect(everythingStored(app)).toEqual(before);
});

test("as JSON the same mutation does what it says, so that the others could have", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  expect(await (await openSse(alice, BLOCK)).next()).toMatchObject({
    data: { data: { blockUser: { blocked: true } } },
  });
  expect(everythingStored(app).blocks).toHaveLength(1);
});
