/** The app's own word on each message, before it is stored. */
import { describe, expect, test } from "vitest";
import { texts } from "../support/app.ts";
import { everythingStored } from "../support/data.ts";
import { startAsking } from "../support/fake-app.ts";

/** For a hook that does not answer. */
const IMPATIENT = { timeoutMs: 100 };

const REFUSED = `mutation Send($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { message { id } }
  ... on SendMessageError { code reason appCode }
} }`;
const input = { to: "bob", content: { text: { text: "a bad word" } } };

function refusing(code: string, reason: string) {
  return () => ({ body: { action: "refuse", code, reason } });
}

test("the app is asked about a message, with all that it says, and may let it go", async () => {
  const [app, fake] = await startAsking();
  const [alice, bob] = await app.people("alice", "bob");
  const push = { title: "A title" };
  await alice.send("bob", "hello", { clientMessageId: "one", customData: "mine", push });
  expect(fake.questions).toEqual([
    {
      id: expect.any(String),
      type: "message.sending",
      timestamp: new Date(app.clock.now()).toISOString(),
      data: {
        sender: "alice",
        recipient: "bob",
        content: { type: "TEXT", text: "hello" },
        customData: "mine",
        push: { disabled: false, title: "A title", body: null, data: null },
        clientMessageId: "one",
        editOf: null,
      },
    },
  ]);
  fake.judge = () => ({ body: { action: "allow", more: "is passed over" } });
  await alice.send("bob", "again");
  expect(texts(await bob.history("alice"))).toEqual(["hello", "again"]);
});

test("what it refuses leaves no trace, and the sender gets its code and its words", async () => {
  const [app, fake] = await startAsking();
  const [alice, bob] = await app.people("alice", "bob");
  const { messages } = await bob.sync();
  fake.judge = refusing("BAD_WORD", "Please be kind.");
  const before = everythingStored(app);
  expect((await alice.get(REFUSED, { input })).sendMessage).toEqual({
    code: "REFUSED_BY_HOOK",
    reason: "Please be kind.",
    appCode: "BAD_WORD",
  });
  expect(everythingStored(app)).toEqual(before);
  fake.judge = () => ({ status: 204 });
  await alice.send("bob", "next");
  expect(texts([await messages.next()])).toEqual(["next"]);
});

test("what it rewrites is stored as it wants it, and the same key again gives that", async () => {
  const [app, fake] = await startAsking();
  const [alice, bob] = await app.people("alice", "bob");
  fake.judge = () => ({ body: { action: "rewrite", content: { text: { text: "a *** word" } }, customData: null } });
  const more = { clientMessageId: "one", customData: "mine" };
  const message = await alice.send("bob", "a bad word", more);
  expect(message).toMatchObject({ content: { summary: "a *** word" }, customData: null });
  expect(await alice.trySend("bob", "a bad word", more)).toEqual({ duplicate: true, message });
  expect(fake.questions).toHaveLength(1);
  expect(texts(await bob.history("alice"))).toEqual(["a *** word"]);
});

test("edits are asked about too, and stay of their kind", async () => {
  const [app, fake] = await startAsking();
  const alice = await app.person("alice");
  await app.person("bob");
  const { id } = await alice.send("bob", "hello");
  fake.judge = refusing("BAD_WORD", "Please be kind.");
  expect(await alice.edit(id, "a bad word")).toMatchObject({ code: "REFUSED_BY_HOOK", reason: "Please be kind." });
  expect(fake.questions.at(-1)).toMatchObject({ type: "message.editing", data: { editOf: id } });
  fake.judge = () => ({ body: { action: "rewrite", content: { text: { text: "kind" } } } });
  expect((await alice.edit(id, "a bad word")).message.content.summary).toBe("kind");
});

