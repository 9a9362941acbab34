import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Store } from "../src/engine/store.ts";
import { signAppToken } from "../src/server/tokens.ts";
import { Person, SECRET, startApp } from "./support/app.ts";
import { kill, startChild } from "./support/child-server.ts";
import { DAY, HOUR } from "./support/clock.ts";
import { NetworkProxy } from "./support/proxy.ts";
import { pictureOf } from "./support/samples.ts";
import { makeSmallDisk, mayMount } from "./support/small-disk.ts";
import {
  begin,
  bring,
  createUpload,
  filesOf,
  hashOf,
  type Kind,
  PATCH,
  ready,
  statusOf,
  storedId,
  type Ticket,
  ticketFor,
  tus,
  uploadNow,
} from "./support/uploads.ts";

const MIB = 1024 * 1024;

/** Sends the file as a message to bob, and downloads it as he does. */
async function roundTrip(alice: Person, bob: Person, base: string, upload: string): Promise<Buffer> {
  await alice.send("bob", { file: { upload } });
  const { history } = await bob.get(
    '{ history(peer: "alice", last: 1) { nodes { content { ... on FileContent { url } } } } }',
  );
  return Buffer.from(await (await fetch(new URL(history.nodes[0].content.url, base))).arrayBuffer());
}

describe("an upload goes on", () => {
  test("where it was, when the connection breaks in the middle of it", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const proxy = new NetworkProxy(() => app.port);
    await proxy.listen();
    onTestFinished(() => proxy.close());
    const bytes = randomBytes(5 * MIB);
    const ticket = await ticketFor(alice, "FILE", bytes.length);
    proxy.fates.push(...[1, 1.5, 1, 2, 1].map((mib) => ({ cutAfterUp: mib * MIB })));
    expect(await bring(proxy, ticket, bytes, { retryDelays: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] })).toBeNull();
    expect(proxy.cuts).toBeGreaterThan(1);
    expect(hashOf(await roundTrip(alice, bob, app.url, ticket.upload.id))).toBe(hashOf(bytes));
  });

  test("where it was, when the server is started anew in the middle of it", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = randomBytes(MIB);
    const begun = await begin(app, await ticketFor(alice, "FILE", bytes.length));
    const first = bytes.subarray(0, 300_000);
    expect((await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, first)).status).toBe(204);
    await app.restart();
    const head = await tus(app, begun, "HEAD");
    expect([head.status, head.headers.get("upload-offset")]).toEqual([200, "300000"]);
    const rest = bytes.subarray(300_000);
    expect((await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "300000" }, rest)).status).toBe(204);
    expect(hashOf(await roundTrip(alice, bob, app.url, begun.upload.id))).toBe(hashOf(bytes));
  });

  test("to its end, for a client that has missed the last answer", async () => {
    const app = await startApp();
    const alice = await app.person("alice");
    const begun = await begin(app, await ticketFor(alice, "FILE", 10));
    await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(10));
    const head = await tus(app, begun, "HEAD");
    expect([head.status, head.headers.get("upload-offset")]).toEqual([200, "10"]);
    expect((await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "10" }, Buffer.alloc(0))).status).toBe(409);
    expect(await uploadNow(alice, begun.upload.id)).toMatchObject({ state: "READY" });
  });
});

