/** What no client sends on a WebSocket: each is answered, or ends that socket alone with a code that says why. */
import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Change, changed, changes, oddJson, oddText } from "./support/hostile.ts";
import { timeFor } from "./support/scale.ts";
import { besiege, codesOf, expectHarmless, type Siege } from "./support/siege.ts";
import type { GraphqlError } from "./support/socket.ts";
import { Wire } from "./support/wire.ts";

/** WebSocket's own for bytes that are no frames, and those of the protocol: see docs/api.md. */
const CLOSE_CODES = [1002, 1007, 1008, 1009, 4400, 4401, 4403, 4409, 4429];

const QUERIES = [
  "{ viewer { id } }",
  "subscription { newMessage { cursor } }",
  "subscription { refresh { cursor } }",
  'mutation { setTyping(input: { peer: "carol" }) { typing } }',
  "{ nonsense",
  "{ __typename @skip(if: true) }",
];
const id = fc.oneof(fc.constantFrom("1", "2", "__proto__", "constructor", ""), oddText);
const good = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.constantFrom(...QUERIES))
      .map(([id, query]) => ({ id, type: "subscribe", payload: { query } })),
  },
  { weight: 2, arbitrary: id.map((id) => ({ id, type: "complete" })) },
  { weight: 1, arbitrary: fc.constantFrom({ type: "ping" }, { type: "pong" }, { type: "connection_ack" }) },
  { weight: 1, arbitrary: fc.constant({ type: "connection_init", payload: { authorization: "Bearer x.y.z" } }) },
);

type Frame =
  | { readonly frame: object; readonly changes: readonly Change[] }
  | { readonly frame: object; readonly key: string; readonly value: unknown }
  | { readonly text: string; readonly binary: boolean };

const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ frame: good, changes: fc.constant([]) }) },
  { weight: 3, arbitrary: fc.record({ frame: good, changes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      frame: good,
      key: fc.constantFrom(
        "id",
        "type",
        "payload",
        "payload.query",
        "payload.variables",
        "payload.operationName",
        "payload.extensions",
      ),
      value: oddJson,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      text: fc.oneof(
        oddText,
        oddJson.map((json) => JSON.stringify(json) ?? ""),
      ),
      binary: fc.boolean(),
    }),
  },
);

function textOf(input: Frame): string {
  if ("text" in input) return input.text;
  if ("changes" in input) return changed(JSON.stringify(input.frame), input.changes);
  const [outer = "", inner] = input.key.split(".");
  const copy = JSON.parse(JSON.stringify(input.frame)) as Record<string, unknown>;
  if (inner === undefined) copy[outer] = input.value;
  else copy[outer] = { ...(copy[outer] as object), [inner]: input.value };
  return JSON.stringify(copy);
}

/** Sees that what a server sends is fit to be seen. */
function checkFrame(received: { type?: unknown; payload?: unknown }): void {
  expectHarmless(JSON.stringify(received));
  if (received.type === "error") codesOf({ errors: received.payload as GraphqlError[] });
  if (received.type === "next") codesOf(received.payload as object);
}

/** Reads on until the server answers what was asked last, or closes; then the code. */
async function answerOrCode(wire: Wire): Promise<number | null> {
  wire.send({ type: "ping", payload: { last: true } });
  try {
    for (;;) {
      const received = await wire.next();
      checkFrame(received);
      if (received.type === "pong" && received.payload?.last === true) return null;
    }
  } catch (error) {
    if (!String(error).includes("closed with")) throw error;
    return (await wire.closed).code;
  }
}

test(
  "whatever frames come, each socket is answered or closed with a code",
  () =>
    besiege(
      "frames",
      350,
      fc.record({ authenticated: fc.boolean(), frames: fc.array(frame, { minLength: 1, maxLength: 5 }) }),
      async ({ app, mallory }: Siege, { authenticated, frames }) => {
        const socket = new WebSocket(app.url.replace("http", "ws"), "graphql-transport-ws");
        const wire = new Wire(socket);
        await new Promise((resolve) => socket.on("open", resolve));
        if (authenticated) await wire.init(mallory.token);
        for (const input of frames) {
          const text = textOf(input);
          const binary = "binary" in input && input.binary;
          socket.send(binary ? Buffer.from(text, "latin1") : text, { binary });
        }
        const code = await answerOrCode(wire);
        if (code !== null) expect(CLOSE_CODES).toContain(code);
        socket.terminate();
        await wire.closed;
      },
    ),
  timeFor(120_000),
);

