import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

const REPLY = "query R($id: ID!) { message(id: $id) { replyTo { id content { summary } } } }";

test("a sent message answers with all that it is", async () => {
  const input = { to: "bob", content: { text: { text: "hello" } }, customData: "mine", clientMessageId: "key" };
  const mutation = `mutation S($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on SendMessageSuccess { duplicate message {
      id seq sender { id } recipient { id } senderProfile { nickname avatarUrl } content { type summary } customData
      clientMessageId sentAt editedAt recalledAt deliveredToRecipient readByRecipient replyTo { id }
      conversation { id peer { id } }
    } }
  } }`;
  const conversation = async () => ({ id: (await alice.conversation("bob"))?.id, peer: { id: "bob" } });
  const { sendMessage } = await alice.get(mutation, { input });
  expect(sendMessage).toEqual({
    duplicate: false,
    message: {
      id: expect.stringContaining(":"),
      seq: 1,
      sender: { id: "alice" },
      recipient: { id: "bob" },
      senderProfile: { nickname: null, avatarUrl: null },
      content: { type: "TEXT", summary: "hello" },
      customData: "mine",
      clientMessageId: "key",
      sentAt: new Date(app.clock.now()).toISOString(),
      editedAt: null,
      recalledAt: null,
      deliveredToRecipient: false,
      readByRecipient: false,
      replyTo: null,
      conversation: await conversation(),
    },
  });
});

test("seq counts up by one in a conversation, whoever writes, and each conversation has its own", async () => {
  const carol = await app.person("carol");
  expect(await alice.send("bob", "one")).toMatchObject({ seq: 1 });
  expect(await bob.send("alice", "two")).toMatchObject({ seq: 2 });
  expect(await carol.send("bob", "other")).toMatchObject({ seq: 1 });
  expect(await alice.send("bob", "three")).toMatchObject({ seq: 3 });
});

test("seq goes on after a restart, a clear, a recall and the end of all that was written", async () => {
  const { id } = await alice.send("bob", "one");
  await app.restart();
  expect(await alice.send("bob", "two")).toMatchObject({ seq: 2 });
  await alice.recall(id);
  await alice.arrange("clear", "bob");
  expect(await alice.send("bob", "three")).toMatchObject({ seq: 3 });
  app.clock.advance(8 * DAY);
  await app.server.engine.sweep();
  expect(await alice.send("bob", "four")).toMatchObject({ seq: 4 });
});

test("a clock that is set back changes no order", async () => {
  await alice.send("bob", "one");
  app.clock.advance(-DAY);
  await bob.send("alice", "two");
  expect(texts(await bob.history("alice"))).toEqual(["one", "two"]);
  expect(await bob.conversation("alice")).toMatchObject({ lastMessage: { content: { summary: "two" } } });
});

test("two sends in one document both happen, in their order", async () => {
  const mutation = `mutation {
    a: sendMessage(input: { to: "bob", content: { text: { text: "one" } } }) { __typename }
    b: sendMessage(input: { to: "nobody", content: { text: { text: "lost" } } }) { ... on Error { code } }
    c: sendMessage(input: { to: "bob", content: { text: { text: "two" } } }) { __typename }
  }`;
  expect(await alice.get(mutation)).toEqual({
    a: { __typename: "SendMessageSuccess" },
    b: { code: "RECIPIENT_NOT_FOUND" },
    c: { __typename: "SendMessageSuccess" },
  });
  expect(texts(await bob.history("alice"))).toEqual(["one", "two"]);
});

// ── answers ─────────────────────────────────────────────────────────────────────────────────────

test("an answer leads to what it answers, of either side, for both", async () => {
  const question = await alice.send("bob", "what?");
  const answer = await bob.send("alice", "that", { replyTo: question.id });
  const again = await bob.send("alice", "I mean", { replyTo: answer.id });
  for (const person of [alice, bob]) {
    expect(await person.get(REPLY, { id: answer.id })).toMatchObject({ message: { replyTo: { id: question.id } } });
    expect(await person.get(REPLY, { id: again.id })).toMatchObject({ message: { replyTo: { id: answer.id } } });
  }
});