describe("limits hold for the bytes themselves:", () => {
  const LARGEST: readonly [Kind, number][] = [
    ["IMAGE", 28 * MIB],
    ["SOUND", 28 * MIB],
    ["FILE", 100 * MIB],
    ["VIDEO", 100 * MIB],
  ];

  test.each(LARGEST)("an upload as %s may say that it has %i bytes, and not one more", async (kind, largest) => {
    const app = await startApp();
    const alice = await app.person("alice");
    expect(await createUpload(alice, kind, largest)).toMatchObject({ upload: { size: largest } });
    expect(await createUpload(alice, kind, largest + 1)).toMatchObject({ code: "CONTENT_TOO_LARGE", field: "size" });
    expect(await createUpload(alice, kind, 0)).toMatchObject({ code: "INVALID_CONTENT", field: "size" });
  });

  test("a file of 100 MiB comes whole", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = randomBytes(100 * MIB);
    const upload = await ready(app, alice, "FILE", bytes);
    expect(hashOf(await roundTrip(alice, bob, app.url, upload))).toBe(hashOf(bytes));
  }, 60_000);

  test("more than was said does not come in, whether the request says so or not", async () => {
    const app = await startApp();
    const alice = await app.person("alice");
    const ticket = await ticketFor(alice, "FILE", 10);
    expect((await tus(app, ticket, "POST", { "Upload-Length": "11" })).status).toBe(413);
    expect((await tus(app, ticket, "POST", { "Upload-Length": "9" })).status).toBe(400);
    expect((await tus(app, ticket, "POST", { "Upload-Defer-Length": "1" })).status).toBe(501);
    const begun = await begin(app, ticket);
    const more = await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(11));
    expect(more.status).toBe(413);
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(randomBytes(20));
        controller.close();
      },
    });
    const streamed = await fetch(new URL(begun.endpoint, app.url), {
      method: "PATCH",
      headers: { Authorization: `Bearer ${begun.ticket}`, "Tus-Resumable": "1.0.0", ...PATCH, "Upload-Offset": "0" },
      body: chunked,
      duplex: "half",
    } as RequestInit);
    expect(streamed.status).toBe(413);
    expect((await tus(app, begun, "HEAD")).headers.get("upload-offset")).toBe("0");
    expect(await uploadNow(alice, begun.upload.id)).toMatchObject({ state: "UPLOADING" });
  });
});

test("what is not what it was said to be is refused with a reason, and nothing of it stays", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const wrong: readonly [Kind, Buffer, RegExp][] = [
    ["IMAGE", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), /send it as a file/],
    ["IMAGE", Buffer.from("<!doctype html><p>hello"), /send it as a file/],
    ["SOUND", await pictureOf(10, 10), /cannot be read/],
    ["VIDEO", randomBytes(1_000), /cannot be read/],
  ];
  for (const [kind, bytes, why] of wrong) {
    const ticket = await ticketFor(alice, kind, bytes.length);
    const error = await bring(app, ticket, bytes);
    expect(statusOf(error)).toBe(422);
    expect(error?.message).toMatch(why);
    expect(await uploadNow(alice, ticket.upload.id)).toMatchObject({
      state: "REFUSED",
      refusal: expect.stringMatching(why),
    });
    const content = { [kind.toLowerCase()]: { upload: ticket.upload.id } };
    expect(await alice.trySend("bob", content)).toMatchObject({ code: "UPLOAD_REFUSED" });
  }
  expect(filesOf(app)).toEqual([]);
});

test("a message is made of the sender's own uploads alone, that are ready, and of its kind", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  const file = await ready(app, alice, "FILE", randomBytes(10));
  const unready = (await ticketFor(alice, "FILE", 10)).upload.id;
  const field = "content.file.upload";
  expect(await bob.trySend("alice", { file: { upload: file } })).toMatchObject({ code: "UPLOAD_NOT_FOUND", field });
  expect(await anna.trySend("bob", { file: { upload: file } })).toMatchObject({ code: "UPLOAD_NOT_FOUND", field });
  expect(await alice.trySend("bob", { file: { upload: unready } })).toMatchObject({ code: "UPLOAD_NOT_READY", field });
  for (const upload of ["u:1", "", "m:1:1", `${file}x`]) {
    expect(await alice.trySend("bob", { file: { upload } })).toMatchObject({ code: "UPLOAD_NOT_FOUND", field });
  }
  expect(await alice.trySend("bob", { image: { upload: file } })).toMatchObject({ code: "INVALID_CONTENT" });
  const both = { file: { upload: file, url: "https://example.org/f" } };
  expect(await alice.trySend("bob", both)).toMatchObject({ code: "INVALID_CONTENT", field });
  const transient = await alice.trySend("bob", { file: { upload: file } }, { lifetimeSeconds: 0 });
  expect(transient).toMatchObject({ code: "INVALID_CONTENT", field: "lifetimeSeconds" });
  expect(await alice.history("bob")).toEqual([]);
});

