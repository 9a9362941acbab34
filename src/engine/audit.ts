/** The audit trail: what admins do on behalf of others. */
import type { Core } from "./core.ts";
import type { UserId } from "./model.ts";
import type { Viewer } from "./viewer.ts";

/** An entry of the audit trail, written in the transaction of what it tells of. */
export interface AuditEntry {
  readonly at: number;
  readonly actorId: UserId;
  readonly action: string;
  readonly subject: string;
}

export function auditEntry(core: Core, viewer: Viewer, action: string, subject: string): AuditEntry {
  return { at: core.clock.now(), actorId: viewer.userId, action, subject };
}
