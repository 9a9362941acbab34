/** Apple's push service: HTTP/2 over TLS, one stream at first and more after that. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { jwtVerify } from "jose";
import { onTestFinished } from "vitest";
import { type ApnsConfig, apnsConfig } from "../../../src/push/apns.ts";
import { makeCertificate } from "./certificate.ts";
import { clock } from "./notifications.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const certificate = makeCertificate();

export interface ApnsAsked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type ApnsFate =
  | { readonly status: number; readonly reason?: string; readonly timestamp?: unknown; readonly retryAfter?: string }
  | "hang"
  | "cut"
  | "refuse stream"
  | "go away"
  /** It goes away because of an error, and has not looked at this stream. */
  | "break down"
  /** It goes away, and never answers what it has taken. */
  | "go away slowly";

export class FakeApns {
  readonly asked: ApnsAsked[] = [];
  readonly fates: ApnsFate[] = [];
  /** The most streams that were open at a time. */
  mostStreams = 0;
  /** How many streams it takes at a time, once somebody has shown who it is. */
  streams = 20;
  /** How often somebody connected. */
  connections = 0;
  /** Provider tokens of this instant and before, in seconds since 1970, are too old. */
  endedUpTo = 0;
  readonly #sessions = new Set<ServerHttp2Session>();
  #server: Http2SecureServer | null = null;
  #port = 0;
  #streams = 0;

  get config(): ApnsConfig {
    const url = `https://localhost:${this.#port}`;
    return apnsConfig.parse({
      teamId: "TEAM",
      keyId: "KEY",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      topic: "com.example.chat",
      productionUrl: url,
      sandboxUrl: `${url}/`,
      ca: certificate.cert,
    });
  }

  async start(): Promise<this> {
    const server = createSecureServer({ ...certificate, settings: { maxConcurrentStreams: 1 } });
    server.on("session", (session) => {
      this.connections += 1;
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session)).on("error", () => {});
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      this.#streams += 1;
      this.mostStreams = Math.max(this.mostStreams, this.#streams);
      stream.on("close", () => {
        this.#streams -= 1;
      });
      // Whoever has shown who it is may do more.
      if (stream.id === 1) stream.session?.settings({ maxConcurrentStreams: this.streams });
      void this.#serve(stream, headers);
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    onTestFinished(() => this.stop());
    return this;
  }

  stop(): void {
    for (const session of this.#sessions) session.destroy();
    this.#server?.close();
    this.#server = null;
  }

  /** From now on it takes so many streams at a time, over connections that there are as well. */
  take(streams: number): void {
    this.streams = streams;
    for (const session of this.#sessions) session.settings({ maxConcurrentStreams: streams });
  }

  /** Instead of it, something takes connections and says nothing. Gives what makes it be there again. */
  async silence(): Promise<() => Promise<this>> {
    this.stop();
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on("error", () => {}))).listen(this.#port, "127.0.0.1");
    await once(silent, "listening");
    const end = () => {
      silent.close();
      for (const socket of sockets) socket.destroy();
    };
    onTestFinished(end);
    return () => {
      // Whoever is connected is not told.
      silent.close();
      return this.start();
    };
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const body = await text(stream).catch(() => "");
    this.asked.push({ path: String(headers[":path"]), headers, body });
    const fate = this.fates.shift() ?? (await this.#check(headers, body));
    if (typeof fate === "string" || stream.destroyed) {
      if (fate === "cut") stream.session?.destroy();
      if (fate === "go away" || fate === "go away slowly") stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      if (fate === "break down") stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR, (stream.id ?? 0) - 2);
      if (fate === "go away" || fate === "refuse stream") stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const { status, reason, timestamp, retryAfter } = fate;
    stream.respond({ ":status": status, ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }) });
    stream.end(reason === undefined ? "" : JSON.stringify({ reason, timestamp }));
  }

  /** As Apple refuses. */
  async #check(headers: IncomingHttpHeaders, body: string): Promise<ApnsFate> {
    const jwt = /^bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
    if (jwt === undefined) return { status: 403, reason: "MissingProviderToken" };
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, { algorithms: ["ES256"], issuer: "TEAM" });
      if (protectedHeader.kid !== "KEY") return { status: 403, reason: "InvalidProviderToken" };
      const age = clock.now() / 1_000 - (payload.iat ?? 0);
      if (Math.abs(age) > 3_600 || (payload.iat ?? 0) <= this.endedUpTo)
        return { status: 403, reason: "ExpiredProviderToken" };
    } catch {
      return { status: 403, reason: "InvalidProviderToken" };
    }
    if (headers["apns-topic"] !== "com.example.chat") return { status: 400, reason: "BadTopic" };
    if (!UUID.test(String(headers["apns-id"]))) return { status: 400, reason: "BadMessageId" };
    if (Buffer.byteLength(String(headers["apns-collapse-id"] ?? "")) > 64)
      return { status: 400, reason: "BadCollapseId" };
    const type = headers["apns-push-type"];
    if (type !== "alert" && type !== "background") return { status: 400, reason: "InvalidPushType" };
    if (headers["apns-priority"] !== (type === "alert" ? "10" : "5")) return { status: 400, reason: "BadPriority" };
    if (!/^\d{10}$/.test(String(headers["apns-expiration"]))) return { status: 400, reason: "BadExpirationDate" };
    if (body === "") return { status: 400, reason: "PayloadEmpty" };
    if (Buffer.byteLength(body) > 4_096) return { status: 413, reason: "PayloadTooLarge" };
    if (!/^\/3\/device\/[0-9a-f]+$/.test(String(headers[":path"]))) return { status: 400, reason: "BadDeviceToken" };
    return { status: 200 };
  }
}
