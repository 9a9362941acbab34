/** An admin erases a person: nothing of it is left on disk, and the others see placeholders. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { signAppToken } from "../src/server/tokens.ts";
import { type App, Person, SECRET, startApp, texts } from "./support/app.ts";
import { kill, startChild } from "./support/child-server.ts";
import { DAY } from "./support/clock.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import { startPhones } from "./support/push/phones.ts";
import { runsAmiss } from "./support/runs.ts";
import { pictureOf } from "./support/samples.ts";
import type { Data } from "./support/socket.ts";
import { bring, ready, ticketFor } from "./support/uploads.ts";

const ERASURES = "{ erasures { user { id } messages finishedAt } }";

async function erase(admin: Person, user: string): Promise<Data> {
  return (await admin.change("eraseUser", { user }, "erasure { user { id erasedAt nickname } finishedAt }")).erasure;
}

/** Lets the time of an erasure go by until it is over. */
async function untilErased(app: App, admin: Person): Promise<Data> {
  const newest = async () => {
    app.clock.advance(1_000);
    return (await admin.get(ERASURES)).erasures[0];
  };
  await expect.poll(async () => (await newest()).finishedAt, { interval: 5, timeout: 15_000 }).not.toBeNull();
  return newest();
}

/** Which of these stand in any byte of any file of a folder. */
function onDisk(folder: string, words: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  const contents = files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path));
  return words.filter((word) => contents.some((bytes) => bytes.includes(word)));
}

/** All that a person can leave, each with a word of its own. */
async function live(app: App, mallory: Person): Promise<string[]> {
  const words: string[] = [];
  const word = (name: string) => {
    const made = `qx${name}zj`;
    words.push(made);
    return made;
  };
  const url = (name: string) => `https://example.org/${word(name)}`;
  await mallory.change("updateProfile", { nickname: word("nickname"), avatarUrl: url("avatar") }, "__typename");
  const phone = await mallory.login(word("device"), "IOS");
  const register = "mutation R($input: RegisterPushTokenInput!) { registerPushToken(input: $input) { __typename } }";
  await phone.get(register, { input: { vendor: "FCM", token: word("token"), language: "ko" } });
  const more = {
    customData: word("customdata"),
    clientMessageId: word("key"),
    push: { title: word("pushtitle"), body: word("pushbody"), data: word("pushdata") },
  };
  await phone.send("alice", word("text"), more);
  for (const content of [
    { face: { index: 1, data: word("face") } },
    { location: { name: word("place"), latitude: 1, longitude: 1 } },
    { image: { url: url("image"), width: 1, height: 1, size: 1, format: "png" } },
    { sound: { url: url("sound"), size: 1, durationMs: 1 } },
    { file: { url: url("file"), name: word("filename"), size: 1 } },
    { custom: { data: word("custom"), description: word("description"), extension: word("extension") } },
  ]) {
    await mallory.send("alice", content);
  }
  const { id: edited } = await mallory.send("alice", word("before"));
  await mallory.edit(edited, word("after"));
  const { id: recalled } = await mallory.send("alice", word("recalled"));
  await mallory.recall(recalled);
  await mallory.send("mallory", word("note"));
  await mallory.send("bob", word("tobob"));
  const picture = await pictureOf(400, 300);
  await mallory.send("alice", { image: { upload: await ready(app, mallory, "IMAGE", picture, word("picture")) } });
  await ready(app, mallory, "IMAGE", picture, word("unsent"));
  const ticket = await ticketFor(mallory, "FILE", 20, word("brought"));
  await bring(app, ticket, Buffer.from(word("bytes")));
  await mallory.friend("add", "carol", { greeting: word("greeting") });
  await mallory.block("dave");
  const admin = await app.admin();
  await admin.send("mallory", { notice: { title: word("noticetitle"), body: word("noticebody") } });
  await admin.change("endSession", { deviceId: "qxdevicezj", of: "mallory" }, "ended");
  return words;
}

