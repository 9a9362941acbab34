/** The audit trail: what admins do on behalf of others. */
import type { Core } from "./core.ts";
import type { AuditEntry } from "./model.ts";
import type { Viewer } from "./viewer.ts";

export function auditEntry(core: Core, viewer: Viewer, action: string, subject: string): AuditEntry {
  return { at: core.clock.now(), actorId: viewer.userId, action, subject };
}
