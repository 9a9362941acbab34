/**
 * Runs: stretches of a conversation's timeline, or of a user's log, whose instants do not descend. As long as the clock
 * goes forward there is one for each that holds anything; where it was set back, the next entry starts another. Their
 * rows stand in the order of the oldest instant, so that the sweeper finds what is past its time wherever it is, and a
 * send that goes on with a run writes nothing for it.
 */
import { type SQL, sql } from "drizzle-orm";
import { all, first, holdUsers, type Operation, run, type Statement, statement, tryToHoldUsers } from "../statement.ts";
import { conversations, deletedMessages, logRuns, messageRuns, messages, userLog, users } from "../tables.ts";
import { releaseUploads } from "./uploads.ts";

export const insertMessageRun = statement<{ at: number; conversation: number; seq: number }>(
  (p) => sql`insert into ${messageRuns} (oldest_at, conversation_id, first_seq)
    values (${p.at}, ${p.conversation}, ${p.seq})`,
);
export const insertLogRun = statement<{ at: number; user: string; position: number }>(
  (p) => sql`insert into ${logRuns} (oldest_at, user_id, first_position) values (${p.at}, ${p.user}, ${p.position})`,
);

/** To erase in another place of the file costs about as much as to erase so many entries more in one. */
const COST_OF_A_PLACE = 8;

/** What is held while runs are removed: what they say of what is left would not be so for two at a time. */
export const SWEEPING = "sweeping";

/** A conversation or a user. */
type Owner = number | string;
/** A message or an entry of a log: its place there, and its instant. */
type Entry = { place: number; at: number };
export type LogEntry = Entry & { kind: string; origin: string | null };
type Run<O extends Owner> = { owner: O; place: number; at: number };
/** A run that is past its time, in part at least, and the instant of the entry before it; null where there is none. */
type OldRun<O extends Owner> = Run<O> & { before_at: number | null };

/** What is done to runs, and to what they are runs of. */
interface Timelines<O extends Owner, E extends Entry> {
  readonly oldest: Statement<{ cutoff: number }, OldRun<O>>;
  readonly add: Statement<Run<O>, never>;
  readonly remove: Statement<Run<O>, never>;
  /** Erases from a place on, below another, up to the first entry that is younger than the cutoff. */
  readonly erase: Statement<{ owner: O; from: number; below: number; cutoff: number }, E>;
  /** Erases what is kept of these entries besides. */
  readonly eraseBesides: ((range: { owner: O; from: number; to: number }) => Operation<void>) | null;
  /** Whose operations add to it; null: its owner's. */
  readonly usersOf: ((owner: O) => Operation<readonly string[]>) | null;
  readonly next: Statement<{ owner: O; from: number }, Entry>;
  /** Saves the instant of the newest entry that is left; null where none is. */
  readonly saveNewest: Statement<{ owner: O; at: number | null }, never>;
}

interface Names {
  readonly runs: { table: SQL; owner: SQL; place: SQL };
  readonly entries: { table: SQL; owner: SQL; place: SQL; at: SQL };
  readonly owners: { table: SQL; owner: SQL; newest: SQL };
}

function timelines<O extends Owner, E extends Entry>(
  { runs, entries, owners }: Names,
  columns: SQL,
  eraseBesides: Timelines<O, E>["eraseBesides"],
  usersOf: Timelines<O, E>["usersOf"],
): Timelines<O, E> {
  return {
    oldest: statement(
      (p) => sql`select ${runs.owner} as owner, ${runs.place} as place, oldest_at as at,
          (select ${entries.at} from ${entries.table} e where e.${entries.owner} = r.${runs.owner}
            and e.${entries.place} < r.${runs.place} order by e.${entries.place} desc limit 1) as before_at
        from ${runs.table} r where oldest_at <= ${p.cutoff}
        order by oldest_at, ${runs.owner}, ${runs.place} limit 1`,
    ),
    add: statement(
      (p) => sql`insert into ${runs.table} (oldest_at, ${runs.owner}, ${runs.place})
        values (${p.at}, ${p.owner}, ${p.place}) on conflict do nothing`,
    ),
    remove: statement(
      (p) => sql`delete from ${runs.table}
        where oldest_at = ${p.at} and ${runs.owner} = ${p.owner} and ${runs.place} = ${p.place}`,
    ),
    erase: statement(
      (p) => sql`delete from ${entries.table}
        where ${entries.owner} = ${p.owner} and ${entries.place} >= ${p.from} and ${entries.place} < coalesce(
          (select ${entries.place} from ${entries.table}
            where ${entries.owner} = ${p.owner} and ${entries.place} >= ${p.from} and ${entries.place} < ${p.below}
              and ${entries.at} > ${p.cutoff} order by ${entries.place} limit 1), ${p.below})
        returning ${columns}`,
    ),
    eraseBesides,
    usersOf,
    next: statement(
      (p) => sql`select ${entries.place} as place, ${entries.at} as at from ${entries.table}
        where ${entries.owner} = ${p.owner} and ${entries.place} >= ${p.from} order by ${entries.place} limit 1`,
    ),
    saveNewest: statement(
      (p) => sql`update ${owners.table} set ${owners.newest} = ${p.at} where ${owners.owner} = ${p.owner}`,
    ),
  };
}

