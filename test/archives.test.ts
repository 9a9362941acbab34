/** Archives: an hour after it has closed, each hour's messages are in one file, none missing and none twice. */
import { createHash } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Store } from "../src/engine/store.ts";
import { App, type Person } from "./support/app.ts";
import { MovableClock } from "./support/clock.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import { parseRecords, sumOf } from "./support/records.ts";
import { runs, timeFor } from "./support/scale.ts";
import type { Data } from "./support/socket.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.UTC(2026, 10, 26, 12);

const ARCHIVES = "writtenUpTo archives { name hour messages sizeBytes sha256 url urlExpiresAt }";

async function startArchivingApp(options: ConstructorParameters<typeof App>[0] = {}): Promise<App> {
  const app = new App(options, new MovableClock(NOON));
  app.archiveDays = 7;
  await app.start();
  onTestFinished(async () => {
    await app.stop();
    rmSync(app.dataFolder, { recursive: true, force: true });
  });
  return app;
}

async function list(admin: Person, args = ""): Promise<Data> {
  return (await admin.get(`{ messageArchives${args} { ${ARCHIVES} } }`)).messageArchives;
}

/** The messages of a file, which is as it is said to be. */
async function read(app: App, { url, sizeBytes, sha256, messages }: Data): Promise<Data[]> {
  const bytes = Buffer.from(await (await fetch(new URL(url, app.url))).arrayBuffer());
  expect(bytes.length).toBe(sizeBytes);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  const { lines, records } = parseRecords(gunzipSync(bytes).toString());
  expect(records[0]).toMatchObject({ type: "header", version: 1, of: "archive" });
  expect(records.at(-1)).toEqual({ type: "end", lines: lines.length - 1, sum: sumOf(lines.slice(0, -1)) });
  expect(records).toHaveLength(messages + 2);
  return records.slice(1, -1);
}

test("an hour is written an hour after it has closed, with all that came in it", async () => {
  const app = await startArchivingApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  const said = await alice.send("bob", "said", { clientMessageId: "key" });
  const edited = await alice.send("bob", "before");
  const recalled = await alice.send("bob", "canary-recalled");
  await bob.block("alice");
  const hidden = await alice.send("bob", "hidden");
  const notice = await anna.send("bob", { notice: { body: "news" } });
  const old = {
    from: "bob",
    to: "alice",
    content: { text: { text: "old" } },
    sentAt: new Date(NOON - 9 * HOUR).toISOString(),
    clientMessageId: "old",
  };
  await anna.change("importMessages", { messages: [old] }, "results { outcome }");
  await bob.unblock("alice");
  app.clock.advance(HOUR);
  await alice.edit(edited.id, "after");
  await anna.recall(recalled.id);
  const later = await bob.send("alice", "in the next hour");

  app.clock.advance(HOUR - 1);
  await app.server.engine.writeArchives();
  expect(await list(anna)).toEqual({ writtenUpTo: "2026-11-26T12:00:00.000Z", archives: [] });
  app.clock.advance(1);
  await app.server.engine.writeArchives();
  const { writtenUpTo, archives } = await list(anna);
  expect(writtenUpTo).toBe("2026-11-26T13:00:00.000Z");
  expect(archives).toEqual([
    {
      name: "messages-2026-11-26T12Z.jsonl.gz",
      hour: "2026-11-26T12:00:00.000Z",
      messages: 6,
      sizeBytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      url: expect.stringContaining("/records/archive/messages-2026-11-26T12Z.jsonl.gz?"),
      urlExpiresAt: "2026-11-26T15:00:00.000Z",
    },
  ]);
  const messages = await read(app, archives[0]);
  expect(messages.map(({ id }) => id)).toEqual([said.id, edited.id, recalled.id, hidden.id, notice.id, "m:1:5"]);
  expect(messages[0]).toMatchObject({ from: "alice", clientMessageId: "key", content: { text: { text: "said" } } });
  expect(messages[1]).toMatchObject({ content: { text: { text: "after" } }, editedAt: "2026-11-26T13:00:00.000Z" });
  expect(messages[2]?.content).toBeUndefined();
  expect(messages[2]).toMatchObject({ recalledAt: "2026-11-26T13:00:00.000Z" });
  expect(messages[3]).toMatchObject({ hidden: true });
  expect(messages[4]).toMatchObject({ from: "system", content: { notice: { body: "news" } } });
  expect(messages[5]).toMatchObject({ imported: true, sentAt: old.sentAt });

  app.clock.advance(HOUR);
  await app.server.engine.writeArchives();
  const next = await list(anna, '(from: "2026-11-26T13:00:00Z", to: "2026-11-26T14:00:00Z")');
  expect((await read(app, next.archives[0])).map(({ id }) => id)).toEqual([later.id]);
  expect((await list(anna, '(from: "2026-11-26T13:00:00Z", to: "2026-11-26T13:00:00Z")')).archives).toEqual([]);
});

