/**
 * Copies all that is stored in a SQLite file into an empty PostgreSQL database, while no server runs on either. Table by
 * table in the order of the keys, each page in a transaction: so what a stop leaves is a beginning, and the next run goes
 * on behind it. In the end both are read once more, row by row, and compared. The copy is the same life of the data: all
 * cursors that devices hold are good there.
 */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { atTheStart, checkServer } from "../postgres/connections.ts";
import { COPYING, migratePostgres } from "../postgres/migrate.ts";
import { openFileAlone } from "../sqlite/sqlite.ts";
import { type CopiedRow, keyOf, postgresTarget, type Source, sqliteSource, type Target } from "./ends.ts";
import { PLANS, type TablePlan } from "./table-plan.ts";

export interface CopyOptions {
  /** Data folder, or the file in it. */
  readonly from: string;
  /** `postgres://…` */
  readonly to: string;
  readonly unsafe: boolean;
  /** @param total rows to be copied and then compared */
  readonly onProgress: (done: number, total: number, doing: string) => void;
}

export interface Copied {
  readonly rows: number;
  readonly messages: number;
  /** SHA-256 of all rows, the same of both. */
  readonly checksum: string;
}

function fileAt(from: string): string {
  const path = existsSync(from) && statSync(from).isDirectory() ? join(from, "parley.sqlite") : from;
  if (!existsSync(path)) throw new Error(`There is no file ${path}.`);
  return path;
}

async function one<T extends object>(client: Client, text: string, values: unknown[] = []): Promise<T | undefined> {
  return (await client.query<T>(text, values)).rows[0];
}

/** Makes sure that nothing else is in the database, or what an earlier run has left of the same data. */
async function begin(client: Client, generation: string): Promise<void> {
  const others = "select 1 from pg_stat_activity where datname = current_database() and application_name = 'parley'";
  if ((await one(client, `${others} and pid <> pg_backend_pid()`)) !== undefined) {
    throw new Error("A server runs on this database: stop it, or give an empty one.");
  }
  const marked = await one(client, `select 1 from information_schema.tables where table_name = '${COPYING}'`);
  if (marked !== undefined) {
    const begun = await one<{ generation: string }>(client, `select generation from ${COPYING}`);
    if (begun?.generation === generation) return;
    throw new Error("The database holds part of a copy of other data: give an empty one.");
  }
  await migratePostgres(client);
  const used = "select 1 from conversations union all select 1 from users where id <> 'system' limit 1";
  if ((await one(client, used)) !== undefined) throw new Error("The database holds data already: give an empty one.");
  await client.query("delete from users");
  await client.query(`create table ${COPYING} as select $1::text as generation`, [generation]);
}

async function copyTable(plan: TablePlan, source: Source, target: Target, advance: (rows: number) => void) {
  let behind: CopiedRow | null = await target.lastKey(plan);
  for (;;) {
    const rows = await source.page(plan, behind);
    const last = rows.at(-1);
    if (last === undefined) break;
    await target.write(plan, rows);
    advance(rows.length);
    behind = keyOf(plan, last);
  }
  if (plan.counted) await target.goOnCounting(plan);
}

async function sumOf(plan: TablePlan, source: Source, advance: (rows: number) => void) {
  const hash = createHash("sha256");
  let rows = 0;
  for (let behind: CopiedRow | null = null; ; ) {
    const page: readonly CopiedRow[] = await source.page(plan, behind);
    const last = page.at(-1);
    if (last === undefined) return { rows, sum: hash.digest("hex") };
    for (const row of page) hash.update(JSON.stringify(row));
    rows += page.length;
    advance(page.length);
    behind = keyOf(plan, last);
  }
}

/**
 * @throws Error, in a line for people, where a server has the file open or uses the database, where that is not empty, or
 * where the copy is not the same in the end
 */
export async function copyStore({ from, to, unsafe, onProgress }: CopyOptions): Promise<Copied> {
  const { handle, close } = openFileAlone(fileAt(from));
  try {
    const info = handle
      .prepare<[], { generation: string; believed_at: number | null }>("select generation, believed_at from store_info")
      .get();
    if (info === undefined) throw new Error(`${from} holds no store.`);
    const count = (name: string) => handle.prepare<[], number>(`select count(*) from "${name}"`).pluck().get() ?? 0;
    const total = PLANS.reduce((sum, { name }) => sum + count(name), 0);
    return await atTheStart(to, async (client) => {
      await checkServer(client, unsafe);
      await begin(client, info.generation);
      const source = sqliteSource(handle);
      const target = postgresTarget(client);
      let done = 0;
      // Each row is written once, and read once more from both.
      const advancing = (doing: string, share: number) => (rows: number) => {
        done += rows * share;
        onProgress(done, total * 2, doing);
      };
      for (const plan of PLANS) await copyTable(plan, source, target, advancing(`copying ${plan.name}`, 1));
      done = total;
      const checksum = createHash("sha256");
      let rows = 0;
      for (const plan of PLANS) {
        const advance = advancing(`comparing ${plan.name}`, 0.5);
        const [expected, found] = [await sumOf(plan, source, advance), await sumOf(plan, target, advance)];
        if (found.rows !== expected.rows || found.sum !== expected.sum) {
          const wrong = `${found.rows} rows instead of ${expected.rows}, or others`;
          throw new Error(`${plan.name} is not the same in both: ${wrong}. Give an empty database, and copy again.`);
        }
        rows += found.rows;
        checksum.update(found.sum);
      }
      await client.query("begin");
      await client.query("update store_info set generation = $1, believed_at = $2", [
        info.generation,
        info.believed_at,
      ]);
      await client.query(`drop table ${COPYING}`);
      await client.query("commit");
      return { rows, messages: count("messages"), checksum: checksum.digest("hex") };
    });
  } finally {
    close();
  }
}
