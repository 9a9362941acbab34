/** SCRAM-SHA-1 (RFC 5802): what a server keeps of a password, and a login that derives a password's key only once. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** What a server keeps, so that it can tell who knows the password. */
export interface KeptPassword {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

interface Keys {
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha1", key).update(text).digest();
}

const derived = new Map<string, Keys>();

function keysOf(password: string, salt: Buffer, iterations: number): Keys {
  const name = `${iterations} ${salt.toString("base64")} ${password}`;
  const known = derived.get(name);
  if (known !== undefined) return known;
  const salted = pbkdf2Sync(password, salt, iterations, 20, "sha1");
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash("sha1").update(clientKey).digest();
  const keys = { clientKey, storedKey, serverKey: hmac(salted, "Server Key") };
  derived.set(name, keys);
  return keys;
}

/** Every user of the bench has the same salt, so that the load derives one key for all of them. */
const SALT = Buffer.from("3f1c8a52-6d0b-4e97-a2c5-91b7e04d68fa");
const ITERATIONS = 10_000;

/** A password as a server's table of users has it. */
export function keptPassword(password: string): KeptPassword {
  const { storedKey, serverKey } = keysOf(password, SALT, ITERATIONS);
  return { salt: SALT, iterations: ITERATIONS, storedKey, serverKey };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** One login: what the client says first, and what it answers. All in Base64, as it is in XMPP. */
export class ScramLogin {
  readonly #password: string;
  readonly #bare: string;

  constructor(user: string, password: string) {
    this.#password = password;
    this.#bare = `n=${user},r=${randomBytes(12).toString("hex")}`;
  }

  first(): string {
    return base64(`n,,${this.#bare}`);
  }

  /** @throws Error where the challenge is not one of SCRAM */
  answer(challenge: string): string {
    const text = Buffer.from(challenge, "base64").toString();
    const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(text) ?? [];
    if (nonce === undefined || salt === undefined) throw new Error(`no challenge: ${text}`);
    const { clientKey, storedKey } = keysOf(this.#password, Buffer.from(salt, "base64"), Number(iterations));
    const withoutProof = `c=${base64("n,,")},r=${nonce}`;
    const signature = hmac(storedKey, `${this.#bare},${text},${withoutProof}`);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return base64(`${withoutProof},p=${proof.toString("base64")}`);
  }
}
