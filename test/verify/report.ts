/** The table that a verification ends with, in Markdown, so that it can be quoted. */
import { type BreachKind, type Findings, total } from "./findings.ts";

export interface Row {
  readonly name: string;
  readonly findings: Findings;
}

const HEAD = ["trial", "faults", "acknowledged", "lost", "duplicated", "out of order", "other", "inputs", "crashes"];

/** More kinds than this are counted together. */
const KINDS_NAMED = 2;

function faultsOf(faults: Findings["faults"], number: (value: number) => string): string {
  const kinds = Object.entries(faults);
  if (kinds.length === 0) return "–";
  if (kinds.length <= KINDS_NAMED) return kinds.map(([kind, times]) => `${number(times)} × ${kind}`).join(", ");
  return `${number(kinds.reduce((sum, [, times]) => sum + times, 0))} of ${kinds.length} kinds`;
}

function cells(name: string, { faults, acknowledged, breaches, inputs, crashes }: Findings): string[] {
  const count = (kind: BreachKind) => breaches.filter((breach) => breach.kind === kind).length;
  const number = (value: number) => value.toLocaleString("en-US");
  const kinds = (["lost", "duplicated", "out of order", "other"] as const).map((kind) => number(count(kind)));
  return [name, faultsOf(faults, number), number(acknowledged), ...kinds, number(inputs), number(crashes)];
}

/** One line for each trial, and one for all. */
export function table(rows: readonly Row[]): string {
  const sum = cells("**all**", total(rows.map((row) => row.findings)));
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map((row) => cells(row.name, row.findings)), sum];
  return `\n${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}`;
}
