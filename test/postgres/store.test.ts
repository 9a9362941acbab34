/** What the store owes to PostgreSQL: that it is the same store, whatever happens to the database and beside it. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { Client } from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { SYSTEM_USER } from "../../src/engine/model.ts";
import { OutcomeUnknown, type Store } from "../../src/engine/store.ts";
import { openDatabase } from "../../src/store/open.ts";
import type { Database } from "../../src/store/statement.ts";
import { createStore } from "../../src/store/store.ts";
import { draftOf } from "../support/draft.ts";
import { ask, dropDatabase, makeEmptyDatabase, Postgres } from "../support/postgres.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { runs, timeFor } from "../support/scale.ts";
import { act, comparable, NOW, perform, prepare, TABLES } from "../support/store-acts.ts";

const server = inject("postgres");
const observer = { committed() {}, failed() {} };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "parley-store-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function open(url: string): Promise<Database> {
  const database = await openDatabase({
    postgres: { url, connections: 10, unsafe: true },
    dataFolder: folder(),
    backupFolder: null,
    observer,
    onTrouble() {},
  });
  onTestFinished(() => database.close());
  return database;
}

async function emptyDatabase(): Promise<string> {
  const name = `parley_store_${Math.random().toString(36).slice(2)}`;
  await makeEmptyDatabase(server, name);
  onTestFinished(() => dropDatabase(server, name));
  return new URL(name, server).href;
}

async function openSqliteFile(): Promise<{ database: Database; path: string }> {
  const dataFolder = folder();
  const database = await openDatabase({ postgres: null, dataFolder, backupFolder: null, observer, onTrouble() {} });
  onTestFinished(() => database.close());
  return { database, path: join(dataFolder, "parley.sqlite") };
}

test("both databases have the same tables, columns, keys and indexes", async () => {
  const url = await emptyDatabase();
  await open(url);
  const { path } = await openSqliteFile();
  const file = new Sqlite(path, { readonly: true });
  onTestFinished(() => {
    file.close();
  });
  const inFile = file
    .prepare<[], { table: string; name: string; type: string; required: number; key: number }>(
      `select t.name as "table", c.name, lower(c.type) as type, c."notnull" or c.pk > 0 as required, c.pk as key
        from pragma_table_list t join pragma_table_info(t.name) c
        where t.schema = 'main' and t.name not glob '__*' and t.name not glob 'sqlite_*' order by 1, 2`,
    )
    .all();
  const inPostgres = await ask(
    url,
    `select c.table_name as "table", c.column_name as name, case c.data_type when 'bigint' then 'integer' else
        c.data_type end as type, (c.is_nullable = 'NO')::int as required, coalesce(k.ordinal_position, 0) as key
      from information_schema.columns c left join information_schema.table_constraints p
        on p.table_name = c.table_name and p.constraint_type = 'PRIMARY KEY'
      left join information_schema.key_column_usage k
        on k.constraint_name = p.constraint_name and k.column_name = c.column_name
      where c.table_schema = 'public' and c.table_name <> 'parley_migrations'
      order by c.table_name collate "C", c.column_name collate "C"`,
  );
  expect(inPostgres).toEqual(inFile);
  expect(inFile.length).toBeGreaterThan(200);
  const indexes = file.prepare<[], string>("select name from sqlite_master where type = 'index' and sql is not null");
  const named = await ask(
    url,
    "select indexname as name from pg_indexes where schemaname = 'public' and indexname !~ '_(pkey|pk)$'",
  );
  expect(named.map(({ name }) => String(name)).sort()).toEqual(indexes.pluck().all().sort());
  const collations = await ask(
    url,
    `select distinct collation_name as name from information_schema.columns
      where table_schema = 'public' and data_type = 'text' and table_name <> 'parley_migrations'`,
  );
  expect(collations).toEqual([{ name: "C" }]);
});

function inOrder(rows: readonly unknown[]): string[] {
  return (comparable(rows) as object[]).map((row) => JSON.stringify(row, Object.keys(row).toSorted())).toSorted();
}

/** All conversations that acts can be about, so that none is begun by one that fails. */
async function prepareAll(store: Store) {
  const known = await prepare(store);
  for (const id of ["alice", "bob", "carol"]) {
    await store.append(draftOf({ senderId: SYSTEM_USER, recipientId: id, sentAt: NOW }));
    await store.append(draftOf({ senderId: id, recipientId: id, sentAt: NOW }));
  }
  return known;
}

