/** A workload: something that users feel, done to one server at a time, and the figures that it gives. */
import type { Answered } from "../load/closed-loop.ts";
import type { System } from "../systems/system.ts";

/** What a figure is called, what it is in, and which way is better. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: "more" | "less";
}

/** Values by the names of figures. */
export type Values = Readonly<Record<string, number>>;

export interface Scale {
  /** How long each stretch is measured. */
  readonly seconds: number;
  readonly idleConnections: readonly number[];
  readonly historyMessages: number;
  readonly growth: readonly number[];
}

/** One competitor in one workload. */
export interface Entrant {
  readonly system: string;
  /** @param folder empty, for data */
  run(folder: string, scale: Scale): Promise<Values>;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly entrants: readonly Entrant[];
  /** The system that everything is compared with. */
  readonly reference: string;
  /** How often it is measured at most, where once more would tell nothing more. */
  readonly mostRounds?: number;
}

export function entrantsOf(
  systems: readonly System[],
  run: (system: System, folder: string, scale: Scale) => Promise<Values>,
): Entrant[] {
  return systems.map((system) => ({
    system: system.name,
    run: (folder, scale) => run(system, folder, scale),
  }));
}

/** The figures of questions that are asked all the time. */
export function answerFigures(name: string, unit: string): Figure[] {
  return [
    { name: `${name} rate`, unit, better: "more" },
    { name: `${name} p50`, unit: "ms", better: "less" },
    { name: `${name} p99`, unit: "ms", better: "less" },
    { name: `${name} CPU`, unit: "s/10,000", better: "less" },
  ];
}

export function answerValues(name: string, { rate, p50, p99, cpu }: Answered): Values {
  return { [`${name} rate`]: rate, [`${name} p50`]: p50, [`${name} p99`]: p99, [`${name} CPU`]: cpu };
}
