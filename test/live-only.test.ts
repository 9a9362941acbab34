/** Messages of lifetime 0: for connected devices only, and never stored. */
import { expect, test } from "vitest";
import { type Person, startApp, texts } from "./support/app.ts";
import { everythingStored } from "./support/data.ts";
import type { Stream } from "./support/socket.ts";

const NOW = { lifetimeSeconds: 0 };

async function start() {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  return { app, alice, bob };
}

async function streamOf(device: Person): Promise<Stream> {
  return (await device.sync()).messages;
}

test("it reaches the connected devices of both sides, and not the sending one", async () => {
  const { alice, bob } = await start();
  const sending = await streamOf(alice);
  const others = await Promise.all([await alice.login("phone"), bob, await bob.login("phone")].map(streamOf));
  const sent = await alice.send("bob", "only now", NOW);
  await bob.send("alice", "sentinel", { syncToSender: false });
  await alice.send("bob", "sentinel", { syncToSender: false });

  expect(sent).toMatchObject({
    seq: 0,
    sender: { id: "alice" },
    recipient: { id: "bob" },
    content: { summary: "only now" },
  });
  for (const messages of others) {
    expect(await messages.next()).toMatchObject({ source: "LIVE", message: { id: sent.id, seq: 0 } });
  }
  for (const messages of [sending, ...others]) expect(texts([await messages.next()])).toEqual(["sentinel"]);
});

test("it stays off the sender's other devices where the sender says so", async () => {
  const { alice, bob } = await start();
  const messages = await streamOf(await alice.login("phone"));
  await alice.send("bob", "only now", { ...NOW, syncToSender: false });
  await bob.send("alice", "sentinel");
  expect(texts([await messages.next()])).toEqual(["sentinel"]);
});

test("nobody who was away ever sees it", async () => {
  const { app, alice, bob } = await start();
  const { id } = await alice.send("bob", "only now", NOW);
  for (const person of [alice, bob]) {
    const peer = person === alice ? "bob" : "alice";
    expect((await person.sync()).refreshed).toMatchObject({ offlineCount: 0, recentCount: 0, truncated: false });
    expect(await person.history(peer)).toEqual([]);
    expect(await person.conversations()).toEqual([]);
    expect(await person.conversation(peer)).toBeNull();
    expect(await person.message(id)).toBeNull();
    expect(await person.node(id)).toBeNull();
  }
  expect(await (await app.admin()).message(id)).toBeNull();
});

test("it moves neither seq, nor unread, nor the order of the conversations", async () => {
  const { app, alice, bob } = await start();
  const carol = await app.person("carol");
  await alice.send("bob", "one");
  await carol.send("bob", "hello");
  const before = await bob.conversations();
  await alice.send("bob", "only now", NOW);
  expect(await bob.conversations()).toEqual(before);
  expect(await alice.send("bob", "two")).toMatchObject({ seq: 2 });
});

test("its event carries the cursor of the log's head", async () => {
  const { alice, bob } = await start();
  await alice.send("bob", "one");
  const { messages, refreshed, socket } = await bob.sync();
  await alice.send("bob", "only now", NOW);
  const event = await messages.next();
  expect(event.cursor).toBe(refreshed.cursor);
  await alice.send("bob", "two");
  await bob.acknowledge(event.cursor);
  await socket.cut();
  expect((await bob.sync()).refreshed).toMatchObject({ offlineCount: 1 });
});

test("it comes behind everything that was sent before it", async () => {
  const { alice, bob } = await start();
  const messages = await streamOf(bob);
  for (let number = 1; number <= 20; number += 1) {
    await alice.send("bob", `stored ${number}`);
    await alice.send("bob", `only now ${number}`, NOW);
  }
  const handed = await messages.take(40);
  const cursors: string[] = [];
  for (let number = 1; number <= 20; number += 1) {
    const at = (text: string) => handed.findIndex((event) => event.message.content.summary === text);
    expect(at(`only now ${number}`)).toBeGreaterThan(at(`stored ${number}`));
    cursors.push(handed[at(`stored ${number}`)]?.cursor);
  }
  expect(new Set(cursors).size).toBe(20);
});