test(
  "what is done leaves the same in both, and is answered alike",
  async () => {
    const url = await emptyDatabase();
    const postgres = await open(url);
    const tables = await ask(
      url,
      "select string_agg(table_name, ', ') as names from information_schema.tables where table_schema = 'public' and table_name not in ('parley_migrations', 'store_info')",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 30 }), async (acts) => {
        await ask(
          url,
          `truncate ${String(tables[0]?.names)} restart identity`,
          `insert into users (id, created_at) values ('system', 0)`,
        );
        const { database, path } = await openSqliteFile();
        const stores = [createStore(database), createStore(postgres)] as const;
        const known = [await prepareAll(stores[0]), await prepareAll(stores[1])] as const;
        for (const each of acts) {
          const [expected, answered] = [
            await perform(stores[0], known[0], each),
            await perform(stores[1], known[1], each),
          ];
          expect(comparable(answered), JSON.stringify(each)).toEqual(comparable(expected));
        }
        const file = new Sqlite(path, { readonly: true });
        for (const table of TABLES) {
          const expected = file.prepare(`select * from ${table}`).all() as object[];
          const found = await ask(url, `select to_jsonb(t) as row from ${table} t`);
          expect(inOrder(found.map(({ row }) => row)), table).toEqual(inOrder(expected));
        }
        file.close();
      }),
      { numRuns: runs(25) },
    );
  },
  timeFor(120_000),
);

test("who reads what happens misses nothing, however many write at once", async () => {
  const url = await emptyDatabase();
  const store = createStore(await open(url));
  const beside = createStore(await open(url));
  const people = Array.from({ length: 20 }, (_, index) => `user-${index}`);
  for (const id of people) await store.ensureUser(id, NOW);
  await store.openReader("search");
  const MESSAGES = 600;
  let sent = 0;
  const writer = async (own: Store, from: number) => {
    for (; sent < MESSAGES; ) {
      sent += 1;
      const [senderId = "", recipientId = ""] = [people[from], people[(from + 1 + (sent % 19)) % 20]];
      await own.append(draftOf({ senderId, recipientId, sentAt: NOW }));
    }
  };
  const writing = Promise.all(
    Array.from({ length: 16 }, (_, index) => writer(index % 2 === 0 ? store : beside, index)),
  );
  const seen: string[] = [];
  let after = 0;
  let done = false;
  void writing.then(() => {
    done = true;
  });
  for (let last = false; ; last = done) {
    const rest = await store.hasEventsBehind(after);
    const events = await store.events(after, 50);
    for (const { id, place } of events) {
      expect(id).toBeGreaterThan(after);
      after = id;
      seen.push(`${place?.conversationId} ${place?.seq}`);
    }
    // What is there may be held back for a while, by whatever else uses the same PostgreSQL.
    if (last && !rest) break;
  }
  await writing;
  const stored = await ask(url, "select conversation_id || ' ' || seq as place from messages");
  expect(seen.toSorted()).toEqual(stored.map(({ place }) => String(place)).sort());
  const next = new Map<string, number>();
  for (const place of seen) {
    const [conversation = "", seq] = place.split(" ");
    expect(Number(seq), "in the order of its conversation").toBe((next.get(conversation) ?? 0) + 1);
    next.set(conversation, Number(seq));
  }
}, 60_000);

test("what a transaction that is under way may still bring is waited for", async () => {
  const url = await emptyDatabase();
  const store = createStore(await open(url));
  for (const id of ["alice", "bob"]) await store.ensureUser(id, NOW);
  const slow = new Client({ connectionString: url });
  await slow.connect();
  await slow.query("begin");
  await slow.query("insert into events (kind, at, user_id, other_id) values ('read', 1, 'bob', 'alice')");
  await store.append(draftOf({ senderId: "alice", recipientId: "bob", sentAt: NOW }));
  expect(await store.events(0, 10)).toEqual([]);
  await slow.query("commit");
  await slow.end();
  // Also by whatever else uses the same PostgreSQL.
  await expect.poll(async () => (await store.events(0, 10)).map(({ kind }) => kind)).toEqual(["read", "sent"]);
});

test("after a dump was read into another server, ids of events go on behind those that are there", async () => {
  const url = await emptyDatabase();
  const store = createStore(await open(url));
  for (const id of ["alice", "bob"]) await store.ensureUser(id, NOW);
  await store.append(draftOf({ senderId: "alice", recipientId: "bob", sentAt: NOW }));
  await ask(url, "update events set id = id + 1000000000000");
  const [{ id: before } = { id: 0 }] = (await ask(url, "select id::float8 as id from events")) as { id: number }[];
  const again = createStore(await open(url));
  await again.append(draftOf({ senderId: "bob", recipientId: "alice", sentAt: NOW }));
  await expect.poll(async () => (await again.events(before, 10)).map(({ userId }) => userId)).toEqual(["bob"]);
});