describe("a ticket", () => {
  test("is for one upload, for a day, and no token; and a token is no ticket", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const begun = await begin(app, await ticketFor(alice, "FILE", 10));
    const other = await ticketFor(bob, "FILE", 10);
    const patch = { ...PATCH, "Upload-Offset": "0" };
    expect((await tus(app, { ...begun, ticket: other.ticket }, "PATCH", patch, randomBytes(10))).status).toBe(404);
    expect((await tus(app, { ...begun, ticket: other.ticket }, "HEAD")).status).toBe(404);
    expect((await tus(app, { ...begun, ticket: other.ticket }, "DELETE")).status).toBe(404);
    for (const ticket of [bob.token, alice.token, "", `${begun.ticket}x`]) {
      expect((await tus(app, { ...begun, ticket }, "PATCH", patch, randomBytes(10))).status).toBe(401);
    }
    const asToken = await fetch(app.url, {
      method: "POST",
      headers: { authorization: `Bearer ${begun.ticket}`, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ viewer { id } }" }),
    });
    expect(asToken.status).toBe(401);
    expect((await tus(app, begun, "GET")).status).toBe(405);
    app.clock.advance(25 * HOUR);
    expect((await tus(app, begun, "HEAD")).status).toBe(401);
  });

  test("begins with its creation", async () => {
    const app = await startApp();
    const alice = await app.person("alice");
    const ticket = await ticketFor(alice, "FILE", 10);
    const early = { ...ticket, endpoint: `/uploads/${storedId(ticket)}` };
    expect((await tus(app, early, "HEAD")).status).toBe(404);
    expect((await tus(app, early, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(10))).status).toBe(404);
    expect((await begin(app, ticket)).endpoint).toBe(early.endpoint);
  });

  test("that begins again does so from nothing, and cannot touch what is whole", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = randomBytes(1_000);
    const begun = await begin(app, await ticketFor(alice, "FILE", bytes.length));
    const patch = { ...PATCH, "Upload-Offset": "0" };
    await tus(app, begun, "PATCH", patch, bytes.subarray(0, 400));
    const again = { ...begun, endpoint: "/uploads" };
    expect((await tus(app, again, "POST", { "Upload-Length": "1000" })).status).toBe(201);
    expect((await tus(app, begun, "HEAD")).headers.get("upload-offset")).toBe("0");
    expect((await tus(app, begun, "PATCH", patch, bytes)).status).toBe(204);
    expect((await tus(app, again, "POST", { "Upload-Length": "1000" })).status).toBe(409);
    expect(hashOf(await roundTrip(alice, bob, app.url, begun.upload.id))).toBe(hashOf(bytes));
  });

  test("that begins again while what came before is cut off leaves no hole", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = randomBytes(4 * MIB);
    for (let round = 0; round < 6; round += 1) {
      const proxy = new NetworkProxy(() => app.port);
      await proxy.listen();
      const ticket = await ticketFor(alice, "FILE", bytes.length);
      const begun = await begin(app, ticket);
      proxy.fates.push({ cutAfterUp: MIB + round * 200_000 });
      const patch = { ...PATCH, "Upload-Offset": "0" };
      const cut = tus(proxy, begun, "PATCH", patch, bytes).catch(() => null);
      await expect.poll(() => proxy.cuts, { interval: 1 }).toBe(1);
      await begin(app, ticket);
      const error = await bring(app, ticket, bytes, {
        uploadUrl: new URL(begun.endpoint, app.url).href,
        retryDelays: [0, 0, 0, 0],
      });
      expect(error).toBeNull();
      expect(hashOf(await roundTrip(alice, bob, app.url, ticket.upload.id))).toBe(hashOf(bytes));
      await cut;
      proxy.close();
    }
  }, 60_000);

  test("that two clients use at the same time gives one whole file of one of them", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const [one, two] = [Buffer.alloc(3 * MIB, "1"), Buffer.alloc(3 * MIB, "2")];
    const ticket = await ticketFor(alice, "FILE", one.length);
    const options = { chunkSize: 200_000, retryDelays: Array.from({ length: 40 }, () => 0) };
    await Promise.all([bring(app, ticket, one, options), bring(app, ticket, two, options)]);
    const now = await uploadNow(alice, ticket.upload.id);
    if (now?.state !== "READY") expect(await bring(app, ticket, one, options)).toBeNull();
    // Parts of both may be in it, but never a hole, a part twice, or other than so many bytes.
    const got = await roundTrip(alice, bob, app.url, ticket.upload.id);
    expect(got.length).toBe(one.length);
    expect(got.every((byte) => byte === 49 || byte === 50)).toBe(true);
  });
});

