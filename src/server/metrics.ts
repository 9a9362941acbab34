/** Metrics in the Prometheus text format. Labels are bounded: no user, no conversation. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Observer } from "../engine/core.ts";
import type { CommitObserver } from "../store/committer.ts";

export interface Metrics extends Observer, Pick<CommitObserver, "committed"> {
  readonly registry: Registry;
  /** Lets the number of living connections be read. */
  watchConnections(count: () => number): void;
}

/** What the log is told besides. */
export interface Reports {
  sweepFailed(error: unknown): void;
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
  const swept = new Counter({ name: "parley_swept_rows_total", help: "Rows erased after their time.", registers });
  const sweepFailures = new Counter({ name: "parley_sweep_failures_total", help: "Sweeps that failed.", registers });
  const clockDoubted = new Gauge({
    name: "parley_clock_doubted",
    help: "1 while the clock is not where it should be, so that erasing goes by the time that has gone by.",
    registers,
  });
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
    swept: (rows) => swept.inc(rows),
    sweepFailed(error) {
      sweepFailures.inc();
      reports.sweepFailed(error);
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
    watchConnections(count) {
      new Gauge({
        name: "parley_connections",
        help: "Living WebSockets and SSE streams.",
        registers,
        collect() {
          this.set(count());
        },
      });
    },
  };
}