test("connections that are cut again and again lose nothing that was acknowledged, and double nothing", async () => {
  const url = await emptyDatabase();
  const store = createStore(await open(url));
  for (const id of ["alice", "bob"]) await store.ensureUser(id, NOW);
  const { pathname } = new URL(url);
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${pathname.slice(1)}' and pid <> pg_backend_pid()`;
  const acknowledged: number[] = [];
  const cuts: Promise<unknown>[] = [];
  const writer = async (from: string, to: string, of: number) => {
    for (let number = of; number < 200; number += 4) {
      const clientMessageId = `key ${number}`;
      const given = { senderId: from, recipientId: to, sentAt: NOW, clientMessageId, fingerprint: "f" };
      const appended = await store.append(draftOf(given));
      if (appended === null) {
        // It had happened, and the answer was lost.
        expect((await store.sendFacts(from, to, clientMessageId)).sameKey).not.toBeNull();
      }
      acknowledged.push(number);
      if (acknowledged.length % 10 === 0) cuts.push(ask(server, cut));
    }
  };
  await Promise.all([
    writer("alice", "bob", 0),
    writer("bob", "alice", 1),
    writer("alice", "bob", 2),
    writer("bob", "alice", 3),
  ]);
  await Promise.all(cuts);
  const stored = await ask(url, "select seq::int as seq, client_message_id as key from messages order by seq");
  expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(new Set(stored.map(({ key }) => key)).size).toBe(acknowledged.length);
}, 60_000);

test("text with a NUL is stored, and an id with one is nobody's", async () => {
  const store = createStore(await open(await emptyDatabase()));
  for (const id of ["alice", "bob"]) await store.ensureUser(id, NOW);
  const content = { type: "TEXT", text: "a\u0000b" } as const;
  const appended = await store.append(draftOf({ senderId: "alice", recipientId: "bob", sentAt: NOW, content }));
  const { conversationId = 0, seq = 0 } = appended?.message ?? {};
  expect((await store.message(conversationId, seq))?.content).toEqual(content);
  expect((await store.users(["alice\u0000"])).size).toBe(0);
});

test("a server that would lose messages is refused, unless it is asked for", async () => {
  const careless = await Postgres.create("fsync=off");
  onTestFinished(() => careless.remove());
  const place = { url: careless.url, connections: 2, unsafe: false };
  const options = { dataFolder: folder(), backupFolder: null, observer, onTrouble() {} };
  await expect(openDatabase({ ...options, postgres: place })).rejects.toThrow(/fsync off/);
  const database = await openDatabase({ ...options, postgres: { ...place, unsafe: true } });
  await database.close();
});

test("of servers that start on an empty database at the same time, one makes the tables, and all start", async () => {
  const url = await emptyDatabase();
  const opened = await Promise.all(Array.from({ length: 4 }, () => open(url)));
  expect(new Set(opened.map(({ generation }) => generation)).size).toBe(1);
  const [made] = await ask(url, "select count(*)::int as times from parley_migrations");
  const files = readdirSync(fileURLToPath(new URL("../../drizzle/postgres", import.meta.url)));
  expect(made?.times).toBe(files.filter((name) => name.endsWith(".sql")).length);
});

test("data of a newer release is refused", async () => {
  const url = await emptyDatabase();
  await open(url);
  await ask(url, `insert into parley_migrations (hash, created_at) values ('of the future', ${Date.UTC(2100, 0, 1)})`);
  await expect(open(url)).rejects.toThrow(/newer/i);
});

test("a commit that was lost while the database went away is never said to have not happened", async () => {
  const url = await emptyDatabase();
  const proxy = new NetworkProxy(() => Number(new URL(url).port));
  await proxy.listen();
  onTestFinished(() => proxy.close());
  const through = new URL(url);
  through.port = new URL(proxy.url).port;
  const store = createStore(await open(through.href));
  for (const id of ["alice", "bob"]) await store.ensureUser(id, NOW);
  const gate = new Client({ connectionString: url });
  await gate.connect();
  await gate.query(`create function wait_at_commit() returns trigger language plpgsql as
    'begin perform pg_advisory_xact_lock(1); return null; end'`);
  await gate.query(`create constraint trigger wait_at_commit after insert on messages deferrable initially deferred
    for each row execute function wait_at_commit()`);
  await gate.query("select pg_advisory_lock(1)");
  const given = { senderId: "alice", recipientId: "bob", sentAt: NOW, clientMessageId: "key", fingerprint: "f" };
  const sending = store.append(draftOf(given)).catch((error: unknown) => error);
  await expect.poll(() => ask(url, "select 1 from pg_locks where not granted")).toHaveLength(1);
  proxy.shut();
  await gate.end();
  expect(await sending).toBeInstanceOf(OutcomeUnknown);
  expect(await ask(url, "select client_message_id as key from messages")).toEqual([{ key: "key" }]);
  proxy.open();
  expect(await store.append(draftOf(given))).toBeNull();
});

test("a server that is reached by a socket in a folder may be started anew, too", async () => {
  const postgres = await Postgres.create("fsync=off");
  onTestFinished(() => postgres.remove());
  const url = `postgres://parley@/postgres?host=${encodeURIComponent(postgres.folder)}&port=${postgres.port}`;
  const store = createStore(await open(url));
  await store.ensureUser("alice", NOW);
  await postgres.stop();
  const reading = store.users(["alice"]);
  await postgres.start();
  expect([...(await reading).keys()]).toEqual(["alice"]);
});
