import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { SECOND } from "./support/clock.ts";

test("a stranger may write to a stranger", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "hello");
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});

test("one may write a note to oneself", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await alice.send("alice", "buy milk")).toMatchObject({ sender: { id: "alice" }, recipient: { id: "alice" } });
  expect(texts(await alice.history("alice"))).toEqual(["buy milk"]);
  expect(await alice.conversations()).toMatchObject([{ peer: { id: "alice" }, unreadCount: 0 }]);
});

test.each(["nobody", "system", "", "two words", "c:1:bob", "x".repeat(129), "b\u0000b", "\ud800"])(
  "there is nobody to write to under the id %j",
  async (to) => {
    const app = await startApp();
    const alice = await app.person("alice");
    expect(await alice.trySend(to, "hello")).toMatchObject({ code: "RECIPIENT_NOT_FOUND", field: "to" });
    expect(await alice.conversations()).toEqual([]);
  },
);

// ── friends-only ────────────────────────────────────────────────────────────────────────────────

test("with friends-only on, only friends write to each other, in both directions", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const anna = await app.admin();
  await anna.updateSettings({ friendsOnly: true });
  await anna.change("setFriends", { user: "alice", friend: "bob" }, "status");

  await alice.send("bob", "hello");
  await bob.send("alice", "hello yourself");
  expect(await alice.trySend("carol", "hello")).toMatchObject({ code: "NOT_FRIENDS" });
  expect(await carol.trySend("alice", "hello")).toMatchObject({ code: "NOT_FRIENDS" });
});

test("with friends-only on, a friendship that has ended no longer opens the door", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  await anna.updateSettings({ friendsOnly: true });
  await anna.change("setFriends", { user: "alice", friend: "bob" }, "status");
  await alice.send("bob", "hello");
  await bob.friend("remove", "alice");
  expect(await alice.trySend("bob", "still there?")).toMatchObject({ code: "NOT_FRIENDS" });
});

test("with friends-only on, a request that waits is no friendship", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await (await app.admin()).updateSettings({ friendsOnly: true });
  await alice.friend("add", "bob");
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "NOT_FRIENDS" });
  expect(await bob.trySend("alice", "hello")).toMatchObject({ code: "NOT_FRIENDS" });
});

test("friends-only leaves notes to oneself and admins alone", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const anna = await app.admin();
  await anna.updateSettings({ friendsOnly: true });
  await alice.send("alice", "a note");
  await anna.send("alice", "from the office");
  expect(texts(await alice.history("anna"))).toEqual(["from the office"]);
});

test("friends-only holds for editing and typing as for sending", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const message = await alice.send("bob", "hello");
  await (await app.admin()).updateSettings({ friendsOnly: true });
  expect(await alice.edit(message.id, "hello again")).toMatchObject({ code: "NOT_FRIENDS" });
  expect(await alice.refusedChange("setTyping", { peer: "bob" })).toBe("NOT_FRIENDS");
});

test("friends-only can be turned off again while the server runs", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await anna.updateSettings({ friendsOnly: true });
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "NOT_FRIENDS" });
  await anna.updateSettings({ friendsOnly: false });
  await alice.send("bob", "hello");
});

// ── mute ────────────────────────────────────────────────────────────────────────────────────────

test("a muted sender is told for how long, and may send again to the millisecond", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await (await app.admin()).mute("alice", 60);

  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "MUTED", retryAfterMs: 60 * SECOND });
  app.clock.advance(60 * SECOND - 1);
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "MUTED", retryAfterMs: 1 });
  app.clock.advance(1);
  await alice.send("bob", "hello");
});

test("muting for 0 seconds ends a mute", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await anna.mute("alice", 3_600);
  expect(await anna.mute("alice", 0)).toBeNull();
  await alice.send("bob", "hello");
});

test("a mute survives a restart", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await (await app.admin()).mute("alice", 60);
  await app.restart();
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "MUTED", retryAfterMs: 60 * SECOND });
});

test("a muted user writes nothing to anybody: no note to itself, no edit, no typing, no friend request", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const message = await alice.send("bob", "hello");
  await (await app.admin()).mute("alice", 60);
  expect(await alice.trySend("alice", "a note")).toMatchObject({ code: "MUTED" });
  expect(await alice.edit(message.id, "hello again")).toMatchObject({ code: "MUTED" });
  expect(await alice.refusedChange("setTyping", { peer: "bob" })).toBe("MUTED");
  expect(await alice.friend("add", "bob")).toMatchObject({ code: "MUTED" });
});

test("a muted user still receives, reads and recalls", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const message = await alice.send("bob", "oops");
  await (await app.admin()).mute("alice", 60);
  await bob.send("alice", "what?");
  expect(texts(await alice.history("bob"))).toEqual(["oops", "what?"]);
  expect(await alice.markRead("bob")).toMatchObject({ readSeq: 2 });
  expect((await alice.recall(message.id)).message).toMatchObject({ content: null });
});