test("an answer shows what it answers as it is now", async () => {
  const { id } = await alice.send("bob", "one");
  const answer = await bob.send("alice", "ok", { replyTo: id });
  await alice.edit(id, "two");
  expect(await bob.get(REPLY, { id: answer.id })).toMatchObject({
    message: { replyTo: { content: { summary: "two" } } },
  });
});

test("one cannot answer a message of another conversation, or none", async () => {
  const carol = await app.person("carol");
  const other = await alice.send("carol", "elsewhere");
  await carol.send("bob", "elsewhere too");
  for (const replyTo of [other.id, "m:1:99", "m:99:1", "", "alice", "\ud800"]) {
    expect(await alice.trySend("bob", "hello", { replyTo }), replyTo).toMatchObject({
      code: "INVALID_CONTENT",
      field: "replyTo",
    });
  }
  expect(await bob.history("alice")).toEqual([]);
});

test("one cannot answer what one has deleted or cleared, or what has expired", async () => {
  const { id } = await alice.send("bob", "one");
  const cleared = await alice.send("bob", "two");
  const refusal = { code: "INVALID_CONTENT", field: "replyTo" };
  await bob.deleteMessages(id);
  expect(await bob.trySend("alice", "hm", { replyTo: id })).toMatchObject(refusal);
  await bob.arrange("clear", "alice");
  expect(await bob.trySend("alice", "hm", { replyTo: cleared.id })).toMatchObject(refusal);
  app.clock.advance(7 * DAY);
  expect(await alice.trySend("bob", "hm", { replyTo: cleared.id })).toMatchObject(refusal);
});

test("what was answered shows no more to one who has deleted it, nor to anybody once it has expired", async () => {
  const { id } = await alice.send("bob", "what?");
  app.clock.advance(DAY);
  const answer = await bob.send("alice", "that", { replyTo: id });
  await alice.deleteMessages(id);
  expect(await alice.get(REPLY, { id: answer.id })).toEqual({ message: { replyTo: null } });
  expect(await bob.get(REPLY, { id: answer.id })).toMatchObject({ message: { replyTo: { id } } });
  app.clock.advance(6 * DAY);
  expect(await bob.get(REPLY, { id: answer.id })).toEqual({ message: { replyTo: null } });
});

// ── what goes with a message ────────────────────────────────────────────────────────────────────

test("a message that the sender's other devices are not to have is in the history all the same", async () => {
  const phone = await (await alice.login("phone", "IOS")).sync();
  await alice.send("bob", "quiet", { syncToSender: false });
  await alice.send("bob", "loud");
  expect(texts([await phone.messages.next()])).toEqual(["loud"]);
  expect(texts(await alice.history("bob"))).toEqual(["quiet", "loud"]);
});

test("what a push says is nobody's to read", async () => {
  const push = { title: "A title", body: "A body", data: "{}", disabled: true };
  expect(await alice.send("bob", "hello", { push })).toMatchObject({ seq: 1 });
  expect(await bob.history("alice")).toMatchObject([{ content: { summary: "hello" }, customData: null }]);
});

test("a lifetime below zero is refused", async () => {
  expect(await alice.trySend("bob", "hello", { lifetimeSeconds: -1 })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "lifetimeSeconds",
  });
});

test("text that looks like code or SQL is text", async () => {
  const nasty = `'); drop table messages; -- "\\ {{x}} <script>alert(1)</script> \u202e\u200b\u0007`;
  await alice.send("bob", nasty, { customData: nasty, clientMessageId: "'; --" });
  const { history } = await bob.get(
    '{ history(peer: "alice") { nodes { customData content { ... on TextContent { text } } } } }',
  );
  expect(history.nodes).toEqual([{ customData: nasty, content: { text: nasty } }]);
});
