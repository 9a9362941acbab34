/** The hooks' queue: what waits for each, in order for each pair of users, and what was given up. */
import { sql } from "drizzle-orm";
import { EVENT_KINDS, type ToldEvent } from "../../engine/event-store.ts";
import type { HookCount, HookRecord, HookStep } from "../../engine/hook-store.ts";
import type { HookDelivery } from "../../engine/hooks/hook.ts";
import type { AuditEntry } from "../../engine/model.ts";
import { all, first, hold, type Operation, run, statement } from "../statement.ts";
import { hookDeliveries } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { pairOf } from "./conversations.ts";
import { moveReader, positionOf } from "./events.ts";
import { oneOf } from "./rows.ts";

type DeliveryRow = {
  id: number;
  hook: string;
  event_id: number;
  kind: string;
  at: number;
  user_id: string;
  other_id: string;
  conversation_id: number | null;
  seq: number | null;
  attempts: number;
  queued_at: number;
};

function toDelivery(row: DeliveryRow): HookDelivery {
  const { id, hook, attempts, queued_at: queuedAt, conversation_id: conversationId, seq } = row;
  const event: ToldEvent = {
    id: row.event_id,
    kind: oneOf(EVENT_KINDS, row.kind),
    at: row.at,
    userId: row.user_id,
    otherId: row.other_id,
    place: conversationId === null || seq === null ? null : { conversationId, seq },
  };
  return { id, hook, event, attempts, queuedAt };
}

/** Due with the one ahead of it, of the same two people. */
const BEHIND = Number.MAX_SAFE_INTEGER;

type Queued = {
  hook: string;
  event: number;
  kind: string;
  at: number;
  user: string;
  other: string;
  conversation: number | null;
  seq: number | null;
  pair: string;
  now: number;
  behind: number;
};
const insertDelivery = statement<Queued>(
  (p) => sql`insert into ${hookDeliveries} (hook, event_id, kind, at, user_id, other_id, conversation_id, seq, pair,
      queued_at, due_at)
    values (${p.hook}, ${p.event}, ${p.kind}, ${p.at}, ${p.user}, ${p.other}, ${p.conversation}, ${p.seq}, ${p.pair},
      ${p.now}, case when exists (select 1 from ${hookDeliveries} e
        where e.hook = ${p.hook} and e.pair = ${p.pair} and e.dead = 0) then cast(${p.behind} as bigint) else ${p.now} end)
    on conflict do nothing`,
);

export function* queueDeliveries(
  wanted: readonly { readonly hook: string; readonly event: ToldEvent }[],
  { after, upTo }: { readonly after: number; readonly upTo: number },
  now: number,
): Operation<boolean> {
  yield* hold("hooks");
  // What was queued once may be delivered by now: to queue it again would tell of it behind what came later.
  if ((yield* positionOf("hooks")) !== after) return false;
  for (const { hook, event } of wanted) {
    const { id, kind, at, userId: user, otherId: other, place } = event;
    const pair = pairOf(user, other);
    const where = { conversation: place?.conversationId ?? null, seq: place?.seq ?? null };
    // No user's id holds a space.
    yield* run(insertDelivery, {
      hook,
      event: id,
      kind,
      at,
      user,
      other,
      ...where,
      pair: `${pair.first} ${pair.second}`,
      now,
      behind: BEHIND,
    });
  }
  yield* moveReader("hooks", upTo);
  return true;
}

const columns = sql`d.id, d.hook, d.event_id, d.kind, d.at, d.user_id, d.other_id, d.conversation_id, d.seq, d.attempts,
  d.queued_at`;
const selectDue = statement<{ hook: string; now: number; limit: number }, DeliveryRow>(
  (p) => sql`select ${columns} from ${hookDeliveries} d
    where d.hook = ${p.hook} and d.dead = 0 and d.due_at <= ${p.now} order by d.due_at, d.id limit ${p.limit}`,
);
const take = statement<{ id: number; until: number }>(
  (p) => sql`update ${hookDeliveries} set taken = 1, attempts = attempts + 1, due_at = ${p.until} where id = ${p.id}`,
);

export function* claimDeliveries(
  hook: string,
  now: number,
  until: number,
  limit: number,
): Operation<readonly HookDelivery[]> {
  yield* hold("hooks");
  const rows = yield* all(selectDue, { hook, now, limit });
  for (const { id } of rows) yield* run(take, { id, until });
  return rows.map(toDelivery);
}