interface RawFrame {
  readonly fin: boolean;
  readonly reserved: number;
  readonly kind: number;
  readonly masked: boolean;
  readonly payload: string;
  /** What the head says that the length is, less what it is. */
  readonly lie: number;
}

const rawFrame: fc.Arbitrary<RawFrame> = fc.record({
  fin: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  reserved: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 7 }) },
  ),
  kind: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, { weight: 1, arbitrary: fc.nat(15) }),
  masked: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  payload: fc.oneof(fc.constant('{"type":"ping"}'), oddText),
  lie: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -5, max: 200 }) },
    { weight: 1, arbitrary: fc.constantFrom(70_000, 2 ** 32, 2 ** 53, 2 ** 63) },
  ),
});

function bytesOf({ fin, reserved, kind, masked, payload, lie }: RawFrame): Buffer {
  const body = Buffer.from(payload);
  const length = Math.max(0, body.length + lie);
  const head = Buffer.alloc(10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | kind;
  const mark = masked ? 0x80 : 0;
  let size = 2;
  if (length < 126) head[1] = mark | length;
  else if (length < 65_536) {
    head[1] = mark | 126;
    head.writeUInt16BE(length, 2);
    size = 4;
  } else {
    head[1] = mark | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
    size = 10;
  }
  return Buffer.concat([head.subarray(0, size), Buffer.alloc(masked ? 4 : 0), body]);
}

/** The close code in what a server sent behind its handshake; null where there is none. */
function closeCodeIn(received: Buffer): number | null {
  let at = received.indexOf("\r\n\r\n") + 4;
  while (at + 1 < received.length) {
    const kind = received.readUInt8(at) & 0x0f;
    let length = received.readUInt8(at + 1) & 0x7f;
    at += 2;
    if (length === 126) {
      length = received.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(received.readBigUInt64BE(at));
      at += 8;
    }
    if (kind === 8) return length < 2 ? null : received.readUInt16BE(at);
    at += length;
  }
  return null;
}

test(
  "whatever bytes come on a WebSocket, it is closed with a code or waits for more",
  () =>
    besiege(
      "bytes on a WebSocket",
      250,
      fc.record({
        authenticated: fc.boolean(),
        frames: fc.array(
          fc.oneof(
            rawFrame.map(bytesOf),
            fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
      }),
      async ({ app, mallory }: Siege, { authenticated, frames }) => {
        const { hostname, port } = new URL(app.url);
        const socket = connect(Number(port), hostname);
        const received: Buffer[] = [];
        socket.on("data", (data: Buffer) => received.push(data));
        socket.on("error", () => {});
        const closed = new Promise((resolve) => socket.on("close", resolve));
        const opened = new Promise((resolve) => socket.once("data", resolve));
        const handshake = [
          "GET /graphql HTTP/1.1",
          "Host: parley",
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Protocol: graphql-transport-ws",
        ];
        socket.write(`${handshake.join("\r\n")}\r\n\r\n`);
        await opened;
        const payload = JSON.stringify({
          type: "connection_init",
          payload: { authorization: `Bearer ${mallory.token}` },
        });
        const init = { fin: true, reserved: 0, kind: 1, masked: true, payload, lie: 0 };
        if (authenticated) socket.write(bytesOf(init));
        for (const bytes of frames) socket.write(bytes);
        // Answered behind what was sent before it, on another connection.
        expect((await fetch(new URL("/livez", app.url))).status).toBe(200);
        socket.end();
        await closed;
        const all = Buffer.concat(received);
        expectHarmless(all.toString("latin1"));
        const code = closeCodeIn(all);
        // 1000 and what the other side named come back as they were sent.
        if (code !== null && !frames.some((bytes) => ((bytes[0] ?? 0) & 0x0f) === 8))
          expect(CLOSE_CODES).toContain(code);
      },
    ),
  timeFor(120_000),
);
