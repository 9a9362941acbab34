/** What servers that share a database know of each other, and of what the others have done. */
import { sql } from "drizzle-orm";
import type { Standing } from "../../engine/cluster-store.ts";
import type { LogEntry, UserId } from "../../engine/model.ts";
import { all, first, type Operation, run, statement } from "../statement.ts";
import { devices, erasures, leases, presences, servers, userLog, users } from "../tables.ts";
import { type EntryRow, toLogEntry } from "./rows.ts";

/** A list as one parameter: JSON. */
type Ids = { ids: string };
const listed = (p: { readonly ids: unknown }) => sql`(select value from json_each(${p.ids}))`;
const listedInPostgres = (p: { readonly ids: unknown }) =>
  sql`(select jsonb_array_elements_text(cast(${p.ids} as jsonb)))`;

const selectHeads = statement<Ids, { id: string; head: number }>(
  (p) => sql`select id, head from ${users} where id in ${listed(p)}`,
  (p) => sql`select id, head from ${users} where id in ${listedInPostgres(p)}`,
);

export function* readHeads(ids: readonly UserId[]): Operation<ReadonlyMap<UserId, number>> {
  const rows = yield* all(selectHeads, { ids: JSON.stringify(ids) });
  return new Map(rows.map(({ id, head }) => [id, head]));
}

type UserRow = { id: string; tokens_from: number | null; erased_at: number | null; erasing: number };
const userColumns = sql`u.id, u.tokens_from, u.erased_at, case when exists
  (select 1 from ${erasures} e where e.user_id = u.id and e.finished_at is null) then 1 else 0 end as erasing`;
const selectUsers = statement<Ids, UserRow>(
  (p) => sql`select ${userColumns} from ${users} u where u.id in ${listed(p)}`,
  (p) => sql`select ${userColumns} from ${users} u where u.id in ${listedInPostgres(p)}`,
);
type SessionRow = { user_id: string; device_id: string; session: number; ended_at: number | null };
const sessionColumns = sql`user_id, device_id, session, ended_at`;
const selectSessions = statement<Ids, SessionRow>(
  (p) => sql`select ${sessionColumns} from ${devices} where user_id in ${listed(p)}`,
  (p) => sql`select ${sessionColumns} from ${devices} where user_id in ${listedInPostgres(p)}`,
);

export function* readStandings(ids: readonly UserId[]): Operation<readonly Standing[]> {
  const wanted = { ids: JSON.stringify(ids) };
  const sessions = new Map<UserId, Map<string, number | null>>();
  for (const { user_id: user, device_id: device, session, ended_at: endedAt } of yield* all(selectSessions, wanted)) {
    const known = sessions.get(user) ?? new Map<string, number | null>();
    sessions.set(user, known.set(device, endedAt === null ? session : null));
  }
  return (yield* all(selectUsers, wanted)).map((row) => ({
    userId: row.id,
    tokensFrom: row.tokens_from,
    erasedAt: row.erased_at,
    erasing: row.erasing === 1,
    sessions: sessions.get(row.id) ?? new Map<string, number | null>(),
  }));
}

const selectEntries = statement<{ user: string; after: number; limit: number }, EntryRow>(
  (p) => sql`select position, kind, conversation_id, seq, at, origin from ${userLog}
    where user_id = ${p.user} and position > ${p.after} order by position limit ${p.limit}`,
);

export function* entriesBehind(userId: UserId, after: number, limit: number): Operation<readonly LogEntry[]> {
  return (yield* all(selectEntries, { user: userId, after, limit })).map(toLogEntry);
}

const prolong = statement<{ id: string; until: number }, { id: string }>(
  (p) => sql`update ${servers} set until = ${p.until} where id = ${p.id} returning id`,
);
const insertServer = statement<{ id: string; until: number }>(
  (p) => sql`insert into ${servers} (id, until) values (${p.id}, ${p.until}) on conflict do nothing`,
);
const selectGone = statement<{ now: number }, { id: string }>(
  (p) => sql`select id from ${servers} where until <= ${p.now}`,
);
const deleteServer = statement<{ id: string }>((p) => sql`delete from ${servers} where id = ${p.id}`);
const deletePresences = statement<{ id: string }>((p) => sql`delete from ${presences} where server_id = ${p.id}`);
const deleteLeases = statement<{ id: string }>((p) => sql`delete from ${leases} where server_id = ${p.id}`);

export function* signOff(id: string): Operation<void> {
  yield* run(deleteLeases, { id });
  yield* run(deletePresences, { id });
  yield* run(deleteServer, { id });
}

export function* reportServer(id: string, now: number, until: number): Operation<boolean> {
  const isKnown = (yield* first(prolong, { id, until })) !== undefined;
  if (!isKnown) yield* run(insertServer, { id, until });
  for (const gone of yield* all(selectGone, { now })) yield* signOff(gone.id);
  return isKnown;
}

const insertPresence = statement<{ user: string; server: string }>(
  (p) => sql`insert into ${presences} (user_id, server_id) values (${p.user}, ${p.server}) on conflict do nothing`,
);
const deletePresence = statement<{ user: string; server: string }>(
  (p) => sql`delete from ${presences} where user_id = ${p.user} and server_id = ${p.server}`,
);

export function* notePresences(server: string, arrived: readonly UserId[], left: readonly UserId[]): Operation<void> {
  for (const user of left) yield* run(deletePresence, { user, server });
  for (const user of arrived) yield* run(insertPresence, { user, server });
}

const selectPresence = statement<{ user: string; besides: string; now: number }, { server_id: string }>(
  (p) => sql`select p.server_id from ${presences} p join ${servers} s on s.id = p.server_id
    where p.user_id = ${p.user} and p.server_id <> ${p.besides} and s.until > ${p.now} limit 1`,
);

export function* isPresent(user: UserId, besides: string, now: number): Operation<boolean> {
  return (yield* first(selectPresence, { user, besides, now })) !== undefined;
}

const upsertLease = statement<{ name: string; server: string; now: number; until: number }, { name: string }>(
  (p) => sql`insert into ${leases} as l (name, server_id, until) values (${p.name}, ${p.server}, ${p.until})
    on conflict (name) do update set server_id = excluded.server_id, until = excluded.until
      where l.server_id = excluded.server_id or l.until <= ${p.now}
    returning name`,
);

export function* takeLease(name: string, server: string, now: number, until: number): Operation<boolean> {
  return (yield* first(upsertLease, { name, server, now, until })) !== undefined;
}
