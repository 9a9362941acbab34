/** Metrics in the Prometheus text format. Labels are bounded: no user, no conversation. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Observer } from "../../engine/core.ts";
import type { ReaderName } from "../../engine/events.ts";
import type { PushVendor } from "../../engine/push/channel.ts";
import type { CommitObserver } from "../../store/commit-observer.ts";
import { type CountRefusal, REFUSAL_REASONS } from "../refusals.ts";
import { createDatabaseMetrics, type DatabaseMetrics } from "./database-metrics.ts";
import { watchGauge } from "./gauge.ts";
import { createHookMetrics, type HookMetrics } from "./hook-metrics.ts";
import { createPushMetrics, type PushMetrics } from "./push-metrics.ts";

export interface Metrics
  extends Observer,
    HookMetrics,
    DatabaseMetrics,
    Pick<PushMetrics, "watchPushes">,
    Pick<CommitObserver, "committed"> {
  readonly registry: Registry;
  readonly refused: CountRefusal;
  /** Lets what comes near to a limit be read, whenever somebody asks. */
  watch(readings: Readings): void;
}

/** How much there is now of what has a limit. */
export interface Readings {
  readonly connections: () => number;
  readonly waitingConnections: () => number;
  readonly subscriptions: () => number;
  readonly tcpConnections: () => Promise<number>;
  readonly rateKeys: () => number;
  /** Bytes. */
  readonly mediaFree: () => Promise<number>;
}

const GAUGES = {
  connections: { name: "parley_connections", help: "Living WebSockets and SSE streams." },
  waitingConnections: { name: "parley_waiting_connections", help: "WebSockets that have not authenticated yet." },
  subscriptions: { name: "parley_subscriptions", help: "Subscriptions that run." },
  tcpConnections: { name: "parley_tcp_connections", help: "TCP connections, idle ones included." },
  mediaFree: { name: "parley_media_free_bytes", help: "What is free on the disk that media goes to." },
  rateKeys: { name: "parley_rate_keys", help: "Users and addresses remembered for their rates." },
} as const satisfies Record<keyof Readings, { name: string; help: string }>;

/** What the log is told besides. */
export interface Reports {
  followingFailed(reader: ReaderName, error: unknown): void;
  hookFailed(hook: string, reason: string): void;
  broadcastFailed(id: number, error: unknown): void;
  erasureFailed(id: number, error: unknown): void;
  clusterFailed(error: unknown): void;
  sweepFailed(error: unknown): void;
  pushBroken(vendor: PushVendor, reason: string): void;
  pushFailed(error: unknown): void;
  backedUp(bytes: number, seconds: number): void;
  backupFailed(error: unknown): void;
  clockDoubted(aheadMs: number): void;
  clockBelieved(): void;
}

export function createMetrics(reports: Reports): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const sends = new Counter({
    name: "parley_sends_total",
    help: "Messages taken, by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  const deliveries = new Counter({
    name: "parley_deliveries_total",
    help: "Messages handed to devices, by source.",
    labelNames: ["source"],
    registers,
  });
  const uploads = new Counter({
    name: "parley_uploads_total",
    help: "Uploads that have come, by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["ready", "refused"]) uploads.inc({ outcome }, 0);
  const uploadBytes = new Counter({ name: "parley_upload_bytes_total", help: "Bytes of these uploads.", registers });
  const { pushesFailed, ...pushes } = createPushMetrics(registry);
  const swept = new Counter({ name: "parley_swept_rows_total", help: "Rows erased after their time.", registers });
  const followingFailures = new Counter({
    name: "parley_following_failures_total",
    help: "Times that a reader of what happens (search, hooks, archives) could not do its work, and began again.",
    labelNames: ["reader"] as const,
    registers,
  });
  const sweepFailures = new Counter({ name: "parley_sweep_failures_total", help: "Sweeps that failed.", registers });
  const backupTime = new Gauge({
    name: "parley_backup_last_success_timestamp_seconds",
    help: "When the last backup that succeeded was begun; 0 before the first since the start.",
    registers,
  });
  const backupBytes = new Gauge({ name: "parley_backup_last_bytes", help: "Size of that backup.", registers });
  const backupSeconds = new Gauge({ name: "parley_backup_last_seconds", help: "How long it took.", registers });
  const backupFailures = new Counter({ name: "parley_backup_failures_total", help: "Backups that failed.", registers });
  const clockDoubted = new Gauge({
    name: "parley_clock_doubted",
    help: "1 while the clock is not where it should be, so that erasing goes by the time that has gone by.",
    registers,
  });
  const refusals = new Counter({
    name: "parley_refusals_total",
    help: "What was refused or cut off, by reason: an error code, or a limit of a transport.",
    labelNames: ["reason"],
    registers,
  });
  // Each is there from the start, so that the first one counts as a rise.
  for (const reason of REFUSAL_REASONS) refusals.inc({ reason }, 0);
  const commitSeconds = new Histogram({
    name: "parley_commit_seconds",
    help: "Time of a commit with its fsync.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
    registers,
  });
  const commitOperations = new Histogram({
    name: "parley_commit_operations",
    help: "Writes that were committed together.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });

  return {
    registry,
    sent: (outcome) => sends.inc({ outcome }),
    delivered: (source) => deliveries.inc({ source }),
    uploaded(outcome, bytes) {
      uploads.inc({ outcome });
      uploadBytes.inc(bytes);
    },
    ...pushes,
    pushBroken: reports.pushBroken,
    pushFailed(error) {
      pushesFailed();
      reports.pushFailed(error);
    },
    ...createHookMetrics(registry),
    ...createDatabaseMetrics(registry),
    hookFailed: reports.hookFailed,
    broadcastFailed: reports.broadcastFailed,
    erasureFailed: reports.erasureFailed,
    swept: (rows) => swept.inc(rows),
    followingFailed(reader, error) {
      followingFailures.inc({ reader });
      reports.followingFailed(reader, error);
    },
    clusterFailed: reports.clusterFailed,
    sweepFailed(error) {
      sweepFailures.inc();
      reports.sweepFailed(error);
    },
    backedUp(at, bytes, seconds) {
      backupTime.set(at / 1_000);
      backupBytes.set(bytes);
      backupSeconds.set(seconds);
      reports.backedUp(bytes, seconds);
    },
    backupFailed(error) {
      backupFailures.inc();
      reports.backupFailed(error);
    },
    clockDoubted(aheadMs) {
      clockDoubted.set(1);
      reports.clockDoubted(aheadMs);
    },
    clockBelieved() {
      clockDoubted.set(0);
      reports.clockBelieved();
    },
    committed(operations, seconds) {
      commitOperations.observe(operations);
      commitSeconds.observe(seconds);
    },
    refused: (reason) => refusals.inc({ reason }),
    watch(readings) {
      for (const key of Object.keys(GAUGES) as (keyof Readings)[]) {
        watchGauge(registry, { ...GAUGES[key], read: async (gauge) => gauge.set(await readings[key]()) });
      }
    },
  };
}
