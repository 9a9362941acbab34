/**
 * Operations are written once, for every database: a generator that yields statements and receives their rows.
 * A database runs it inside a transaction of its own making, so an operation touches nothing but the store, and
 * may be run again.
 *
 * Statements are Drizzle `sql` with placeholders, made once when their module loads and prepared once for each
 * database. Only SQL that SQLite and PostgreSQL both speak.
 */

import { type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Copying } from "../engine/copying.ts";

export type Value = string | number | null;
export type Row = Record<string, Value>;

/** A statement with named parameters `P` and rows `R`. */
export interface Statement<P extends Row, R extends Row> {
  readonly text: SQL;
  /** Never there: carries the types only. */
  readonly types?: (parameters: P) => R;
}

export interface Step {
  readonly text: SQL;
  readonly parameters: Row;
  /** Which of its rows are of interest. */
  readonly rows: "all" | "first" | "none";
  /** It does at once what others do one by one, where a round trip costs more than they do: on SQLite it gives no rows. */
  readonly shortcut?: true;
}

/**
 * Asks that no other operation that holds one of these is under way until this one is committed. Where one operation
 * runs at a time, as on SQLite, all is held at all times.
 */
export interface Hold {
  readonly hold: readonly string[];
  /** False: what another one holds is not waited for. */
  readonly wait: boolean;
}

/** A unit of work. Yields steps and holds, receives rows, returns its result. */
export type Operation<T> = Generator<Step | Hold, T, readonly Row[]>;

type Placeholders<P extends Row> = { readonly [K in keyof P & string]: Placeholder<K> };

/** Statements that PostgreSQL needs, or has, other words for. */
const inPostgres = new WeakMap<SQL, SQL>();

/**
 * Makes a statement. Parameters are read off the argument of `write`, by name.
 * @param writeForPostgres the same for PostgreSQL, where it needs other words
 * @example
 * const headOf = statement<{ user: string }, { head: number }>(
 *   (p) => sql`select head from ${users} where id = ${p.user}`,
 * );
 */
export function statement<P extends Row, R extends Row = Row>(
  write: (parameters: Placeholders<P>) => SQL,
  writeForPostgres?: (parameters: Placeholders<P>) => SQL,
): Statement<P, R> {
  const text = write(placeholders());
  if (writeForPostgres !== undefined) inPostgres.set(text, writeForPostgres(placeholders()));
  return { text };
}

function placeholders<P extends Row>(): Placeholders<P> {
  return new Proxy({} as Placeholders<P>, { get: (_, name) => sql.placeholder(String(name)) });
}

/** Makes a statement that PostgreSQL alone is given, by `shortcut`. */
export function postgresStatement<P extends Row, R extends Row>(
  write: (parameters: Placeholders<P>) => SQL,
): Statement<P, R> {
  return { text: write(placeholders()) };
}

/** A statement as PostgreSQL is given it. */
export function postgresTextOf(text: SQL): SQL {
  return inPostgres.get(text) ?? text;
}

/** Runs a statement inside an operation and gives all its rows. */
export function* all<P extends Row, R extends Row>(
  { text }: Statement<P, R>,
  parameters: P,
): Generator<Step | Hold, readonly R[], readonly Row[]> {
  return (yield { text, parameters, rows: "all" }) as readonly R[];
}

/** Runs a statement inside an operation and gives its first row. */
export function* first<P extends Row, R extends Row>(
  { text }: Statement<P, R>,
  parameters: P,
): Generator<Step | Hold, R | undefined, readonly Row[]> {
  const rows = (yield { text, parameters, rows: "first" }) as readonly R[];
  return rows[0];
}

/**
 * As `first`, on PostgreSQL alone. Undefined elsewhere, and where it does not fit: then what it would have done is to be
 * done step by step. A test holds the two to each other.
 */
export function* shortcut<P extends Row, R extends Row>(
  { text }: Statement<P, R>,
  parameters: P,
): Generator<Step | Hold, R | undefined, readonly Row[]> {
  const rows = (yield { text, parameters, rows: "first", shortcut: true }) as readonly R[];
  return rows[0];
}

/** Runs a statement inside an operation for its effect. */
export function* run<P extends Row>(
  { text }: Statement<P, Row>,
  parameters: P,
): Generator<Step | Hold, void, readonly Row[]> {
  yield { text, parameters, rows: "none" };
}

/** What a hold that was granted answers. */
export const HELD: readonly Row[] = [{ held: 1 }];

/** What an operation that changes what is kept of users holds, before all else. The order does not matter. */
export function* holdUsers(...ids: readonly string[]): Generator<Step | Hold, void, readonly Row[]> {
  yield { hold: ids.map((id) => `user ${id}`), wait: true };
}

/** As `holdUsers`, of what belongs to no user: `pushes`, `hooks`, an upload. */
export function* hold(...names: readonly string[]): Generator<Step | Hold, void, readonly Row[]> {
  yield { hold: names, wait: true };
}

/** Holds users unless another operation holds one of them; gives whether they are held. */
export function* tryToHoldUsers(...ids: readonly string[]): Generator<Step | Hold, boolean, readonly Row[]> {
  return (yield { hold: ids.map((id) => `user ${id}`), wait: false }).length > 0;
}

/** What runs operations. */
/** Of the connections of this process to a database. */
export interface ConnectionCounts {
  readonly busy: number;
  readonly idle: number;
  /** Operations that wait for one. */
  readonly waiting: number;
}

/** A database that runs in a server of its own, which others may use at the same time. */
export interface DatabaseServer {
  connections(): ConnectionCounts;
  /** Bytes that the database takes there, with its indexes. @throws StoreUnavailable */
  size(): Promise<number>;
}

export interface Database {
  /** Which life of the data this is: it changes when a backup is restored. */
  readonly generation: string;
  /** Null: it is a file, which this process has for itself. */
  readonly server: DatabaseServer | null;
  /** Runs a reading operation on committed data only, as one snapshot. */
  read<T>(operation: () => Operation<T>): Promise<T>;
  /**
   * Runs an operation in a transaction and resolves once it is on disk.
   * @param again whether it may be run once more where nobody knows whether it happened: it finds out by itself
   * @throws UniqueViolation where the operation broke a unique index and did not handle it: nothing of it is kept
   * @throws OutcomeUnknown where the commit itself failed
   * @throws NotWritten where nothing can be written now
   */
  write<T>(operation: () => Operation<T>, again?: boolean): Promise<T>;
  /** Gives space back and empties the write-ahead log. */
  tidy(): Promise<void>;
  /** As `Store.backUp`. */
  backUp(name: string): Promise<Copying>;
  close(): Promise<void>;
}

/** A row with this key is there already. Thrown into the operation, and out of it if it does not catch it. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
}
