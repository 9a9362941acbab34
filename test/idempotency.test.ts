import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, MINUTE } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

const key = { clientMessageId: "key" };

async function aliceAndBob(): Promise<{ app: App; alice: Person; bob: Person }> {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  return { app, alice, bob };
}

test("the same key gives the same message, and stores nothing new", async () => {
  const { alice, bob } = await aliceAndBob();
  const first = await alice.trySend("bob", "hello", key);
  const again = await alice.trySend("bob", "hello", key);
  expect(first.duplicate).toBe(false);
  expect(again).toEqual({ ...first, duplicate: true });
  expect(await bob.history("alice")).toHaveLength(1);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1 });
});

test("a repeated send is handed over once", async () => {
  const { alice, bob } = await aliceAndBob();
  const laptop = await (await bob.login("laptop")).sync();
  await alice.send("bob", "once", key);
  await alice.send("bob", "once", key);
  await alice.send("bob", "next");
  expect(texts(await laptop.messages.take(2))).toEqual(["once", "next"]);
});

/** Sends the same under the same key so many times, in one breath on one socket. */
async function sendAtOnce(person: Person, times: number): Promise<Data[]> {
  const socket = await person.connect();
  const mutation = `mutation {
    sendMessage(input: { to: "bob", content: { text: { text: "hello" } }, clientMessageId: "key" }) {
      ... on SendMessageSuccess { duplicate message { id } }
    }
  }`;
  const results = await Promise.all(Array.from({ length: times }, () => socket.ask(mutation)));
  return results.map(({ data }) => data?.sendMessage);
}

test("sent twenty times at once, one message is stored", async () => {
  const { alice, bob } = await aliceAndBob();
  const results = await sendAtOnce(alice, 20);
  expect(new Set(results.map(({ message }) => message.id)).size).toBe(1);
  expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  expect(await bob.history("alice")).toHaveLength(1);
});

test("sent twice at once with different contents, one is stored and the other is a conflict", async () => {
  const { alice, bob } = await aliceAndBob();
  const results = await Promise.all([alice.trySend("bob", "one", key), alice.trySend("bob", "two", key)]);
  expect(new Set(results.map(({ code }) => code ?? "sent"))).toEqual(new Set(["sent", "IDEMPOTENCY_CONFLICT"]));
  expect(await bob.history("alice")).toHaveLength(1);
});

test("from another device of the sender the key is the same", async () => {
  const { alice } = await aliceAndBob();
  const { id } = await alice.send("bob", "hello", key);
  const phone = await alice.login("phone", "IOS");
  expect(await phone.trySend("bob", "hello", key)).toMatchObject({ duplicate: true, message: { id } });
});

test("a key holds over a restart", async () => {
  const { app, alice } = await aliceAndBob();
  const { id } = await alice.send("bob", "hello", key);
  await app.restart();
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: true, message: { id } });
});

test("after an edit the key stands for what was first sent, and gives the message as it is now", async () => {
  const { alice } = await aliceAndBob();
  const { id } = await alice.send("bob", "one", key);
  await alice.edit(id, "two");
  expect(await alice.trySend("bob", "one", key)).toMatchObject({
    duplicate: true,
    message: { id, content: { summary: "two" } },
  });
  expect(await alice.trySend("bob", "two", key)).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
});

test("after a recall the key gives the recalled message, and sends nothing anew", async () => {
  const { alice, bob } = await aliceAndBob();
  const { id } = await alice.send("bob", "oops", key);
  await alice.recall(id);
  expect(await alice.trySend("bob", "oops", key)).toMatchObject({ duplicate: true, message: { id, content: null } });
  expect(await alice.trySend("bob", "else", key)).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  expect(await bob.history("alice")).toHaveLength(1);
});

test("another recipient, content, customData or replyTo under the same key is a conflict", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob", "carol");
  const { id: replyTo } = await bob.send("alice", "what?");
  await alice.send("bob", "hello", { ...key, customData: "1", replyTo });
  const conflict = { code: "IDEMPOTENCY_CONFLICT", field: "clientMessageId" };
  expect(await alice.trySend("carol", "hello", { ...key, customData: "1", replyTo })).toMatchObject(conflict);
  expect(await alice.trySend("bob", "hullo", { ...key, customData: "1", replyTo })).toMatchObject(conflict);
  expect(await alice.trySend("bob", { face: { index: 1 } }, { ...key, customData: "1", replyTo })).toMatchObject(
    conflict,
  );
  expect(await alice.trySend("bob", "hello", { ...key, customData: "2", replyTo })).toMatchObject(conflict);
  expect(await alice.trySend("bob", "hello", { ...key, replyTo })).toMatchObject(conflict);
  expect(await alice.trySend("bob", "hello", { ...key, customData: "1" })).toMatchObject(conflict);
  expect(await alice.history("carol")).toEqual([]);
  expect(await bob.history("alice")).toHaveLength(2);
});

