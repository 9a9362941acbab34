/** What the log is told of what goes on behind the answers. */
import type { Logger } from "pino";
import type { Reports } from "./metrics/metrics.ts";

export function reportsIn(log: Logger): Reports {
  return {
    pushBroken: (vendor, reason) => log.error({ vendor, reason }, "a push vendor refuses what it is given"),
    pushFailed: (error) => log.error({ error: String(error) }, "pushes could not be taken or settled"),
    hookFailed: (hook, reason) => log.warn({ hook, reason }, "a hook has not taken what it was given"),
    erasureFailed: (id, error) => log.error({ id, error: String(error) }, "an erasure met trouble; it goes on"),
    broadcastFailed: (id, error) => log.error({ id, error: String(error) }, "a broadcast met trouble; it goes on"),
    followingFailed: (reader, error) =>
      log.error({ reader, error: String(error) }, "what happened could not be read on"),
    clusterFailed: (error) =>
      log.warn({ error: String(error) }, "what other servers have done could not be looked into; it is tried again"),
    sweepFailed: (error) => log.error({ error: String(error) }, "the sweeper failed"),
    backedUp: (bytes, seconds) => log.info({ bytes, seconds }, "a backup is done"),
    backupFailed: (error) =>
      log.error({ error: String(error), cause: String(error instanceof Error ? error.cause : "") }, "a backup failed"),
    clockDoubted(aheadMs) {
      const aheadSeconds = Math.round(aheadMs / 1_000);
      log.error(
        { aheadSeconds },
        "the clock is not where it should be; until it is, or a day has passed, it is doubted",
      );
    },
    clockBelieved: () => log.warn("the clock is believed again"),
  };
}
