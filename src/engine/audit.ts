/** The audit trail: what admins do and see that nobody else could, and reading it. */
import { type Core, cutoffsNow } from "./core.ts";
import { decodeAuditCursor } from "./cursors.ts";
import type { AuditEntry, AuditRecord, UserId } from "./model.ts";
import { type Page, type PageArguments, pageRange } from "./pages.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

/** What to record with a change, in its transaction. */
export function auditEntry(
  core: Core,
  viewer: Viewer,
  action: string,
  userId: UserId | null,
  subject: string,
): AuditEntry {
  const { userId: actorId, deviceId } = viewer;
  return { at: core.timekeeper.latest(), actorId, deviceId, action, userId, subject };
}

/**
 * Records that an admin has looked at what is another's; nothing where it is one's own. Await it before the answer
 * goes out: a crash between the two must not hide the look.
 */
export async function recordLook(
  core: Core,
  viewer: Viewer,
  action: string,
  userId: UserId | null,
  subject: string,
): Promise<void> {
  if (userId === viewer.userId) return;
  await core.store.recordAudit(auditEntry(core, viewer, action, userId, subject));
}

export interface AuditFilter {
  /** Only what this admin did. */
  readonly actor?: string | null | undefined;
  /** Only what concerned this user. */
  readonly user?: string | null | undefined;
}

export function createAuditTrail(core: Core) {
  return {
    /**
     * The trail, newest first, while `auditRetentionDays` keeps it. Reading it is recorded too.
     * @throws Refusal FORBIDDEN, BAD_USER_INPUT
     */
    async list(viewer: Viewer, args: PageArguments, filter: AuditFilter): Promise<Page<AuditRecord>> {
      requireAdmin(viewer, "`auditTrail`");
      const range = pageRange(args, (cursor) => decodeAuditCursor(viewer.userId, cursor), "start");
      const wanted = { actorId: filter.actor ?? null, userId: filter.user ?? null };
      const page = await core.store.auditTrail(wanted, cutoffsNow(core).audit, range);
      const [newest, oldest] = [page.items[0], page.items.at(-1)];
      const seen = newest === undefined || oldest === undefined ? "nothing" : `entries ${oldest.id} to ${newest.id}`;
      await recordLook(core, viewer, "auditTrail", null, seen);
      return page;
    },
  };
}
