/** Rates per user: a steady rate with bursts, kept as one number per key (generic cell rate algorithm). */
import type { Clock } from "./clock.ts";
import { Refusal } from "./errors.ts";

const BURST_FACTOR = 3;
const PRUNE_ABOVE = 10_000;

export interface Rates {
  /**
   * Counts one use.
   * @throws Refusal RATE_LIMITED with `retryAfterMs`
   */
  take(key: string): void;
}

/** @param perSecond uses per second and key, with bursts of three times as many; 0 switches the limit off */
export function createRates(clock: Clock, perSecond: number): Rates {
  const interval = 1_000 / perSecond;
  const tolerance = (perSecond * BURST_FACTOR - 1) * interval;
  /** Per key: when all uses so far will have been paid for. */
  const paidAt = new Map<string, number>();

  function prune(now: number): void {
    for (const [key, at] of paidAt) if (at <= now) paidAt.delete(key);
  }

  return {
    take(key) {
      if (perSecond === 0) return;
      const now = clock.now();
      // A clock that was set back must not lock anybody out.
      const known = Math.min(paidAt.get(key) ?? 0, now + tolerance + interval);
      const wait = known - now - tolerance;
      if (wait > 0) {
        const retryAfterMs = Math.ceil(wait);
        const reason = `At most ${perSecond} a second, in bursts of ${perSecond * BURST_FACTOR}; try again in ${retryAfterMs} ms.`;
        throw new Refusal("RATE_LIMITED", reason, { retryAfterMs });
      }
      paidAt.set(key, Math.max(known, now) + interval);
      if (paidAt.size > PRUNE_ABOVE) prune(now);
    },
  };
}
