import type { Clock } from "../../src/engine/clock.ts";

/** A clock that stands still until it is moved. It starts at the machine's time. */
export class MovableClock implements Clock {
  #now = Date.now();
  #timers = new Set<{ at: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  at(at: number, task: () => void): () => void {
    const timer = { at, task };
    if (at <= this.#now) setImmediate(() => this.#timers.delete(timer) && task());
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the clock and fires what comes due on the way, in order. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= target).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
    }
    this.#now = target;
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
