/** The user log: appending to it, and reading behind a place. */
import { type SQL, sql } from "drizzle-orm";
import type { LogKind, Stream, UserId } from "../../engine/model.ts";
import type { Appended, DevicePlace, LogPage, LogState } from "../../engine/store.ts";
import { all, first, type Operation, run, type Statement, statement } from "../statement.ts";
import { devices, userLog, users } from "../tables.ts";
import { type EntryRow, toLogEntry } from "./rows.ts";
import { insertLogRun } from "./runs.ts";

/** Gives the entry a position; where `run_position` is the same, the entry starts a run. Who was erased has no log. */
export const bumpHead = statement<
  { user: string; at: number },
  { head: number; head_at: number; run_position: number }
>(
  (p) => sql`update ${users} set head = head + 1, head_at = ${p.at},
      run_position = case when ${p.at} >= head_at then run_position else head + 1 end
    where id = ${p.user} and erased_at is null returning head, head_at, run_position`,
);

export const insertEntry = statement<{
  user: string;
  position: number;
  kind: LogKind;
  conversation: number;
  seq: number;
  at: number;
  origin: string | null;
}>(
  (p) => sql`insert into ${userLog} (user_id, position, kind, conversation_id, seq, at, origin)
    values (${p.user}, ${p.position}, ${p.kind}, ${p.conversation}, ${p.seq}, ${p.at}, ${p.origin})`,
);

/** Appends to a user's log, which gives the entry its position; null where the user has been erased. */
export function* appendEntry(entry: Omit<Appended, "position">): Operation<Appended | null> {
  const { userId, at } = entry;
  const row = yield* first(bumpHead, { user: userId, at });
  if (row === undefined) return null;
  if (row.run_position === row.head) yield* run(insertLogRun, { at, user: userId, position: row.head });
  yield* run(insertEntry, {
    user: userId,
    position: row.head,
    kind: entry.kind,
    conversation: entry.conversationId,
    seq: entry.seq,
    at,
    origin: entry.origin,
  });
  return {
    userId,
    position: row.head,
    kind: entry.kind,
    conversationId: entry.conversationId,
    seq: entry.seq,
    at,
    origin: entry.origin,
  };
}

/** As `appendEntry`, for each of these, in their order. */
export function* appendEntries(entries: readonly Omit<Appended, "position">[]): Operation<Appended[]> {
  const appended: Appended[] = [];
  for (const entry of entries) {
    const one = yield* appendEntry(entry);
    if (one !== null) appended.push(one);
  }
  return appended;
}

type StateRow = {
  head: number;
  acked_messages: number;
  acked_updates: number;
  acked_conversations: number;
  lost_messages: number;
  lost_updates: number;
  lost_conversations: number;
};
/** A device that the store does not know has lost what was ever swept. */
const selectState = statement<{ user: string; device: string }, StateRow>(
  (p) => sql`select u.head,
      coalesce(d.acked_messages, 0) as acked_messages, coalesce(d.acked_updates, 0) as acked_updates,
      coalesce(d.acked_conversations, 0) as acked_conversations,
      coalesce(d.lost_messages, u.floor_messages) as lost_messages,
      coalesce(d.lost_updates, u.floor_updates) as lost_updates,
      coalesce(d.lost_conversations, u.floor_conversations) as lost_conversations
    from ${users} u left join ${devices} d on d.user_id = u.id and d.device_id = ${p.device} where u.id = ${p.user}`,
);

export function* logState(userId: UserId, deviceId: string): Operation<LogState> {
  const row = yield* first(selectState, { user: userId, device: deviceId });
  if (row === undefined) throw new Error("the log of a user that does not exist");
  return {
    head: row.head,
    acknowledged: {
      messages: row.acked_messages,
      updates: row.acked_updates,
      conversations: row.acked_conversations,
    },
    lost: { messages: row.lost_messages, updates: row.lost_updates, conversations: row.lost_conversations },
  };
}

const selectHead = statement<{ user: string }, { head: number }>(
  (p) => sql`select head from ${users} where id = ${p.user}`,
);

export function* headOf(userId: UserId): Operation<number> {
  return (yield* first(selectHead, { user: userId }))?.head ?? 0;
}

/** As `streamOf`, in SQL. The partial indexes of the table are over the same words. */
const ofStream: Record<Stream, SQL> = {
  messages: sql`kind in ('received', 'sent')`,
  updates: sql`kind in ('recalled', 'edited', 'read', 'delivered')`,
  conversations: sql`kind = 'conversation'`,
};

type LogParameters = { user: string; after: number; limit: number };
function selectEntries(stream: Stream) {
  return statement<LogParameters, EntryRow>(
    (p) => sql`select position, kind, conversation_id, seq, at, origin from ${userLog}
      where user_id = ${p.user} and position > ${p.after} and ${ofStream[stream]} order by position limit ${p.limit}`,
  );
}
const selectLog: Record<Stream, Statement<LogParameters, EntryRow>> = {
  messages: selectEntries("messages"),
  updates: selectEntries("updates"),
  conversations: selectEntries("conversations"),
};

export function* log(userId: UserId, stream: Stream, after: number, limit: number): Operation<LogPage> {
  const rows = yield* all(selectLog[stream], { user: userId, after, limit });
  const last = rows.at(-1)?.position ?? after;
  const upTo = rows.length < limit ? Math.max(last, yield* headOf(userId)) : last;
  return { entries: rows.map(toLogEntry), upTo };
}

type ExpiredParameters = { user: string; device: string; after: number; cutoff: number };
/** Any, not the next: a clock that was set back has left later entries with earlier instants. */
function selectExpiredOf(stream: Stream) {
  return statement<ExpiredParameters, { position: number }>(
    (
      p,
    ) => sql`select position from ${userLog} where user_id = ${p.user} and position > ${p.after} and ${ofStream[stream]}
      and (origin is null or origin <> ${p.device}) and at <= ${p.cutoff} limit 1`,
  );
}
const selectExpired: Record<Stream, Statement<ExpiredParameters, { position: number }>> = {
  messages: selectExpiredOf("messages"),
  updates: selectExpiredOf("updates"),
  conversations: selectExpiredOf("conversations"),
};

export function* hasExpired(
  { userId, deviceId }: DevicePlace,
  stream: Stream,
  after: number,
  offlineCutoff: number,
): Operation<boolean> {
  const parameters = { user: userId, device: deviceId, after, cutoff: offlineCutoff };
  return (yield* first(selectExpired[stream], parameters)) !== undefined;
}