test("of all that a person was, no byte is left in any file, and of the others everything", async () => {
  const { app } = await startPhones();
  const [alice, mallory] = await app.people("alice", "mallory", "bob", "carol", "dave");
  const admin = await app.admin();
  const words = await live(app, mallory);
  await alice.send("mallory", "qxofalicezj");
  await app.server.engine.sweep();
  expect(onDisk(app.dataFolder, words).length).toBeGreaterThan(25);
  await erase(admin, "mallory");
  await untilErased(app, admin);
  await app.server.engine.sweep();
  expect(onDisk(app.dataFolder, words)).toEqual([]);
  expect(onDisk(app.dataFolder, ["qxofalicezj"])).toEqual(["qxofalicezj"]);
  // The pictures, in all their sizes.
  expect(everythingStored(app).uploads).toEqual([]);
  expect(
    readdirSync(join(app.dataFolder, "media"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.\w+$/.test(name),
    ),
  ).toEqual([]);
  expect(runsAmiss(openBeside(app))).toEqual({});
});

test("the id stands where others need it, and nowhere else", async () => {
  const { app } = await startPhones();
  const [, mallory] = await app.people("alice", "mallory", "bob", "carol", "dave");
  await (await app.person("dave")).block("mallory");
  await live(app, mallory);
  const admin = await app.admin();
  await erase(admin, "mallory");
  await untilErased(app, admin);
  await app.server.engine.sweep();
  const tables = Object.entries(everythingStored(app)).filter(([, rows]) => JSON.stringify(rows).includes('"mallory"'));
  // That it was done, the pair, the other side's view, placeholders, and whose they are.
  expect(tables.map(([name]) => name).sort()).toEqual([
    "audit",
    "conversations",
    "erasures",
    "members",
    "messages",
    "users",
  ]);
  const { members } = everythingStored(app) as { members: Data[] };
  expect(members.filter(({ user_id: user }) => user === "mallory")).toEqual([]);
});

test("the other side sees placeholders in their places, at once where it is online, and keeps its own words", async () => {
  const app = await startApp();
  const [alice, mallory] = await app.people("alice", "mallory");
  const admin = await app.admin();
  await mallory.change("updateProfile", { nickname: "Mallory" }, "__typename");
  const { id } = await mallory.send("alice", "what I said");
  await alice.send("mallory", "what she said");
  const updates = await alice.messageUpdated();
  await erase(admin, "mallory");
  const { change, message } = await updates.next();
  expect([change, message.id, message.content]).toEqual(["RECALLED", id, null]);
  await untilErased(app, admin);
  const query =
    '{ history(peer: "mallory") { nodes { seq content { summary } recalledAt erasedAt sender { id nickname erasedAt } senderProfile { nickname } } } }';
  const gone = { id: "mallory", nickname: null, erasedAt: expect.any(String) };
  expect((await alice.get(query)).history.nodes).toEqual([
    {
      seq: 1,
      content: null,
      recalledAt: expect.any(String),
      erasedAt: expect.any(String),
      sender: gone,
      senderProfile: { nickname: null },
    },
    {
      seq: 2,
      content: { summary: "what she said" },
      recalledAt: null,
      erasedAt: null,
      sender: { id: "alice", nickname: null, erasedAt: null },
      senderProfile: { nickname: null },
    },
  ]);
  expect((await alice.get('{ searchMessages(words: "said") { nodes { seq } } }')).searchMessages.nodes).toEqual([
    { seq: 2 },
  ]);
  expect((await alice.conversations()).map(({ peer }) => peer.id)).toEqual(["mallory"]);
});

test("nobody speaks for it or writes to it any more, until the app signs for that id anew: then it is somebody new", async () => {
  const app = await startApp();
  const [alice, mallory] = await app.people("alice", "mallory");
  const admin = await app.admin();
  const phone = await mallory.login("phone", "IOS");
  const [one, two] = [await mallory.connect(), await phone.connect()];
  await mallory.send("alice", "hello");
  const { id: old } = await alice.send("mallory", "for the one who was there");
  await erase(admin, "mallory");
  for (const socket of [one, two]) expect((await socket.closed).code).toBe(4401);
  for (const person of [mallory, phone]) expect(await person.refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
  expect(await alice.trySend("mallory", "hello?")).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
  expect(await admin.trySend("alice", "hello", { sendAs: "mallory" })).toMatchObject({ code: "SENDER_NOT_FOUND" });
  await untilErased(app, admin);
  expect(await admin.refusedChange("eraseUser", { user: "mallory" })).toBe("USER_NOT_FOUND");
  expect(await alice.friend("add", "mallory")).toMatchObject({ code: "USER_NOT_FOUND" });
  for (const restart of [false, true]) {
    if (restart) await app.restart();
    app.clock.advance(1_000);
    const back = await app.person("mallory");
    expect(await back.conversations()).toEqual([]);
    expect(await back.history("alice")).toEqual([]);
    expect(await back.message(old)).toBeNull();
    expect(await back.get('{ user(id: "mallory") { nickname erasedAt } devices { deviceId } }')).toMatchObject({
      user: { nickname: null, erasedAt: null },
    });
    await alice.send("mallory", "welcome");
    expect(texts(await back.history("alice"))).toEqual(["welcome"]);
    expect(await back.message(old)).toBeNull();
    const { refreshed } = await back.sync();
    expect(refreshed.truncated).toBe(false);
    await erase(admin, "mallory");
    await untilErased(app, admin);
  }
});

test("it is for admins, begun once, and in the audit trail", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "mallory");
  const admin = await app.admin();
  const before = everythingStored(app);
  expect(await alice.refusedChange("eraseUser", { user: "mallory" })).toBe("FORBIDDEN");
  expect(await alice.refusedChange("eraseUser", { user: "alice" })).toBe("FORBIDDEN");
  expect(await alice.refusal(ERASURES)).toBe("FORBIDDEN");
  for (const user of ["nobody", "system", "no id"]) {
    expect(await admin.refusedChange("eraseUser", { user })).toBe("USER_NOT_FOUND");
  }
  expect(everythingStored(app)).toEqual(before);
  await Promise.all([erase(admin, "mallory"), erase(admin, "mallory")]);
  await untilErased(app, admin);
  expect((await admin.get(ERASURES)).erasures).toHaveLength(1);
  const { auditTrail } = await admin.get('{ auditTrail(user: "mallory") { nodes { action actor { id } subject } } }');
  expect(auditTrail.nodes).toContainEqual({ action: "eraseUser", actor: { id: "anna" }, subject: "" });
});

