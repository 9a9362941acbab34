/** Requests that no client writes: each connection is answered with a status for its mistake, or hung up on. */
import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Change, changed, changes, oddJson, oddText } from "./support/hostile.ts";
import { timeFor } from "./support/scale.ts";
import { besiege, expectHarmless, type Siege } from "./support/siege.ts";

const STATUSES = [100, 101, 200, 204, 304, 400, 401, 404, 405, 406, 408, 411, 413, 415, 417, 426, 431];

interface Request {
  readonly line: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const QUERY = JSON.stringify({ query: "{ viewer { id } }" });
const JSON_TYPE = ["Content-Type", "application/json"] as const;
const SSE = JSON.stringify({ query: "subscription { newMessage { cursor } }" });
const length = (body: string) => ["Content-Length", String(Buffer.byteLength(body))] as const;

const BASES: readonly Request[] = [
  { line: "POST /graphql HTTP/1.1", headers: [JSON_TYPE, length(QUERY)], body: QUERY },
  {
    line: "POST /graphql HTTP/1.1",
    headers: [JSON_TYPE, ["Transfer-Encoding", "chunked"]],
    body: `${QUERY.length.toString(16)}\r\n${QUERY}\r\n0\r\n\r\n`,
  },
  { line: "GET /graphql?query=%7Bviewer%7Bid%7D%7D HTTP/1.1", headers: [["Accept", "application/json"]], body: "" },
  {
    line: "GET /graphql HTTP/1.1",
    headers: [
      ["Accept", "text/html"],
      ["Accept-Encoding", "gzip"],
    ],
    body: "",
  },
  { line: "POST /graphql HTTP/1.1", headers: [JSON_TYPE, ["Accept", "text/event-stream"], length(SSE)], body: SSE },
  {
    line: "OPTIONS /graphql HTTP/1.1",
    headers: [
      ["Origin", "https://evil.example.com"],
      ["Access-Control-Request-Method", "POST"],
    ],
    body: "",
  },
  {
    line: "GET /graphql HTTP/1.1",
    headers: [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Protocol", "graphql-transport-ws"],
    ],
    body: "",
  },
  { line: "GET /readyz HTTP/1.1", headers: [], body: "" },
];

const NAMES = [
  "Content-Length",
  "Transfer-Encoding",
  "Content-Type",
  "Content-Encoding",
  "Expect",
  "Host",
  "Connection",
  "Upgrade",
  "Accept",
  "Origin",
  "Authorization",
  "X-Forwarded-For",
  "Range",
  "Trailer",
  "Sec-WebSocket-Key",
  "Sec-WebSocket-Version",
  "__proto__",
];
const VALUES = [
  "",
  "0",
  "-1",
  "1e3",
  "18446744073709551616",
  "chunked",
  "chunked, chunked",
  "gzip, chunked",
  "identity",
  "100-continue",
  "close",
  "keep-alive, Upgrade",
  "h2c",
  "*/*",
  "null",
  "bytes=0-",
  "x".repeat(20_000),
  "Bearer",
  "Bearer ..",
  "Basic YTpi",
];

const base = fc.record({
  of: fc.nat(BASES.length - 1),
  more: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constantFrom(...VALUES), oddText)), { maxLength: 3 }),
  body: fc.option(
    fc.oneof(
      oddText,
      oddJson.map((json) => JSON.stringify({ query: "{ viewer { id } }", variables: json })),
    ),
    { nil: null, freq: 2 },
  ),
  keepLength: fc.boolean(),
});

interface Raw {
  readonly requests: readonly (typeof base extends fc.Arbitrary<infer T> ? T : never)[];
  readonly changes: readonly Change[];
}

const raw: fc.Arbitrary<Raw> = fc.record({
  requests: fc.array(base, { minLength: 1, maxLength: 3 }),
  changes: fc.oneof(fc.constant<Change[]>([]), changes),
});

function write({ mallory }: Siege, { requests, changes: how }: Raw): Buffer {
  const texts = requests.map(({ of, more, body, keepLength }) => {
    const request = BASES[of] ?? BASES[0];
    if (request === undefined) return "";
    const content = body ?? request.body;
    const headers = request.headers.map(([name, value]) =>
      name === "Content-Length" && !keepLength ? length(content) : ([name, value] as const),
    );
    const all = [["Host", "parley"], ["Authorization", `Bearer ${mallory.token}`], ...headers, ...more];
    return `${request.line}\r\n${all.map(([name, value]) => `${name}: ${value}`).join("\r\n")}\r\n\r\n${content}`;
  });
  return Buffer.from(changed(texts.join(""), how));
}

test(
  "whatever is written to the port, it is answered with a status that says so, or hung up on",
  () =>
    besiege("HTTP requests", 350, raw, async (siege, input) => {
      const { hostname, port } = new URL(siege.app.url);
      const socket = connect(Number(port), hostname);
      let received = "";
      socket.on("error", () => {});
      const closed = new Promise((resolve) => socket.on("close", resolve));
      const answered = new Promise<void>((resolve) => {
        socket.on("data", (data) => {
          received += data.toString("latin1");
          resolve();
        });
      });
      socket.write(write(siege, input));
      // Answered behind what was written before it, on another connection: there may be nothing to answer yet.
      const livez = await fetch(new URL("/livez", siege.app.url));
      expect(await livez.text()).toBe("ok\n");
      const waited = fetch(new URL("/readyz", siege.app.url)).then((response) => response.text());
      await Promise.race([answered, closed, waited]);
      socket.end();
      await closed;
      expectHarmless(received);
      expect(received).not.toContain("INTERNAL_SERVER_ERROR");
      const statuses = [...received.matchAll(/(?:^|\n)HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
      expect(statuses.filter((status) => !STATUSES.includes(status))).toEqual([]);
    }),
  timeFor(120_000),
);
