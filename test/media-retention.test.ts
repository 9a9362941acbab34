import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { DAY, HOUR } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import { pictureOf } from "./support/samples.ts";
import { bring, createUpload, filesOf, ready, ticketFor, uploadNow } from "./support/uploads.ts";

async function linkTo(person: Person, peer: string): Promise<string | null> {
  const { history } = await person.get(
    `{ history(peer: "${peer}", last: 1) { nodes { content { ... on ImageContent { url } ... on FileContent { url } } } } }`,
  );
  return history.nodes[0]?.content?.url ?? null;
}

async function status(app: App, url: string | null): Promise<number> {
  if (url === null) throw new Error("there is no link");
  return (await fetch(new URL(url, app.url))).status;
}

/** Alice sends bob the same picture so many times. */
async function pictures(app: App, times = 1) {
  const [alice, bob] = await app.people("alice", "bob");
  const upload = await ready(app, alice, "IMAGE", await pictureOf(1_000, 800));
  const ids: string[] = [];
  for (let time = 0; time < times; time += 1) ids.push((await alice.send("bob", { image: { upload } })).id);
  return { alice, bob, upload, ids, url: await linkTo(bob, "alice") };
}

test("with a recall its links end at once, and its bytes go", async () => {
  const app = await startApp();
  const { alice, ids, url, upload } = await pictures(app);
  expect(filesOf(app)).toEqual(["large", "original", "thumbnail"]);
  await alice.recall(ids[0] ?? "");
  expect(await status(app, url)).toBe(404);
  expect(await uploadNow(alice, upload)).toBeNull();
  await app.server.engine.sweep();
  expect(filesOf(app)).toEqual([]);
  expect(everythingStored(app)).toMatchObject({ uploads: [], media_uses: [] });
});

test("what another message is made of stays, until that goes too", async () => {
  const app = await startApp();
  const { alice, ids, url } = await pictures(app, 2);
  await alice.recall(ids[0] ?? "");
  await app.server.engine.sweep();
  expect(await status(app, url)).toBe(200);
  await alice.recall(ids[1] ?? "");
  expect(await status(app, url)).toBe(404);
});

test("what one side deletes or clears stays for the other", async () => {
  const app = await startApp();
  const { alice, bob, ids, url } = await pictures(app);
  await alice.deleteMessages(...ids);
  await alice.arrange("clear", "bob");
  await app.server.engine.sweep();
  expect(await status(app, url)).toBe(200);
  expect(await linkTo(bob, "alice")).toBe(url);
});

test("media goes when its last message has left the history", async () => {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineRetentionDays: 3, roamingRetentionDays: 10 });
  const { alice } = await pictures(app);
  app.clock.advance(5 * DAY);
  await app.server.engine.sweep();
  expect(filesOf(app)).toHaveLength(3);
  await alice.send("bob", "one that stays");
  app.clock.advance(6 * DAY);
  await app.server.engine.sweep();
  expect(filesOf(app)).toEqual([]);
  expect(everythingStored(app)).toMatchObject({ uploads: [], media_uses: [] });
});

test("a message whose upload expires while it waits is not sent half", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const upload = await ready(app, alice, "FILE", randomBytes(10));
  app.clock.advance(25 * HOUR);
  const refused = await alice.trySend("bob", { file: { upload } });
  expect(refused).toMatchObject({ code: "UPLOAD_NOT_FOUND", field: "content.file.upload" });
  expect(await alice.history("bob")).toEqual([]);
});

test("what is never sent, and what is never finished, goes after a day; what is sent does not", async () => {
  const app = await startApp();
  const { alice, url } = await pictures(app);
  const unsent = await ready(app, alice, "FILE", randomBytes(10));
  const half = await ticketFor(alice, "FILE", 100);
  const headers = { Authorization: `Bearer ${half.ticket}`, "Tus-Resumable": "1.0.0", "Upload-Length": "100" };
  expect((await fetch(new URL(half.endpoint, app.url), { method: "POST", headers })).status).toBe(201);
  expect(filesOf(app)).toHaveLength(5);
  app.clock.advance(23 * HOUR);
  await app.server.engine.sweep();
  expect(filesOf(app)).toHaveLength(5);
  app.clock.advance(2 * HOUR);
  await app.server.engine.sweep();
  expect(filesOf(app)).toEqual(["large", "original", "thumbnail"]);
  expect(await status(app, await linkTo(alice, "bob"))).toBe(200);
  expect(url).not.toBeNull();
  expect(await uploadNow(alice, unsent)).toBeNull();
});

