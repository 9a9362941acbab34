/** Pauses of work in the background, which can be cut short: for a stop, or for somebody who waits. */
import type { Clock } from "./clock.ts";

export interface Rests {
  /** Resolves after so many milliseconds, or when `wake` is called. Any number of them may be taken at once. */
  rest(ms: number): Promise<void>;
  /** Ends all rests that are being taken; not those to come. */
  wake(): void;
}

export function createRests(clock: Clock): Rests {
  const sleepers = new Set<() => void>();
  return {
    rest: (ms) =>
      new Promise((resolve) => {
        const end = () => {
          cancel();
          sleepers.delete(end);
          resolve();
        };
        const cancel = clock.after(ms, end);
        sleepers.add(end);
      }),
    wake() {
      for (const end of sleepers) end();
    },
  };
}
