/**
 * What must hold on any machine, however slow or noisy: ratios within one run, each with room for a bad day. It is there
 * to notice that something has become several times as expensive, not to say how fast it is.
 */
import type { Results } from "./report.ts";
import { ratioOf, referenceOf } from "./report.ts";
import type { Workload } from "./workloads/workload.ts";

interface Bound {
  readonly workload: string;
  readonly system: string;
  readonly figure: string;
  /** What the ratio to the workload's reference must not pass. */
  readonly most?: number;
  readonly least?: number;
}

const BOUNDS: readonly Bound[] = [
  { workload: "online", system: "Parley", figure: "window 16 CPU", most: 12 },
  { workload: "http", system: "Parley", figure: "send rate", least: 0.12 },
  { workload: "reads", system: "Parley", figure: "newest page CPU", most: 8 },
  { workload: "reads", system: "Parley", figure: "middle page CPU", most: 8 },
];

/** The bounds that these results do not keep, in words. */
export function brokenBounds(workload: Workload, all: readonly Results[]): string[] {
  const reference = referenceOf(workload, all);
  return BOUNDS.filter((bound) => bound.workload === workload.name).flatMap(({ system, figure, most, least }) => {
    const results = all.find((one) => one.system === system);
    const known = workload.figures.find(({ name }) => name === figure);
    if (results === undefined || reference === undefined || known === undefined) return [`${figure}: not measured`];
    const ratio = ratioOf(results, reference, known) ?? Number.NaN;
    const kept = ratio <= (most ?? Number.POSITIVE_INFINITY) && ratio >= (least ?? 0);
    const bound = most === undefined ? `at least ${least}` : `at most ${most}`;
    return kept
      ? []
      : [`${workload.name}, ${figure}: ${ratio.toFixed(2)} times that of ${reference.system}, ${bound} is allowed`];
  });
}
