/** Statistics: counting a slice at a time, and the oldest message that is kept. */
import { type SQL, sql } from "drizzle-orm";
import { SYSTEM_USER } from "../../engine/model.ts";
import type { Counted, CountedSlice, SlicePlace } from "../../engine/stats-store.ts";
import { first, type Operation, type Statement, statement } from "../statement.ts";
import { conversations, messageRuns, messages, uploads, users } from "../tables.ts";

type Slice = Statement<{ after: SlicePlace; limit: number }, { count: number; total: number | null; last: SlicePlace }>;

function slice(table: SQL, total: SQL): Slice {
  return statement(
    (p) => sql`select count(*) as count, sum(total) as total, max(id) as last from
      (select id, ${total} as total from ${table} where id > ${p.after} order by id limit ${p.limit}) as slice`,
  );
}

/** A timeline is erased from its beginning on; two seeks tell how long it is, however much lies in it. */
const kept = sql`coalesce(
    (select max(seq) from ${messages} where ${messages.conversationId} = ${conversations.id})
      - (select min(seq) from ${messages} where ${messages.conversationId} = ${conversations.id}) + 1, 0)`;

/** What sends notices is nobody, though it has a row. */
const known = sql`case when erased_at is null and id <> ${sql.raw(`'${SYSTEM_USER}'`)} then 1 else 0 end`;

const slices: Readonly<Record<Counted, Slice>> = {
  users: slice(sql`${users}`, known),
  conversations: slice(sql`${conversations}`, kept),
  uploads: slice(sql`${uploads}`, sql`size`),
};
/** What no id comes before. */
const NOTHING: Readonly<Record<Counted, SlicePlace>> = { users: "", conversations: 0, uploads: "" };

export function* countSlice(what: Counted, after: SlicePlace | null, limit: number): Operation<CountedSlice> {
  const row = yield* first(slices[what], { after: after ?? NOTHING[what], limit });
  return { count: row?.count ?? 0, total: row?.total ?? 0, last: row?.last ?? null };
}

const selectOldest = statement<Record<never, never>, { oldest: number }>(
  () => sql`select oldest_at as oldest from ${messageRuns} order by oldest_at limit 1`,
);

export function* oldestMessageAt(): Operation<number | null> {
  return (yield* first(selectOldest, {}))?.oldest ?? null;
}
