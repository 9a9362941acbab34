/**
 * Rows that every send moves on: the head of a user's log, the last seq of a conversation, a member's last activity.
 * Within a batch of SQLite's group commit they are counted in memory and written once, however many messages there
 * are. It does what the shared statements would do one by one, and a test holds it to them.
 */
import { sql } from "drizzle-orm";
import {
  type ActivityParameters,
  insertMessage,
  nextSeq,
  noteActivity,
  startConversation,
} from "../operations/append.ts";
import { insertEvent } from "../operations/events.ts";
import { bumpHead, insertEntry } from "../operations/log.ts";
import { insertLogRun, insertMessageRun } from "../operations/runs.ts";
import { type Row, type Step, statement } from "../statement.ts";
import { conversations, users } from "../tables.ts";

const saveHead = statement<{ user: string; head: number; at: number; run: number }>(
  (p) => sql`update ${users} set head = ${p.head}, head_at = ${p.at}, run_position = ${p.run} where id = ${p.user}`,
);
const saveLastSeq = statement<{ conversation: number; seq: number; at: number; run: number }>(
  (p) => sql`update ${conversations} set last_seq = ${p.seq}, last_at = ${p.at}, run_seq = ${p.run}
    where id = ${p.conversation}`,
);

/** What sends do besides: it neither reads nor writes what is counted. */
const BESIDES = new Set([
  insertEvent.text,
  insertEntry.text,
  insertLogRun.text,
  insertMessage.text,
  insertMessageRun.text,
  startConversation.text,
]);

type Head = { head: number; head_at: number; run_position: number };
type LastSeq = { id: number; last_seq: number; last_at: number; run_seq: number };

/** A counter that was read when it was first moved on. */
interface Counter<R extends Row> {
  readonly row: R;
  /** Whether it is ahead of what the database holds. */
  ahead: boolean;
}

export interface Coalescing {
  /** Runs a step of an operation in a batch. */
  execute(step: Step): readonly Row[];
  /** Writes what has been counted. */
  flush(): void;
  /** Forgets it, where the batch is rolled back. */
  forget(): void;
}

/** @param run runs a step at once, inside the batch's transaction */
export function createCoalescing(run: (step: Step) => readonly Row[]): Coalescing {
  const heads = new Map<string, Counter<Head>>();
  const lastSeqs = new Map<string, Counter<LastSeq>>();
  const activities = new Map<string, ActivityParameters>();

  function moveOn<R extends Row>(counters: Map<string, Counter<R>>, key: string, step: Step, next: (row: R) => void) {
    const known = counters.get(key);
    if (known !== undefined) {
      next(known.row);
      known.ahead = true;
      return [known.row];
    }
    const rows = run(step) as readonly R[];
    if (rows[0] !== undefined) counters.set(key, { row: rows[0], ahead: false });
    return rows;
  }

  function note(given: ActivityParameters): readonly Row[] {
    const key = `${given.user} ${given.peer}`;
    const before = activities.get(key);
    const ownSeq = given.ownSeq > 0 ? given.ownSeq : (before?.ownSeq ?? 0);
    activities.set(key, { ...given, ownSeq, clearedTo: before?.clearedTo ?? given.clearedTo });
    return [];
  }

  function forget(): void {
    heads.clear();
    lastSeqs.clear();
    activities.clear();
  }

  function flush(): void {
    for (const [user, { row, ahead }] of heads) {
      if (!ahead) continue;
      const parameters = { user, head: row.head, at: row.head_at, run: row.run_position };
      run({ text: saveHead.text, parameters, rows: "none" });
    }
    for (const { row, ahead } of lastSeqs.values()) {
      if (!ahead) continue;
      const parameters = { conversation: row.id, seq: row.last_seq, at: row.last_at, run: row.run_seq };
      run({ text: saveLastSeq.text, parameters, rows: "none" });
    }
    for (const parameters of activities.values()) run({ text: noteActivity.text, parameters, rows: "none" });
    forget();
  }

  return {
    execute(step) {
      const { text, parameters } = step;
      switch (text) {
        case bumpHead.text:
          return moveOn(heads, String(parameters.user), step, (row) => {
            const at = Number(parameters.at);
            row.head += 1;
            if (at < row.head_at) row.run_position = row.head;
            row.head_at = at;
          });
        case nextSeq.text:
          // A user's id holds no space.
          return moveOn(lastSeqs, `${parameters.first} ${parameters.second}`, step, (row) => {
            const at = Number(parameters.at);
            row.last_seq += 1;
            if (at < row.last_at) row.run_seq = row.last_seq;
            row.last_at = at;
          });
        case noteActivity.text:
          return note(parameters as ActivityParameters);
        default:
          if (!BESIDES.has(text)) flush();
          return run(step);
      }
    },
    flush,
    forget,
  };
}
