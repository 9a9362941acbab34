/** Rates per key: a steady rate with bursts, kept as one number per key (generic cell rate algorithm). */
import type { Clock } from "./clock.ts";
import { Refusal } from "./errors.ts";

const UNIT_MS = { second: 1_000, minute: 60_000 } as const;
const BURST_SECONDS = 3;
/** What adding up fractions of a millisecond may be wrong by: it must not take the last of a burst. */
const ROUNDING_MS = 0.001;

export interface Rate {
  /** Uses in a unit of time; 0: as many as anybody likes. */
  readonly uses: number;
  readonly per: keyof typeof UNIT_MS;
  /** Uses that may come at once. */
  readonly burst: number;
}

/** With bursts of what three seconds bring. */
export function perSecond(uses: number): Rate {
  return { uses, per: "second", burst: uses * BURST_SECONDS };
}

/** With bursts of what a minute brings. */
export function perMinute(uses: number): Rate {
  return { uses, per: "minute", burst: uses };
}

/** A use, or some, under a key. */
export type Uses = readonly [key: string, uses: number];

export interface Rates {
  /**
   * Counts one use.
   * @throws Refusal RATE_LIMITED with `retryAfterMs`
   */
  take(key: string): void;
  /** Counts what was used on another server. */
  add(uses: readonly Uses[]): void;
  /** What was used here since it was last asked, of those who have used a good part of what they may. */
  drain(): readonly Uses[];
  /** Keys that are remembered: no more than have come in twice the time in which a whole burst is paid for. */
  readonly size: number;
}

/** The part of a burst that is nobody else's business. */
const OWN_PART = 0.25;

export function createRates(clock: Clock, { uses, per, burst }: Rate): Rates {
  const interval = UNIT_MS[per] / uses;
  const window = burst * interval;
  const tolerance = window - interval;
  /**
   * Per key: when all uses so far will have been paid for, which is never further away than the window. Each window
   * begins a new map and drops the one before the last: by then all in it have paid. So nobody is forgotten early,
   * however many others come, and what is remembered is bounded by what the server can take in two windows.
   */
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  let turnAt = 0;
  /** Keys, and how often each was used, since `drain`; null where nobody has asked. Bounded as those above. */
  let used: Map<string, number> | null = null;

  /** When all that was used will have been paid for. */
  function knownOf(key: string, now: number): number {
    return Math.max(current.get(key) ?? previous.get(key) ?? 0, now);
  }

  function turn(now: number): void {
    if (now < turnAt) return;
    used &&= new Map();
    previous = current;
    current = new Map();
    turnAt = now + window;
  }

  return {
    take(key) {
      if (uses === 0) return;
      // A clock that jumps gives nobody a burst, and locks nobody out.
      const now = clock.monotonic();
      turn(now);
      const known = knownOf(key, now);
      const wait = known - now - tolerance;
      if (wait > ROUNDING_MS) {
        const retryAfterMs = Math.ceil(wait - ROUNDING_MS);
        const reason = `At most ${uses} a ${per}, in bursts of ${burst}; try again in ${retryAfterMs} ms.`;
        throw new Refusal("RATE_LIMITED", reason, { retryAfterMs });
      }
      current.set(key, known + interval);
      used?.set(key, (used.get(key) ?? 0) + 1);
    },
    add(elsewhere) {
      if (uses === 0) return;
      const now = clock.monotonic();
      turn(now);
      // Nobody is locked out for longer than a burst takes.
      for (const [key, count] of elsewhere)
        current.set(key, Math.min(knownOf(key, now) + count * interval, now + window));
    },
    drain() {
      const now = clock.monotonic();
      const drained = [...(used ?? [])].filter(([key]) => knownOf(key, now) - now > OWN_PART * window);
      used = new Map();
      return drained;
    },
    get size() {
      return current.size + previous.size;
    },
  };
}
