/** What becomes of one thing that is imported, and the rules that all have in common. */
import { invalid } from "../content-checks.ts";
import type { Core } from "../core.ts";
import { type DataCode, Refusal } from "../errors.ts";
import type { MessageView } from "../viewer.ts";

const MOST_IMPORTED_AT_ONCE = 100;

export type ImportOutcome = "IMPORTED" | "DUPLICATE" | "EXPIRED" | "REFUSED";

/** What became of one of the input. */
export interface ImportResult {
  readonly outcome: ImportOutcome;
  /** Of messages: as it is stored; null where it is not. */
  readonly view: MessageView | null;
  /** Why it was REFUSED; else null. */
  readonly refusal: Refusal | null;
}

export function refused(refusal: Refusal): ImportResult {
  return { outcome: "REFUSED", view: null, refusal };
}

export function settled(outcome: Exclude<ImportOutcome, "REFUSED">, view: MessageView | null = null): ImportResult {
  return { outcome, view, refusal: null };
}

export function checkCount(count: number, field: string): void {
  if (count > MOST_IMPORTED_AT_ONCE) {
    throw invalid(field, `At most ${MOST_IMPORTED_AT_ONCE} ${field} can be imported at once.`);
  }
}

/** @throws what is no refusal of this one input */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal && error.isData) return error;
  throw error;
}

/** @throws Refusal INVALID_CONTENT for an instant to come, or one before 1970 */
export function checkInstant(core: Core, instant: number, field: string): void {
  if (instant > core.timekeeper.latest()) throw invalid(field, "It lies in the future; what is imported has been.");
  if (instant < 0) throw invalid(field, "It lies before 1970.");
}

/** The code of a refusal that is data. */
export function codeOf({ refusal }: ImportResult): DataCode | null {
  return refusal === null ? null : (refusal.code as DataCode);
}