test("a server that is killed in the middle goes on with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-erasure-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const settings = { PARLEY_SEND_RATE: "0" };
  const person = async (url: string, id: string, role: "user" | "admin" = "user") =>
    new Person({ url }, id, await signAppToken(SECRET, id, role, Date.now() + DAY, { issuedAt: Date.now() }));
  let server = await startChild(folder, settings);
  let admin = await person(server.url, "anna", "admin");
  const users = ["alice", "mallory"].map((id) => ({ id }));
  await admin.change("importUsers", { users }, "__typename");
  const mallory = await person(server.url, "mallory");
  const words = Array.from({ length: 600 }, (_, index) => `qx${index}zj`);
  await Promise.all(words.map((word) => mallory.send("alice", word)));
  await erase(admin, "mallory");
  const newest = async () => (await admin.get(ERASURES)).erasures[0];
  await expect.poll(async () => (await newest()).messages, { interval: 1 }).toBeGreaterThan(60);
  await kill(server);
  expect(onDisk(folder, words).length).toBeGreaterThan(0);
  server = await startChild(folder, settings);
  admin = await person(server.url, "anna", "admin");
  await expect.poll(async () => (await newest()).finishedAt, { timeout: 20_000 }).not.toBeNull();
  expect((await newest()).messages).toBe(600);
  const alice = await person(server.url, "alice");
  expect(texts(await alice.history("mallory"))).toEqual(Array.from({ length: 100 }, () => null));
  await expect.poll(() => onDisk(folder, words), { interval: 200, timeout: 20_000 }).toEqual([]);
}, 60_000);
