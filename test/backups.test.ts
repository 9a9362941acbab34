import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import { makeSmallDisk, mayMount } from "./support/small-disk.ts";
import type { Data } from "./support/socket.ts";

const FIELDS = "name state startedBy { id } startedAt seconds copiedBytes sizeBytes failure";
const BEGIN = `mutation BackUp($name: String) { backUp(input: { name: $name }) { backup { ${FIELDS} } } }`;
const LIST = `query Backups($name: String) { backups(name: $name) { ${FIELDS} } }`;

const PAGE = 4_096;

let app: App;
let anna: Person;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp({ metricsPort: 0 });
  anna = await app.admin();
  [alice, bob] = await app.people("alice", "bob");
});

function folder(): string[] {
  return readdirSync(app.backupFolder).sort();
}

async function begin(name?: string, by = anna): Promise<Data> {
  return (await by.get(BEGIN, { name })).backUp.backup;
}

async function backup(name: string): Promise<Data> {
  return (await anna.get(LIST, { name })).backups[0];
}

/** The backup when it is over. */
async function over(name: string): Promise<Data> {
  for (;;) {
    const current = await backup(name);
    if (current.state === "DONE" || current.state === "FAILED") return current;
  }
}

/** What a begun backup becomes. */
async function backUp(name: string): Promise<Data> {
  await begin(name);
  return over(name);
}

/** Some megabytes, so that a copy takes a while. */
async function growStore(messages = 600): Promise<void> {
  const socket = await alice.connect();
  const send = `mutation S($text: String!) { sendMessage(input: { to: "bob", content: { text: { text: $text } } }) {
    ... on SendMessageSuccess { message { seq } } } }`;
  const filler = "x".repeat(11_000);
  await Promise.all(Array.from({ length: messages }, () => socket.ask(send, { text: filler })));
}

/** A server that is started on a backup alone. */
async function startOn(name: string): Promise<App> {
  const restored = await startApp();
  await restored.stop();
  rmSync(join(restored.dataFolder, "parley.sqlite"));
  copyFileSync(join(app.backupFolder, name), join(restored.dataFolder, "parley.sqlite"));
  await restored.start();
  return restored;
}

// ── what a backup holds ─────────────────────────────────────────────────────────────────────────

test("under load it holds all that was acknowledged before, and a server that is started on it goes on", async () => {
  await growStore();
  const kept: string[] = [];
  let running = true;
  const keepSending = async (chain: number) => {
    for (let n = 0; running; n += 1) kept.push((await alice.send("bob", `chain ${chain}, ${n}`)).id);
  };
  const chains = [1, 2, 3, 4].map(keepSending);
  while (kept.length < 20) await bob.get("{ viewer { id } }");
  const before = [...kept];
  expect(await begin("full.sqlite")).toMatchObject({
    name: "full.sqlite",
    state: "COPYING",
    startedBy: { id: "anna" },
  });
  const done = await over("full.sqlite");
  running = false;
  await Promise.all(chains);
  expect(kept.length, "it was sent while it was copied").toBeGreaterThan(before.length + 4);
  const path = join(app.backupFolder, "full.sqlite");
  const { size, mode } = statSync(path);
  expect(size).toBeGreaterThan(6_000_000);
  expect(done).toMatchObject({ state: "DONE", sizeBytes: size, copiedBytes: size, failure: null });
  expect(mode & 0o777).toBe(0o600);
  expect(folder(), "one file, and nothing beside it").toEqual(["full.sqlite"]);

  const copy = new Sqlite(path, { readonly: true });
  expect(copy.pragma("journal_mode", { simple: true })).toBe("delete");
  expect(copy.pragma("integrity_check", { simple: true })).toBe("ok");
  const generation = copy.prepare("select generation from store_info").get();
  copy.close();
  const original = openBeside(app);
  expect(original.prepare("select generation from store_info").get()).toEqual(generation);
  original.close();

  const restored = await startOn("full.sqlite");
  const there = await restored.person("bob");
  const newest = await there.history("alice", { last: 1 });
  const found: string[] = [];
  for (const id of kept) if ((await there.message(id)) !== null) found.push(id);
  expect(found).toEqual(expect.arrayContaining(before));
  // Nothing is missing before the last that is in it.
  const count = everythingStored(restored).messages?.length;
  expect(newest[0]?.seq).toBe(count);
  const sent = await (await restored.person("alice")).send("bob", "after the restore");
  expect(sent.seq).toBe(Number(count) + 1);
});

