import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/client/index.ts";
import { startApp } from "../support/app.ts";
import { collect, enter, inStep, next, shows, texts } from "./support.ts";

test("two people write to each other", async () => {
  const app = await startApp();
  const [alice, bob] = [await enter(app, "alice"), await inStep(await enter(app, "bob"))];
  const arriving = next(bob, "newMessage");
  const { message, settled } = alice.sendMessage("bob", "Hello, bob.");
  expect(message).toMatchObject({
    status: "sending",
    id: null,
    mine: true,
    content: { type: "TEXT", text: "Hello, bob." },
  });
  expect(await settled).toMatchObject({ status: "sent", seq: 1, key: message.key });

  expect(await arriving).toMatchObject({
    source: "LIVE",
    message: { peer: "alice", sender: "alice", status: "received", content: { type: "TEXT", text: "Hello, bob." } },
  });
  const answered = next(await inStep(alice), "newMessage");
  await bob.sendMessage("alice", "Hello, alice.").settled;
  expect((await answered).message).toMatchObject({ seq: 2, peer: "bob" });
  expect(texts((await alice.getMessages("bob")).messages)).toEqual(["Hello, bob.", "Hello, alice."]);
  await shows(bob, "alice", ["Hello, bob.", "Hello, alice."]);
});

const MEDIA = "https://media.example/1";
const KINDS = {
  TEXT: { text: { text: "Hello" } },
  FACE: { face: { index: 3, data: "smile" } },
  LOCATION: { location: { name: "Home", latitude: 59.3, longitude: 18.1 } },
  IMAGE: { image: { url: MEDIA, width: 640, height: 480, size: 1_000, format: "png" } },
  SOUND: { sound: { url: MEDIA, size: 1_000, durationMs: 2_000 } },
  FILE: { file: { url: MEDIA, name: "a.pdf", size: 1_000, mimeType: "application/pdf" } },
  VIDEO: { video: { url: MEDIA, size: 1_000, durationMs: 2_000, format: "mp4" } },
  CUSTOM: { custom: { data: "{}", description: "A red packet", extension: "x" } },
  NOTICE: { notice: { title: "News", body: "Something happened" } },
};

test.each(Object.entries(KINDS))("%s looks the same before and after it is sent", async (type, content) => {
  const app = await startApp();
  await app.person("bob");
  const anna = await enter(app, "anna", { token: () => app.token("anna", { role: "admin" }) });
  const { message, settled } = anna.sendMessage("bob", content, { customData: "mine" });
  const sent = await settled;
  expect(sent).toMatchObject({ status: "sent", error: null, content: { type } });
  // The server says more where it knows more: of a picture whether there are smaller ones.
  expect(sent.content).toMatchObject({ ...message.content });
  expect(sent.customData).toBe("mine");
});

test("a message that is refused has failed, says why, and can be tried again or taken away", async () => {
  const app = await startApp();
  const alice = await inStep(await enter(app, "alice"));
  const failures = collect(alice, "messageFailed");
  const failed = await alice.sendMessage("bob", "Are you there?").settled;
  expect(failed).toMatchObject({ status: "failed", error: { code: "RECIPIENT_NOT_FOUND", retryable: false } });
  expect(failures).toMatchObject([{ error: { code: "RECIPIENT_NOT_FOUND" } }]);
  expect(await alice.getMessages("bob").catch(({ code }) => code)).toBe("USER_NOT_FOUND");

  await app.person("bob");
  const sent = next(alice, "messageSent");
  await alice.retry(failed);
  expect((await sent).message).toMatchObject({ key: failed.key, seq: 1 });

  const empty = await alice.sendMessage("bob", "").settled;
  expect(empty.error).toMatchObject({ code: "INVALID_CONTENT", field: "content.text.text" });
  await alice.discard(empty);
  await shows(alice, "bob", ["Are you there?"]);
});

test("an answer shows what it answers, before and after it is sent", async () => {
  const app = await startApp();
  const [alice, bob] = [await inStep(await enter(app, "alice")), await inStep(await enter(app, "bob"))];
  const asked = next(bob, "newMessage");
  await alice.sendMessage("bob", "Dinner at seven?").settled;
  const question = (await asked).message;
  const { message, settled } = bob.sendMessage("alice", "Yes", { replyTo: question });
  const reply = { id: question.id, sender: "alice", summary: "Dinner at seven?" };
  expect(message.replyTo).toEqual(reply);
  expect((await settled).replyTo).toEqual(reply);
  expect(() => bob.sendMessage("alice", "and", { replyTo: message })).toThrow("cannot be answered");
});

test("a token of somebody else, or a bad one, is refused at the login", async () => {
  const app = await startApp();
  await expect(enter(app, "alice", { token: () => app.token("bob") })).rejects.toMatchObject({ code: "WRONG_USER" });
  await expect(enter(app, "alice", { token: () => "none" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(enter(app, "alice", { url: "http://127.0.0.1:1/graphql" })).rejects.toMatchObject({ code: "OFFLINE" });
});

test("a store that holds another user's messages is refused, and one that nobody entered is not taken for known", async () => {
  const app = await startApp();
  const store = createMemoryStore();
  await expect(enter(app, "alice", { store, token: () => "none" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(enter(app, "alice", { store, token: () => "none" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await inStep(await enter(app, "alice", { store }));
  await expect(enter(app, "bob", { store })).rejects.toMatchObject({ code: "WRONG_USER" });
});

test("a message of lifetime 0 arrives, and is kept nowhere", async () => {
  const app = await startApp();
  const [alice, bob] = [await inStep(await enter(app, "alice")), await inStep(await enter(app, "bob"))];
  const arriving = next(bob, "newMessage");
  expect(await alice.sendMessage("bob", "now", { lifetimeSeconds: 0 }).settled).toMatchObject({
    status: "sent",
    seq: 0,
  });
  expect((await arriving).message).toMatchObject({ seq: 0, content: { summary: "now" } });
  await alice.sendMessage("bob", "kept").settled;
  await shows(alice, "bob", ["kept"]);
  await shows(bob, "alice", ["kept"]);
});
