/** What users want of notifications. */
import { sql } from "drizzle-orm";
import { DEFAULT_PREFERENCES, PUSH_PREVIEWS, type PushPreferences, type PushPreview } from "../../engine/push/model.ts";
import { first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { pushPreferences } from "../tables.ts";
import { oneOf } from "./rows.ts";

type PreferencesRow = {
  preview: string;
  quiet_from: number | null;
  quiet_to: number | null;
  time_zone: string | null;
  muted_until: number | null;
};
const selectPreferences = statement<{ user: string }, PreferencesRow>(
  (p) => sql`select preview, quiet_from, quiet_to, time_zone, muted_until from ${pushPreferences}
    where user_id = ${p.user}`,
);
const upsertPreferences = statement<{
  user: string;
  preview: string;
  from: number | null;
  to: number | null;
  zone: string | null;
  muted: number | null;
}>(
  (p) => sql`insert into ${pushPreferences} (user_id, preview, quiet_from, quiet_to, time_zone, muted_until)
    values (${p.user}, ${p.preview}, ${p.from}, ${p.to}, ${p.zone}, ${p.muted})
    on conflict (user_id) do update set preview = excluded.preview, quiet_from = excluded.quiet_from,
      quiet_to = excluded.quiet_to, time_zone = excluded.time_zone, muted_until = excluded.muted_until`,
);

export function* readPushPreferences(user: string): Operation<PushPreferences> {
  const row = yield* first(selectPreferences, { user });
  if (row === undefined) return DEFAULT_PREFERENCES;
  const { quiet_from: from, quiet_to: to, time_zone: timeZone } = row;
  return {
    preview: oneOf<PushPreview>(PUSH_PREVIEWS, row.preview),
    quietHours: from === null || to === null || timeZone === null ? null : { from, to, timeZone },
    mutedUntil: row.muted_until,
  };
}

export function* changePushPreferences(user: string, change: Partial<PushPreferences>): Operation<PushPreferences> {
  yield* holdUsers(user);
  const wanted = { ...(yield* readPushPreferences(user)), ...change };
  const { preview, quietHours, mutedUntil } = wanted;
  yield* run(upsertPreferences, {
    user,
    preview,
    from: quietHours?.from ?? null,
    to: quietHours?.to ?? null,
    zone: quietHours?.timeZone ?? null,
    muted: mutedUntil,
  });
  return wanted;
}
