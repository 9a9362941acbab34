import "fake-indexeddb/auto";
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { type Chat, createMemoryStore, type Message, openIndexedDbStore } from "../../src/client/index.ts";
import { type App, startApp } from "../support/app.ts";
import { HOUR } from "../support/clock.ts";
import { everythingStored } from "../support/data.ts";
import { pictureOf, soundOf } from "../support/samples.ts";
import { filesOf, hashOf } from "../support/uploads.ts";
import { enter, inStep, next, shows, startProxy, texts, until } from "./support.ts";

const MIB = 1024 * 1024;

function fileOf(bytes: Buffer, type: string, name: string): Blob {
  return Object.assign(new Blob([new Uint8Array(bytes)], { type }), { name });
}

/** What lies behind the link of a message's content. */
async function download({ content }: Message): Promise<Buffer> {
  if (content === null || !("url" in content)) throw new Error("it has no link");
  const answer = await fetch(content.url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

async function aliceAndBob(app: App): Promise<[Chat, Chat]> {
  const bob = await inStep(await enter(app, "bob", {}));
  return [await inStep(await enter(app, "alice", {})), bob];
}

test("a picture is shown at once from the device, and then by its link on both sides", async () => {
  const app = await startApp();
  const [alice, bob] = await aliceAndBob(app);
  const bytes = await pictureOf(900, 800);
  const arrived = next(bob, "newMessage");
  const picture = fileOf(bytes, "image/jpeg", "cat.jpg");
  const { message, settled } = alice.sendFile("bob", picture);
  expect(message).toMatchObject({
    status: "sending",
    file: picture,
    uploading: true,
    content: { type: "IMAGE", url: "" },
  });
  const sent = await settled;
  expect(sent).toMatchObject({ status: "sent", file: null, uploading: false, key: message.key });
  expect(sent.content).toMatchObject({ type: "IMAGE", width: 900, height: 800, format: "jpeg", large: { width: 810 } });
  const { message: got } = await arrived;
  for (const each of [sent, got]) expect(hashOf(await download(each))).toBe(hashOf(bytes));
  expect((await shows(alice, "bob", ["[Image]"]))[0]).toMatchObject({ id: sent.id, file: null });
});

test("each kind follows from the type and the size, unless it is said", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const picture = await pictureOf(20, 20);
  const sent = [
    alice.sendFile("bob", fileOf(picture, "image/jpeg", "a.jpg")),
    alice.sendFile("bob", fileOf(picture, "image/jpeg", "b.jpg"), { kind: "file" }),
    alice.sendFile("bob", fileOf(soundOf(500), "audio/wav", "c.wav"), { customData: "mine" }),
    alice.sendFile("bob", fileOf(Buffer.from("<svg/>"), "image/svg+xml", "d.svg")),
    alice.sendFile("bob", fileOf(Buffer.from("hello"), "text/plain", "e.txt"), { name: "named.txt" }),
  ];
  const messages = await Promise.all(sent.map(({ settled }) => settled));
  expect(messages.map(({ content }) => content?.summary)).toEqual([
    "[Image]",
    "[File] b.jpg",
    "[Sound]",
    "[File] d.svg",
    "[File] named.txt",
  ]);
  expect(messages[2]).toMatchObject({ customData: "mine", content: { durationMs: 500 } });
});

test("words do not wait for a file, and it says how far it has come", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const { message, settled } = alice.sendFile("bob", fileOf(randomBytes(20 * MIB), "", "big.bin"));
  const progress = alice.uploadProgress(message);
  const begun = until(progress, ({ sent }) => sent > 0);
  const word = await alice.sendMessage("bob", "it is on its way").settled;
  expect(word).toMatchObject({ status: "sent", seq: 1 });
  expect((await begun).total).toBe(20 * MIB);
  expect(await settled).toMatchObject({ status: "sent", seq: 2 });
  expect(progress.getSnapshot()).toEqual({ sent: 20 * MIB, total: 20 * MIB });
}, 40_000);

