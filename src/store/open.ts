/** Opens the database that the settings name. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CommitObserver } from "./commit-observer.ts";
import { openSqlite } from "./sqlite/sqlite.ts";
import type { Database } from "./statement.ts";

/** A PostgreSQL database. */
export interface PostgresPlace {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections at most. */
  readonly connections: number;
  /** Whether it may run without the settings that keep what was acknowledged, as for tests. */
  readonly unsafe: boolean;
}

export interface OpenOptions {
  /** Null: a SQLite file in the data folder. */
  readonly postgres: PostgresPlace | null;
  readonly dataFolder: string;
  /** Null: nowhere. */
  readonly backupFolder: string | null;
  readonly observer: CommitObserver;
  /** A connection to the database has met trouble; whatever used it has been told, or tries again. */
  readonly onTrouble: (error: Error) => void;
}

/** What the system or the server says in a code of its own, with the setting to look at. */
function explained(error: unknown): unknown {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  if (!(first instanceof Error && "code" in first)) return error;
  return new Error(`PostgreSQL cannot be used: ${first.message} (look at PARLEY_DATABASE)`, { cause: error });
}

/** @throws Error where it cannot be opened, or a newer release has written it */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { postgres, dataFolder, backupFolder, observer, onTrouble } = options;
  if (postgres === null) return openSqlite(join(dataFolder, "parley.sqlite"), observer, backupFolder);
  // Media and the search index are files all the same.
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const { openPostgres } = await import("./postgres/postgres.ts");
  try {
    return await openPostgres({ ...postgres, observer, onTrouble });
  } catch (error) {
    throw explained(error);
  }
}
