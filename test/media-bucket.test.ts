import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { BucketOptions } from "../src/media/bucket/client.ts";
import { signAppToken } from "../src/server/tokens.ts";
import { type App, Person, SECRET, startApp } from "./support/app.ts";
import { kill, startChild } from "./support/child-server.ts";
import { DAY } from "./support/clock.ts";
import { NetworkProxy } from "./support/proxy.ts";
import { S3_ENVIRONMENT, S3Server, servesS3 } from "./support/s3-server.ts";
import { pictureOf } from "./support/samples.ts";
import {
  begin,
  bring,
  hashOf,
  PATCH,
  ready,
  statusOf,
  storedId,
  ticketFor,
  tus,
  uploadNow,
} from "./support/uploads.ts";

const MIB = 1024 * 1024;
/** More than the smallest part of a multipart upload, and no multiple of it. */
const LARGE = 12 * MIB + 345;
const LINKS = "content { ... on FileContent { url } ... on ImageContent { url thumbnail { url } large { url } } }";

describe.runIf(servesS3)("media in a bucket", () => {
  const s3 = new S3Server();
  let bucket: BucketOptions;
  let buckets = 0;
  beforeAll(() => s3.start());
  afterAll(() => s3.remove());

  async function startWithBucket(more: Partial<BucketOptions> = {}): Promise<App> {
    buckets += 1;
    bucket = { ...(await s3.makeBucket(`media-${buckets}`)), ...more };
    return startApp({ media: { place: bucket } });
  }

  /** The newest message's content, as bob sees it. */
  async function newest(bob: Person) {
    const { history } = await bob.get(`{ history(peer: "alice", last: 1) { nodes { id ${LINKS} } } }`);
    return history.nodes[0];
  }

  async function sent(app: App, bytes: Buffer, kind: "FILE" | "IMAGE" = "FILE") {
    const [alice, bob] = await app.people("alice", "bob");
    const upload = await ready(app, alice, kind, bytes, "a file.bin");
    await alice.send("bob", { [kind.toLowerCase()]: { upload } });
    const { id, content } = await newest(bob);
    return { alice, bob, id, content, url: new URL(content.url, app.url) };
  }

  async function contentOf(url: URL | string): Promise<Buffer> {
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }

  test("a picture is brought, sent, and had in three sizes", async () => {
    const app = await startWithBucket();
    const picture = await pictureOf(1_600, 1_200);
    const { content, url } = await sent(app, picture, "IMAGE");
    const answer = await fetch(url);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "content-length": String(picture.length),
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": expect.stringMatching(/^private, max-age=\d+, immutable$/),
      "content-disposition": 'inline; filename="a file.bin"',
    });
    expect(hashOf(await answer.arrayBuffer())).toBe(hashOf(picture));
    for (const { url } of [content.thumbnail, content.large]) {
      const smaller = await fetch(new URL(url, app.url));
      expect([smaller.status, smaller.headers.get("content-type")]).toEqual([200, "image/webp"]);
    }
    const [key] = await s3.keysIn(bucket.name);
    expect(await s3.keysIn(bucket.name)).toEqual([key, `${key}.large`, `${key}.thumbnail`]);
    expect(key).toMatch(/^chat\/[\w-]{22}$/);
  });

  test("parts of it can be had, and what is had already is not sent again", async () => {
    const bytes = randomBytes(1_000);
    const { url } = await sent(await startWithBucket(), bytes);
    const get = (headers: Record<string, string>, method = "GET") => fetch(url, { method, headers });
    const part = await get({ range: "bytes=100-199" });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 100-199/1000"]);
    expect(hashOf(await part.arrayBuffer())).toBe(hashOf(bytes.subarray(100, 200)));
    expect(hashOf(await (await get({ range: "bytes=-10" })).arrayBuffer())).toBe(hashOf(bytes.subarray(990)));
    const beyond = await get({ range: "bytes=1000-1001" });
    expect([beyond.status, beyond.headers.get("content-disposition")]).toEqual([416, null]);
    const etag = part.headers.get("etag") ?? "";
    expect((await get({ "if-none-match": etag })).status).toBe(304);
    expect((await get({ range: "bytes=0-0", "if-range": etag })).status).toBe(206);
    expect((await get({ range: "bytes=0-0", "if-range": '"another"' })).status).toBe(200);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "1000"]);
  });

  test("an upload goes on where it was, when the connection breaks and the server is started anew", async () => {
    const app = await startWithBucket();
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = randomBytes(LARGE);
    const begun = await begin(app, await ticketFor(alice, "FILE", bytes.length));
    // Less than the smallest part, then more.
    for (const [from, to] of [
      [0, MIB],
      [MIB, 8 * MIB],
    ] as const) {
      const headers = { ...PATCH, "Upload-Offset": String(from) };
      expect((await tus(app, begun, "PATCH", headers, bytes.subarray(from, to))).status).toBe(204);
      await app.restart();
      expect((await tus(app, begun, "HEAD")).headers.get("upload-offset")).toBe(String(to));
    }
    const proxy = new NetworkProxy(() => app.port);
    await proxy.listen();
    onTestFinished(() => proxy.close());
    proxy.fates.push(...Array.from({ length: 3 }, () => ({ cutAfterUp: 2 * MIB })));
    const uploadUrl = new URL(begun.endpoint, proxy.url).href;
    const retryDelays = Array.from({ length: 20 }, () => 50);
    expect(await bring(proxy, begun, bytes, { uploadUrl, retryDelays })).toBeNull();
    expect(proxy.cuts).toBeGreaterThan(0);
    await alice.send("bob", { file: { upload: begun.upload.id } });
    const { content } = await newest(bob);
    expect(hashOf(await contentOf(new URL(content.url, app.url)))).toBe(hashOf(bytes));
    expect(await s3.keysIn(bucket.name)).toEqual([`chat/${storedId(begun)}`]);
  }, 60_000);

  test("one that begins again does so from nothing", async () => {
    const app = await startWithBucket();
    const alice = await app.person("alice");
    const ticket = await ticketFor(alice, "FILE", 1_000);
    const begun = await begin(app, ticket);
    await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(400));
    await begin(app, ticket);
    expect((await tus(app, begun, "HEAD")).headers.get("upload-offset")).toBe("0");
    const patch = { ...PATCH, "Upload-Offset": "0" };
    expect((await tus(app, begun, "PATCH", patch, randomBytes(1_000))).status).toBe(204);
    expect((await tus(app, ticket, "POST", { "Upload-Length": "1000" })).status).toBe(409);
    expect(await uploadNow(alice, ticket.upload.id)).toMatchObject({ state: "READY", size: 1_000 });
  });

  test("what is refused or given up leaves nothing", async () => {
    const app = await startWithBucket();
    const alice = await app.person("alice");
    const wrong = await ticketFor(alice, "IMAGE", 1_000);
    expect(statusOf(await bring(app, wrong, randomBytes(1_000)))).toBe(422);
    const begun = await begin(app, await ticketFor(alice, "FILE", LARGE));
    await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(9 * MIB));
    expect(await s3.keysIn(bucket.name)).not.toEqual([]);
    await alice.change("deleteUpload", { id: begun.upload.id }, "__typename");
    expect(await s3.keysIn(bucket.name)).toEqual([]);
  });

  test("with a recall its links end at once, and its bytes go", async () => {
    const app = await startWithBucket();
    const { alice, id, content } = await sent(app, await pictureOf(900, 800), "IMAGE");
    const links = [content.url, content.thumbnail.url, content.large.url].map((url) => new URL(url, app.url));
    await alice.recall(id);
    for (const link of links) expect((await fetch(link)).status).toBe(404);
    await expect.poll(() => s3.keysIn(bucket.name), { timeout: 10_000 }).toEqual([]);
  });

  test("what nothing is known of is removed at the next start, and no other's", async () => {
    const app = await startWithBucket();
    const { url } = await sent(app, randomBytes(10));
    const [kept] = await s3.keysIn(bucket.name);
    const stray = "A".repeat(22);
    const put = (Key: string) => s3.client.putObject({ Bucket: bucket.name, Key, Body: "x" });
    for (const key of [`chat/${stray}.thumbnail`, "chat/notes.txt", stray]) await put(key);
    await s3.client.createMultipartUpload({ Bucket: bucket.name, Key: `chat/${"B".repeat(22)}` });
    await app.restart();
    await expect
      .poll(() => s3.keysIn(bucket.name), { timeout: 10_000 })
      .toEqual([stray, "chat/notes.txt", kept].sort((a, b) => (String(a) < String(b) ? -1 : 1)));
    expect((await fetch(new URL(url.pathname + url.search, app.url))).status).toBe(200);
  });

  test("while the service is away nothing is lost, and it goes on by itself when that is back", async () => {
    const app = await startWithBucket();
    const { alice, bob, url } = await sent(app, randomBytes(10));
    const bytes = randomBytes(LARGE);
    const begun = await begin(app, await ticketFor(alice, "FILE", bytes.length));
    const patch = { ...PATCH, "Upload-Offset": "0" };
    expect((await tus(app, begun, "PATCH", patch, bytes.subarray(0, 6 * MIB))).status).toBe(204);
    await s3.stop();
    const away = await tus(app, begun, "HEAD");
    expect(away.status).toBe(500);
    expect((await fetch(url)).status).toBe(500);
    // All that is no media goes on.
    expect((await alice.send("bob", "hello")).id).toEqual(expect.any(String));
    await s3.start();
    expect((await tus(app, begun, "HEAD")).headers.get("upload-offset")).toBe(String(6 * MIB));
    const uploadUrl = new URL(begun.endpoint, app.url).href;
    expect(await bring(app, begun, bytes, { uploadUrl })).toBeNull();
    await alice.send("bob", { file: { upload: begun.upload.id } });
    const { content } = await newest(bob);
    expect(hashOf(await contentOf(new URL(content.url, app.url)))).toBe(hashOf(bytes));
  }, 60_000);

  test("a link leads on to the bucket where that is wanted", async () => {
    const app = await startWithBucket({ redirect: true });
    const text = Buffer.from("<script>alert(1)</script>");
    const { url } = await sent(app, text);
    const first = await fetch(url, { redirect: "manual" });
    expect(first.status).toBe(302);
    expect(first.headers.get("location")).toContain(`${s3.endpoint}/${bucket.name}/chat/`);
    const followed = await fetch(url, { headers: { range: "bytes=1-6" } });
    expect(await followed.text()).toBe("script");
    expect(Object.fromEntries(followed.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="a file.bin"',
    });
    expect((await fetch(`${url}1`, { redirect: "manual" })).status).toBe(403);
  });

  test("a bucket that cannot be used is told at the start", async () => {
    const { endpoint } = s3;
    const missing = { name: "nowhere", prefix: "", endpoint, region: "us-east-1", pathStyle: true, redirect: false };
    await expect(startApp({ media: { place: missing } })).rejects.toThrow(
      /the bucket nowhere cannot be used \(NotFound\)/,
    );
  });

  test("a server that is killed has all that it said was ready, and goes on with the rest", async () => {
    await startWithBucket();
    const dataFolder = mkdtempSync(join(tmpdir(), "parley-killed-"));
    onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
    const settings = {
      ...S3_ENVIRONMENT,
      PARLEY_MEDIA: `s3://${bucket.name}/killed`,
      PARLEY_S3_ENDPOINT: s3.endpoint,
    };
    const person = async (url: string, id: string) =>
      new Person({ url }, id, await signAppToken(SECRET, id, "user", Date.now() + DAY));
    let server = await startChild(dataFolder, settings);
    await (await person(server.url, "bob")).get("{ viewer { id } }");
    const alice = await person(server.url, "alice");
    const bytes = randomBytes(LARGE);
    const done = await ready(server, alice, "FILE", bytes);
    const half = await ticketFor(alice, "FILE", bytes.length);
    const deaths: Promise<void>[] = [];
    const onChunkComplete = () => void (deaths.length === 0 && deaths.push(kill(server)));
    await bring(server, half, bytes, { chunkSize: 6 * MIB, onChunkComplete });
    await Promise.all(deaths);
    expect(deaths).toHaveLength(1);
    server = await startChild(dataFolder, settings);
    const uploadUrl = new URL(`/uploads/${storedId(half)}`, server.url).href;
    expect(await bring(server, half, bytes, { uploadUrl })).toBeNull();
    const [again, bob] = [await person(server.url, "alice"), await person(server.url, "bob")];
    for (const upload of [done, half.upload.id]) {
      await again.send("bob", { file: { upload } });
      const { content } = await newest(bob);
      expect(hashOf(await contentOf(new URL(content.url, server.url)))).toBe(hashOf(bytes));
    }
    expect(await s3.keysIn(bucket.name)).toHaveLength(2);
  }, 60_000);
});