test("for recall, edit and replies it does not exist", async () => {
  const { alice } = await start();
  const { id } = await alice.send("bob", "only now", NOW);
  expect(await alice.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await alice.edit(id, "changed")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
  expect(await alice.deleteMessages(id)).toEqual([]);
  const reply = await alice.trySend("bob", "about that", { replyTo: id });
  expect(reply).toMatchObject({ code: "INVALID_CONTENT", field: "replyTo" });
});

test("it has no conversation before one has begun, and its sender's side afterwards", async () => {
  const { alice } = await start();
  const mutation = `mutation { sendMessage(input: { to: "bob", content: { text: { text: "now" } }, lifetimeSeconds: 0 }) {
    ... on SendMessageSuccess { message { conversation { peer { id } } replyTo { id } deliveredToRecipient } } } }`;
  const before = await alice.get(mutation);
  expect(before.sendMessage.message).toEqual({ conversation: null, replyTo: null, deliveredToRecipient: false });
  await alice.send("bob", "stored");
  expect((await alice.get(mutation)).sendMessage.message.conversation).toEqual({ peer: { id: "bob" } });
});

test("it reaches nobody where the recipient has blocked the sender, and looks sent", async () => {
  const { app, alice, bob } = await start();
  const carol = await app.person("carol");
  const messages = await streamOf(bob);
  const phone = await streamOf(await alice.login("phone"));
  await bob.block("alice");
  await alice.send("bob", "only now", NOW);
  await carol.send("bob", "sentinel");
  expect(texts([await messages.next()])).toEqual(["sentinel"]);
  expect(texts([await phone.next()])).toEqual(["only now"]);
});

test("a blocked sender is refused where refusals are shown", async () => {
  const { app, alice, bob } = await start();
  await (await app.admin()).updateSettings({ showBlocked: true });
  await bob.block("alice");
  expect(await alice.trySend("bob", "only now", NOW)).toMatchObject({ code: "BLOCKED" });
});

test("the rules of content hold for it too", async () => {
  const { alice } = await start();
  expect(await alice.trySend("bob", "", NOW)).toMatchObject({ code: "INVALID_CONTENT", field: "content.text.text" });
  expect(await alice.trySend("nobody", "hello", NOW)).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
});

test("the same key again gives the same message and hands nothing over twice", async () => {
  const { alice, bob } = await start();
  const messages = await streamOf(bob);
  const input = { ...NOW, clientMessageId: "key" };
  const first = await alice.trySend("bob", "only now", input);
  const again = await alice.trySend("bob", "only now", input);
  expect(first.duplicate).toBe(false);
  expect(again).toMatchObject({ duplicate: true, message: { id: first.message.id } });
  expect(await alice.trySend("bob", "something else", input)).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });

  await alice.send("bob", "sentinel");
  expect(texts(await messages.take(2))).toEqual(["only now", "sentinel"]);
});

test("a note to oneself reaches the other connected devices", async () => {
  const { alice } = await start();
  const messages = await streamOf(await alice.login("phone"));
  await alice.send("alice", "buy milk", NOW);
  expect(await messages.next()).toMatchObject({
    source: "LIVE",
    message: { seq: 0, content: { summary: "buy milk" } },
  });
});

test("it can answer a message that is kept", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await bob.send("alice", "question");
  const query = `mutation S($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on SendMessageSuccess { message { seq replyTo { id } } } } }`;
  const input = { to: "bob", content: { text: { text: "answer" } }, lifetimeSeconds: 0, replyTo: id };
  expect((await alice.get(query, { input })).sendMessage.message).toEqual({ seq: 0, replyTo: { id } });
});

test("sent by an admin as somebody else, it is in the audit trail as any other", async () => {
  const app = await startApp();
  await app.people("alice", "bob");
  const anna = await app.admin();
  await anna.send("bob", "as alice", { sendAs: "alice", lifetimeSeconds: 0 });
  expect(everythingStored(app).audit).toMatchObject([
    { actor_id: "anna", action: "sendAs", user_id: "alice", subject: "to bob", at: app.clock.now() },
  ]);
});
