/** The table that a verification ends with, in Markdown, so that it can be quoted. */
import { type BreachKind, type Findings, total } from "./findings.ts";

export interface Row {
  readonly name: string;
  readonly findings: Findings;
}

const HEAD = ["trial", "faults", "acknowledged", "lost", "duplicated", "out of order", "other", "inputs", "crashes"];

function cells(name: string, { faults, acknowledged, breaches, inputs, crashes }: Findings): string[] {
  const count = (kind: BreachKind) => breaches.filter((breach) => breach.kind === kind).length;
  const number = (value: number) => value.toLocaleString("en-US");
  const injected = Object.entries(faults).map(([kind, times]) => `${number(times)} × ${kind}`);
  const kinds = (["lost", "duplicated", "out of order", "other"] as const).map((kind) => number(count(kind)));
  return [name, injected.join(", ") || "–", number(acknowledged), ...kinds, number(inputs), number(crashes)];
}

/** One line for each trial, and one for all. */
export function table(rows: readonly Row[]): string {
  const all = total(rows.map((row) => row.findings));
  const faults = Object.values(all.faults).reduce((sum, times) => sum + times, 0);
  const kinds = Object.keys(all.faults).length;
  const sum = cells("**all**", { ...all, faults: faults === 0 ? {} : { [`faults of ${kinds} kinds`]: faults } });
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map((row) => cells(row.name, row.findings)), sum];
  return `\n${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}`;
}
