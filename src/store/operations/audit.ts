/** The audit trail of admins. */
import { type SQL, sql } from "drizzle-orm";
import type { AuditEntry, AuditRecord } from "../../engine/model.ts";
import type { Page, PageRange } from "../../engine/pages.ts";
import type { AuditWanted } from "../../engine/store.ts";
import { all, type Operation, run, type Statement, statement } from "../statement.ts";
import { audit } from "../tables.ts";

type EntryParameters = {
  at: number;
  actor: string;
  device: string;
  action: string;
  user: string | null;
  subject: string;
};
const insertAudit = statement<EntryParameters>(
  (p) => sql`insert into ${audit} (at, actor_id, device_id, action, user_id, subject)
    values (${p.at}, ${p.actor}, ${p.device}, ${p.action}, ${p.user}, ${p.subject})`,
);

/** Records what an admin does, in the transaction that does it. */
export function* recordAudit(entry: AuditEntry | null): Operation<void> {
  if (entry === null) return;
  const { at, actorId: actor, deviceId: device, action, userId: user, subject } = entry;
  yield* run(insertAudit, { at, actor, device, action, user, subject });
}

type WindowParameters = { cutoff: number; actor: string; user: string; above: number; below: number; limit: number };
type AuditRow = EntryRow & { id: number };
type EntryRow = {
  at: number;
  actor_id: string;
  device_id: string;
  action: string;
  user_id: string | null;
  subject: string;
};

/** Entries between two numbers. A filter that is not asked for stands in no statement, so that each has its index. */
function auditWindow(byActor: boolean, byUser: boolean, direction: SQL): Statement<WindowParameters, AuditRow> {
  return statement<WindowParameters, AuditRow>((p) => {
    const actor = byActor ? sql` and actor_id = ${p.actor}` : sql``;
    const user = byUser ? sql` and user_id = ${p.user}` : sql``;
    return sql`select id, at, actor_id, device_id, action, user_id, subject from ${audit}
      where id > ${p.above} and id < ${p.below} and at > ${p.cutoff}${actor}${user}
      order by id ${direction} limit ${p.limit}`;
  });
}
function bothWays(byActor: boolean, byUser: boolean) {
  return { start: auditWindow(byActor, byUser, sql`desc`), end: auditWindow(byActor, byUser, sql`asc`) };
}
const everybody = bothWays(false, false);
const ofActor = bothWays(true, false);
const ofUser = bothWays(false, true);
const ofBoth = bothWays(true, true);

function windowFor({ actorId, userId }: AuditWanted) {
  if (actorId === null) return userId === null ? everybody : ofUser;
  return userId === null ? ofActor : ofBoth;
}

function toRecord(row: AuditRow): AuditRecord {
  const { id, at, actor_id: actorId, device_id: deviceId, action, user_id: userId, subject } = row;
  return { id, at, actorId, deviceId, action, userId, subject };
}

/** Newest first: the number falling. */
export function* auditTrail(
  wanted: AuditWanted,
  cutoff: number,
  { from, after, before, limit }: PageRange<number>,
): Operation<Page<AuditRecord>> {
  const filter = { cutoff, actor: wanted.actorId ?? "", user: wanted.userId ?? "" };
  const statements = windowFor(wanted);
  const place = { below: after ?? Number.MAX_SAFE_INTEGER, above: before ?? 0 };
  const rows = yield* all(statements[from], { ...filter, ...place, limit });
  const items = (from === "start" ? rows : rows.toReversed()).map(toRecord);
  const [head, tail] = [items[0], items.at(-1)];
  if (head === undefined || tail === undefined) return { items, hasNextPage: false, hasPreviousPage: false };
  const older = yield* all(statements.start, { ...filter, above: 0, below: tail.id, limit: 1 });
  const newer = yield* all(statements.end, { ...filter, above: head.id, below: Number.MAX_SAFE_INTEGER, limit: 1 });
  return { items, hasNextPage: older.length > 0, hasPreviousPage: newer.length > 0 };
}
