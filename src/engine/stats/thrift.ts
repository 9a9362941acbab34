/** Counts that grow with what is counted. */
import type { Clock } from "../clock.ts";

const TIMES = 50;

/** As `count`; but one that took long is good for fifty times as long, and who asks meanwhile is given the same. */
export function thrifty<T>(clock: Clock, count: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | null = null;
  let goodUntil = Number.POSITIVE_INFINITY;

  return async () => {
    if (last !== null && clock.monotonic() < goodUntil) return last;
    const begun = clock.monotonic();
    goodUntil = Number.POSITIVE_INFINITY;
    last = count();
    try {
      return await last;
    } catch (error) {
      last = null;
      throw error;
    } finally {
      const ended = clock.monotonic();
      goodUntil = ended + (ended - begun) * TIMES;
    }
  };
}