test("an upload goes on after the network breaks in the middle of it", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  const bytes = randomBytes(12 * MIB);
  proxy.fates.push({ cutAfterUp: 3 * MIB }, { cutAfterUp: 2 * MIB }, { cutAfterUp: 4 * MIB });
  const sent = await alice.sendFile("bob", fileOf(bytes, "", "a.bin")).settled;
  expect(sent.status).toBe("sent");
  expect(proxy.cuts).toBeGreaterThan(0);
  expect(hashOf(await download(sent))).toBe(hashOf(bytes));
  expect(everythingStored(app).uploads).toHaveLength(1);
}, 40_000);

test.each([
  ["memory", async () => createMemoryStore()],
  ["IndexedDB", () => openIndexedDbStore(`files ${Math.random()}`)],
])(
  "an upload outlasts a reload, in %s, and is sent once",
  async (_, open) => {
    const app = await startApp();
    await app.person("bob");
    const store = await open();
    onTestFinished(() => store.close());
    const kept = { ...store, close() {} };
    const bytes = randomBytes(20 * MIB);
    const before = await inStep(await enter(app, "alice", { store: kept }));
    const { message } = before.sendFile("bob", fileOf(bytes, "text/plain", "a.txt"));
    await until(before.uploadProgress(message), ({ sent }) => sent > 8 * MIB);
    before.close();

    const after = await enter(app, "alice", { store: kept });
    const sent = await next(after, "messageSent");
    expect(sent.message).toMatchObject({ key: message.key, content: { name: "a.txt" } });
    expect(hashOf(await download(sent.message))).toBe(hashOf(bytes));
    expect(everythingStored(app).uploads).toHaveLength(1);
    expect((await (await app.person("bob")).history("alice")).length).toBe(1);
  },
  40_000,
);

test("what is discarded on its way leaves nothing on either side", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const { message, settled } = alice.sendFile("bob", fileOf(randomBytes(30 * MIB), "", "a.bin"));
  await until(alice.uploadProgress(message), ({ sent }) => sent > 0);
  await alice.discard(message);
  expect(await settled).toMatchObject({ status: "failed", error: { code: "DISCARDED" } });
  await shows(alice, "bob", []);
  await expect.poll(() => filesOf(app)).toEqual([]);
  await alice.sendMessage("bob", "never mind").settled;
  expect(texts((await alice.getMessages("bob")).messages)).toEqual(["never mind"]);
});

test("what the server does not take is failed with its reason, and can be tried again", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const { settled } = alice.sendFile("bob", fileOf(Buffer.from("no picture"), "image/png", "a.png"));
  const failed = await settled;
  expect(failed).toMatchObject({ status: "failed", uploading: false, error: { code: "UPLOAD_REFUSED" } });
  expect(failed.error?.message).toContain("send it as a file");
  const again = next(alice, "messageFailed");
  await alice.retry(failed);
  expect((await again).error.code).toBe("UPLOAD_REFUSED");
  await alice.discard(failed);
  await shows(alice, "bob", []);
});

test("too large, it fails before it is uploaded", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const huge = fileOf(Buffer.alloc(29 * MIB), "image/png", "a.png");
  expect(await alice.sendFile("bob", huge, { kind: "image" }).settled).toMatchObject({
    status: "failed",
    error: { code: "CONTENT_TOO_LARGE" },
  });
});

test("a video has the cover that was given with it", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const { readFileSync } = await import("node:fs");
  const film = readFileSync(new URL("../samples/film.mp4", import.meta.url));
  const cover = fileOf(await pictureOf(64, 48), "image/jpeg", "cover.jpg");
  const sent = await alice.sendFile("bob", fileOf(film, "video/mp4", "film.mp4"), { cover }).settled;
  expect(sent.content).toMatchObject({ type: "VIDEO", durationMs: 1_200, width: 64, cover: { width: 64, height: 48 } });
});

test("a link that has run out is had again", async () => {
  const app = await startApp();
  const [alice] = await aliceAndBob(app);
  const sent = await alice.sendFile("bob", fileOf(Buffer.from("hello"), "", "a.txt")).settled;
  app.clock.advance(25 * HOUR);
  const { content } = sent;
  expect((await fetch(content !== null && "url" in content ? content.url : "")).status).toBe(403);
  const fresh = await alice.reload(sent);
  if (fresh === null) throw new Error("it is gone");
  expect(String(await download(fresh))).toBe("hello");
});
