import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { Placeholder, type SQL, sql } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { expect, onTestFinished, test, vi } from "vitest";
import { openSqlite } from "../src/store/sqlite/sqlite.ts";
import { all, type Row, type Statement, statement } from "../src/store/statement.ts";
import { createStore } from "../src/store/store.ts";
import { App, startApp } from "./support/app.ts";
import { openBeside } from "./support/data.ts";

const written = vi.hoisted(() => [] as { text: unknown }[]);
// Statements are made when their module loads and are kept to it: this notes each, and makes it as ever.
vi.mock(import("../src/store/statement.ts"), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    statement<P extends Row, R extends Row = Row>(...parameters: Parameters<typeof original.statement<P, R>>) {
      const made: Statement<P, R> = original.statement(...parameters);
      written.push(made);
      return made;
    },
  };
});

const observer = { committed() {}, failed() {} };

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server that is not started yet. */
function anotherApp(options: ConstructorParameters<typeof App>[0]): App {
  const app = new App(options);
  onTestFinished(() => rmSync(app.dataFolder, { recursive: true, force: true }));
  return app;
}

function histogram(text: string, name: string): { count: number; sum: number } {
  const value = (suffix: string) => Number(new RegExp(`^${name}_${suffix} (\\S+)$`, "m").exec(text)?.[1]);
  return { count: value("count"), sum: value("sum") };
}

test("an empty folder becomes a store, and stays the same store", async () => {
  const path = join(emptyFolder(), "deep", "down", "parley.sqlite");
  const first = openSqlite(path, observer);
  const { generation } = first;
  await first.close();
  const second = openSqlite(path, observer);
  expect(second.generation).toBe(generation);
  await second.close();
});

test("every statement of the store can be prepared, and holds no value", async () => {
  const path = join(emptyFolder(), "parley.sqlite");
  await openSqlite(path, observer).close();
  const database = new Sqlite(path);
  onTestFinished(() => {
    database.close();
  });
  const dialect = new SQLiteSyncDialect();
  expect(written.length).toBeGreaterThan(50);
  for (const { text } of written) {
    const query = dialect.sqlToQuery(text as SQL);
    expect(() => database.prepare(query.sql)).not.toThrow();
    expect(query.params.filter((parameter) => !(parameter instanceof Placeholder))).toEqual([]);
  }
});

test("what is committed is on disk: WAL, with a sync at each commit", async () => {
  const database = openSqlite(join(emptyFolder(), "parley.sqlite"), observer);
  const ask = async (text: SQL) => {
    const rows = await database.read(() =>
      all(
        statement(() => text),
        {},
      ),
    );
    return Object.values(rows[0] ?? {})[0];
  };
  expect(await ask(sql`pragma journal_mode`)).toBe("wal");
  // 2 is FULL.
  expect(await ask(sql`pragma synchronous`)).toBe(2);
  expect(await ask(sql`pragma foreign_keys`)).toBe(1);
  expect(await ask(sql`pragma secure_delete`)).toBe(1);
  await database.close();
});

test("a second server on the same data is refused and says why; the first goes on", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const second = anotherApp({ dataFolder: app.dataFolder });
  await expect(second.start()).rejects.toThrow(/another server/i);
  await alice.send("bob", "still here");
  expect(await alice.history("bob")).toHaveLength(1);
});

test("once the first server has stopped, a second one may have the data", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "handed on");
  await app.stop();
  const second = await startApp({ dataFolder: app.dataFolder });
  expect(await (await second.person("alice")).history("bob")).toHaveLength(1);
});

test("data of a newer release is refused and left as it is", async () => {
  const app = await startApp();
  await app.stop();
  const database = openBeside(app);
  const future = Date.UTC(2100, 0, 1);
  database.prepare("insert into __drizzle_migrations (hash, created_at) values ('of the future', ?)").run(future);
  database.close();
  await expect(app.start()).rejects.toThrow(/newer/i);

  const repaired = openBeside(app);
  repaired.prepare("delete from __drizzle_migrations where created_at = ?").run(future);
  repaired.close();
  await app.start();
  expect((await (await app.person("alice")).get("{ viewer { id } }")).viewer.id).toBe("alice");
});

