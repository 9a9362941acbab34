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
  /** Whether rows behind the first are of no interest. */
  readonly onlyFirst: boolean;
}

/** A unit of work. Yields steps, receives rows, returns its result. */
export type Operation<T> = Generator<Step, T, readonly Row[]>;

type Placeholders<P extends Row> = { readonly [K in keyof P & string]: Placeholder<K> };

/**
 * Makes a statement. Parameters are read off the argument of `write`, by name.
 * @example
 * const headOf = statement<{ user: string }, { head: number }>(
 *   (p) => sql`select head from ${users} where id = ${p.user}`,
 * );
 */
export function statement<P extends Row, R extends Row = Row>(
  write: (parameters: Placeholders<P>) => SQL,
): Statement<P, R> {
  const parameters = new Proxy({} as Placeholders<P>, { get: (_, name) => sql.placeholder(String(name)) });
  return { text: write(parameters) };
}

/** Runs a statement inside an operation and gives all its rows. */
export function* all<P extends Row, R extends Row>(
  { text }: Statement<P, R>,
  parameters: P,
): Generator<Step, readonly R[], readonly Row[]> {
  return (yield { text, parameters, onlyFirst: false }) as readonly R[];
}

/** Runs a statement inside an operation and gives its first row. */
export function* first<P extends Row, R extends Row>(
  { text }: Statement<P, R>,
  parameters: P,
): Generator<Step, R | undefined, readonly Row[]> {
  const rows = (yield { text, parameters, onlyFirst: true }) as readonly R[];
  return rows[0];
}

/** Runs a statement inside an operation for its effect. */
export function* run<P extends Row>({ text }: Statement<P, Row>, parameters: P): Generator<Step, void, readonly Row[]> {
  yield { text, parameters, onlyFirst: true };
}

/** What runs operations. */
export interface Database {
  /** Which life of the data this is: it changes when a backup is restored. */
  readonly generation: string;
  /** Runs a reading operation on committed data only, as one snapshot. */
  read<T>(operation: () => Operation<T>): Promise<T>;
  /**
   * Runs an operation in a transaction and resolves once it is on disk.
   * @throws UniqueViolation where the operation broke a unique index and did not handle it: nothing of it is kept
   * @throws OutcomeUnknown where the commit itself failed
   */
  write<T>(operation: () => Operation<T>): Promise<T>;
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
