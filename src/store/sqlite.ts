/**
 * Runs operations on one SQLite file, in this process. Writes that arrive together are committed together: one
 * immediate transaction, one fsync, a savepoint for each, so that one that fails does not fail its neighbours.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { Placeholder, type SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { OutcomeUnknown } from "../engine/store.ts";
import { takeLock } from "./lock.ts";
import { migrateSqlite } from "./migrate.ts";
import { type Database, type Operation, type Row, UniqueViolation } from "./statement.ts";

/** A batch is closed after this many operations, or this many milliseconds, so that readers get a turn. */
const LARGEST_BATCH = 256;
const LONGEST_BATCH_MS = 8;

interface Prepared {
  readonly statement: Sqlite.Statement<unknown[], Row>;
  readonly names: readonly string[];
}

interface PendingWrite {
  /** Runs the operation; gives what to call once the commit has succeeded. */
  readonly attempt: () => () => void;
  readonly fail: (error: unknown) => void;
}

export interface CommitObserver {
  committed(operations: number, seconds: number): void;
  /** A commit failed: this database writes nothing more. */
  failed(error: unknown): void;
}

function isUniqueViolation(error: unknown): boolean {
  return (
    error instanceof Sqlite.SqliteError &&
    (error.code === "SQLITE_CONSTRAINT_UNIQUE" || error.code === "SQLITE_CONSTRAINT_PRIMARYKEY")
  );
}

function openFile(path: string): Sqlite.Database {
  const handle = new Sqlite(path, { timeout: 1_000 });
  handle.pragma("journal_mode = WAL");
  // WAL alone would mean NORMAL, which loses acknowledged commits in a power cut.
  handle.pragma("synchronous = FULL");
  handle.pragma("trusted_schema = OFF");
  handle.pragma("cell_size_check = ON");
  handle.pragma("journal_size_limit = 67108864");
  // What is erased leaves no trace in the file.
  handle.pragma("secure_delete = ON");
  return handle;
}

/**
 * Opens the file, making and migrating it where needed.
 * @throws Error where another process has it open
 */
export function openSqlite(path: string, observer: CommitObserver): Database {
  mkdirSync(dirname(path), { recursive: true });
  const unlock = takeLock(`${path}.lock`);
  const handle = openFile(path);
  migrateSqlite(handle);
  const generation = handle.prepare<[], string>("select generation from store_info").pluck().get();
  if (generation === undefined) throw new Error(`${path} holds no store`);

  const dialect = new SQLiteSyncDialect();
  const prepared = new Map<SQL, Prepared>();

  function prepare(text: SQL): Prepared {
    const query = dialect.sqlToQuery(text);
    const names = query.params.map((parameter) => {
      if (!(parameter instanceof Placeholder)) throw new Error(`a value stands in the statement: ${query.sql}`);
      return String(parameter.name);
    });
    return { statement: handle.prepare<unknown[], Row>(query.sql), names };
  }

  function execute(text: SQL, parameters: Row): readonly Row[] {
    let known = prepared.get(text);
    if (known === undefined) {
      known = prepare(text);
      prepared.set(text, known);
    }
    const { statement, names } = known;
    const values = names.map((name) => parameters[name]);
    if (statement.reader) return statement.all(...values);
    statement.run(...values);
    return [];
  }

  function finish<T>(operation: Operation<T>): T {
    let step = operation.next([]);
    while (step.done !== true) {
      let rows: readonly Row[];
      try {
        rows = execute(step.value.text, step.value.parameters);
      } catch (error) {
        step = operation.throw(isUniqueViolation(error) ? new UniqueViolation("taken", { cause: error }) : error);
        continue;
      }
      step = operation.next(rows);
    }
    return step.value;
  }

  const begin = handle.prepare("begin immediate");
  const commit = handle.prepare("commit");
  const rollback = handle.prepare("rollback");
  const savepoint = handle.prepare("savepoint one");
  const release = handle.prepare("release one");
  const rollbackTo = handle.prepare("rollback to one");

  let queue: PendingWrite[] = [];
  let scheduled = false;
  /** Why nothing more can be written. */
  let over: Error | null = null;

  function attemptAll(batch: readonly PendingWrite[], settled: (() => void)[]): number {
    const deadline = performance.now() + LONGEST_BATCH_MS;
    let count = 0;
    for (const write of batch) {
      if (count > 0 && performance.now() > deadline) break;
      count += 1;
      savepoint.run();
      try {
        settled.push(write.attempt());
        release.run();
      } catch (error) {
        rollbackTo.run();
        release.run();
        settled.push(() => write.fail(error));
      }
    }
    return count;
  }

  function flush(): void {
    scheduled = false;
    if (queue.length === 0) return;
    const batch = queue.splice(0, LARGEST_BATCH);
    const settled: (() => void)[] = [];
    const started = performance.now();
    try {
      begin.run();
      const count = attemptAll(batch, settled);
      queue.unshift(...batch.slice(count));
      commit.run();
      observer.committed(count, (performance.now() - started) / 1_000);
    } catch (error) {
      failWith(error, batch);
      return;
    }
    for (const settle of settled) settle();
    if (queue.length > 0) schedule();
  }

  /** After a commit that failed nobody knows what is on disk, so nothing more is written in this process. */
  function failWith(error: unknown, batch: readonly PendingWrite[]): void {
    if (handle.inTransaction) rollback.run();
    over = new OutcomeUnknown("The store could not commit; whether the last writes happened is unknown.", {
      cause: error,
    });
    for (const write of new Set([...batch, ...queue])) write.fail(over);
    queue = [];
    observer.failed(error);
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  return {
    generation,

    async read(operation) {
      // A snapshot without a transaction: this connection is the only writer, and an operation never waits.
      return finish(operation());
    },

    write(operation) {
      return new Promise((resolve, reject) => {
        if (over !== null) {
          reject(over);
          return;
        }
        queue.push({
          attempt: () => {
            const result = finish(operation());
            return () => resolve(result);
          },
          fail: reject,
        });
        schedule();
      });
    },

    async tidy() {
      handle.pragma("wal_checkpoint(TRUNCATE)");
    },

    async close() {
      while (queue.length > 0) flush();
      over ??= new Error("the store is closed");
      handle.pragma("optimize");
      handle.close();
      unlock();
    },
  };
}
