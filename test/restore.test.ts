/** A backup takes the place of the data: devices that were ahead of it begin anew, and nothing that was there is lost. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { restoreBackup } from "../src/store/sqlite/restore.ts";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let alice: Person;
let bob: Person;
let backup: string;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
  for (const text of ["one", "two"]) await alice.send("bob", text, { clientMessageId: text });
  backup = join(app.backupFolder, "day.sqlite");
});

async function backUp(): Promise<void> {
  const anna = await app.admin();
  await anna.change("backUp", { name: "day.sqlite" }, "__typename");
  const state = async () => (await anna.get("{ backups { state } }")).backups[0].state;
  await expect.poll(state, { interval: 5, timeout: 15_000 }).toBe("DONE");
}

/** What was restored, with the server started on it. */
async function restore(): Promise<ReturnType<typeof restoreBackup>> {
  await app.stop();
  const restored = restoreBackup(backup, app.dataFolder, app.clock.now());
  await app.start();
  return restored;
}

function kept(): string[] {
  return readdirSync(app.dataFolder).filter((name) => name.startsWith("parley-before-"));
}

test("a device that was ahead of the backup is told that something is missing, and handed what there is", async () => {
  const phone = await bob.login("phone", "IOS");
  await backUp();
  const { messages } = await phone.sync();
  await alice.send("bob", "after the backup");
  const ahead = await messages.next();
  await phone.acknowledge(ahead.cursor);
  await restore();
  const { refreshed, handed } = await phone.sync(ahead.cursor);
  expect(refreshed.truncated).toBe(true);
  expect(texts(handed)).toEqual(expect.arrayContaining(["two"]));
  expect(texts(await phone.history("alice"))).toEqual(["one", "two"]);
  const fresh = await phone.goOnline(ahead.cursor);
  await fresh.refresh.next();
  await alice.send("bob", "new");
  const seen: Data[] = [];
  for (let text = ""; text !== "new"; text = seen.at(-1)?.message.content.summary)
    seen.push(await fresh.messages.next());
  // Where "after the backup" was, "new" is now: a cursor of before is no place of this life.
  expect(texts(await phone.history("alice"))).toEqual(["one", "two", "new"]);
});

test("what was acknowledged before the backup is there, under its key, and what came after it is not", async () => {
  await backUp();
  const { id } = await alice.send("bob", "three", { clientMessageId: "three" });
  await restore();
  expect(texts(await bob.history("alice"))).toEqual(["one", "two"]);
  expect((await alice.trySend("bob", "two", { clientMessageId: "two" })).duplicate).toBe(true);
  const again = await alice.trySend("bob", "three", { clientMessageId: "three" });
  expect(again).toMatchObject({ duplicate: false, message: { id } });
  expect((await bob.get('{ searchMessages(words: "thr") { nodes { seq } } }')).searchMessages.nodes).toEqual([
    { seq: 3 },
  ]);
});

test("what was there is kept whole, and can be restored in its turn", async () => {
  await backUp();
  await alice.send("bob", "three");
  const before = everythingStored(app);
  const { keptAs, bytes } = await restore();
  expect(kept()).toEqual([keptAs]);
  expect(bytes).toBeGreaterThan(4_096);
  backup = join(app.dataFolder, keptAs ?? "");
  app.clock.advance(1);
  await restore();
  const now = everythingStored(app);
  for (const table of ["messages", "users", "user_log", "members", "conversations", "devices", "audit"]) {
    expect(now[table], table).toEqual(before[table]);
  }
});

test("into an empty folder it is a server moved, with another life of its own", async () => {
  await backUp();
  const [first] = everythingStored(app).store_info as Data[];
  const other = await startApp();
  await other.stop();
  for (const name of readdirSync(other.dataFolder)) {
    if (name.includes("sqlite")) writeFileSync(join(other.dataFolder, name), "");
  }
  const folder = join(other.dataFolder, "moved");
  expect(restoreBackup(backup, folder, app.clock.now()).keptAs).toBeNull();
  copyFileSync(join(folder, "parley.sqlite"), join(other.dataFolder, "parley.sqlite"));
  await other.start();
  expect(texts(await (await other.person("bob")).history("alice"))).toEqual(["one", "two"]);
  const [second] = everythingStored(other).store_info as Data[];
  expect(second?.generation).not.toBe(first?.generation);
});

describe("nothing is changed", () => {
  test("while a server runs", async () => {
    await backUp();
    expect(() => restoreBackup(backup, app.dataFolder, app.clock.now())).toThrow(/Another server has this data open/);
    expect(texts(await bob.history("alice"))).toEqual(["one", "two"]);
  });

  test.each([
    ["that is not there", () => join(app.backupFolder, "nowhere.sqlite")],
    [
      "that is no database",
      () => {
        writeFileSync(backup, "this is no database, whatever its name says");
        return backup;
      },
    ],
    [
      "of something else",
      () => {
        copyFileSync(join(app.dataFolder, "parley.sqlite.lock"), backup);
        return backup;
      },
    ],
    [
      "that is damaged",
      () => {
        const bytes = readFileSync(backup);
        bytes.fill(0xaa, 4_096 * 2, 4_096 * 12);
        writeFileSync(backup, bytes);
        return backup;
      },
    ],
    [
      "of a newer release",
      () => {
        copyFileSync(join(app.dataFolder, "parley.sqlite"), backup);
        const data = openBeside({ dataFolder: app.backupFolder, file: "day.sqlite" });
        data.exec("insert into __drizzle_migrations (hash, created_at) values ('x', 9999999999999)");
        data.close();
        return backup;
      },
    ],
  ])("by a backup %s", async (_, spoil) => {
    await backUp();
    await app.stop();
    const file = spoil();
    const before = readFileSync(join(app.dataFolder, "parley.sqlite"));
    expect(() => restoreBackup(file, app.dataFolder, app.clock.now())).toThrow(
      /^(There is no file|.*cannot be restored)/,
    );
    expect(readFileSync(join(app.dataFolder, "parley.sqlite")).equals(before)).toBe(true);
    expect(kept()).toEqual([]);
    expect(existsSync(join(app.dataFolder, "parley.sqlite.restoring"))).toBe(false);
    await app.start();
    expect(texts(await bob.history("alice"))).toEqual(["one", "two"]);
  });
});
