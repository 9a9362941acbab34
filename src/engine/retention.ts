/** The sweeper: erases from disk what every answer already leaves out. */
import { type Core, erasuresNow } from "./core.ts";

const SWEEP_EVERY_MS = 10 * 60_000;
const BATCH = 500;

export interface Sweeper {
  /** Erases all that is past its time, and gives how many rows went. */
  sweep(): Promise<number>;
  stop(): void;
}

/** Starts sweeping: at once, and then every ten minutes. */
export function startSweeper(core: Core): Sweeper {
  let stopped = false;
  let cancel = () => {};

  async function sweep(): Promise<number> {
    const cutoffs = erasuresNow(core);
    const believed = core.timekeeper.believed();
    if (believed !== null) await core.store.rememberInstant(believed).catch(core.observer.sweepFailed);
    let total = 0;
    for (let rows = -1; rows !== 0 && !stopped; total += rows) {
      rows = await core.store.sweep(cutoffs, BATCH);
    }
    // Recalled content lies in the write-ahead log until that is emptied, whether or not anything was swept.
    if (!stopped) await core.store.tidy();
    core.observer.swept(total);
    return total;
  }

  function schedule(waitMs: number): void {
    cancel = core.clock.after(waitMs, () => {
      sweep()
        .catch((error: unknown) => core.observer.sweepFailed(error))
        .finally(() => {
          if (!stopped) schedule(SWEEP_EVERY_MS);
        });
    });
  }

  schedule(0);
  return {
    sweep,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
