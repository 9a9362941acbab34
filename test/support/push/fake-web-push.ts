/** A browser that has subscribed, and the push service that it hears: RFC 8030, 8188, 8291 and 8292 from that side. */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { onTestFinished } from "vitest";
import type { PushTarget } from "../../../src/engine/push/channel.ts";
import { type WebPushConfig, webPushConfig } from "../../../src/push/web-push.ts";
import { makeCertificate } from "./certificate.ts";
import type { Fate } from "./fake-vendor.ts";

const SUBJECT = "mailto:push@chat.example.com";
const PATH = "/push/a-browser";
const MOST_BYTES = 4_096;
const DAY_SECONDS = 86_400;

const certificate = makeCertificate(["DNS:localhost", "DNS:push.example.com", "IP:127.0.0.1"]);
const server = createECDH("prime256v1");
server.generateKeys();
const browser = createECDH("prime256v1");
const browserKey = browser.generateKeys();
const auth = randomBytes(16);

/** What has come to the browser. */
export interface Pushed {
  readonly topic: string;
  readonly urgency: string;
  readonly ttl: number;
  /** Bytes of what was encrypted. */
  readonly bytes: number;
  readonly payload: unknown;
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** A private key always with its 32 bytes. */
function privateKeyOf(curve: typeof server): string {
  return base64url(Buffer.concat([Buffer.alloc(32), curve.getPrivateKey()]).subarray(-32));
}

function derive(secret: Buffer, salt: Buffer, info: string | Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));
}

/** @throws Error where the body was not encrypted for this browser */
function decrypt(body: Buffer): string {
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const senderKey = body.subarray(21, 21 + body.readUInt8(20));
  const record = body.subarray(21 + senderKey.length);
  if (record.length > recordSize) throw new Error("there is to be one record");
  const keyInfo = Buffer.concat([Buffer.from("WebPush: info\0"), browserKey, senderKey]);
  const secret = derive(browser.computeSecret(senderKey), auth, keyInfo, 32);
  const key = derive(secret, salt, "Content-Encoding: aes128gcm\0", 16);
  const nonce = derive(secret, salt, "Content-Encoding: nonce\0", 12);
  const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = padded.lastIndexOf(2);
  if (end === -1 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error("the padding is wrong");
  return padded.subarray(0, end).toString();
}

export class FakeWebPush {
  /** What was asked, as path and status. */
  readonly asked: string[] = [];
  readonly pushed: Pushed[] = [];
  /** What the next sends get, one after the other; then they succeed. */
  readonly fates: Fate[] = [];
  /** The key that the browser was given when it subscribed. */
  subscribedFor: string = server.getPublicKey("base64url");
  readonly #server: Server;

  constructor() {
    this.#server = createServer(certificate, (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", async () => {
        const fate = await this.#answer(request, Buffer.concat(parts));
        this.asked.push(`${request.url} ${typeof fate === "string" ? fate : fate.status}`);
        if (fate === "hang") return;
        if (fate === "cut") return void request.socket.destroy();
        const { status = 201, headers = {}, body = "" } = fate;
        response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get config(): WebPushConfig {
    return webPushConfig.parse({
      subject: SUBJECT,
      publicKey: server.getPublicKey("base64url"),
      privateKey: privateKeyOf(server),
      allowLocal: true,
      ca: certificate.cert,
    });
  }

  /** The browser's subscription. */
  subscription(host = "127.0.0.1"): PushTarget {
    const keys = { p256dh: base64url(browserKey), auth: base64url(auth) };
    const endpoint = `https://${host}:${this.port}${PATH}`;
    return { token: JSON.stringify({ endpoint, expirationTime: null, keys }), environment: "PRODUCTION" };
  }

  async #isSender(host: string, authorization: string): Promise<boolean> {
    const [, jwt = "", key = ""] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
    const point = Buffer.from(key, "base64url");
    const [x, y] = [base64url(point.subarray(1, 33)), base64url(point.subarray(33))];
    try {
      const publicKey = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
      const { payload } = await jwtVerify(jwt, publicKey, {
        algorithms: ["ES256"],
        audience: `https://${host}`,
        subject: SUBJECT,
        requiredClaims: ["exp"],
      });
      return key === this.subscribedFor && (payload.exp ?? 0) <= Date.now() / 1_000 + DAY_SECONDS;
    } catch {
      return false;
    }
  }

  async #answer({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Fate> {
    if (url !== PATH) return { status: 404 };
    if (method !== "POST") return { status: 405 };
    if (body.length > MOST_BYTES) return { status: 413 };
    if (!(await this.#isSender(headers.host ?? "", headers.authorization ?? ""))) return { status: 403 };
    const { ttl, topic, urgency } = headers;
    if (typeof ttl !== "string" || !/^\d+$/.test(ttl) || headers["content-encoding"] !== "aes128gcm") {
      return { status: 400 };
    }
    if (typeof topic !== "string" || !/^[\w-]{1,32}$/.test(topic)) return { status: 400 };
    if (typeof urgency !== "string" || !["very-low", "low", "normal", "high"].includes(urgency)) return { status: 400 };
    try {
      const text = decrypt(body);
      const payload: unknown = JSON.parse(text);
      const fate = this.fates.shift();
      if (fate !== undefined) return fate;
      this.pushed.push({ topic, urgency, ttl: Number(ttl), bytes: Buffer.byteLength(text), payload });
      return { status: 201, headers: { location: `/message/${this.pushed.length}` } };
    } catch {
      return { status: 400 };
    }
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    onTestFinished(() => this.stop());
    return this;
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
