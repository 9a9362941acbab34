import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

async function lastContent(person: Person, peer: string): Promise<Data> {
  const { history } = await person.get(
    `query H($peer: ID!) { history(peer: $peer, last: 1) { nodes { content {
      ... on TextContent { text } ... on FaceContent { index data } ... on LocationContent { name latitude longitude }
      ... on CustomContent { data description extension }
    } } } }`,
    { peer },
  );
  return history.nodes[0].content;
}

test.each([
  ["text", { text: { text: "one" } }, { text: { text: "two" } }],
  ["a face", { face: { index: 1, data: "a" } }, { face: { index: 2, data: "b" } }],
  [
    "a location",
    { location: { name: "Home", latitude: 1, longitude: 2 } },
    { location: { name: "Work", latitude: 3, longitude: 4 } },
  ],
  [
    "custom content",
    { custom: { data: "1", description: "a", extension: "x" } },
    { custom: { data: "2", description: "b", extension: "y" } },
  ],
])("%s can be edited, and both sides read what it says now", async (_kind, before, after) => {
  const { id, sentAt } = await alice.send("bob", before, { customData: "kept" });
  app.clock.advance(1_000);
  const editedAt = new Date(app.clock.now()).toISOString();
  const edited = await alice.edit(id, after);
  expect(edited).toMatchObject({ message: { id, seq: 1, sentAt, editedAt, customData: "kept" } });
  const [expected] = Object.values(after);
  expect(await lastContent(alice, "bob")).toEqual(expected);
  expect(await lastContent(bob, "alice")).toEqual(expected);
  expect(await bob.history("alice")).toMatchObject([{ id, seq: 1, sentAt, editedAt, customData: "kept" }]);
});

test("a message that was not edited says so", async () => {
  expect(await alice.send("bob", "one")).toMatchObject({ editedAt: null });
});

test("an edit leaves nothing of what the field held before", async () => {
  const { id } = await alice.send("bob", { custom: { data: "1", description: "a", extension: "x" } });
  await alice.edit(id, { custom: { data: "2" } });
  expect(await lastContent(bob, "alice")).toEqual({ data: "2", description: null, extension: null });
});

test("the conversation's last message, its place and unread follow the edit", async () => {
  const { id } = await alice.send("bob", "one");
  await bob.markRead("alice");
  await alice.edit(id, "two");
  expect(await bob.conversation("alice")).toMatchObject({
    unreadCount: 0,
    lastMessage: { id, content: { summary: "two" } },
  });
});

test("both sides' devices are told, with the new content", async () => {
  const { id } = await alice.send("bob", "one");
  const phone = await alice.login("phone", "IOS");
  const streams = [await bob.messageUpdated(), await alice.messageUpdated(), await phone.messageUpdated()];
  await alice.edit(id, "two");
  for (const stream of streams) {
    expect(await stream.next()).toMatchObject({ change: "EDITED", message: { id, content: { summary: "two" } } });
  }
});

test("a device that was away gets the message as it is now, once", async () => {
  const { id } = await alice.send("bob", "one");
  await alice.edit(id, "two");
  await alice.edit(id, "three");
  expect(texts((await (await bob.login("laptop")).sync()).handed)).toEqual(["three"]);
});

test.each([
  ["an image", { image: { url: "https://example.org/a.png", width: 1, height: 1, size: 1, format: "png" } }],
  ["a sound", { sound: { url: "https://example.org/a", size: 1, durationMs: 1 } }],
  ["a file", { file: { url: "https://example.org/a", name: "a", size: 1 } }],
  ["a video", { video: { url: "https://example.org/a", size: 1, durationMs: 1, format: "mp4" } }],
])("%s cannot be edited", async (_kind, content) => {
  const { id } = await alice.send("bob", content);
  expect(await alice.edit(id, content)).toMatchObject({ code: "INVALID_CONTENT", field: "content" });
  expect(await alice.message(id)).toMatchObject({ editedAt: null });
});

test("a message keeps its kind", async () => {
  const { id } = await alice.send("bob", "one");
  for (const content of [{ face: { index: 1 } }, { custom: { data: "x" } }, { notice: { body: "x" } }]) {
    expect(await alice.edit(id, content)).toMatchObject({ code: "INVALID_CONTENT", field: "content" });
  }
  expect(texts(await bob.history("alice"))).toEqual(["one"]);
});

test("the rules of content hold for edits", async () => {
  const { id } = await alice.send("bob", "one", { customData: "x".repeat(4_096) });
  expect(await alice.edit(id, " ")).toMatchObject({ code: "INVALID_CONTENT", field: "content.text.text" });
  expect(await alice.edit(id, "a\ud83d")).toMatchObject({ code: "INVALID_CONTENT", field: "content.text.text" });
  expect(await alice.edit(id, "x".repeat(8_193))).toMatchObject({ code: "CONTENT_TOO_LARGE" });
  expect(texts(await bob.history("alice"))).toEqual(["one"]);
  expect(await alice.edit(id, "x".repeat(8_192))).toMatchObject({ message: { id } });
});

test("an edit counts as a send does", async () => {
  const slow = await startApp({ sendRate: 2 });
  const [carol] = await slow.people("carol", "dave");
  const { id } = await carol.send("dave", "one");
  for (let n = 2; n <= 6; n += 1) expect(await carol.edit(id, `${n}`)).toMatchObject({ message: { id } });
  expect(await carol.edit(id, "7")).toMatchObject({ code: "RATE_LIMITED" });
  expect(await carol.trySend("dave", "hello")).toMatchObject({ code: "RATE_LIMITED" });
});

test("the recipient cannot edit", async () => {
  const { id } = await alice.send("bob", "mine");
  expect(await bob.edit(id, "yours")).toMatchObject({ code: "FORBIDDEN" });
  expect(texts(await alice.history("bob"))).toEqual(["mine"]);
});

test("to others a message is as if it did not exist", async () => {
  const { id } = await alice.send("bob", "ours");
  const carol = await app.person("carol");
  const absent = await carol.edit("m:999:1", "mine");
  expect(absent).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await carol.edit(id, "mine")).toEqual(absent);
});

test("what was recalled, or has expired, cannot be edited", async () => {
  const recalled = await alice.send("bob", "oops");
  const old = await alice.send("bob", "old");
  await alice.recall(recalled.id);
  expect(await alice.edit(recalled.id, "back")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  app.clock.advance(7 * DAY);
  expect(await alice.edit(old.id, "new")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
});

test("an edit does not prolong a message's life", async () => {
  const { id } = await alice.send("bob", "one");
  app.clock.advance(7 * DAY - 1);
  await alice.edit(id, "two");
  app.clock.advance(1);
  expect(await bob.history("alice")).toEqual([]);
});

test("an edit survives a restart", async () => {
  const { id } = await alice.send("bob", "one");
  await alice.edit(id, "two");
  await app.restart();
  expect(texts(await bob.history("alice"))).toEqual(["two"]);
});