// ── rate ────────────────────────────────────────────────────────────────────────────────────────

/** Sends until the burst of `sendRate: 2` is used up. */
async function useUpBurst(person: Person, to: string): Promise<void> {
  for (let n = 1; n <= 6; n += 1) await person.send(to, `burst ${n}`);
}

test("a burst of three times the rate passes, then the rate holds to the millisecond", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  await useUpBurst(alice, "bob");
  expect(await alice.trySend("bob", "one more")).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 500 });
  app.clock.advance(499);
  expect(await alice.trySend("bob", "one more")).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 1 });
  app.clock.advance(1);
  await alice.send("bob", "one more");
  expect(await alice.trySend("bob", "and another")).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 500 });
});

test("after a rest a whole burst passes again, and no more", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  await useUpBurst(alice, "bob");
  app.clock.advance(60 * SECOND);
  await useUpBurst(alice, "bob");
  expect(await alice.trySend("bob", "one more")).toMatchObject({ code: "RATE_LIMITED" });
});

test("each sender has a rate of its own, over all recipients and devices", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice, bob] = await app.people("alice", "bob", "carol");
  await useUpBurst(alice, "bob");
  expect(await alice.trySend("carol", "hello")).toMatchObject({ code: "RATE_LIMITED" });
  expect(await (await alice.login("phone", "IOS")).trySend("bob", "hello")).toMatchObject({ code: "RATE_LIMITED" });
  await bob.send("alice", "hello");
});

test("admins have no rate", async () => {
  const app = await startApp({ sendRate: 1 });
  await app.person("bob");
  const anna = await app.admin();
  for (let n = 1; n <= 10; n += 1) await anna.send("bob", `notice ${n}`);
});

test("rate 0 switches the limit off", async () => {
  const app = await startApp({ sendRate: 0 });
  const [alice] = await app.people("alice", "bob");
  for (let n = 1; n <= 80; n += 1) await alice.send("bob", `${n}`);
});

test("a repeated send counts once", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  for (let n = 1; n <= 10; n += 1) await alice.send("bob", "once", { clientMessageId: "key" });
  for (let n = 2; n <= 6; n += 1) await alice.send("bob", `burst ${n}`);
  expect(await alice.trySend("bob", "one more")).toMatchObject({ code: "RATE_LIMITED" });
  expect(await alice.trySend("bob", "once", { clientMessageId: "key" })).toMatchObject({ duplicate: true });
});

test("a send with bad content counts for nothing", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  for (let n = 1; n <= 10; n += 1) await alice.trySend("bob", "");
  await useUpBurst(alice, "bob");
});

test("friend requests count as sends do", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob", "carol");
  for (let n = 1; n <= 5; n += 1) await alice.send("bob", `burst ${n}`);
  expect(await alice.friend("add", "bob")).toMatchObject({ status: "REQUESTED" });
  expect(await alice.friend("add", "carol")).toMatchObject({ code: "RATE_LIMITED" });
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "RATE_LIMITED" });
});

// ── the order of the rules: where two of them refuse, the earlier one speaks ────────────────────

test("the token comes before everything else", async () => {
  const app = await startApp();
  await app.person("bob");
  const late = await app.person("alice", { expiresIn: SECOND });
  app.clock.advance(SECOND);
  const input = { to: "bob", content: { text: { text: "" } }, sendAs: "bob" };
  const send = "mutation S($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }";
  expect(await late.refusal(send, { input })).toBe("UNAUTHENTICATED");
});

test("who may use sendAs or write notices comes before a key that was used", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "hello", { clientMessageId: "key" });
  const again = { clientMessageId: "key", sendAs: "bob" };
  expect(await alice.trySend("bob", "hello", again)).toMatchObject({ code: "FORBIDDEN" });
  const notice = { notice: { body: "hello" } };
  expect(await alice.trySend("bob", notice, { clientMessageId: "key" })).toMatchObject({ code: "FORBIDDEN" });
});

test("a key that was used comes before mute, recipient, rate, blacklist and friends-only", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  const first = await alice.send("bob", "hello", { clientMessageId: "key" });
  for (let n = 2; n <= 6; n += 1) await alice.send("bob", `burst ${n}`);
  await anna.updateSettings({ showBlocked: true, friendsOnly: true });
  await bob.block("alice");
  await anna.mute("alice", 60);
  expect(await alice.trySend("bob", "hello", { clientMessageId: "key" })).toMatchObject({
    duplicate: true,
    message: { id: first.id },
  });
  expect(await alice.trySend("nobody", "", { clientMessageId: "key" })).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
});

