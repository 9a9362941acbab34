/** Questions that are asked again as soon as they are answered. */
import { setTimeout as pause } from "node:timers/promises";
import { cpuSeconds } from "./machine.ts";
import { quantile } from "./statistics.ts";

/** Asks once, and calls back with the answer's arrival. */
export type Ask = (onAnswer: () => void) => void;

export interface Answered {
  /** Answers per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor seconds of the server for 10,000 answers. */
  readonly cpu: number;
}

/** Each of these asks all the time; what they do in the second before it is measured does not count. */
export async function askAllTheTime(asks: readonly Ask[], pids: readonly number[], seconds: number): Promise<Answered> {
  let running = true;
  let measuring = false;
  let latencies: number[] = [];
  const idle = asks.map(
    (ask) =>
      new Promise<void>((resolve) => {
        const again = () => {
          if (!running) {
            resolve();
            return;
          }
          const begun = performance.now();
          ask(() => {
            if (measuring) latencies.push(performance.now() - begun);
            again();
          });
        };
        again();
      }),
  );
  await pause(1_000);
  const before = { at: performance.now(), cpu: cpuSeconds(pids) };
  measuring = true;
  latencies = [];
  await pause(seconds * 1_000);
  measuring = false;
  const elapsed = (performance.now() - before.at) / 1_000;
  const cpu = cpuSeconds(pids) - before.cpu;
  running = false;
  await Promise.all(idle);
  const sorted = Float64Array.from(latencies).sort();
  return {
    rate: sorted.length / elapsed,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    cpu: (cpu / sorted.length) * 10_000,
  };
}
