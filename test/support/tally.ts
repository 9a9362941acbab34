/** What was tried, for the report of a verification: lines of JSON in the file that it names, nothing otherwise. */
import { appendFileSync } from "node:fs";

/** Says that so many inputs of a kind were tried, for instance `{"kind":"ids","count":300}`. */
export function tally(kind: string, count: number): void {
  const file = process.env.PARLEY_VERIFY_TALLY;
  if (file !== undefined && file !== "") appendFileSync(file, `${JSON.stringify({ kind, count })}\n`);
}
