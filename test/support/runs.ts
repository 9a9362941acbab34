/** What the runs of a store must be, by its messages and logs. */
import type Sqlite from "better-sqlite3";

function startsIn(table: string, owner: string, place: string, at: string): string {
  return `select ${at}, ${owner}, ${place} from (select ${at}, ${owner}, ${place},
      lag(${at}) over (partition by ${owner} order by ${place}) as before_at from ${table})
    where before_at is null or before_at > ${at}`;
}
const MESSAGE_RUNS = startsIn("messages", "conversation_id", "seq", "sent_at");
const LOG_RUNS = startsIn("user_log", "user_id", "position", "at");

/** Each gives a row where a store is not as it must be. */
export const RUNS_AMISS: Readonly<Record<string, string>> = {
  "a run of messages without its row": `${MESSAGE_RUNS} except select * from message_runs`,
  "a row for no run of messages": `select * from message_runs except ${MESSAGE_RUNS}`,
  "a run of a log without its row": `${LOG_RUNS} except select * from log_runs`,
  "a row for no run of a log": `select * from log_runs except ${LOG_RUNS}`,
  "a conversation that does not know its newest message": `select id, last_at from conversations c where last_at is not
    (select sent_at from messages where conversation_id = c.id order by seq desc limit 1)`,
  "a user that does not know its newest entry": `select id, head_at from users u where head_at is not
    (select at from user_log where user_id = u.id order by position desc limit 1)`,
};

/** What is amiss with the runs of a store, with the rows that show it; nothing where all is well. */
export function runsAmiss(database: Sqlite.Database): Record<string, unknown[]> {
  const found = Object.entries(RUNS_AMISS).map(([what, text]) => [what, database.prepare(text).all()] as const);
  return Object.fromEntries(found.filter(([, rows]) => rows.length > 0));
}
