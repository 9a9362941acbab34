/** The user log: appending to it, and reading behind a place. */
import { sql } from "drizzle-orm";
import type { LogEntry, LogKind, UserId } from "../../engine/model.ts";
import type { LogState } from "../../engine/store.ts";
import { all, first, type Operation, run, statement } from "../statement.ts";
import { devices, messages, userLog, users } from "../tables.ts";
import { type EntryRow, entryColumns, messageColumns, toLogEntry } from "./rows.ts";

const bumpHead = statement<{ user: string }, { head: number }>(
  (p) => sql`update ${users} set head = head + 1 where id = ${p.user} returning head`,
);

const insertEntry = statement<{
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

export interface NewEntry {
  readonly userId: UserId;
  readonly kind: LogKind;
  readonly conversationId: number;
  readonly seq: number;
  readonly at: number;
  readonly origin: string | null;
}

/** Appends to a user's log and gives the position. */
export function* appendEntry(entry: NewEntry): Operation<number> {
  const row = yield* first(bumpHead, { user: entry.userId });
  if (row === undefined) throw new Error("a log entry for a user that does not exist");
  yield* run(insertEntry, {
    user: entry.userId,
    position: row.head,
    kind: entry.kind,
    conversation: entry.conversationId,
    seq: entry.seq,
    at: entry.at,
    origin: entry.origin,
  });
  return row.head;
}

const selectState = statement<
  { user: string; device: string },
  {
    head: number;
    floor: number;
    acked_messages: number | null;
    acked_updates: number | null;
    acked_conversations: number | null;
  }
>(
  (p) => sql`select u.head, u.floor, d.acked_messages, d.acked_updates, d.acked_conversations
    from ${users} u left join ${devices} d on d.user_id = u.id and d.device_id = ${p.device} where u.id = ${p.user}`,
);

export function* logState(userId: UserId, deviceId: string): Operation<LogState> {
  const row = yield* first(selectState, { user: userId, device: deviceId });
  return {
    head: row?.head ?? 0,
    floor: row?.floor ?? 0,
    acknowledged: {
      messages: row?.acked_messages ?? 0,
      updates: row?.acked_updates ?? 0,
      conversations: row?.acked_conversations ?? 0,
    },
  };
}

const selectLog = statement<{ user: string; after: number; limit: number }, EntryRow>(
  (p) => sql`select ${entryColumns}, ${messageColumns} from ${userLog} l
    left join ${messages} m on m.conversation_id = l.conversation_id and m.seq = l.seq
    where l.user_id = ${p.user} and l.position > ${p.after} order by l.position limit ${p.limit}`,
);

export function* log(userId: UserId, after: number, limit: number): Operation<readonly LogEntry[]> {
  const rows = yield* all(selectLog, { user: userId, after, limit });
  return rows.map(toLogEntry);
}

const selectExpired = statement<{ user: string; after: number; cutoff: number }, { position: number }>(
  (p) => sql`select position from ${userLog}
    where user_id = ${p.user} and position > ${p.after} and at <= ${p.cutoff} limit 1`,
);

export function* hasExpired(userId: UserId, after: number, offlineCutoff: number): Operation<boolean> {
  return (yield* first(selectExpired, { user: userId, after, cutoff: offlineCutoff })) !== undefined;
}