type Place = { hook: string; pair: string };
const remove = statement<{ id: number; attempts: number }, Place>(
  (p) => sql`delete from ${hookDeliveries} where id = ${p.id} and attempts = ${p.attempts} returning hook, pair`,
);
const bury = statement<{ id: number; attempts: number; reason: string }, Place>(
  (p) => sql`update ${hookDeliveries} set taken = 0, dead = 1, reason = ${p.reason}
    where id = ${p.id} and attempts = ${p.attempts} returning hook, pair`,
);
const postpone = statement<{ id: number; attempts: number; due: number; reason: string }>(
  (p) => sql`update ${hookDeliveries} set taken = 0, due_at = ${p.due}, reason = ${p.reason}
    where id = ${p.id} and attempts = ${p.attempts}`,
);
const advance = statement<Place & { now: number; behind: number }>(
  (p) => sql`update ${hookDeliveries} set due_at = ${p.now}
    where due_at = ${p.behind} and id = (select min(id) from ${hookDeliveries}
      where hook = ${p.hook} and pair = ${p.pair} and dead = 0)`,
);

export function* settleDelivery(
  { id, attempts: before }: Pick<HookDelivery, "id" | "attempts">,
  step: HookStep,
  now: number,
): Operation<void> {
  yield* hold("hooks");
  const attempts = before + 1;
  if (step.step === "later") return yield* run(postpone, { id, attempts, due: step.dueAt, reason: step.reason });
  const gone = yield* step.step === "done"
    ? first(remove, { id, attempts })
    : first(bury, { id, attempts, reason: step.reason });
  if (gone !== undefined) yield* run(advance, { ...gone, now, behind: BEHIND });
}

const nextDue = statement<{ hook: string; behind: number }, { due_at: number }>(
  (p) => sql`select due_at from ${hookDeliveries}
    where hook = ${p.hook} and dead = 0 and due_at < ${p.behind} order by due_at limit 1`,
);

export function* nextDeliveryAt(hook: string): Operation<number | null> {
  return (yield* first(nextDue, { hook, behind: BEHIND }))?.due_at ?? null;
}

const release = statement<{ now: number }>(
  (p) => sql`update ${hookDeliveries} set taken = 0, due_at = ${p.now} where taken = 1`,
);

export function* releaseDeliveries(now: number): Operation<void> {
  yield* run(release, { now });
}

type RecordRow = DeliveryRow & { dead: number; due_at: number; reason: string | null };
const selectRecords = statement<{ hook: string | null; dead: number; limit: number }, RecordRow>(
  (p) => sql`select ${columns}, d.dead, d.due_at, d.reason from ${hookDeliveries} d
    where (cast(${p.hook} as text) is null or d.hook = ${p.hook}) and d.dead = ${p.dead} order by d.id limit ${p.limit}`,
);

export function* readDeliveries(hook: string | null, dead: boolean, limit: number): Operation<readonly HookRecord[]> {
  const rows = yield* all(selectRecords, { hook, dead: dead ? 1 : 0, limit });
  return rows.map((row) => ({ ...toDelivery(row), dead: row.dead === 1, dueAt: row.due_at, reason: row.reason }));
}

const revive = statement<{ hook: string | null; now: number; behind: number }, { id: number }>(
  (p) => sql`update ${hookDeliveries} set dead = 0, attempts = 0, queued_at = ${p.now}, due_at = ${p.behind}
    where dead = 1 and (cast(${p.hook} as text) is null or hook = ${p.hook}) returning id`,
);
const advanceAll = statement<{ now: number; behind: number }>(
  (p) => sql`update ${hookDeliveries} set due_at = ${p.now}
    where due_at = ${p.behind} and id in (select min(id) from ${hookDeliveries} where dead = 0
      group by hook, pair having min(due_at) = ${p.behind})`,
);

export function* reviveDeliveries(hook: string | null, now: number, audit: AuditEntry): Operation<number> {
  yield* hold("hooks");
  yield* recordAudit(audit);
  const revived = yield* all(revive, { hook, now, behind: BEHIND });
  yield* run(advanceAll, { now, behind: BEHIND });
  return revived.length;
}

const countAll = statement<Record<string, never>, { hook: string; dead: number; count: number; oldest: number }>(
  () => sql`select hook, dead, count(*) as count, min(queued_at) as oldest from ${hookDeliveries} group by hook, dead`,
);

export function* countDeliveries(): Operation<readonly HookCount[]> {
  const rows = yield* all(countAll, {});
  return rows.map(({ hook, dead, count, oldest }) => ({ hook, dead: dead === 1, count, oldestAt: oldest }));
}

const eraseOld = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${hookDeliveries} where id in
      (select id from ${hookDeliveries} where queued_at <= ${p.cutoff} order by queued_at limit ${p.batch})
    returning id`,
);

/** @returns how many went */
export function* sweepDeliveries(cutoff: number, batch: number, now: number): Operation<number> {
  yield* hold("hooks");
  const gone = yield* all(eraseOld, { cutoff, batch });
  // Some may have waited behind what has gone.
  if (gone.length > 0) yield* run(advanceAll, { now, behind: BEHIND });
  return gone.length;
}
