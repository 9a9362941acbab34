/** Waiting between attempts: longer each time, and never together with everybody else. */
export interface BackoffOptions {
  /** Milliseconds before the second attempt, about. Default 500. */
  readonly firstMs?: number;
  /** The longest wait, in milliseconds. Default 30,000. */
  readonly longestMs?: number;
}

export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #attempts = 0;

  constructor({ firstMs = 500, longestMs = 30_000 }: BackoffOptions = {}) {
    this.#first = firstMs;
    this.#longest = longestMs;
  }

  /** How long to wait now: between half of the exponential and all of it, but at least `atLeastMs`. */
  next(atLeastMs = 0): number {
    const full = Math.min(this.#longest, this.#first * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.max(atLeastMs, full / 2 + (Math.random() * full) / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

export interface Wait {
  readonly over: Promise<void>;
  readonly ended: boolean;
  /** Ends it at once. */
  end(): void;
}

const LONGEST_TIMER = 2_147_483_647;

export function wait(ms: number): Wait {
  let end = () => {};
  let ended = false;
  const over = new Promise<void>((resolve) => {
    end = () => {
      clearTimeout(timer);
      ended = true;
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER));
  });
  return {
    over,
    end,
    get ended() {
      return ended;
    },
  };
}