test("writes that fail meanwhile do not begin it anew", async () => {
  await growStore();
  const socket = await alice.connect();
  const send = `mutation S($key: String!) { sendMessage(input: { to: "bob", content: { text: { text: "x" } }, clientMessageId: $key }) {
    ... on SendMessageSuccess { duplicate } } }`;
  await begin("steady.sqlite");
  const seen: number[] = [];
  let duplicates = 0;
  for (let round = 0; ; round += 1) {
    // They arrive at once and are stored in one batch, in which all but the first break the unique key.
    const answers = await Promise.all([1, 2, 3, 4].map(() => socket.ask(send, { key: `key-${round}` })));
    duplicates += answers.filter(({ data }) => data?.sendMessage.duplicate === true).length;
    const { state, copiedBytes } = await backup("steady.sqlite");
    if (state !== "COPYING") break;
    expect(copiedBytes).toBeGreaterThanOrEqual(seen.at(-1) ?? 0);
    seen.push(copiedBytes);
  }
  expect(seen.length).toBeGreaterThan(3);
  expect(duplicates).toBe((seen.length + 1) * 3);
  expect(await over("steady.sqlite")).toMatchObject({ state: "DONE" });
});

test("without a name it is called after the instant", async () => {
  const { name, startedAt } = await begin();
  expect(startedAt).toBe(new Date(app.clock.now()).toISOString());
  expect(name).toBe(`parley-${startedAt.replaceAll(/[:.]/g, "-")}.sqlite`);
  expect(await over(name)).toMatchObject({ state: "DONE" });
  expect(folder()).toEqual([name]);
});

// ── what is refused ─────────────────────────────────────────────────────────────────────────────

test.each([
  "",
  "x",
  "x.db",
  ".sqlite",
  ".x.sqlite",
  "-x.sqlite",
  "../x.sqlite",
  "a/x.sqlite",
  "a\\x.sqlite",
  "/x.sqlite",
  "x.sqlite/",
  "x.sqlite\n",
  "x\u0000.sqlite",
  "x y.sqlite",
  "é.sqlite",
  "x.sqlite-wal",
  `${"x".repeat(93)}.sqlite`,
])("the name %j is refused", async (name) => {
  const { errors } = await anna.ask(BEGIN, { name });
  expect(errors?.[0]?.extensions).toEqual({ code: "INVALID_CONTENT", field: "name" });
  expect(folder()).toEqual([]);
});

test("the longest name is taken", async () => {
  const name = `${"x".repeat(92)}.sqlite`;
  expect(await backUp(name)).toMatchObject({ name, state: "DONE" });
});

test("a file that is there is never overwritten, whatever it is", async () => {
  await backUp("taken.sqlite");
  const { mtimeMs } = statSync(join(app.backupFolder, "taken.sqlite"));
  mkdirSync(join(app.backupFolder, "folder.sqlite"));
  for (const name of ["taken.sqlite", "folder.sqlite"]) {
    const { errors } = await anna.ask(BEGIN, { name });
    expect(errors?.[0]?.extensions).toEqual({ code: "INVALID_CONTENT", field: "name" });
  }
  expect(statSync(join(app.backupFolder, "taken.sqlite")).mtimeMs).toBe(mtimeMs);
  expect(folder()).toEqual(["folder.sqlite", "taken.sqlite"]);
});

test("nor is one that appears meanwhile", async () => {
  await growStore();
  await begin("late.sqlite");
  writeFileSync(join(app.backupFolder, "late.sqlite"), "another's");
  expect(await over("late.sqlite")).toMatchObject({ state: "FAILED", failure: expect.stringContaining("overwritten") });
  expect(folder()).toEqual(["late.sqlite"]);
  expect(statSync(join(app.backupFolder, "late.sqlite")).size).toBe("another's".length);
});

test("there is one at a time", async () => {
  await growStore();
  await begin("first.sqlite");
  const { errors } = await anna.ask(BEGIN, { name: "second.sqlite" });
  expect(errors?.[0]?.extensions).toEqual({ code: "RATE_LIMITED" });
  expect(errors?.[0]?.message).toContain("first.sqlite");
  expect(await over("first.sqlite")).toMatchObject({ state: "DONE" });
  expect(await backUp("second.sqlite")).toMatchObject({ state: "DONE" });
  expect(folder()).toEqual(["first.sqlite", "second.sqlite"]);
});

test("it is for admins", async () => {
  expect(await alice.refusal(BEGIN, { name: "x.sqlite" })).toBe("FORBIDDEN");
  expect(await alice.refusal(LIST)).toBe("FORBIDDEN");
  expect(folder()).toEqual([]);
});

test("a server that was told of no folder says which setting to set", async () => {
  const without = await startApp({ backupFolder: null });
  const { errors } = await (await without.admin()).ask(BEGIN, { name: "x.sqlite" });
  expect(errors?.[0]?.extensions).toEqual({ code: "UNAVAILABLE" });
  expect(errors?.[0]?.message).toContain("PARLEY_BACKUPS");
});

test.each([
  ["is missing", "ENOENT", () => rmSync(app.backupFolder, { recursive: true })],
  [
    "is none",
    "ENOTDIR",
    () => {
      rmSync(app.backupFolder, { recursive: true });
      writeFileSync(app.backupFolder, "");
    },
  ],
])("a folder that %s is told, and none is made", async (_, code, spoil) => {
  spoil();
  const { errors } = await anna.ask(BEGIN, { name: "x.sqlite" });
  expect(errors?.[0]?.extensions).toEqual({ code: "UNAVAILABLE" });
  expect(errors?.[0]?.message).toContain(code);
  // It is not as if one were under way.
  rmSync(app.backupFolder, { recursive: true, force: true });
  mkdirSync(app.backupFolder);
  expect(await backUp("x.sqlite")).toMatchObject({ state: "DONE" });
});

