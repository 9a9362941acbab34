/** Settings: one row for each that was ever changed. */
import { sql } from "drizzle-orm";
import type { AuditEntry } from "../../engine/model.ts";
import type { Settings } from "../../engine/settings.ts";
import { all, type Operation, run, statement } from "../statement.ts";
import { settings } from "../tables.ts";
import { recordAudit } from "./audit.ts";

const selectSettings = statement<Record<string, never>, { name: string; value: string }>(
  () => sql`select name, value from ${settings}`,
);
const saveSetting = statement<{ name: string; value: string }>(
  (p) => sql`insert into ${settings} (name, value) values (${p.name}, ${p.value})
    on conflict (name) do update set value = excluded.value`,
);

export function* loadSettings(): Operation<Partial<Settings>> {
  const rows = yield* all(selectSettings, {});
  return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value)]));
}

export function* saveSettings(changed: Partial<Settings>, audit: AuditEntry): Operation<void> {
  for (const [name, value] of Object.entries(changed)) {
    yield* run(saveSetting, { name, value: JSON.stringify(value) });
  }
  yield* recordAudit(audit);
}
