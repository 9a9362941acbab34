/**
 * The app's public keys: a JSON Web Key Set in a file, or behind a URL. It is read at the start, again and again
 * while the server runs, and at once for a token whose key it does not hold, so that keys change without a restart.
 *
 * jose chooses the key and checks it. Its own remote set is not used: it gives up the keys that it knows when the URL
 * is down for longer than it trusts them, and while the URL is down it asks anew for each token of an unknown key.
 */
import { readFile } from "node:fs/promises";
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import type { Logger } from "pino";
import type { Clock } from "../engine/clock.ts";
import { Refusal } from "../engine/errors.ts";

/** What the app may sign with: never with what Parley could sign with too. */
export const ASYMMETRIC_ALGORITHMS = [
  "EdDSA",
  "Ed25519",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
] as const;

const LARGEST_SET_BYTES = 256 * 1024;
const FETCH_TIMEOUT_MS = 5_000;
/** How often it is read, and how long at least lies between two readings for unknown keys. */
const OF_URL = { everyMs: 10 * 60_000, cooldownMs: 10_000 };
const OF_FILE = { everyMs: 10_000, cooldownMs: 1_000 };

export interface AppKeys {
  /** Counts up with each change of the set: what an older one has vouched for is to be checked again. */
  readonly version: number;
  /**
   * The key that a token names.
   * @throws Refusal UNAVAILABLE where it is unknown and the set cannot be read now
   */
  readonly find: JWTVerifyGetKey;
  close(): void;
}

/** The URL that a setting names; null for the path of a file. */
function urlIn(place: string): URL | null {
  return /^https?:/i.test(place) ? new URL(place) : null;
}

async function download(url: URL): Promise<string> {
  const response = await fetch(url, {
    // A redirect could lead anywhere.
    redirect: "error",
    headers: { accept: "application/jwk-set+json, application/json" },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.status !== 200 || response.body === null) throw new Error(`it answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > LARGEST_SET_BYTES) throw new Error(`it is over ${LARGEST_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws Error for what is no set of public keys */
function readSet(text: string): ReturnType<typeof createLocalJWKSet> {
  const set = JSON.parse(text) as { keys?: unknown };
  const keys = Array.isArray(set?.keys) ? (set.keys as readonly unknown[]) : [];
  const isSecret = (key: unknown) => typeof key === "object" && key !== null && ("d" in key || "k" in key);
  if (keys.some(isSecret)) throw new Error("it holds a private or shared key; publish public keys only");
  return createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]);
}

/** Never the text itself: a file named by mistake could hold anything. */
function whatWasWrong(error: unknown): string {
  if (error instanceof SyntaxError || error instanceof errors.JWKSInvalid) return "it is no JSON Web Key Set";
  if (!(error instanceof Error)) return "unknown";
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/**
 * Opens a set of keys and keeps it up to date.
 * @param place path of a file, or an http or https URL
 * @throws Error where a file cannot be used; a URL that cannot be reached yet is asked again
 */
export async function openAppKeys(place: string, clock: Clock, log: Logger): Promise<AppKeys> {
  const url = urlIn(place);
  const { everyMs, cooldownMs } = url === null ? OF_FILE : OF_URL;
  let text: string | null = null;
  let keys: ReturnType<typeof createLocalJWKSet> | null = null;
  let version = 0;
  let failure: string | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function readOnce(): Promise<void> {
    readAt = clock.monotonic();
    try {
      const found = url === null ? await readFile(place, "utf8") : await download(url);
      if (found !== text) {
        keys = readSet(found);
        text = found;
        version += 1;
      }
      failure = null;
    } catch (error) {
      failure = whatWasWrong(error);
      // A file that cannot be used stops the start, which says so itself.
      if (keys !== null || url !== null)
        log.warn({ reason: failure }, "the app's keys could not be read; those that are known stay good");
    }
  }

  function read(): Promise<void> {
    reading ??= readOnce().finally(() => {
      reading = null;
    });
    return reading;
  }

  function isCoolingDown(): boolean {
    return clock.monotonic() - readAt < cooldownMs;
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    for (let again = true; ; again = false) {
      try {
        if (keys !== null) return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      if (!again || (reading === null && isCoolingDown())) break;
      await read();
    }
    if (failure === null) throw new errors.JWKSNoMatchingKey();
    throw new Refusal("UNAVAILABLE", "The app's keys cannot be read now, so this token cannot be checked; try again.");
  };

  await read();
  if (url === null && keys === null) throw new Error(`PARLEY_JWKS=${place} cannot be used: ${String(failure)}`);

  let cancel = () => {};
  function readLater(): void {
    cancel = clock.after(everyMs, () => {
      void read();
      readLater();
    });
  }
  readLater();

  return {
    get version() {
      return version;
    },
    find,
    close: () => cancel(),
  };
}
