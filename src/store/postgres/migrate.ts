/** Brings a PostgreSQL database up to date with the files in `drizzle/postgres`. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import type { Client } from "pg";
import { SYSTEM_USER } from "../../engine/model.ts";
import { refuseNewer } from "../migrations.ts";

const migrationsFolder = fileURLToPath(new URL("../../../drizzle/postgres", import.meta.url));
const MIGRATIONS = { migrationsFolder, migrationsSchema: "public", migrationsTable: "parley_migrations" };
/** Of servers that start at the same time one migrates, and the others wait. Any number that nobody else takes. */
const LOCK = 5_207_190_341;

/** The table that is there while data is copied into the database. */
export const COPYING = "parley_copying";

/** When the newest migration that the database has was made; 0 where it has none. */
async function newestIn(client: Client): Promise<number> {
  const table = await client.query<{ found: string | null }>("select to_regclass('parley_migrations') as found");
  if (table.rows[0]?.found == null) return 0;
  const newest = await client.query<{ at: number | null }>("select max(created_at) as at from parley_migrations");
  return newest.rows[0]?.at ?? 0;
}

/**
 * Transactions are counted anew in a database that a dump was read into: ids of events must go on behind those that are
 * there. Nobody else runs then.
 */
async function goOnWithEvents(client: Client): Promise<void> {
  const { rows } = await client.query<{ newest: number; next: number; base: number }>(
    `select greatest((select max(id) from events), (select max(position) from event_readers), 0) as newest,
      parley_event_horizon() as next, parley_event_base() as base`,
  );
  const [found] = rows;
  if (found === undefined || found.newest < found.next) return;
  const base = found.base + found.newest - found.next + 4_096;
  await client.query(
    `create or replace function parley_event_base() returns bigint language sql immutable as 'select ${base}::bigint'`,
  );
}

/** @returns which life of the data this is */
export async function migratePostgres(client: Client): Promise<string> {
  await client.query("select pg_advisory_lock($1)", [LOCK]);
  try {
    const copying = await client.query<{ found: string | null }>("select to_regclass($1) as found", [COPYING]);
    if (copying.rows[0]?.found != null) {
      throw new Error("Data is being copied into this database, or was in part: run `parley copy` to its end.");
    }
    refuseNewer(migrationsFolder, await newestIn(client));
    await migrate(drizzle(client), MIGRATIONS);
    await client.query("insert into store_info (id, generation) values (1, $1) on conflict do nothing", [randomUUID()]);
    await client.query("insert into users (id, created_at) values ($1, $2) on conflict do nothing", [
      SYSTEM_USER,
      Date.now(),
    ]);
    await goOnWithEvents(client);
    const { rows } = await client.query<{ generation: string }>("select generation from store_info");
    if (rows[0] === undefined) throw new Error("the database holds no store");
    return rows[0].generation;
  } finally {
    await client.query("select pg_advisory_unlock($1)", [LOCK]);
  }
}