test("a port that is taken is an error, and leaves the data free", async () => {
  const app = await startApp();
  const port = Number(new URL(app.url).port);
  const dataFolder = emptyFolder();
  await expect(anotherApp({ dataFolder, port }).start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  const other = await startApp({ dataFolder });
  expect((await (await other.person("alice")).get("{ viewer { id } }")).viewer.id).toBe("alice");
});

test("a port for metrics that is taken is an error, and leaves the data and the other port free", async () => {
  const app = await startApp();
  const metricsPort = Number(new URL(app.url).port);
  const dataFolder = emptyFolder();
  await expect(anotherApp({ dataFolder, metricsPort }).start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  const other = await startApp({ dataFolder });
  expect((await (await other.person("alice")).get("{ viewer { id } }")).viewer.id).toBe("alice");
});

test("writes that arrive together are committed together", async () => {
  const app = await startApp({ metricsPort: 0 });
  const [alice] = await app.people("alice", "bob");
  const socket = await alice.connect();
  const measure = async () => {
    const text = await (await fetch(app.server.metricsUrl ?? "")).text();
    return histogram(text, "parley_commit_operations");
  };
  const before = await measure();
  const send = `mutation S($text: String!) { sendMessage(input: { to: "bob", content: { text: { text: $text } } }) {
    __typename
  } }`;
  const answers = await Promise.all(Array.from({ length: 90 }, (_, index) => socket.ask(send, { text: `${index}` })));
  expect(answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
  const after = await measure();
  expect(after.sum - before.sum).toBe(90);
  expect(after.count - before.count).toBeLessThan(45);
});

test("one write that fails does not fail those that are committed with it", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const beside = openBeside(app);
  beside.exec(`create trigger refuse before insert on messages when new.custom_data = 'poison'
    begin select raise(abort, 'refused by the test'); end`);
  beside.close();
  const socket = await alice.connect();
  const send = `mutation S($data: String) {
    sendMessage(input: { to: "bob", content: { text: { text: "x" } }, customData: $data }) { __typename }
  }`;
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => socket.ask(send, { data: index === 25 ? "poison" : `${index}` })),
  );
  expect(answers.map(({ errors }) => errors?.[0]?.extensions?.code)).toEqual(
    Array.from({ length: 50 }, (_, index) => (index === 25 ? "INTERNAL_SERVER_ERROR" : undefined)),
  );
  const kept = await bob.history("alice");
  expect(kept.map(({ customData }) => customData)).toEqual(
    Array.from({ length: 50 }, (_, index) => `${index}`).filter((data) => data !== "25"),
  );
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 49 }, (_, index) => index + 1));
});

test("what a crash has left in the log beside the file is in the file after the next start", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "just before");
  const path = join(emptyFolder(), "parley.sqlite");
  for (const suffix of ["", "-wal"]) copyFileSync(join(app.dataFolder, `parley.sqlite${suffix}`), `${path}${suffix}`);
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  const database = openSqlite(path, observer);
  expect(statSync(`${path}-wal`).size).toBe(0);
  const alone = new Sqlite(path, { readonly: true });
  expect(alone.prepare("select count(*) from messages").pluck().get()).toBe(1);
  alone.close();
  await database.close();
});

test("after a stop, one file holds everything", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "all in one place");
  await app.stop();
  const database = openBeside(app);
  expect(database.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(database.pragma("foreign_key_check")).toEqual([]);
  expect(database.prepare("select count(*) from messages").pluck().get()).toBe(1);
  database.close();
});

test("of a delivery that was taken again since, the one who took it first settles nothing", async () => {
  const store = createStore(openSqlite(join(emptyFolder(), "parley.sqlite"), observer));
  onTestFinished(() => store.close());
  const { position: after } = await store.openReader("hooks");
  const event = { id: 1, kind: "blocked" as const, at: 1, userId: "alice", otherId: "bob", place: null };
  await store.queueDeliveries([{ hook: "app", event }], { after, upTo: 1 }, 1);
  const [first] = await store.claimDeliveries("app", 1, 10, 1);
  const [second] = await store.claimDeliveries("app", 10, 20, 1);
  if (first === undefined || second === undefined) throw new Error("it was not taken");
  expect(second).toEqual({ ...first, attempts: 1 });
  await store.settleDelivery(first, { step: "later", dueAt: 11, reason: "late" }, 10);
  expect(await store.claimDeliveries("app", 11, 30, 1)).toEqual([]);
  await store.settleDelivery(first, { step: "done" }, 10);
  expect(await store.deliveries("app", false, 10)).toHaveLength(1);
  await store.settleDelivery(second, { step: "done" }, 10);
  expect(await store.deliveries("app", false, 10)).toEqual([]);
});
