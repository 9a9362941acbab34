/** Metrics of the app's hooks. */
import { Counter, type Registry } from "prom-client";
import type { Clock } from "../../engine/clock.ts";
import type { Observer } from "../../engine/core.ts";
import type { HookState } from "../../engine/hooks/hooks.ts";
import { thrifty } from "../../engine/stats/thrift.ts";
import { watchGauge } from "./gauge.ts";

export interface WatchedHooks {
  readonly count: () => Promise<readonly HookState[]>;
  readonly clock: Clock;
}

export interface HookMetrics extends Pick<Observer, "hookAsked" | "hookDelivered"> {
  /** Lets what waits for hooks be counted, whenever somebody asks. */
  watchHooks(watched: WatchedHooks): void;
}

export function createHookMetrics(registry: Registry): HookMetrics {
  const registers = [registry];
  const asked = new Counter({
    name: "parley_hook_questions_total",
    help: "Messages that the app was to be asked about before they were stored, by what it said; failed: it did not.",
    labelNames: ["verdict"] as const,
    registers,
  });
  const delivered = new Counter({
    name: "parley_hook_deliveries_total",
    help: "Tries to tell a hook what has happened, by what came of them.",
    labelNames: ["hook", "outcome"] as const,
    registers,
  });

  return {
    hookAsked: (verdict) => asked.inc({ verdict }),
    hookDelivered: (hook, outcome) => delivered.inc({ hook, outcome }),
    watchHooks({ count, clock }) {
      const counted = thrifty(clock, count);
      watchGauge(registry, {
        name: "parley_hook_queue",
        help: "Events that wait for a hook, or were given up.",
        labelNames: ["hook", "state"],
        async read(gauge) {
          for (const { name: hook, waiting, dead } of await counted()) {
            gauge.set({ hook, state: "waiting" }, waiting);
            gauge.set({ hook, state: "dead" }, dead);
          }
        },
      });
      watchGauge(registry, {
        name: "parley_hook_queue_age_seconds",
        help: "How long the oldest event has waited for a hook; 0 where none waits.",
        labelNames: ["hook"],
        async read(gauge) {
          for (const { name: hook, oldestAt } of await counted()) {
            gauge.set({ hook }, oldestAt === null ? 0 : Math.max(0, clock.now() - oldestAt) / 1_000);
          }
        },
      });
    },
  };
}
