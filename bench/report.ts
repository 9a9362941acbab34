/** The tables, and the same as data. */
import { median } from "./load/statistics.ts";
import type { Figure, Values, Workload } from "./workloads/workload.ts";

/** All rounds of one entrant. */
export interface Results {
  readonly system: string;
  readonly rounds: readonly Values[];
}

interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

function summaryOf(results: Results, { name }: Figure): Summary | null {
  const values = results.rounds.flatMap((round) => round[name] ?? []);
  if (values.length === 0) return null;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** A ratio for each round, so that a machine that is slow in one of them is slow on both sides; their median. */
export function ratioOf(results: Results, to: Results, { name }: Figure): number | null {
  const ratios = results.rounds.flatMap((round, index) => {
    const [value, other] = [round[name], to.rounds[index]?.[name]];
    return value === undefined || other === undefined || other === 0 ? [] : value / other;
  });
  return ratios.length === 0 ? null : median(ratios);
}

function written(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function cellOf(results: Results, reference: Results | undefined, figure: Figure): string {
  const summary = summaryOf(results, figure);
  if (summary === null) return "–";
  const range = results.rounds.length > 1 ? ` (${written(summary.min)}–${written(summary.max)})` : "";
  const ratio = reference === undefined || reference === results ? null : ratioOf(results, reference, figure);
  return `${written(summary.median)}${range}${ratio === null ? "" : ` **${written(ratio)}×**`}`;
}

/** The results that a workload's are compared with. */
export function referenceOf({ reference }: Workload, all: readonly Results[]): Results | undefined {
  return all.find(({ system }) => system === reference);
}

/** One table of a workload, a row for each figure, a column for each system; ratios are to the reference. */
export function tableOf(workload: Workload, all: readonly Results[]): string {
  const reference = referenceOf(workload, all);
  const head = ["", ...all.map(({ system }) => system)];
  const rows = workload.figures.map((figure) => [
    `${figure.name}, ${figure.unit}`,
    ...all.map((results) => cellOf(results, reference, figure)),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `### ${workload.title}`,
    "",
    `Ratios are to: ${workload.reference}.`,
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
  ].join("\n");
}

/** What the tables are made from. */
export function dataOf(workload: Workload, all: readonly Results[]) {
  const reference = referenceOf(workload, all);
  return {
    workload: workload.name,
    title: workload.title,
    reference: workload.reference,
    figures: workload.figures.map((figure) => ({
      ...figure,
      systems: all.map((results) => ({
        system: results.system,
        ...summaryOf(results, figure),
        ratio: reference === undefined || results === reference ? null : ratioOf(results, reference, figure),
      })),
    })),
  };
}
