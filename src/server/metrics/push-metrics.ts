/** Metrics of pushes. */
import { Counter, type Registry } from "prom-client";
import type { Clock } from "../../engine/clock.ts";
import type { Observer } from "../../engine/core.ts";
import type { PushVendor } from "../../engine/push/channel.ts";
import type { PushCount } from "../../engine/push-store.ts";
import { thrifty } from "../../engine/stats/thrift.ts";
import { watchGauge } from "./gauge.ts";

export interface WatchedPushes {
  readonly vendors: readonly PushVendor[];
  readonly count: () => Promise<readonly PushCount[]>;
  readonly broken: () => ReadonlyMap<PushVendor, string>;
  readonly clock: Clock;
}

export interface PushMetrics extends Pick<Observer, "pushed"> {
  pushesFailed(): void;
  /** Lets what waits to be pushed be counted, whenever somebody asks. */
  watchPushes(watched: WatchedPushes): void;
}

export function createPushMetrics(registry: Registry): PushMetrics {
  const registers = [registry];
  const pushes = new Counter({
    name: "parley_pushes_total",
    help: "Pushes that were due, by vendor and what became of them.",
    labelNames: ["vendor", "outcome"],
    registers,
  });
  const failures = new Counter({
    name: "parley_push_failures_total",
    help: "Times that pushes could not be taken or settled.",
    registers,
  });

  return {
    pushed: (vendor, outcome, count) => pushes.inc({ vendor, outcome }, count),
    pushesFailed: () => failures.inc(),
    watchPushes({ vendors, count, broken, clock }) {
      const counted = thrifty(clock, count);
      watchGauge(registry, {
        name: "parley_pushes",
        help: "Pushes that there are, by vendor and state.",
        labelNames: ["vendor", "state"],
        async read(gauge) {
          for (const { vendor, state, count: waiting } of await counted()) gauge.set({ vendor, state }, waiting);
        },
      });
      watchGauge(registry, {
        name: "parley_push_oldest_seconds",
        help: "Age of the oldest push that waits, by vendor.",
        labelNames: ["vendor"],
        async read(gauge) {
          for (const vendor of vendors) gauge.set({ vendor }, 0);
          for (const { vendor, state, oldestAt } of await counted()) {
            if (state === "queued") gauge.set({ vendor }, Math.max(0, (clock.now() - oldestAt) / 1_000));
          }
        },
      });
      watchGauge(registry, {
        name: "parley_push_broken",
        help: "1 while a vendor refuses credentials, rights or settings.",
        labelNames: ["vendor"],
        read(gauge) {
          const reasons = broken();
          for (const vendor of vendors) gauge.set({ vendor }, reasons.has(vendor) ? 1 : 0);
        },
      });
    },
  };
}
