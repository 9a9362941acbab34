/** The sweeper: erases from disk what every answer already leaves out, and goes on with uploads after a stop. */
import { type Core, erasuresNow } from "./core.ts";
import { createRests } from "./rests.ts";
import type { Indexing } from "./search/indexing.ts";
import type { Uploads } from "./uploads.ts";

const SWEEP_EVERY_MS = 10 * 60_000;
/** Messages that go at once, with twice as many entries of logs; fewer where they lie all over: others wait meanwhile. */
const BATCH = 64;
/** How long it rests after each batch, in times of what that took; half as long with each minute, lest it never end. */
const LONGEST_REST = 16;

function restAfter(sweptForMs: number): number {
  return Math.floor(LONGEST_REST / 2 ** Math.floor(sweptForMs / 60_000));
}

export interface Sweeper {
  /** Erases all that is past its time, and gives how many rows went. */
  sweep(): Promise<number>;
  /** Resolves once nothing of it is under way. */
  stop(): Promise<void>;
}

/** Starts sweeping: at once, and then every ten minutes. */
export function startSweeper(
  core: Core,
  uploads: Pick<Uploads, "goOn" | "recover" | "sweep">,
  indexing: Pick<Indexing, "sweep"> | null,
): Sweeper {
  let stopped = false;
  let cancel = () => {};
  const rests = createRests(core.clock);
  let sweeping = Promise.resolve();
  let recovery = Promise.resolve();

  async function sweep(): Promise<number> {
    const cutoffs = erasuresNow(core);
    const believed = core.timekeeper.believed();
    if (believed !== null) await core.store.rememberInstant(believed).catch(core.observer.sweepFailed);
    const sweepBegun = core.clock.monotonic();
    let total = 0;
    for (let rows = -1; rows !== 0 && !stopped; total += rows) {
      const begun = core.clock.monotonic();
      rows = await core.store.sweep(cutoffs, BATCH);
      const ended = core.clock.monotonic();
      if (rows > 0 && !stopped) await rests.rest((ended - begun) * restAfter(ended - sweepBegun));
    }
    // Recalled content lies in the write-ahead log until that is emptied, whether or not anything was swept.
    if (!stopped) await core.store.tidy();
    if (indexing !== null && !stopped) total += await indexing.sweep();
    await uploads.goOn();
    for (let gone = -1; gone !== 0 && !stopped; total += gone) gone = await uploads.sweep(BATCH);
    core.observer.swept(total);
    return total;
  }

  /** Of servers that share a store one sweeps. */
  async function sweepForAll(): Promise<void> {
    if (await core.leases.take("sweeper")) await sweep();
  }

  function schedule(waitMs: number): void {
    cancel = core.clock.after(waitMs, () => {
      sweeping = sweepForAll()
        .catch(core.observer.sweepFailed)
        .finally(() => {
          if (!stopped) schedule(SWEEP_EVERY_MS);
        });
    });
  }

  schedule(0);
  const cancelRecovery = core.clock.after(0, () => {
    recovery = uploads.recover().catch(core.observer.sweepFailed);
  });
  return {
    sweep,
    async stop() {
      stopped = true;
      cancel();
      cancelRecovery();
      rests.wake();
      await Promise.all([sweeping, recovery]);
    },
  };
}
