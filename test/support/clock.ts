import type { Clock } from "../../src/engine/clock.ts";

interface Timer {
  /** Whether it goes by the time that passes, or by what the clock says. */
  readonly by: "passing" | "clock";
  readonly at: number;
  readonly task: () => void;
}

/** A clock that stands still until it is moved. It starts at the machine's time, unless told another. */
export class MovableClock implements Clock {
  #now: number;
  #passed = 0;
  #timers = new Set<Timer>();

  constructor(start = Date.now()) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#passed;
  }

  at(at: number, task: () => void): () => void {
    return this.#arm({ by: "clock", at, task });
  }

  after(ms: number, task: () => void): () => void {
    return this.#arm({ by: "passing", at: this.#passed + ms, task });
  }

  #arm(timer: Timer): () => void {
    if (this.#untilDue(timer) <= 0) setImmediate(() => this.#timers.delete(timer) && timer.task());
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #untilDue({ by, at }: Timer): number {
    return at - (by === "clock" ? this.#now : this.#passed);
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#passed += ms;
  }

  /** Lets time pass, and fires what comes due on the way, in order. */
  advance(ms: number): void {
    const target = this.#passed + ms;
    for (;;) {
      const left = target - this.#passed;
      const due = [...this.#timers]
        .filter((timer) => this.#untilDue(timer) <= left)
        .sort((a, b) => this.#untilDue(a) - this.#untilDue(b))[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#pass(Math.max(this.#untilDue(due), 0));
      due.task();
    }
    this.#pass(target - this.#passed);
  }

  /** Sets the clock forward or back while no time passes, and fires what comes due by it. */
  jump(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