const selectPair = statement<{ id: number }, { first_user: string; second_user: string }>(
  (p) => sql`select first_user, second_user from ${conversations} where id = ${p.id}`,
);

function* usersOf(conversation: number): Operation<readonly string[]> {
  const pair = yield* first(selectPair, { id: conversation });
  return pair === undefined ? [] : [pair.first_user, pair.second_user];
}

const deleteDeleted = statement<{ owner: number; from: number; to: number }>(
  (p) => sql`delete from ${deletedMessages}
    where conversation_id = ${p.owner} and seq >= ${p.from} and seq <= ${p.to}`,
);

/** Timelines of conversations, with what users have deleted of them for themselves, and what they are made of. */
export const conversationTimelines = timelines<number, Entry>(
  {
    runs: { table: sql`${messageRuns}`, owner: sql`conversation_id`, place: sql`first_seq` },
    entries: { table: sql`${messages}`, owner: sql`conversation_id`, place: sql`seq`, at: sql`sent_at` },
    owners: { table: sql`${conversations}`, owner: sql`id`, newest: sql`last_at` },
  },
  sql`seq as place, sent_at as at`,
  function* (range) {
    yield* run(deleteDeleted, range);
    yield* releaseUploads(range);
  },
  usersOf,
);

export const userLogs = timelines<string, LogEntry>(
  {
    runs: { table: sql`${logRuns}`, owner: sql`user_id`, place: sql`first_position` },
    entries: { table: sql`${userLog}`, owner: sql`user_id`, place: sql`position`, at: sql`at` },
    owners: { table: sql`${users}`, owner: sql`id`, newest: sql`head_at` },
  },
  sql`position as place, at, kind, origin`,
  null,
  null,
);

/** Erases so many entries at most from the beginning of a run on, and puts the runs right. */
function* eraseFrom<O extends Owner, E extends Entry>(
  of: Timelines<O, E>,
  { before_at: beforeAt, ...old }: OldRun<O>,
  cutoff: number,
  most: number,
): Operation<readonly E[]> {
  const { owner, place: from } = old;
  const rows = yield* all(of.erase, { owner, from, below: from + most, cutoff });
  const erased = rows.toSorted((a, b) => a.place - b.place);
  const last = erased.at(-1);
  if (last !== undefined && of.eraseBesides !== null) yield* of.eraseBesides({ owner, from, to: last.place });

  yield* run(of.remove, old);
  // Where the clock was set back, runs behind this one went with it.
  for (const [index, { place, at }] of erased.entries()) {
    if (at < (erased[index - 1]?.at ?? at)) yield* run(of.remove, { owner, place, at });
  }
  const next = yield* first(of.next, { owner, from });
  if (next === undefined) {
    yield* run(of.saveNewest, { owner, at: beforeAt });
  } else {
    // Or what is left goes on with the run before.
    const starts = beforeAt === null || beforeAt > next.at;
    yield* run(starts ? of.add : of.remove, { owner, ...next });
  }
  return erased;
}

/**
 * Erases entries that are past their time, those of one owner together, and gives them with their owners.
 * @param batch how many at most; fewer where they lie in many places
 */
export function* eraseExpired<O extends Owner, E extends Entry>(
  of: Timelines<O, E>,
  cutoff: number,
  batch: number,
): Operation<readonly (E & { readonly owner: O })[]> {
  const erased: (E & { owner: O })[] = [];
  for (let room = batch; room > 0; room -= COST_OF_A_PLACE) {
    const old = yield* first(of.oldest, { cutoff });
    if (old === undefined) break;
    const users = of.usersOf === null ? [String(old.owner)] : yield* of.usersOf(old.owner);
    // Whoever is busy is waited for while no other user is held, so that nobody waits for each other.
    if (erased.length === 0) yield* holdUsers(...users);
    else if (!(yield* tryToHoldUsers(...users))) break;
    const entries = yield* eraseFrom(of, old, cutoff, room);
    for (const entry of entries) erased.push({ ...entry, owner: old.owner });
    room -= entries.length;
  }
  return erased;
}