test("they are for admins, in the audit trail, read in ranges, and their links expire", async () => {
  const app = await startArchivingApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await alice.send("bob", "hello");
  app.clock.advance(2 * HOUR);
  await app.server.engine.writeArchives();
  const [archive] = (await list(anna)).archives;
  expect(await alice.refusal("{ messageArchives { writtenUpTo } }")).toBe("FORBIDDEN");
  const backwards = '{ messageArchives(from: "2026-11-26T13:00:00Z", to: "2026-11-26T12:00:00Z") { writtenUpTo } }';
  expect(await anna.refusal(backwards)).toBe("BAD_USER_INPUT");
  const { audit } = everythingStored(app) as { audit: { action: string; subject: string }[] };
  expect(audit).toMatchObject([
    { action: "messageArchives", subject: "messages-2026-11-26T12Z.jsonl.gz to messages-2026-11-26T12Z.jsonl.gz" },
  ]);
  const url = new URL(archive.url, app.url);
  const part = await fetch(url, { headers: { range: "bytes=2-5" } });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 2-5/${archive.sizeBytes}`]);
  expect((await fetch(url, { headers: { range: "bytes=999999-" } })).status).toBe(416);
  const other = (name: string) => fetch(new URL(archive.url.replace(archive.name, encodeURIComponent(name)), app.url));
  expect((await other("../parley.sqlite")).status).toBe(403);
  rmSync(join(app.archiveFolder, archive.name));
  expect((await fetch(url)).status).toBe(404);
  app.clock.advance(HOUR + 1_000);
  expect((await fetch(url)).status).toBe(403);
});

test("where none are asked for, none are written and nothing is kept for them", async () => {
  const app = await startArchivingApp();
  const anna = await app.admin();
  expect(everythingStored(app).event_readers).toContainEqual(expect.objectContaining({ name: "archives" }));
  app.archiveDays = null;
  await app.restart();
  expect(await list(anna)).toBeNull();
  expect(everythingStored(app).event_readers).not.toContainEqual(expect.objectContaining({ name: "archives" }));
});

test("what is past its days is removed, and what a killed server had begun", async () => {
  const app = await startArchivingApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await alice.send("bob", "one");
  app.clock.advance(HOUR);
  await alice.send("bob", "two");
  app.clock.advance(2 * HOUR);
  await app.server.engine.writeArchives();
  expect((await list(anna)).archives).toHaveLength(2);
  await app.stop();
  writeFileSync(join(app.archiveFolder, "0123.part"), "half");
  await app.start();
  expect(readdirSync(app.archiveFolder)).not.toContain("0123.part");
  app.clock.advance(7 * 24 * HOUR - 2 * HOUR);
  await app.server.engine.writeArchives();
  expect((await list(anna)).archives).toMatchObject([{ name: "messages-2026-11-26T13Z.jsonl.gz" }]);
  expect(readdirSync(app.archiveFolder)).toHaveLength(2);
});

/** A store in which a reader cannot be moved on, as if the process had ended just before. */
function breakable(): { decorateStore: (store: Store) => Store; broken: boolean } {
  const how = {
    broken: false,
    decorateStore: (store: Store): Store => ({
      ...store,
      async moveReader(name, position) {
        if (how.broken && name === "archives") throw new Error("killed");
        return store.moveReader(name, position);
      },
    }),
  };
  return how;
}

test("killed between a file and the note of it, nothing comes twice; after a restore nothing is written over", async () => {
  const how = breakable();
  const app = await startArchivingApp({ decorateStore: how.decorateStore });
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  const one = await alice.send("bob", "one");
  how.broken = true;
  app.clock.advance(2 * HOUR);
  const two = await alice.send("bob", "two");
  await expect(app.server.engine.writeArchives()).rejects.toThrow("killed");
  await app.stop();
  how.broken = false;
  await app.start();
  app.clock.advance(2 * HOUR);
  await app.server.engine.writeArchives();
  const { archives } = await list(anna);
  expect(archives.map(({ name }: Data) => name)).toEqual([
    "messages-2026-11-26T12Z.jsonl.gz",
    "messages-2026-11-26T14Z.jsonl.gz",
  ]);
  expect((await read(app, archives[0])).map(({ id }) => id)).toEqual([one.id]);
  expect((await read(app, archives[1])).map(({ id }) => id)).toEqual([two.id]);

  const three = await alice.send("bob", "three");
  how.broken = true;
  app.clock.advance(2 * HOUR);
  await expect(app.server.engine.writeArchives()).rejects.toThrow("killed");
  await app.stop();
  how.broken = false;
  const database = openBeside(app);
  database.exec("update store_info set generation = 'restored'");
  database.close();
  await app.start();
  await app.server.engine.writeArchives();
  const both = (await list(anna, '(from: "2026-11-26T16:00:00Z")')).archives;
  expect(both.map(({ name }: Data) => name)).toEqual([
    "messages-2026-11-26T16Z.jsonl.gz",
    "messages-2026-11-26T16Z-2.jsonl.gz",
  ]);
  for (const file of both) expect((await read(app, file)).map(({ id }) => id)).toEqual([three.id]);
});

test("who is erased goes from what is written, though the server be stopped between; what others wrote stays", async () => {
  const app = await startArchivingApp();
  const [mallory, alice, bob] = await app.people("mallory", "alice", "bob");
  const anna = await app.admin();
  await mallory.send("alice", "canary-text", { customData: "canary-data", clientMessageId: "canary-key" });
  await alice.send("mallory", 'to one who is "from":"mallory"');
  await mallory.friend("add", "bob", { greeting: "canary-greeting" });
  app.clock.advance(HOUR);
  await alice.send("bob", "of others");
  app.clock.advance(3 * HOUR);
  await app.server.engine.writeArchives();
  const before = (await list(anna)).archives;
  expect(before.map(({ messages }: Data) => messages)).toEqual([3, 1]);

  app.archiveDays = null;
  await app.restart();
  await anna.change("eraseUser", { user: "mallory" }, "erasure { finishedAt }");
  const finished = async () => {
    app.clock.advance(1_000);
    return (await anna.get("{ erasures { finishedAt } }")).erasures[0].finishedAt;
  };
  await expect.poll(finished, { interval: 5, timeout: 15_000 }).not.toBeNull();
  await bob.send("alice", "after it");
  app.archiveDays = 7;
  await app.restart();
  await app.server.engine.writeArchives();

  const after = (await list(anna)).archives;
  expect(after[0].sha256).not.toBe(before[0].sha256);
  expect(after[1]).toMatchObject({ sha256: before[1].sha256, sizeBytes: before[1].sizeBytes });
  const messages = await read(app, after[0]);
  expect(JSON.stringify(messages)).not.toContain("canary");
  const erased = { recalledAt: expect.any(String), erasedAt: expect.any(String), sentAt: "2026-11-26T12:00:00.000Z" };
  expect(messages).toEqual([
    { type: "message", id: "m:1:1", seq: 1, from: "mallory", to: "alice", read: false, ...erased },
    expect.objectContaining({ from: "alice", content: { text: { text: 'to one who is "from":"mallory"' } } }),
    { type: "message", id: expect.any(String), seq: 1, from: "system", to: "bob", read: false, ...erased },
  ]);
  // Once is enough.
  await app.server.engine.writeArchives();
  expect((await list(anna)).archives[0].sha256).toBe(after[0].sha256);

  // A file of before a restore has been through erasures of other numbers.
  await bob.send("alice", "canary of bob");
  app.clock.advance(2 * HOUR);
  await app.server.engine.writeArchives();
  await app.stop();
  const database = openBeside(app);
  database.exec("update store_info set generation = 'restored'; delete from erasures");
  database.close();
  await app.start();
  await anna.change("eraseUser", { user: "bob" }, "erasure { finishedAt }");
  await expect.poll(finished, { interval: 5, timeout: 15_000 }).not.toBeNull();
  await app.server.engine.writeArchives();
  for (const file of (await list(anna)).archives) expect(JSON.stringify(await read(app, file))).not.toContain("canary");
});

test("while it runs, an erasure takes the archives with it", async () => {
  const app = await startArchivingApp();
  const [mallory] = await app.people("mallory", "alice");
  const anna = await app.admin();
  await mallory.send("alice", "canary");
  app.clock.advance(2 * HOUR);
  await app.server.engine.writeArchives();
  const said = async () => JSON.stringify(await read(app, (await list(anna)).archives[0]));
  expect(await said()).toContain("canary");
  await anna.change("eraseUser", { user: "mallory" }, "erasure { finishedAt }");
  const isSaid = async () => {
    app.clock.advance(1_000);
    return (await said()).includes("canary");
  };
  await expect.poll(isSaid, { interval: 5, timeout: 15_000 }).toBe(false);
});

test("a clock that was ahead for a while stops nothing", async () => {
  const app = await startArchivingApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  const one = await alice.send("bob", "one");
  app.clock.jump(30 * 24 * HOUR);
  const two = await alice.send("bob", "two");
  app.clock.jump(-30 * 24 * HOUR);
  const three = await alice.send("bob", "three");
  app.clock.advance(3 * HOUR);
  await app.server.engine.writeArchives();
  const { archives } = await list(anna);
  expect((await read(app, archives[0])).map(({ id }) => id)).toEqual([one.id, two.id, three.id]);
});

test(
  "whatever comes between, each message is in one file, that of its hour",
  async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant("send" as const) },
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 100 }) },
      { weight: 1, arbitrary: fc.constant("restart" as const) },
      { weight: 1, arbitrary: fc.constant("kill" as const) },
      { weight: 1, arbitrary: fc.constant("sweep" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const how = breakable();
        const app = await startArchivingApp({ decorateStore: how.decorateStore });
        const [alice] = await app.people("alice", "bob");
        const anna = await app.admin();
        const sent: string[] = [];
        for (const one of steps) {
          if (one === "send") sent.push((await alice.send("bob", `${sent.length}`)).id);
          else if (one === "sweep") await app.server.engine.sweep();
          else if (one === "restart") await app.restart();
          else if (one === "kill") {
            how.broken = true;
            await app.server.engine.writeArchives().catch(() => {});
            await app.stop();
            how.broken = false;
            await app.start();
          } else app.clock.advance(one * MINUTE);
        }
        app.clock.advance(2 * HOUR);
        await app.server.engine.writeArchives();
        const archived: string[] = [];
        for (const file of (await list(anna)).archives) {
          for (const { id, sentAt } of await read(app, file)) {
            archived.push(id);
            expect(sentAt.slice(0, 13)).toBe(file.hour.slice(0, 13));
          }
        }
        expect(archived).toEqual(sent);
        await app.stop();
      }),
      { numRuns: runs(12) },
    );
  },
  timeFor(60_000),
);