test("mute comes before the recipient", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  await (await app.admin()).mute("alice", 60);
  expect(await alice.trySend("nobody", "hello")).toMatchObject({ code: "MUTED" });
});

test("the recipient comes before the content", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await alice.trySend("nobody", "")).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
  expect(await alice.trySend("nobody", "x".repeat(20_000))).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
});

test("the content comes before the rate", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice] = await app.people("alice", "bob");
  await useUpBurst(alice, "bob");
  expect(await alice.trySend("bob", "")).toMatchObject({ code: "INVALID_CONTENT" });
  expect(await alice.trySend("bob", "x".repeat(20_000))).toMatchObject({ code: "CONTENT_TOO_LARGE" });
});

test("the rate comes before the blacklist", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice, bob] = await app.people("alice", "bob", "carol");
  await (await app.admin()).updateSettings({ showBlocked: true });
  await bob.block("alice");
  await useUpBurst(alice, "carol");
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "RATE_LIMITED" });
});

test("the blacklist comes before friends-only", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  await bob.block("alice");
  await anna.updateSettings({ friendsOnly: true, showBlocked: true });
  expect(await alice.trySend("bob", "hello")).toMatchObject({ code: "BLOCKED" });
  await anna.updateSettings({ showBlocked: false });
  expect(await alice.trySend("bob", "hello")).toMatchObject({ duplicate: false });
  expect(texts(await bob.history("alice"))).toEqual([]);
});

// ── a refused send leaves nothing ───────────────────────────────────────────────────────────────

interface Refused {
  code: string;
  /** What makes the send fail, and what lets the next one pass. */
  arrange?: (app: App, bob: Person, anna: Person) => Promise<() => Promise<unknown>>;
  text?: string;
  more?: object;
}

const nothing = async () => {};
const refusals: Refused[] = [
  { code: "INVALID_CONTENT", text: "" },
  { code: "CONTENT_TOO_LARGE", text: "x".repeat(12 * 1024 + 1) },
  { code: "FORBIDDEN", more: { sendAs: "bob" } },
  { code: "INVALID_CONTENT", more: { replyTo: "m:1:1" } },
  { code: "INVALID_CONTENT", more: { lifetimeSeconds: -1 } },
  { code: "INVALID_CONTENT", more: { push: { title: "a\u0000b" } } },
  {
    code: "MUTED",
    async arrange(_app, _bob, anna) {
      await anna.mute("alice", 60);
      return () => anna.mute("alice", 0);
    },
  },
  {
    code: "BLOCKED",
    async arrange(_app, bob, anna) {
      await anna.updateSettings({ showBlocked: true });
      await bob.block("alice");
      return () => bob.unblock("alice");
    },
  },
  {
    code: "NOT_FRIENDS",
    async arrange(_app, _bob, anna) {
      await anna.updateSettings({ friendsOnly: true });
      return () => anna.updateSettings({ friendsOnly: false });
    },
  },
];

test.each(refusals)("a send refused with $code leaves no trace, and its key is free", async (refused) => {
  const { code, arrange, text = "refused", more = {} } = refused;
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const anna = await app.admin();
  const laptop = await (await bob.login("laptop")).sync();
  const tablet = await (await alice.login("tablet")).sync();
  const allow = arrange === undefined ? nothing : await arrange(app, bob, anna);

  expect(await alice.trySend("bob", text, { clientMessageId: "key", ...more })).toMatchObject({ code });
  for (const [person, peer] of [
    [alice, "bob"],
    [bob, "alice"],
  ] as const) {
    expect(await person.history(peer)).toEqual([]);
    expect(await person.conversation(peer)).toBeNull();
    expect(await person.conversations()).toEqual([]);
  }

  await allow();
  const sent = await alice.trySend("bob", "passes", { clientMessageId: "key" });
  expect(sent).toMatchObject({ duplicate: false, message: { seq: 1 } });
  expect(texts([await laptop.messages.next(), await tablet.messages.next()])).toEqual(["passes", "passes"]);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1 });
  await carol.send("bob", "still here");
  expect(texts([await laptop.messages.next()])).toEqual(["still here"]);
});

test("a send refused with RATE_LIMITED leaves no trace, and its key is free", async () => {
  const app = await startApp({ sendRate: 2 });
  const [alice, bob] = await app.people("alice", "bob", "carol");
  const laptop = await (await bob.login("laptop")).sync();
  await useUpBurst(alice, "carol");
  expect(await alice.trySend("bob", "refused", { clientMessageId: "key" })).toMatchObject({ code: "RATE_LIMITED" });
  expect(await bob.conversation("alice")).toBeNull();
  app.clock.advance(500);
  expect(await alice.trySend("bob", "passes", { clientMessageId: "key" })).toMatchObject({ duplicate: false });
  expect(texts([await laptop.messages.next()])).toEqual(["passes"]);
});
