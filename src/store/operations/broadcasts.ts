/** Broadcasts: what goes out to many, and how far it has come. */
import { type SQL, sql } from "drizzle-orm";
import {
  BROADCAST_STATES,
  type Broadcast,
  type BroadcastMessage,
  type BroadcastProgress,
  type NewBroadcast,
} from "../../engine/broadcasts/model.ts";
import { type AuditEntry, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import { all, first, hold, type Operation, statement } from "../statement.ts";
import { broadcasts, users } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { oneOf } from "./rows.ts";

type BroadcastRow = {
  id: number;
  state: string;
  started_by: string;
  started_at: number;
  finished_at: number | null;
  message: string;
  recipients: string | null;
  per_second: number;
  fingerprint: string;
  total: number;
  sent: number;
  failed: number;
  failures: string;
  position: string;
};

function toBroadcast(row: BroadcastRow): Broadcast {
  const { id, sent, failed, position, total, started_by: startedBy, started_at: startedAt } = row;
  return {
    id,
    state: oneOf(BROADCAST_STATES, row.state),
    startedBy,
    startedAt,
    finishedAt: row.finished_at,
    message: JSON.parse(row.message) as BroadcastMessage,
    to: row.recipients === null ? null : (JSON.parse(row.recipients) as UserId[]),
    perSecond: row.per_second,
    total,
    sent,
    failed,
    failures: JSON.parse(row.failures) as Broadcast["failures"],
    position,
  };
}

type Audience = { at: number; system: string; sender: string };
/** Nobody is told what they said themselves; the system reads nothing, nor does who was erased. */
function audience(p: { readonly [K in keyof Audience]: unknown }): SQL {
  return sql`created_at <= ${p.at} and erased_at is null and id <> ${p.system} and id <> ${p.sender}`;
}
const countUsers = statement<Audience, { total: number }>(
  (p) => sql`select count(*) as total from ${users} where ${audience(p)}`,
);
const byKey = statement<{ key: string }, BroadcastRow>((p) => sql`select * from ${broadcasts} where key = ${p.key}`);
type InsertParameters = {
  startedBy: string;
  startedAt: number;
  message: string;
  recipients: string | null;
  perSecond: number;
  key: string | null;
  fingerprint: string;
  total: number;
};
const insertBroadcast = statement<InsertParameters, BroadcastRow>(
  (
    p,
  ) => sql`insert into ${broadcasts} (state, started_by, started_at, message, recipients, per_second, key, fingerprint,
      total)
    values ('RUNNING', ${p.startedBy}, ${p.startedAt}, ${p.message}, ${p.recipients}, ${p.perSecond}, ${p.key},
      ${p.fingerprint}, ${p.total}) returning *`,
);

export function* startBroadcast(
  { message, to, ...wanted }: NewBroadcast,
  audit: AuditEntry,
): Operation<{ readonly broadcast: Broadcast; readonly fingerprint: string }> {
  const { key, fingerprint, startedAt } = wanted;
  yield* hold("broadcasts");
  const known = key === null ? undefined : yield* first(byKey, { key });
  if (known !== undefined) return { broadcast: toBroadcast(known), fingerprint: known.fingerprint };
  const everybody = { at: startedAt, system: SYSTEM_USER, sender: message.sendAs ?? "" };
  const total = to === null ? ((yield* first(countUsers, everybody))?.total ?? 0) : to.length;
  const recipients = to === null ? null : JSON.stringify(to);
  const row = yield* first(insertBroadcast, { ...wanted, message: JSON.stringify(message), recipients, total });
  if (row === undefined) throw new Error("a broadcast could not be kept");
  yield* recordAudit({ ...audit, subject: `b:${row.id} ${audit.subject}` });
  return { broadcast: toBroadcast(row), fingerprint };
}

const byId = statement<{ id: number }, BroadcastRow>((p) => sql`select * from ${broadcasts} where id = ${p.id}`);
const newest = statement<{ limit: number }, BroadcastRow>(
  (p) => sql`select * from ${broadcasts} order by id desc limit ${p.limit}`,
);
const thatRun = statement<Record<string, never>, BroadcastRow>(
  () => sql`select * from ${broadcasts} where state = 'RUNNING' order by id`,
);

export function* readBroadcast(id: number): Operation<Broadcast | null> {
  const row = yield* first(byId, { id });
  return row === undefined ? null : toBroadcast(row);
}

export function* readBroadcasts(limit: number): Operation<readonly Broadcast[]> {
  return (yield* all(newest, { limit })).map(toBroadcast);
}

export function* runningBroadcasts(): Operation<readonly Broadcast[]> {
  return (yield* all(thatRun, {})).map(toBroadcast);
}

const save = statement<
  { id: number; position: string; sent: number; failed: number; failures: string },
  { id: number }
>(
  (p) => sql`update ${broadcasts} set position = ${p.position}, sent = ${p.sent}, failed = ${p.failed},
    failures = ${p.failures} where id = ${p.id} and state = 'RUNNING' returning id`,
);

export function* saveProgress(id: number, { failures, ...progress }: BroadcastProgress): Operation<boolean> {
  const { position, sent, failed } = progress;
  return (yield* first(save, { id, position, sent, failed, failures: JSON.stringify(failures) })) !== undefined;
}

const end = statement<{ id: number; state: string; now: number }, { id: number }>(
  (p) => sql`update ${broadcasts} set state = ${p.state}, finished_at = ${p.now}
    where id = ${p.id} and state = 'RUNNING' returning id`,
);

export function* endBroadcast(
  id: number,
  state: "DONE" | "CANCELLED",
  now: number,
  audit: AuditEntry | null,
): Operation<boolean> {
  yield* recordAudit(audit);
  return (yield* first(end, { id, state, now })) !== undefined;
}

const selectBehind = statement<Audience & { after: string; limit: number }, { id: string }>(
  (p) => sql`select id from ${users} where id > ${p.after} and ${audience(p)} order by id limit ${p.limit}`,
);

export function* audienceBehind(
  after: UserId,
  createdUpTo: number,
  sender: UserId | null,
  limit: number,
): Operation<readonly UserId[]> {
  const wanted = { after, at: createdUpTo, system: SYSTEM_USER, sender: sender ?? "", limit };
  return (yield* all(selectBehind, wanted)).map(({ id }) => id);
}

const eraseEnded = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${broadcasts} where id in
      (select id from ${broadcasts} where finished_at <= ${p.cutoff} order by finished_at limit ${p.batch})
    returning id`,
);

/** @returns how many went */
export function* sweepBroadcasts(cutoff: number, batch: number): Operation<number> {
  return (yield* all(eraseEnded, { cutoff, batch })).length;
}