test("admins are asked about where the app wants that, and notices never come to be asked about otherwise", async () => {
  const [app, fake] = await startAsking();
  await app.people("alice", "bob");
  const admin = await app.admin();
  await admin.send("bob", "hello", { sendAs: "alice" });
  await admin.send("bob", { notice: { body: "a notice" } });
  expect(fake.questions).toEqual([]);
  const [other, asked] = await startAsking({ admins: true });
  await other.people("alice", "bob");
  await (await other.admin()).send("bob", "hello", { sendAs: "alice" });
  expect(asked.questions).toMatchObject([{ data: { sender: "alice" } }]);
});

test("what changes while the app thinks is looked up again", async () => {
  const [app, fake] = await startAsking();
  const [alice, bob] = await app.people("alice", "bob");
  fake.judge = async () => {
    await bob.block("alice");
    return { status: 204 };
  };
  await alice.send("bob", "too late");
  expect(await bob.history("alice")).toEqual([]);
  expect(texts(await alice.history("bob"))).toEqual(["too late"]);
});

test("others do not wait while the app thinks about one", async () => {
  const [app, fake] = await startAsking();
  const [alice, bob] = await app.people("alice", "bob");
  let answer = () => {};
  const thought = new Promise<void>((resolve) => {
    answer = resolve;
  });
  fake.judge = async ({ data }) => {
    if (data.content.text === "slow") await thought;
    return { status: 204 };
  };
  const slow = alice.send("bob", "slow");
  await expect.poll(() => fake.questions.length).toBe(1);
  await alice.send("bob", "quick");
  answer();
  await slow;
  expect(texts(await bob.history("alice"))).toEqual(["quick", "slow"]);
});

describe("where there is no usable answer", () => {
  test.each([
    ["it fails", () => ({ status: 500 })],
    ["it says something else", () => ({ body: { action: "perhaps" } })],
    ["it says nothing", () => ({ status: 200 })],
    ["it redirects", () => ({ status: 302, headers: { location: "/elsewhere" } })],
    ["it cuts the connection", () => "cut" as const],
    ["it hangs", () => "hang" as const],
    ["it says too much", () => ({ body: "x".repeat(100_000) })],
    ["it rewrites into what cannot be sent", () => ({ body: { action: "rewrite", content: { text: { text: "" } } } })],
    ["it rewrites into an upload", () => ({ body: { action: "rewrite", content: { image: { upload: "u:x" } } } })],
  ])("since %s, the message goes, or is refused, as the operator wants", async (_, judge) => {
    for (const onFailure of ["allow", "refuse"]) {
      const [app, fake] = await startAsking({ onFailure, ...IMPATIENT });
      const [alice, bob] = await app.people("alice", "bob");
      fake.judge = judge;
      if (onFailure === "allow") await alice.send("bob", "hello");
      else expect(await alice.refusal(REFUSED, { input })).toBe("UNAVAILABLE");
      expect(texts(await bob.history("alice"))).toEqual(onFailure === "allow" ? ["hello"] : []);
      expect(app.logged).toContain("beforeSend");
      expect(app.logged).not.toContain("bad word");
    }
  });

  test("again and again, nobody waits for it, until one finds that it is back", async () => {
    const [app, fake] = await startAsking({ onFailure: "allow" }, { metricsPort: 0 });
    const alice = await app.person("alice");
    await app.person("bob");
    fake.judge = () => ({ status: 500 });
    for (let failures = 0; failures < 5; failures += 1) await alice.send("bob", "hello");
    await alice.send("bob", "hello");
    expect(fake.questions).toHaveLength(5);
    app.clock.advance(5_000);
    fake.judge = () => ({ status: 204 });
    await alice.send("bob", "hello");
    await alice.send("bob", "hello");
    expect(fake.questions).toHaveLength(7);
    const metrics = await (await fetch(app.server.metricsUrl ?? "")).text();
    expect(metrics).toContain('parley_hook_questions_total{verdict="failed"} 6');
    expect(metrics).toContain('parley_hook_questions_total{verdict="allow"} 2');
  });
});

test("an app that does not listen is asked in vain", async () => {
  const [app, fake] = await startAsking();
  const alice = await app.person("alice");
  await app.person("bob");
  fake.stop();
  expect(await alice.refusal(REFUSED, { input })).toBe("UNAVAILABLE");
});
