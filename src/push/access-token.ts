/** Tokens that a vendor gives for credentials: fetched once for all, renewed before they run out. */
import type { Clock } from "../engine/clock.ts";
import type { PushOutcome } from "../engine/push/channel.ts";

export interface Fetched {
  readonly token: string;
  /** Milliseconds that it is good. */
  readonly lifetimeMs: number;
}

/** The vendor gave no token. */
export class NoToken extends Error {
  override readonly name = "NoToken";
  readonly outcome: PushOutcome;

  constructor(outcome: PushOutcome) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

export interface AccessToken {
  /** @throws NoToken */
  get(): Promise<string>;
  /** The vendor would not have this one: the next is another. */
  drop(token: string): void;
}

/** Milliseconds before its end at which a token is renewed. */
const EARLY_MS = 300_000;

/** @param fetchToken asks the vendor; throws NoToken where it refuses */
export function createAccessToken(clock: Clock, fetchToken: () => Promise<Fetched>): AccessToken {
  let held: { readonly token: string; readonly goodUntil: number } | null = null;
  let fetching: Promise<string> | null = null;

  async function fetchOne(): Promise<string> {
    const { token, lifetimeMs } = await fetchToken();
    held = { token, goodUntil: clock.monotonic() + Math.max(lifetimeMs - EARLY_MS, lifetimeMs / 2) };
    return token;
  }

  return {
    get() {
      if (held !== null && held.goodUntil > clock.monotonic()) return Promise.resolve(held.token);
      fetching ??= fetchOne().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    drop(token) {
      if (held?.token === token) held = null;
    },
  };
}

/**
 * Sends with a token, and once more with a fresh one where the vendor would not have it.
 * @param send gives "token refused" where that is so
 */
export async function sendWithToken(
  access: AccessToken,
  send: (token: string) => Promise<PushOutcome | "token refused">,
  refused: PushOutcome,
): Promise<PushOutcome> {
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const token = await access.get();
      const outcome = await send(token);
      if (outcome !== "token refused") return outcome;
      access.drop(token);
    }
    return refused;
  } catch (error) {
    if (error instanceof NoToken) return error.outcome;
    throw error;
  }
}
