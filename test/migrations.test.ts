import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { expect, onTestFinished, test } from "vitest";
import { type App, startApp, texts } from "./support/app.ts";
import { DAY, HOUR } from "./support/clock.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import { runsAmiss } from "./support/runs.ts";

const MIGRATIONS = fileURLToPath(new URL("../drizzle/sqlite", import.meta.url));

/** An empty store as it was made by the first so many migrations. */
function storeOf(migrations: number): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-migrations-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const earlier = join(folder, "drizzle");
  cpSync(MIGRATIONS, earlier, { recursive: true });
  const journal = join(earlier, "meta", "_journal.json");
  const { entries, ...rest } = JSON.parse(readFileSync(journal, "utf8"));
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, migrations) }));
  const path = join(folder, "parley.sqlite");
  const database = new Sqlite(path);
  migrate(drizzle(database), { migrationsFolder: earlier });
  database.close();
  return path;
}

/** Puts the data of a server that has stopped into an earlier store, so far as that has a place for it. */
function moveInto(app: App, earlier: string): void {
  const database = openBeside(app);
  database.prepare("attach ? as earlier").run(earlier);
  const tables = database
    .prepare<[], string>(
      "select name from earlier.sqlite_master where type = 'table' and name not glob '__*' and name not glob 'sqlite_*'",
    )
    .pluck();
  const columns = database.prepare<[string], string>("select name from pragma_table_info(?, 'earlier')").pluck();
  for (const table of tables.all()) {
    const names = columns.all(table).join(", ");
    database.exec(`insert into earlier.${table} (${names}) select ${names} from main.${table}`);
  }
  database.close();
  copyFileSync(earlier, join(app.dataFolder, "parley.sqlite"));
}

/** The texts of a conversation that are in the file, and the instants of a log. */
function stored(database: Sqlite.Database): { texts: string[]; entries: number } {
  const texts = database.prepare<[], string>(
    "select json_extract(content, '$.text') from messages where sender_id = 'alice' order by seq",
  );
  const entries = database.prepare<[], number>("select count(*) from user_log where user_id = 'alice'");
  return { texts: texts.pluck().all(), entries: entries.pluck().get() ?? 0 };
}

test("a store from before runs has them after the start, and is swept by them", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  for (const [text, jump] of [
    ["first", 0],
    ["from the future", 3 * DAY],
    ["back again", -3 * DAY],
    ["an hour later", HOUR],
    ["from further away", 5 * DAY],
    ["back for good", -5 * DAY],
  ] as const) {
    app.clock.jump(jump);
    await alice.send("bob", text);
    if (jump < 4 * DAY) await carol.send("bob", text);
  }
  await app.stop();
  const written = everythingStored(app);
  expect(written.message_runs?.length).toBeGreaterThan(2);
  expect(written.log_runs?.length).toBeGreaterThan(3);
  moveInto(app, storeOf(1));
  const database = openBeside(app);
  onTestFinished(() => {
    database.close();
  });
  expect(database.prepare("select name from pragma_table_list where name like '%runs'").all()).toEqual([]);

  await app.start();
  // What all that is there gives is what the writes gave one by one.
  const migrated = everythingStored(app);
  expect(migrated.message_runs).toEqual(written.message_runs);
  expect(migrated.log_runs).toEqual(written.log_runs);
  expect(runsAmiss(database)).toEqual({});
  const clustered = database.prepare(
    "select name from pragma_table_list where wr = 1 and schema = 'main' order by name",
  );
  expect(clustered.pluck().all()).toEqual([
    "deleted_messages",
    "log_runs",
    "media_uses",
    "members",
    "message_runs",
    "messages",
    "push_tokens",
    "pushes",
    "uploads",
    "user_log",
  ]);

  const byAge = database.prepare("select name from sqlite_master where type = 'index' and name like '%by_age'");
  expect(byAge.pluck().all()).toEqual([
    "audit_by_age",
    "push_log_by_age",
    "hook_deliveries_by_age",
    "broadcasts_by_age",
    "erasures_by_age",
  ]);

  app.clock.advance(7 * DAY);
  await app.server.engine.sweep();
  expect(stored(database)).toEqual({ texts: ["from the future", "from further away"], entries: 2 });
  expect(runsAmiss(database)).toEqual({});
  expect(texts(await bob.history("alice"))).toEqual(["from the future", "from further away"]);
  await alice.send("bob", "after all that");
  expect(runsAmiss(database)).toEqual({});
  app.clock.advance(7 * DAY);
  await app.server.engine.sweep();
  expect(stored(database)).toEqual({ texts: [], entries: 0 });
  expect(runsAmiss(database)).toEqual({});
});
