/** The event feed: noting what happens, in the transaction in which it does, and reading it. */
import { sql } from "drizzle-orm";
import { type ReaderPosition, STORED_KINDS, type StoredEvent } from "../../engine/event-store.ts";
import { all, first, type Operation, run, statement } from "../statement.ts";
import { eventReaders, events } from "../tables.ts";
import { oneOf } from "./rows.ts";

type EventParameters = {
  kind: string;
  at: number;
  user: string;
  other: string;
  conversation: number | null;
  seq: number | null;
};
export const insertEvent = statement<EventParameters>(
  (p) => sql`insert into ${events} (kind, at, user_id, other_id, conversation_id, seq)
    values (${p.kind}, ${p.at}, ${p.user}, ${p.other}, ${p.conversation}, ${p.seq})`,
);

export function* noteEvent({ kind, at, userId, otherId, place }: Omit<StoredEvent, "id">): Operation<void> {
  const where = { conversation: place?.conversationId ?? null, seq: place?.seq ?? null };
  yield* run(insertEvent, { kind, at, user: userId, other: otherId, ...where });
}

type EventRow = {
  id: number;
  kind: string;
  at: number;
  user_id: string;
  other_id: string;
  conversation_id: number | null;
  seq: number | null;
};
const selectEvents = statement<{ after: number; limit: number }, EventRow>(
  (p) => sql`select id, kind, at, user_id, other_id, conversation_id, seq from ${events}
    where id > ${p.after} order by id limit ${p.limit}`,
  // What was begun before is committed by then, or never will be: nothing can come to stand before what was read.
  (p) => sql`select id, kind, at, user_id, other_id, conversation_id, seq from ${events}
    where id > ${p.after} and id < parley_event_horizon() order by id limit ${p.limit}`,
);

export function* readEvents(after: number, limit: number): Operation<readonly StoredEvent[]> {
  const rows = yield* all(selectEvents, { after, limit });
  return rows.map(({ id, kind, at, user_id: userId, other_id: otherId, conversation_id: conversationId, seq }) => {
    const place = conversationId === null || seq === null ? null : { conversationId, seq };
    return { id, kind: oneOf(STORED_KINDS, kind), at, userId, otherId, place };
  });
}

const selectAny = statement<{ after: number }, { id: number }>(
  (p) => sql`select id from ${events} where id > ${p.after} limit 1`,
);

export function* hasEventsBehind(after: number): Operation<boolean> {
  return (yield* first(selectAny, { after })) !== undefined;
}

const startReader = statement<{ name: string }>(
  (p) => sql`insert into ${eventReaders} (name, position)
    select ${p.name}, coalesce(max(id), 0) from ${events} where true on conflict do nothing`,
  (p) => sql`insert into ${eventReaders} (name, position)
    select ${p.name}, coalesce(max(id), 0) from ${events} where id < parley_event_horizon() on conflict do nothing`,
);
const readerAt = statement<{ name: string }, { position: number; head: number }>(
  (p) => sql`select position, (select coalesce(max(id), 0) from ${events}) as head from ${eventReaders}
    where name = ${p.name}`,
);
const saveReader = statement<{ name: string; position: number }>(
  (p) => sql`update ${eventReaders} set position = ${p.position} where name = ${p.name} and position < ${p.position}`,
);
const deleteReader = statement<{ name: string }>((p) => sql`delete from ${eventReaders} where name = ${p.name}`);

export function* openReader(name: string): Operation<ReaderPosition> {
  yield* run(startReader, { name });
  const reader = yield* first(readerAt, { name });
  if (reader === undefined) throw new Error(`the reader ${name} could not be kept`);
  return reader;
}

/** How far a reader is; null where there is none of the name. */
export function* positionOf(name: string): Operation<number | null> {
  return (yield* first(readerAt, { name }))?.position ?? null;
}

export function* moveReader(name: string, position: number): Operation<void> {
  yield* run(saveReader, { name, position });
}

export function* closeReader(name: string): Operation<void> {
  yield* run(deleteReader, { name });
}

/** The newest stays whatever becomes of it: the next id is counted from it. */
const eraseEvents = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${events} where id in (select id from ${events}
      where id < (select max(id) from ${events})
        and (at <= ${p.cutoff} or id <= coalesce((select min(position) from ${eventReaders}), 9007199254740991))
      order by id limit ${p.batch})
    returning id`,
);

/** Forgets what every reader is done with, and what is about nothing that is left. @returns how many */
export function* sweepEvents(cutoff: number, batch: number): Operation<number> {
  return (yield* all(eraseEvents, { cutoff, batch })).length;
}
