/**
 * Where the engine gets its time from. Tests hand in one that they move by hand.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /**
   * Calls `task` once when the clock reaches `at` (milliseconds since 1970), never before; at once, but not
   * synchronously, where that has passed. The returned function cancels.
   */
  at(at: number, task: () => void): () => void;
}

/** Node cuts longer timers to 1 ms, so a far instant is approached in steps. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, task) {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const wait = at - Date.now();
      timer = setTimeout(wait > LONGEST_TIMER_MS ? arm : task, Math.min(Math.max(wait, 0), LONGEST_TIMER_MS));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** Lets everything else that waits have its turn; for work that is done in pages. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
