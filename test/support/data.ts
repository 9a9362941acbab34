/** What is on disk, read beside the server. */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import type { App } from "./app.ts";

/** Opens the server's database beside it, for reading and for breaking it. */
export function openBeside(app: Pick<App, "dataFolder"> & { readonly file?: string }): Sqlite.Database {
  return new Sqlite(join(app.dataFolder, app.file ?? "parley.sqlite"), { timeout: 5_000 });
}

/** Every row of every table: equal before and after where nothing was written. */
export function everythingStored(app: App): Record<string, unknown[]> {
  const database = openBeside(app);
  try {
    const tables = database.prepare<[], string>("select name from sqlite_master where type = 'table' order by name");
    const names = tables.pluck().all();
    return Object.fromEntries(names.map((name) => [name, database.prepare(`select * from "${name}"`).all()]));
  } finally {
    database.close();
  }
}
