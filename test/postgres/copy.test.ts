/** From a SQLite file to PostgreSQL: everything goes over, and nobody's cursor notices. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import Sqlite from "better-sqlite3";
import { expect, inject, onTestFinished, test } from "vitest";
import { copyStore } from "../../src/store/copying/copy.ts";
import { App, Person, texts } from "../support/app.ts";
import { COMMAND } from "../support/child-server.ts";
import { ask, dropDatabase, makeEmptyDatabase } from "../support/postgres.ts";

const server = inject("postgres");

async function emptyDatabase(): Promise<string> {
  const name = `parley_copy_${Math.random().toString(36).slice(2)}`;
  await makeEmptyDatabase(server, name);
  onTestFinished(() => dropDatabase(server, name));
  return new URL(name, server).href;
}

/** A server on a SQLite file, whichever database other tests run on. */
async function startOnFile(): Promise<App> {
  const app = new App({ postgres: null });
  onTestFinished(() => app.remove());
  await app.start();
  return app;
}

async function startOn(url: string, { clock }: App): Promise<App> {
  const app = new App({ postgres: { url, connections: 5, unsafe: true } }, clock);
  onTestFinished(() => app.remove());
  await app.start();
  return app;
}

const silent = () => {};

/** People who have done a bit of everything, and what bob's phone has not had. */
async function live(app: App) {
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const phone = await bob.login("phone");
  await alice.friend("add", "bob");
  await bob.friend("accept", "alice");
  await carol.block("alice");
  const first = await alice.send("bob", "one", { clientMessageId: "the first" });
  const { handed } = await phone.sync();
  await phone.acknowledge(handed.at(-1)?.cursor);
  const cursor: string = handed.at(-1)?.cursor;
  for (let number = 0; number < 80; number += 1) await alice.send("bob", `number ${number}`);
  await alice.edit(first.id, "changed");
  await bob.markRead("alice", 50);
  const admin = await app.admin();
  await admin.updateSettings({ recallWindowSeconds: 77 });
  return { alice, bob, phone, admin, cursor };
}

test("all that was there is there, cursors are good, and keys are taken", async () => {
  const app = await startOnFile();
  const { alice, bob, phone, admin, cursor } = await live(app);
  const before = await bob.history("alice", { first: 100 });
  const conversations = await bob.conversations();
  await app.stop();
  const url = await emptyDatabase();
  const shown: string[] = [];
  const copied = await copyStore({
    from: app.dataFolder,
    to: url,
    unsafe: true,
    onProgress: (done, total) => shown.push(`${done} of ${total}`),
  });
  expect(copied.messages).toBeGreaterThan(80);
  const [done, total] = shown.at(-1)?.split(" of ") ?? [];
  expect(done).toBe(total);

  const moved = await startOn(url, app);
  const on = ({ id, token }: Person) => new Person(moved, id, token);
  expect(await on(bob).history("alice", { first: 100 })).toEqual(before);
  expect(await on(bob).conversations()).toEqual(conversations);
  const { handed, refreshed } = await on(phone).sync(cursor);
  expect(refreshed.truncated).toBe(false);
  expect(texts(handed.filter(({ source }) => source === "OFFLINE"))).toEqual(
    Array.from({ length: 80 }, (_, index) => `number ${index}`),
  );
  expect(await on(alice).trySend("bob", "one", { clientMessageId: "the first" })).toMatchObject({ duplicate: true });
  expect((await on(admin).get("{ settings { recallWindowSeconds } }")).settings).toEqual({ recallWindowSeconds: 77 });
  expect((await on(alice).send("bob", "afterwards")).seq).toBe(82);
  await moved.person("dave");
  expect((await on(alice).send("dave", "a new conversation")).seq).toBe(1);
});

