import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import type { ServerOptions } from "../src/server/server.ts";
import { type App, Person, startApp } from "./support/app.ts";
import { makeKey, setOf, startKeyServer } from "./support/key-server.ts";
import type { Data } from "./support/socket.ts";

const PATH = "/development/token";

interface Wish {
  readonly method?: string;
  /** Null leaves a header out. */
  readonly headers?: Record<string, string | null>;
  readonly body?: string;
  /** Where to connect to, if not to 127.0.0.1. */
  readonly address?: string;
}

/** Asks as a browser on this machine does, but for what the test says. `fetch` would set `Host` by itself. */
function ask(app: App, { method = "POST", headers = {}, body, address = "127.0.0.1" }: Wish = {}) {
  const { port } = new URL(app.url);
  const text = body ?? JSON.stringify({ user: "alice", role: "user" });
  const sent = {
    host: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    "sec-fetch-site": "same-origin",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  };
  const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
  return new Promise<{ status: number; body: Data; headers: Record<string, unknown> }>((resolve, reject) => {
    const asking = request(
      { host: address, port, path: PATH, method, headers: given as Record<string, string>, setHost: false },
      (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          answer += part;
        });
        response.on("end", () => {
          const json = (response.headers["content-type"] ?? "").includes("json");
          const body = (json ? JSON.parse(answer) : { text: answer }) as Data;
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      },
    );
    asking.on("error", reject);
    asking.end(text);
  });
}

function start(options: Partial<ServerOptions> = {}): Promise<App> {
  return startApp({ developmentTokens: true, ...options });
}

test("the server's own page gets a token that is good for a quarter of an hour", async () => {
  const app = await start();
  const { status, body, headers } = await ask(app);
  expect(status).toBe(200);
  expect(headers["cache-control"]).toBe("no-store");
  expect(Date.parse(body.expiresAt) - app.clock.now()).toBe(15 * 60_000);
  const alice = new Person(app, "alice", body.token);
  expect(await alice.get("{ viewer { id } }")).toEqual({ viewer: { id: "alice" } });
  expect(await alice.refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
  app.clock.advance(15 * 60_000);
  expect(await alice.refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
});

test("an admin's is given where the page asks for one", async () => {
  const app = await start();
  const { body } = await ask(app, { body: JSON.stringify({ user: "anna", role: "admin" }) });
  const anna = new Person(app, "anna", body.token);
  expect(await anna.get("{ settings { friendsOnly } }")).toEqual({ settings: { friendsOnly: false } });
});

test("it says what the app's tokens must say", async () => {
  const app = await start({ tokenRules: { issuer: "the app", audience: "parley", maxAge: 3_600 } });
  const { body } = await ask(app);
  expect(decodeJwt(body.token)).toMatchObject({ iss: "the app", aud: "parley" });
  expect(await new Person(app, "alice", body.token).get("{ viewer { id } }")).toEqual({ viewer: { id: "alice" } });
});

test.each(["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])("the page may be open at %s", async (name) => {
  const app = await start();
  const host = `${name}:${new URL(app.url).port}`;
  expect((await ask(app, { headers: { host, origin: `http://${host}` } })).status).toBe(200);
});

test("a browser that does not say Sec-Fetch-Site is told by its Origin", async () => {
  const app = await start();
  expect((await ask(app, { headers: { "sec-fetch-site": null } })).status).toBe(200);
});

const FOREIGN: [string, Record<string, string | null>][] = [
  ["a page of another site", { origin: "https://evil.example.com", "sec-fetch-site": "cross-site" }],
  ["a page of another port of this machine", { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" }],
  ["a page of another name of this machine", { origin: "http://localhost" }],
  ["a sandboxed frame", { origin: "null" }],
  ["nobody's page", { origin: null }],
  ["a page that says it is of this site, and is not", { "sec-fetch-site": "cross-site" }],
  ["an address that was typed", { "sec-fetch-site": "none" }],
  ["a request without a host", { host: null }],
  ["somebody behind a proxy", { "x-forwarded-for": "203.0.113.7" }],
  ["somebody behind a proxy that says so by the standard", { forwarded: "for=203.0.113.7" }],
];

test.each(FOREIGN)("%s gets none", async (_, headers) => {
  const app = await start();
  const { status, body } = await ask(app, { headers });
  expect(body.token).toBeUndefined();
  // Node itself refuses a request without a host.
  expect(status).toBe(headers.host === null ? 400 : 403);
});

test.each([
  "evil.example.com",
  "127.0.0.1.evil.example.com",
  "localhost.evil.example.com",
  "192.0.2.1",
  "evil@127.0.0.1",
])("a page under the name %s, made to lead here, gets none", async (name) => {
  const app = await start();
  const host = `${name}:${new URL(app.url).port}`;
  const { status, body } = await ask(app, { headers: { host, origin: `http://${host}` } });
  expect({ status, token: body.token }).toEqual({ status: 403, token: undefined });
});

test("no answer lets another origin read it, and no preflight is answered", async () => {
  const app = await start();
  const { headers } = await ask(app);
  expect(headers["access-control-allow-origin"]).toBeUndefined();
  const preflight = await ask(app, { method: "OPTIONS", body: "", headers: { origin: "https://evil.example.com" } });
  expect(preflight.status).toBe(405);
  expect(preflight.headers["access-control-allow-origin"]).toBeUndefined();
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json-seq"])(
  "what any page may post as %s gets none",
  async (type) => {
    const app = await start();
    expect((await ask(app, { headers: { "content-type": type } })).status).toBe(415);
  },
);

test.each([
  ["no JSON", "alice", 400],
  ["null", "null", 400],
  ["nobody", "{}", 400],
  ["an id that is none", JSON.stringify({ user: "a b" }), 400],
  ["the system", JSON.stringify({ user: "system" }), 400],
  ["a role that is none", JSON.stringify({ user: "alice", role: "root" }), 400],
  ["nothing", "", 413],
  ["too much", JSON.stringify({ user: "alice", more: "x".repeat(1_024) }), 413],
])("%s is refused", async (_, body, expected) => {
  const app = await start();
  const { status, body: answer } = await ask(app, { body });
  expect([status, answer.token]).toEqual([expected, undefined]);
});

const own = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test.skipIf(own === undefined)(
  "the address that it listens on is a name of this machine, and others are not",
  async () => {
    const app = await start({ host: "0.0.0.0" });
    const { port } = new URL(app.url);
    const [address, host] = [own ?? "", `${own}:${port}`];
    expect((await ask(app, { address, headers: { host, origin: `http://${host}` } })).status).toBe(200);
    const other = `192.0.2.1:${port}`;
    expect((await ask(app, { address, headers: { host: other, origin: `http://${other}` } })).status).toBe(403);
  },
);

test("it does not exist unless it was asked for, with the app's own keys, or behind a proxy", async () => {
  const keys = await startKeyServer();
  keys.answer = { body: setOf(await makeKey("one")) };
  for (const options of [{ developmentTokens: false }, { jwks: keys.url }, { proxies: 1 }]) {
    const app = await start({ chat: true, ...options });
    const { status, body } = await ask(app);
    expect([status, body.text]).toEqual([404, "Nothing here. GraphQL is at /graphql.\n"]);
  }
});