test("the same input written otherwise is the same: order of fields, null and left out", async () => {
  const { alice } = await aliceAndBob();
  await alice.send("bob", { custom: { data: "d", description: "x" } }, key);
  const same = { custom: { extension: null, description: "x", data: "d" } };
  expect(await alice.trySend("bob", same, { customData: null, replyTo: null, ...key })).toMatchObject({
    duplicate: true,
  });
});

test("keys are each sender's own", async () => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", "from alice", key);
  expect(await bob.trySend("alice", "from bob", key)).toMatchObject({ duplicate: false });
});

test("a key that an admin used as alice is alice's", async () => {
  const { app, alice } = await aliceAndBob();
  const anna = await app.admin();
  const { id } = await anna.send("bob", "hello", { ...key, sendAs: "alice" });
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: true, message: { id } });
  expect(await anna.trySend("bob", "hello", key)).toMatchObject({ duplicate: false });
});

test("a refused send uses no key", async () => {
  const { alice } = await aliceAndBob();
  expect(await alice.trySend("bob", "", key)).toMatchObject({ code: "INVALID_CONTENT" });
  expect(await alice.trySend("nobody", "hello", key)).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: false });
});

test("without a key every send is a message of its own", async () => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", "hello");
  await alice.send("bob", "hello");
  expect(await bob.history("alice")).toHaveLength(2);
});

test.each([
  ["1 character", "k"],
  ["64 characters", "k".repeat(64)],
  ["64 characters outside the first plane", "👋".repeat(64)],
])("a key of %s is taken", async (_length, clientMessageId) => {
  const { alice } = await aliceAndBob();
  expect(await alice.send("bob", "hello", { clientMessageId })).toMatchObject({ clientMessageId });
  expect(await alice.trySend("bob", "hello", { clientMessageId })).toMatchObject({ duplicate: true });
});

test.each([
  ["0 characters", ""],
  ["65 characters", "k".repeat(65)],
])("a key of %s is refused", async (_length, clientMessageId) => {
  const { alice } = await aliceAndBob();
  expect(await alice.trySend("bob", "hello", { clientMessageId })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "clientMessageId",
  });
});

// ── a key lives as long as its message ──────────────────────────────────────────────────────────

test("a key holds to the last millisecond in which its message is kept, and is free then", async () => {
  const { app, alice } = await aliceAndBob();
  const { id } = await alice.send("bob", "hello", key);
  app.clock.advance(7 * DAY - 1);
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: true, message: { id } });
  app.clock.advance(1);
  const next = await alice.trySend("bob", "something else", key);
  expect(next).toMatchObject({ duplicate: false, message: { seq: 2 } });
  expect(await alice.trySend("bob", "something else", key)).toMatchObject({ duplicate: true });
});

test("a key is free again once the sweeper has erased its message", async () => {
  const { app, alice } = await aliceAndBob();
  await alice.send("bob", "hello", key);
  app.clock.advance(8 * DAY);
  expect(await app.server.engine.sweep()).toBeGreaterThan(0);
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: false, message: { seq: 2 } });
});

test("sweeping the old message away leaves the key with the new one", async () => {
  const { app, alice } = await aliceAndBob();
  await alice.send("bob", "hello", key);
  app.clock.advance(8 * DAY);
  const { message } = await alice.trySend("bob", "hello again", key);
  await app.server.engine.sweep();
  expect(await alice.trySend("bob", "hello again", key)).toMatchObject({
    duplicate: true,
    message: { id: message.id },
  });
});

test("a key that is free again is given once, however many ask at once", async () => {
  const { app, alice, bob } = await aliceAndBob();
  await alice.send("bob", "hello", key);
  app.clock.advance(8 * DAY);
  const results = await sendAtOnce(alice, 20);
  expect(new Set(results.map(({ message }) => message.id)).size).toBe(1);
  expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  expect(await bob.history("alice")).toHaveLength(1);
});

test("a key is kept as long as either retention keeps the message", async () => {
  const { app, alice } = await aliceAndBob();
  await (await app.admin()).updateSettings({ offlineRetentionDays: 1, roamingRetentionDays: 30 });
  const { id } = await alice.send("bob", "hello", key);
  app.clock.advance(29 * DAY);
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: true, message: { id } });
  app.clock.advance(DAY + MINUTE);
  expect(await alice.trySend("bob", "hello", key)).toMatchObject({ duplicate: false });
});