test("a disk that is full ends an upload with what has come, and it goes on when there is room", async () => {
  if (!mayMount) return;
  const disk = makeSmallDisk(3);
  onTestFinished(() => disk.remove());
  const rules = { bytes: 0, unfinished: 0, lifetimeMs: DAY, freeBytes: 0 };
  const app = await startApp({ media: { place: disk.folder, rules, free: async () => 100 * MIB } });
  onTestFinished(() => app.stop());
  const [alice, bob] = await app.people("alice", "bob");
  const bytes = randomBytes(6 * MIB);
  const ticket = await ticketFor(alice, "FILE", bytes.length);
  const options = { chunkSize: MIB };
  const full = await bring(app, ticket, bytes, options);
  expect(statusOf(full)).toBe(507);
  expect(await uploadNow(alice, ticket.upload.id)).toMatchObject({ state: "UPLOADING" });
  // Everything else goes on.
  expect((await alice.send("bob", "hello")).id).toEqual(expect.any(String));
  disk.grow(20);
  expect(
    await bring(app, ticket, bytes, { ...options, uploadUrl: new URL(`/uploads/${storedId(ticket)}`, app.url).href }),
  ).toBeNull();
  expect(hashOf(await roundTrip(alice, bob, app.url, ticket.upload.id))).toBe(hashOf(bytes));
});

test("what goes wrong in the server says nothing of it, and is done again when it can be", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const bytes = randomBytes(10);
  const begun = await begin(app, await ticketFor(alice, "FILE", bytes.length));
  const inTheWay = join(app.dataFolder, "media", "files", storedId(begun).slice(0, 2));
  writeFileSync(inTheWay, "");
  const answer = await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, bytes);
  expect(answer.status).toBe(500);
  expect(await answer.text()).toBe("This could not be served; try again later.\n");
  expect(app.logged).toContain("ENOTDIR");
  expect(await uploadNow(alice, begun.upload.id)).toMatchObject({ state: "PROCESSING" });
  rmSync(inTheWay);
  await app.server.engine.sweep();
  expect(await uploadNow(alice, begun.upload.id)).toMatchObject({ state: "READY" });
  expect(hashOf(await roundTrip(alice, bob, app.url, begun.upload.id))).toBe(hashOf(bytes));
});

test("pages of allowed origins may upload and see how far it has come, and others may not", async () => {
  const app = await startApp({ allowedOrigins: ["https://chat.example.com"] });
  const alice = await app.person("alice");
  const begun = await begin(app, await ticketFor(alice, "FILE", 10));
  await tus(app, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, randomBytes(10));
  const allowed = { origin: "https://chat.example.com" };
  const ended = await tus(app, begun, "HEAD", allowed);
  expect(ended.headers.get("access-control-allow-origin")).toBe(allowed.origin);
  expect(ended.headers.get("access-control-expose-headers")).toContain("Upload-Offset");
  const preflight = await tus(app, begun, "OPTIONS", { ...allowed, "access-control-request-method": "PATCH" });
  expect(preflight.headers.get("access-control-allow-origin")).toBe(allowed.origin);
  expect(preflight.headers.get("access-control-allow-headers")).toMatch(/Authorization.*Upload-Offset/);
  for (const method of ["HEAD", "OPTIONS"]) {
    const { headers } = await tus(app, begun, method, { origin: "https://evil.example.com" });
    expect(headers.has("access-control-allow-origin")).toBe(false);
  }
});

