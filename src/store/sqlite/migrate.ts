/** Brings a SQLite file up to date with the files in `drizzle/sqlite`. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { SYSTEM_USER } from "../../engine/model.ts";
import { refuseNewer } from "../migrations.ts";

const migrationsFolder = fileURLToPath(new URL("../../../drizzle/sqlite", import.meta.url));

/** @throws Error where a newer release has written it */
export function refuseNewerFile(handle: Sqlite.Database): void {
  const table = "select 1 from sqlite_master where name = '__drizzle_migrations'";
  if (handle.prepare(table).get() === undefined) return;
  const newest = handle.prepare<[], number>("select max(created_at) from __drizzle_migrations").pluck().get() ?? 0;
  refuseNewer(migrationsFolder, newest);
}

/**
 * Applies what is new, all of it or nothing. Foreign keys are off meanwhile: rebuilding a table with them on would
 * delete the rows that point to it.
 */
export function migrateSqlite(handle: Sqlite.Database): void {
  refuseNewerFile(handle);
  handle.pragma("foreign_keys = OFF");
  migrate(drizzle(handle), { migrationsFolder });
  const broken = handle.pragma("foreign_key_check");
  if (Array.isArray(broken) && broken.length > 0) throw new Error("A migration left rows that point to nothing.");
  handle.pragma("foreign_keys = ON");

  const now = Date.now();
  handle.prepare("insert into store_info (id, generation) values (1, ?) on conflict do nothing").run(randomUUID());
  handle.prepare("insert into users (id, created_at) values (?, ?) on conflict do nothing").run(SYSTEM_USER, now);
}
