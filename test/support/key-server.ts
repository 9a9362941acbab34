/** The app's back end, as far as keys go: it signs with private keys, and publishes the public ones. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { onTestFinished } from "vitest";

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
  /** Signs claims as they are; `header` is added to what the key says. */
  sign(claims: object, header?: object): Promise<string>;
}

export async function makeKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    privateJwk: { ...(await exportJWK(privateKey)), kid, alg },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

export function setOf(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });
}

/** Serves a set of keys over HTTP, well or badly. */
export class KeyServer {
  readonly url: string;
  /** What is answered; null: nothing at all, the connection stays open. */
  answer: { status?: number; headers?: Record<string, string>; body: string } | null = { body: '{"keys":[]}' };
  /** Hangs up on everybody. It keeps its port, which another would take. */
  isDown = false;
  /** How often it was asked. */
  asked = 0;
  readonly #waiting = new Set<ServerResponse>();

  constructor(url: string) {
    this.url = url;
  }

  handle(response: ServerResponse): void {
    this.asked += 1;
    if (this.isDown) response.destroy();
    else if (this.answer === null) this.#waiting.add(response);
    else this.#reply(response);
  }

  #reply(response: ServerResponse): void {
    const { status = 200, headers = { "content-type": "application/json" }, body } = this.answer ?? { body: "" };
    response.writeHead(status, headers).end(body);
  }

  /** Answers those who wait. */
  release(): void {
    for (const response of this.#waiting) this.#reply(response);
    this.#waiting.clear();
  }
}

export async function startKeyServer(): Promise<KeyServer> {
  const server = createServer((_, response) => keys.handle(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const keys = new KeyServer(`http://127.0.0.1:${address.port}/keys.json`);
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return keys;
}