test("what is given up while it begins leaves nothing, whenever that is", async () => {
  let hold = async () => {};
  const decorateStore = (store: Store): Store => ({
    ...store,
    async uploads(ids) {
      const found = await store.uploads(ids);
      await hold();
      return found;
    },
  });
  const app = await startApp({ decorateStore });
  const alice = await app.person("alice");
  const given: number[] = [];
  for (let turn = 1; given.length === turn - 1; turn += 1) {
    const ticket = await ticketFor(alice, "FILE", 10);
    let reads = 0;
    hold = async () => {
      reads += 1;
      if (reads !== turn) return;
      given.push(turn);
      hold = async () => {};
      await alice.change("deleteUpload", { id: ticket.upload.id }, "__typename");
    };
    await tus(app, ticket, "POST", { "Upload-Length": "10" });
    hold = async () => {};
    if (given.length === turn) await expect.poll(() => filesOf(app)).toEqual([]);
  }
  expect(given.length).toBeGreaterThan(3);
});

describe("a server that is killed", () => {
  const serve = (folder: string) => startChild(folder, { PARLEY_FREE_MIB: "0" });

  test("has all that it said was ready, goes on with what was under way, and keeps nothing else", async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), "parley-killed-"));
    onTestFinished(() => rmSync(dataFolder, { recursive: true, force: true }));
    const person = async (url: string, id: string) =>
      new Person({ url }, id, await signAppToken(SECRET, id, "user", Date.now() + DAY));
    const bytes = randomBytes(2 * MIB);
    let server = await serve(dataFolder);
    await (await person(server.url, "bob")).get("{ viewer { id } }");
    const done: string[] = [];
    const open: Ticket[] = [];
    for (let round = 0; round < 4; round += 1) {
      const alice = await person(server.url, "alice");
      done.push(await ready(server, alice, "FILE", bytes));
      const [half, last] = [await ticketFor(alice, "FILE", bytes.length), await ticketFor(alice, "FILE", bytes.length)];
      const begun = await begin(server, half);
      await tus(server, begun, "PATCH", { ...PATCH, "Upload-Offset": "0" }, bytes.subarray(0, MIB));
      const deaths: Promise<void>[] = [];
      const onChunkComplete = () => void (deaths.length === 0 && deaths.push(kill(server)));
      // In the middle, or with the last bytes on their way.
      await bring(server, last, bytes, { chunkSize: round % 2 === 0 ? MIB : bytes.length - 10, onChunkComplete });
      expect(deaths).toHaveLength(1);
      await Promise.all(deaths);
      open.push(half, last);
      server = await serve(dataFolder);
    }
    const [alice, bob] = [await person(server.url, "alice"), await person(server.url, "bob")];
    for (const id of done) expect(hashOf(await roundTrip(alice, bob, server.url, id))).toBe(hashOf(bytes));
    for (const ticket of open) {
      const uploadUrl = new URL(`/uploads/${storedId(ticket)}`, server.url).href;
      const error = await bring(server, ticket, bytes, { uploadUrl });
      // Of one that died before it began there is nothing to go on with.
      if (error !== null) expect(await bring(server, ticket, bytes)).toBeNull();
      expect(hashOf(await roundTrip(alice, bob, server.url, ticket.upload.id))).toBe(hashOf(bytes));
    }
    expect(filesOf({ dataFolder })).toEqual(Array.from({ length: done.length + open.length }, () => "original"));
  }, 120_000);
});