test("what was stopped goes on behind what is there", async () => {
  const app = await startOnFile();
  await live(app);
  await app.stop();
  const url = await emptyDatabase();
  const from = app.dataFolder;
  let steps = 0;
  const stopping = copyStore({
    from,
    to: url,
    unsafe: true,
    onProgress() {
      steps += 1;
      if (steps === 6) throw new Error("stopped by the test");
    },
  });
  await expect(stopping).rejects.toThrow("stopped by the test");
  await expect(startOn(url, app)).rejects.toThrow(/parley copy/);
  const copied = await copyStore({ from, to: url, unsafe: true, onProgress: silent });
  const again = await copyStore({ from, to: await emptyDatabase(), unsafe: true, onProgress: silent });
  expect(copied).toEqual(again);
});

test("what is not the same in the end is told, and no server takes it", async () => {
  const app = await startOnFile();
  await live(app);
  await app.stop();
  const url = await emptyDatabase();
  const from = app.dataFolder;
  const tampered = copyStore({
    from,
    to: url,
    unsafe: true,
    onProgress(_, __, doing) {
      if (doing === "copying messages") throw new Error("stopped by the test");
    },
  });
  await expect(tampered).rejects.toThrow("stopped by the test");
  await ask(url, "update messages set seq = seq where false", "update messages set custom_data = 'x' where seq = 5");
  await expect(copyStore({ from, to: url, unsafe: true, onProgress: silent })).rejects.toThrow(
    /messages is not the same/,
  );
  await expect(startOn(url, app)).rejects.toThrow(/parley copy/);
});

test("nothing is copied over data, from a file in use, or from none", async () => {
  const app = await startOnFile();
  await app.people("alice");
  const url = await emptyDatabase();
  const copy = (from: string, to = url) => copyStore({ from, to, unsafe: true, onProgress: silent });
  await expect(copy(app.dataFolder)).rejects.toThrow(/Another server has this data open/);
  await expect(copy(join(app.dataFolder, "none.sqlite"))).rejects.toThrow(/There is no file/);
  await app.stop();
  const other = await startOn(url, app);
  await expect(copy(app.dataFolder)).rejects.toThrow(/A server runs on this database/);
  await other.person("zoe");
  await other.stop();
  await expect(copy(app.dataFolder)).rejects.toThrow(/holds data already/);
  const file = new Sqlite(join(app.dataFolder, "parley.sqlite"), { readonly: true });
  expect(file.prepare("select count(*) from users").pluck().get()).toBe(2);
  file.close();
});

/** `parley copy`, in a process of its own. */
async function command(args: readonly string[], settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, [COMMAND, "copy", ...args], {
    env: { PATH: process.env.PATH, PARLEY_DATABASE_UNSAFE: "true", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, output, errors] = await Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
  return { code: code[0], output, errors };
}

test("`parley copy` says in a line what it has copied, and the database is that of PARLEY_DATABASE unless it is told", async () => {
  const app = await startOnFile();
  const { bob } = await live(app);
  await app.stop();
  const [first, second] = [await emptyDatabase(), await emptyDatabase()];
  const from = ["--from", `sqlite:${app.dataFolder}`];
  const told = await command([...from, "--to", first]);
  expect(told).toMatchObject({ code: 0, output: expect.stringMatching(/^Copied and compared .* rows, .* messages/) });
  expect(await command(from, { PARLEY_DATABASE: second })).toMatchObject({ code: 0, output: told.output });
  const moved = await startOn(second, app);
  expect(await new Person(moved, bob.id, bob.token).history("alice", { first: 100 })).toHaveLength(81);
});

test.each([
  { args: ["--to", "postgres://parley@127.0.0.1/parley"], settings: {} },
  { args: ["--from", "sqlite:data"], settings: {} },
  { args: ["--from", "postgres://parley@127.0.0.1/parley"], settings: { PARLEY_DATABASE: "postgres://127.0.0.1/x" } },
])("`parley copy $args` says how it is used, with exit code 2", async ({ args, settings }) => {
  expect(await command(args, settings)).toEqual({
    code: 2,
    output: "",
    errors: "parley copy --from sqlite:<folder> --to postgres://…: from where, and where to?\n",
  });
});
