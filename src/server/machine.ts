/** The machine that the server runs on: how large its files are, and how late its event loop is. */
import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { LoopDelay, Machine } from "../engine/stats/machine.ts";
import type { DatabaseServer } from "../store/statement.ts";
import { versionOfPackage } from "../version.ts";

/** How often the event loop's delay is measured; what is measured holds this wait too. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 60_000;

const NOTHING: LoopDelay = { p99: 0, max: 0 };

export interface WatchedMachine extends Machine {
  close(): void;
}

async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.size ?? null;
}

/** Null where there is no such file. */
async function sizeWithLog(path: string): Promise<number | null> {
  const [file, log] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)]);
  return file === null ? null : file + (log ?? 0);
}

async function freeIn(folder: string): Promise<number | null> {
  const disk = await statfs(folder).catch(() => null);
  return disk === null ? null : disk.bavail * disk.bsize;
}

/**
 * Begins to watch.
 * @param dataFolder where the store and the search index lie
 * @param database the server that the store is on; null where it is a file
 */
export function watchMachine(dataFolder: string, database: DatabaseServer | null): WatchedMachine {
  const version = versionOfPackage();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let before = NOTHING;

  function measured(): LoopDelay {
    if (delays.count === 0) return NOTHING;
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return { p99: late(delays.percentile(99)), max: late(delays.max) };
  }

  const turning = setInterval(() => {
    before = measured();
    delays.reset();
  }, WINDOW_MS);
  turning.unref();

  return {
    version,
    async sizes() {
      const path = join(dataFolder, "parley.sqlite");
      const [size, log, searchIndex, free] = await Promise.all([
        database === null ? sizeOf(path) : database.size().catch(() => null),
        database === null ? sizeOf(`${path}-wal`) : null,
        sizeWithLog(join(dataFolder, "search.sqlite")),
        freeIn(dataFolder),
      ]);
      return { database: size, log, searchIndex, free };
    },
    loopDelay() {
      const now = measured();
      return { p99: Math.max(now.p99, before.p99), max: Math.max(now.max, before.max) };
    },
    close() {
      clearInterval(turning);
      delays.disable();
    },
  };
}
