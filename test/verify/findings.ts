/** What a trial found, and how findings add up. */

export type BreachKind = "lost" | "duplicated" | "out of order" | "other";

/** A promise that was not kept. */
export interface Breach {
  readonly kind: BreachKind;
  /** What was seen, with the ids that are needed to look into it. */
  readonly what: string;
}

export interface Findings {
  /** How often each kind of fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** Messages whose send was answered with success; each was looked for afterwards. */
  readonly acknowledged: number;
  readonly breaches: readonly Breach[];
  /** Inputs and scripts that were generated and tried. */
  readonly inputs: number;
  /** Times that the server went down without being told to. */
  readonly crashes: number;
}

export function findings(part: Partial<Findings>): Findings {
  return { faults: {}, acknowledged: 0, breaches: [], inputs: 0, crashes: 0, ...part };
}

export function total(all: readonly Findings[]): Findings {
  const faults: Record<string, number> = {};
  for (const one of all) {
    for (const [kind, times] of Object.entries(one.faults)) faults[kind] = (faults[kind] ?? 0) + times;
  }
  const sum = (pick: (one: Findings) => number) => all.reduce((count, one) => count + pick(one), 0);
  return {
    faults,
    acknowledged: sum((one) => one.acknowledged),
    breaches: all.flatMap((one) => one.breaches),
    inputs: sum((one) => one.inputs),
    crashes: sum((one) => one.crashes),
  };
}

/** How much a run does: a few minutes' worth, or hours' worth. */
export interface Scale {
  readonly long: boolean;
  pick(short: number, long: number): number;
}

export interface Trial {
  readonly name: string;
  /** Why it cannot run on this machine; null where it can. */
  readonly unavailable?: () => string | null;
  run(scale: Scale): Promise<Findings>;
}
