/** Runs operations on one SQLite file, in this process. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { Placeholder, type SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { CommitObserver } from "../commit-observer.ts";
import { type Database, HELD, type Operation, type Row, type Step, UniqueViolation, type Value } from "../statement.ts";
import { createBackups } from "./backups.ts";
import { createCoalescing } from "./coalescing.ts";
import { createCommitter } from "./committer.ts";
import { takeLock } from "./lock.ts";
import { migrateSqlite } from "./migrate.ts";

/** How long a write waits for another program that holds the file's write lock. */
const BUSY_TIMEOUT_MS = 1_000;

interface Prepared {
  readonly statement: Sqlite.Statement<unknown[], Value[]>;
  /** Of its parameters, in their order. */
  readonly names: readonly string[];
  /** Of what its rows hold; null where it gives none. */
  readonly columns: readonly string[] | null;
}

/** The driver makes an array of a row in half the time that it takes for an object. */
function rowOf(columns: readonly string[], values: readonly Value[]): Row {
  const row: Row = {};
  let index = 0;
  for (const name of columns) {
    row[name] = values[index] ?? null;
    index += 1;
  }
  return row;
}

function isUniqueViolation(error: unknown): boolean {
  return (
    error instanceof Sqlite.SqliteError &&
    (error.code === "SQLITE_CONSTRAINT_UNIQUE" || error.code === "SQLITE_CONSTRAINT_PRIMARYKEY")
  );
}

/**
 * Writes what the last process left in the write-ahead log into the file, and syncs that. After a sync that failed, the
 * kernel shows what it could not write as if it were on disk, and does not try again: without this, a retry would be
 * told that its message is there, and a power cut would take it.
 */
function settle(handle: Sqlite.Database): void {
  try {
    handle.pragma("wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // A full disk can still be read.
    if (!(error instanceof Sqlite.SqliteError && error.code === "SQLITE_FULL")) throw error;
  }
}

function openFile(path: string): Sqlite.Database {
  const handle = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    handle.pragma("journal_mode = WAL");
    // WAL alone would mean NORMAL, which loses acknowledged commits in a power cut.
    handle.pragma("synchronous = FULL");
    handle.pragma("trusted_schema = OFF");
    handle.pragma("cell_size_check = ON");
    handle.pragma("journal_size_limit = 67108864");
    // 16 MiB. Pages that change all the time go to the file once for each checkpoint, and others wait for that.
    handle.pragma("wal_autocheckpoint = 4000");
    // What is erased leaves no trace in the file.
    handle.pragma("secure_delete = ON");
    migrateSqlite(handle);
    settle(handle);
    return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** Opens the file while no other process has it; what cannot be opened is left free. */
function openAlone(path: string): { handle: Sqlite.Database; unlock: () => void } {
  const unlock = takeLock(`${path}.lock`);
  try {
    return { handle: openFile(path), unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** As `openSqlite`, for a program that reads it by itself. @throws Error where another process has it open */
export function openFileAlone(path: string): { readonly handle: Sqlite.Database; close(): void } {
  const { handle, unlock } = openAlone(path);
  return {
    handle,
    close() {
      handle.close();
      unlock();
    },
  };
}

/**
 * Opens the file, making and migrating it where needed.
 * @param backupFolder where backups go; null: nowhere
 * @throws Error where another process has it open
 */
export function openSqlite(path: string, observer: CommitObserver, backupFolder: string | null = null): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { handle, unlock } = openAlone(path);
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
    const statement = handle.prepare<unknown[], Value[]>(query.sql);
    if (!statement.reader) return { statement, names, columns: null };
    return { statement: statement.raw(), names, columns: statement.columns().map(({ name }) => name) };
  }

  function execute({ text, parameters, rows }: Step): readonly Row[] {
    let known = prepared.get(text);
    if (known === undefined) {
      known = prepare(text);
      prepared.set(text, known);
    }
    const { statement, names, columns } = known;
    const values = names.map((name) => parameters[name]);
    if (columns === null) {
      statement.run(...values);
      return [];
    }
    if (rows === "all") return statement.all(...values).map((row) => rowOf(columns, row));
    const row = statement.get(...values);
    return row === undefined ? [] : [rowOf(columns, row)];
  }

  const coalescing = createCoalescing(execute);

  function finish<T>(operation: Operation<T>, run: (step: Step) => readonly Row[]): T {
    let step = operation.next([]);
    while (step.done !== true) {
      if ("hold" in step.value) {
        step = operation.next(HELD);
        continue;
      }
      if (step.value.shortcut === true) {
        step = operation.next([]);
        continue;
      }
      let rows: readonly Row[];
      try {
        rows = run(step.value);
      } catch (error) {
        step = operation.throw(isUniqueViolation(error) ? new UniqueViolation("taken", { cause: error }) : error);
        continue;
      }
      step = operation.next(rows);
    }
    return step.value;
  }

  const backups = createBackups(handle, generation, backupFolder);
  const committer = createCommitter(handle, observer, coalescing, () => backups.copying);

  return {
    generation,
    server: null,

    async read(operation) {
      // A snapshot without a transaction: this connection is the only writer, and an operation never waits.
      return finish(operation(), execute);
    },

    write: (operation) => committer.write(() => finish(operation(), coalescing.execute)),

    async tidy() {
      // Who reads the file meanwhile, such as to copy it, is not waited for: the next time does.
      handle.pragma("busy_timeout = 0");
      try {
        handle.pragma("wal_checkpoint(TRUNCATE)");
      } finally {
        handle.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
    },

    backUp: (name) => backups.begin(name),

    async close() {
      await backups.close();
      committer.close();
      handle.pragma("optimize");
      handle.close();
      unlock();
    },
  };
}