// ── what goes wrong on the way ──────────────────────────────────────────────────────────────────

test("what an earlier attempt has left is replaced", async () => {
  for (const end of ["", "-journal", "-wal", "-shm"]) {
    writeFileSync(join(app.backupFolder, `x.sqlite.partial${end}`), "left behind".repeat(1_000));
  }
  expect(await backUp("x.sqlite")).toMatchObject({ state: "DONE" });
  expect(folder()).toEqual(["x.sqlite"]);
});

test.runIf(mayMount)("a full disk leaves nothing, and harms nobody", async () => {
  const disk = makeSmallDisk(2);
  onTestFinished(disk.remove);
  app = await startApp({ backupFolder: disk.folder, metricsPort: 0 });
  anna = await app.admin();
  [alice, bob] = await app.people("alice", "bob");
  await growStore();
  expect(await backUp("big.sqlite")).toMatchObject({ state: "FAILED", failure: expect.stringContaining("full") });
  expect(readdirSync(disk.folder)).toEqual([]);
  await alice.send("bob", "it goes on");
  expect(texts(await bob.history("alice", { last: 1 }))).toEqual(["it goes on"]);
  disk.grow(30);
  expect(await backUp("big.sqlite")).toMatchObject({ state: "DONE" });
});

test("a copy that is not sound is told and removed", async () => {
  await growStore(20);
  const beside = openBeside(app);
  beside.pragma("wal_checkpoint(TRUNCATE)");
  const parts = "select pageno from dbstat where name = 'messages' and pagetype = 'overflow'";
  const page = beside.prepare<[], number>(parts).pluck().get() ?? 0;
  beside.close();
  const file = openSync(join(app.dataFolder, "parley.sqlite"), "r+");
  writeSync(file, Buffer.alloc(PAGE, 7), 0, PAGE, (page - 1) * PAGE);
  closeSync(file);
  expect(await backUp("x.sqlite")).toMatchObject({ state: "FAILED", failure: expect.stringContaining("not sound") });
  expect(folder()).toEqual([]);
});

test.each(["COPYING", "VERIFYING"])(
  "a server that stops while it is %s gives it up and leaves nothing",
  async (state) => {
    await growStore();
    await begin("x.sqlite");
    while ((await backup("x.sqlite")).state !== state) await bob.get("{ viewer { id } }");
    await app.stop();
    expect(folder()).toEqual([]);
    await app.start();
    expect((await anna.get(LIST)).backups).toEqual([]);
    expect(await backUp("x.sqlite")).toMatchObject({ state: "DONE" });
  },
);

// ── what admins and operators see of it ─────────────────────────────────────────────────────────

test("it is in the audit trail, and so is a look at another's", async () => {
  const trail = () => (everythingStored(app).audit as Data[]).map((row) => [row.actor_id, row.action, row.subject]);
  await backUp("x.sqlite");
  expect(trail()).toEqual([["anna", "backUp", "x.sqlite"]]);
  const root = await app.admin("root");
  await root.get(LIST);
  await root.get(LIST, { name: "y.sqlite" });
  expect(trail()).toEqual([
    ["anna", "backUp", "x.sqlite"],
    ["root", "backups", "x.sqlite"],
  ]);
});

test("the last ten are listed, newest first", async () => {
  const names = Array.from({ length: 11 }, (_, n) => `${n}.sqlite`);
  for (const name of names) await backUp(name);
  const { backups } = await anna.get(LIST);
  expect(backups.map(({ name }: Data) => name)).toEqual(names.slice(1).reverse());
  // Each is looked through by a process that gives way to all others.
}, 60_000);

test("metrics say when the last one succeeded, how large it was, and how many failed", async () => {
  const metric = async (name: string) => {
    const text = await (await fetch(app.server.metricsUrl ?? "")).text();
    return Number(new RegExp(`^parley_backup_${name} (.*)$`, "m").exec(text)?.[1]);
  };
  expect(await metric("last_success_timestamp_seconds")).toBe(0);
  const { sizeBytes } = await backUp("x.sqlite");
  expect(await metric("last_success_timestamp_seconds")).toBe(app.clock.now() / 1_000);
  expect(await metric("last_bytes")).toBe(sizeBytes);
  expect(await metric("last_seconds")).toBe(0);
  expect(await metric("failures_total")).toBe(0);

  await begin("y.sqlite");
  mkdirSync(join(app.backupFolder, "y.sqlite"));
  expect(await over("y.sqlite")).toMatchObject({ state: "FAILED" });
  expect(await metric("failures_total")).toBe(1);
  expect(await metric("last_bytes")).toBe(sizeBytes);
  await app.untilLogged("a backup failed");
});