test("an upload can be given up, unless a message is made of it", async () => {
  const app = await startApp();
  const { alice, upload: used } = await pictures(app);
  const bob = await app.person("bob");
  const other = await ready(app, alice, "FILE", randomBytes(10));
  const remove = async (person: Person, id: string) =>
    (await person.change("deleteUpload", { id }, "deletedId")).deletedId;
  expect(await remove(bob, other)).toBeNull();
  expect(await remove(alice, used)).toBeNull();
  expect(filesOf(app)).toHaveLength(4);
  expect(await remove(alice, other)).toBe(other);
  expect(await remove(alice, other)).toBeNull();
  expect(filesOf(app)).toHaveLength(3);
});

test("files that nothing is known of are removed at the next start, and no others", async () => {
  const app = await startApp();
  await pictures(app);
  const stray = "strayAstrayAstrayAstrA";
  const folder = join(app.dataFolder, "media", "files", stray.slice(0, 2), stray);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "original"), "left by a crash");
  writeFileSync(join(app.dataFolder, "media", "incoming", stray), "left by a crash");
  writeFileSync(join(app.dataFolder, "media", "incoming", "README"), "an operator's own");
  await app.restart();
  await expect.poll(() => filesOf(app)).toEqual(["README", "large", "original", "thumbnail"]);
  expect(existsSync(folder)).toBe(false);
});

test("a user may have so much, uploads that have begun included, and so many that are not finished", async () => {
  const rules = { bytes: 1_000, unfinished: 3, lifetimeMs: 24 * HOUR, freeBytes: 0 };
  const app = await startApp({ media: { rules } });
  const [alice, bob] = await app.people("alice", "bob");
  const upload = await ready(app, alice, "FILE", randomBytes(600));
  expect(await createUpload(alice, "FILE", 401)).toMatchObject({ code: "QUOTA_EXCEEDED" });
  expect(await createUpload(alice, "FILE", 400)).toMatchObject({ endpoint: expect.any(String) });
  expect(await createUpload(alice, "FILE", 1)).toMatchObject({ code: "QUOTA_EXCEEDED" });
  // Others have their own.
  for (let count = 0; count < 3; count += 1) await ticketFor(bob, "FILE", 1);
  expect(await createUpload(bob, "FILE", 1)).toMatchObject({ code: "QUOTA_EXCEEDED" });
  // What is sent counts as long as it is there.
  const { id } = await alice.send("bob", { file: { upload } });
  expect(await createUpload(alice, "FILE", 600)).toMatchObject({ code: "QUOTA_EXCEEDED" });
  await alice.recall(id);
  await app.server.engine.sweep();
  expect(await createUpload(alice, "FILE", 600)).toMatchObject({ endpoint: expect.any(String) });
});

test("of a thousand tiny uploads so many begin as may, and the rest leaves nothing", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => createUpload(alice, "FILE", 1)));
  expect(answers.filter(({ __typename }) => __typename === "CreateUploadSuccess")).toHaveLength(20);
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([undefined, "QUOTA_EXCEEDED"]));
  expect(everythingStored(app).uploads).toHaveLength(20);
  expect(filesOf(app)).toEqual([]);
});

test("where the disk is nearly full nothing begins, and what has begun ends as soon as it can", async () => {
  let free = 2_000;
  const rules = { bytes: 0, unfinished: 0, lifetimeMs: 24 * HOUR, freeBytes: 1_000 };
  const app = await startApp({ media: { rules, free: async () => free } });
  const alice = await app.person("alice");
  expect(await createUpload(alice, "FILE", 1_001)).toMatchObject({ code: "STORAGE_FULL" });
  const bytes = randomBytes(900);
  const ticket = await ticketFor(alice, "FILE", bytes.length);
  free = 1_500;
  const full = await bring(app, ticket, bytes);
  expect(full?.message).toContain("507");
  expect(filesOf(app)).toEqual([]);
  free = 2_000;
  expect(await bring(app, ticket, bytes)).toBeNull();
});
