/** The audit trail of admins. */
import { sql } from "drizzle-orm";
import type { AuditEntry } from "../../engine/model.ts";
import { type Operation, run, statement } from "../statement.ts";
import { audit } from "../tables.ts";

const insertAudit = statement<{ at: number; actor: string; action: string; subject: string }>(
  (p) => sql`insert into ${audit} (at, actor_id, action, subject)
    values (${p.at}, ${p.actor}, ${p.action}, ${p.subject})`,
);

/** Records what an admin does, in the transaction that does it. */
export function* recordAudit(entry: AuditEntry | null): Operation<void> {
  if (entry === null) return;
  yield* run(insertAudit, { at: entry.at, actor: entry.actorId, action: entry.action, subject: entry.subject });
}
