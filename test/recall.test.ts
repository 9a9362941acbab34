import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, SECOND } from "./support/clock.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

/** Whether any file of the server's data holds this text. */
function isOnDisk(text: string): boolean {
  const files = readdirSync(app.dataFolder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.some(({ name }) => readFileSync(join(app.dataFolder, name)).includes(text));
}

test("a sender takes a message back, and its content is gone for both", async () => {
  const { id } = await alice.send("bob", "oops", { customData: "secret" });
  const recalledAt = new Date(app.clock.now()).toISOString();
  expect(await alice.recall(id)).toMatchObject({
    message: { id, seq: 1, content: null, customData: null, recalledAt },
  });
  for (const [person, peer] of [
    [alice, "bob"],
    [bob, "alice"],
  ] as const) {
    expect(await person.history(peer)).toMatchObject([{ id, content: null, customData: null, recalledAt }]);
    expect(await person.message(id)).toMatchObject({ content: null, customData: null });
    expect(await person.conversation(peer)).toMatchObject({ lastMessage: { id, content: null } });
  }
});

test("a message can be recalled to the last millisecond of the window", async () => {
  const { id } = await alice.send("bob", "oops");
  const late = await alice.send("bob", "too late");
  app.clock.advance(120 * SECOND);
  expect(await alice.recall(id)).toMatchObject({ message: { content: null } });
  app.clock.advance(1);
  expect(await alice.recall(late.id)).toMatchObject({ code: "RECALL_WINDOW_PASSED" });
  expect(texts(await bob.history("alice"))).toEqual([null, "too late"]);
});

test("recalling twice changes nothing and tells nobody again, also after the window", async () => {
  const { id } = await alice.send("bob", "oops");
  const other = await alice.send("bob", "oops again");
  const updates = await bob.messageUpdated();
  const first = await alice.recall(id);
  app.clock.advance(SECOND);
  expect(await alice.recall(id)).toEqual(first);
  await alice.recall(other.id);
  app.clock.advance(120 * SECOND);
  expect(await alice.recall(id)).toEqual(first);
  await bob.send("alice", "what?");
  await alice.markRead("bob");
  const events = [await updates.next(), await updates.next(), await updates.next()];
  expect(events.map(({ change, message }) => [change, message.seq])).toEqual([
    ["RECALLED", 1],
    ["RECALLED", 2],
    ["READ", 3],
  ]);
});

test("the recipient cannot recall", async () => {
  const { id } = await alice.send("bob", "mine");
  expect(await bob.recall(id)).toMatchObject({ code: "FORBIDDEN" });
  expect(texts(await bob.history("alice"))).toEqual(["mine"]);
});

test("to others a message is as if it did not exist", async () => {
  const { id } = await alice.send("bob", "ours");
  const carol = await app.person("carol");
  const absent = await carol.recall("m:999:1");
  expect(absent).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await carol.recall(id)).toEqual(absent);
  expect(texts(await bob.history("alice"))).toEqual(["ours"]);
});

test.each(["", "alice", "m:1", "m:1:999", "c:1:alice", "t:x", "\ud800"])(
  "there is no message %j to recall",
  async (id) => {
    await alice.send("bob", "hello");
    expect(await alice.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  },
);

test("a message that has expired is gone, to be recalled as well", async () => {
  const anna = await app.admin();
  await anna.updateSettings({ recallWindowSeconds: 31_536_000 });
  const { id } = await alice.send("bob", "hello");
  app.clock.advance(7 * DAY);
  expect(await alice.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await anna.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
});

test("both sides' devices are told at once, the sender's too", async () => {
  const { id } = await alice.send("bob", "oops");
  const phone = await alice.login("phone", "IOS");
  const streams = [await bob.messageUpdated(), await alice.messageUpdated(), await phone.messageUpdated()];
  await alice.recall(id);
  for (const stream of streams) {
    expect(await stream.next()).toMatchObject({ change: "RECALLED", message: { id, content: null } });
  }
});

test("a device that was away gets the message in its backlog with its content gone", async () => {
  const { id } = await alice.send("bob", "oops", { customData: "secret" });
  await alice.send("bob", "hello");
  await alice.recall(id);
  const { handed } = await (await bob.login("laptop")).sync();
  expect(handed).toMatchObject([
    { source: "OFFLINE", message: { id, content: null, customData: null } },
    { source: "OFFLINE", message: { content: { summary: "hello" } } },
  ]);
});

test("a recalled message no longer counts as unread", async () => {
  const { id } = await alice.send("bob", "oops");
  await alice.send("bob", "hello");
  await alice.recall(id);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1 });
});

test("a message can be recalled after it was read", async () => {
  const { id } = await alice.send("bob", "oops");
  await bob.markRead("alice");
  expect(await alice.recall(id)).toMatchObject({ message: { content: null } });
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 0, readSeq: 1 });
});

test("an answer to a recalled message stays and shows that it was recalled", async () => {
  const { id } = await alice.send("bob", "oops");
  const before = await bob.send("alice", "what?", { replyTo: id });
  await alice.recall(id);
  const after = await bob.send("alice", "what was that?", { replyTo: id });
  const query = "query R($id: ID!) { message(id: $id) { replyTo { id recalledAt content { summary } } } }";
  for (const answer of [before, after]) {
    const { message } = await alice.get(query, { id: answer.id });
    expect(message.replyTo).toMatchObject({ id, content: null });
    expect(message.replyTo.recalledAt).not.toBeNull();
  }
});

test("any kind can be recalled, and a note to oneself", async () => {
  const image = { url: "https://example.org/a.png", width: 1, height: 1, size: 1, format: "png" };
  const { id } = await alice.send("bob", { image });
  const note = await alice.send("alice", "buy milk");
  expect(await alice.recall(id)).toMatchObject({ message: { content: null } });
  expect(await alice.recall(note.id)).toMatchObject({ message: { content: null } });
});

test("what a recalled message said is on no disk any more: content, customData, push, earlier edits", async () => {
  const parts = ["first-words", "second-words", "custom-words", "push-words"];
  const { id } = await alice.send("bob", "first-words", { customData: "custom-words", push: { body: "push-words" } });
  expect(parts.map(isOnDisk)).toEqual([true, false, true, true]);
  await alice.edit(id, "second-words");
  await alice.send("bob", "words-that-stay");
  expect(isOnDisk("second-words")).toBe(true);
  await alice.recall(id);
  await app.stop();
  expect(parts.map(isOnDisk)).toEqual([false, false, false, false]);
  expect(isOnDisk("words-that-stay")).toBe(true);
});

test("a recall survives a restart", async () => {
  const { id } = await alice.send("bob", "oops");
  await alice.recall(id);
  await app.restart();
  expect(await bob.message(id)).toMatchObject({ content: null });
});
