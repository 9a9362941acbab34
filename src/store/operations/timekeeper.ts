/** What the clock said when it was last believed, for the next start. */
import { sql } from "drizzle-orm";
import { first, type Operation, run, statement } from "../statement.ts";
import { storeInfo } from "../tables.ts";

const selectInstant = statement<Record<string, never>, { believed_at: number | null }>(
  () => sql`select believed_at from ${storeInfo}`,
);
const saveInstant = statement<{ at: number }>((p) => sql`update ${storeInfo} set believed_at = ${p.at}`);

export function* rememberedInstant(): Operation<number | null> {
  return (yield* first(selectInstant, {}))?.believed_at ?? null;
}

export function* rememberInstant(at: number): Operation<void> {
  yield* run(saveInstant, { at });
}
