import { describe, expect, test } from "vitest";
import { type Chat, type Conversation, createMemoryStore } from "../../src/client/index.ts";
import { startApp } from "../support/app.ts";
import { collect, enter, inStep, next, shows, startProxy, texts, until } from "./support.ts";

function listed(chat: Chat, test: (list: readonly Conversation[]) => boolean): Promise<readonly Conversation[]> {
  return until(chat.conversations, test);
}

function peers(list: readonly Conversation[]): string[] {
  return list.map(({ peer }) => peer.id);
}

async function peersBecome(chat: Chat, expected: string[]): Promise<void> {
  await listed(chat, (list) => JSON.stringify(peers(list)) === JSON.stringify(expected));
}

test("the list has the newest first and the pinned before them, with profile, last message and unread", async () => {
  const app = await startApp();
  const [bob, carol, dave] = await app.people("bob", "carol", "dave", "alice");
  await bob.change("updateProfile", { nickname: "Bob", avatarUrl: "https://media.example/bob" }, "user { id }");
  for (const text of ["one", "two"]) await bob.send("alice", text);
  await carol.send("alice", "three");
  const alice = await inStep(await enter(app, "alice"));
  await peersBecome(alice, ["carol", "bob"]);
  expect(alice.conversations.getSnapshot()[1]).toMatchObject({
    peer: { id: "bob", nickname: "Bob", avatarUrl: "https://media.example/bob" },
    unreadCount: 2,
    lastMessage: { content: { summary: "two" }, seq: 2 },
    pinned: false,
    muted: false,
  });
  await dave.send("alice", "four");
  await peersBecome(alice, ["dave", "carol", "bob"]);
  await alice.pinConversation("bob");
  await peersBecome(alice, ["bob", "dave", "carol"]);
  await alice.sendMessage("carol", "five").settled;
  await peersBecome(alice, ["bob", "carol", "dave"]);
  await alice.pinConversation("bob", false);
  await peersBecome(alice, ["carol", "dave", "bob"]);
});

test("a second device begins with the same list in the same order", async () => {
  const app = await startApp();
  const people = await app.people("bob", "carol", "dave", "alice");
  for (const person of people.slice(0, 3)) await person.send("alice", "hello");
  await people[3].arrange("pin", "carol");
  await people[3].send("bob", "and hello to you");
  const alice = await inStep(await enter(app, "alice"));
  await peersBecome(alice, ["carol", "bob", "dave"]);
});

test("what waits to be sent is the last message of its conversation", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  proxy.shut();
  alice.sendMessage("bob", "later");
  const [first] = await listed(alice, (list) => list.length === 1);
  expect(first).toMatchObject({ peer: { id: "bob" }, lastMessage: { status: "sending", content: { text: "later" } } });
});

describe("read marks", () => {
  test("an own message is sent, delivered and read", async () => {
    const app = await startApp();
    const alice = await inStep(await enter(app, "alice"));
    await app.person("bob");
    const first = alice.sendMessage("bob", "one");
    await first.settled;
    const statusIs = (wanted: string) =>
      until(alice.messages("bob"), ({ messages }) => messages.length > 0 && messages.every((m) => m.status === wanted));
    await statusIs("sent");
    await alice.sendMessage("bob", "two").settled;
    const bob = await inStep(await enter(app, "bob"));
    await statusIs("delivered");
    await bob.markRead("alice");
    await statusIs("read");
    expect((await listed(alice, ([only]) => only?.peerReadSeq === 2))[0]).toMatchObject({ peerReadSeq: 2 });
  });

  test("reading counts at once, down to what is behind the mark", async () => {
    const app = await startApp();
    const [bob] = await app.people("bob", "alice");
    const alice = await inStep(await enter(app, "alice"));
    for (const text of ["one", "two", "three"]) await bob.send("alice", text);
    await listed(alice, ([only]) => only?.unreadCount === 3);
    await alice.markRead("bob", 2);
    await listed(alice, ([only]) => only?.unreadCount === 1);
    await bob.recall("m:1:3");
    await listed(alice, ([only]) => only?.unreadCount === 0);
    await bob.send("alice", "four");
    await listed(alice, ([only]) => only?.unreadCount === 1);
    await alice.sendMessage("bob", "answering is reading").settled;
    await listed(alice, ([only]) => only?.unreadCount === 0);
  });

  test("what was read without a connection is told when there is one, also after a reload", async () => {
    const app = await startApp();
    const [bob] = await app.people("bob", "alice");
    await bob.send("alice", "one");
    const proxy = await startProxy(app);
    const store = createMemoryStore();
    const before = await inStep(await enter(app, "alice", { url: proxy.url, store }));
    proxy.shut();
    await until(before.connection, ({ status }) => status === "offline");
    await before.markRead("bob");
    expect((await listed(before, ([only]) => only?.unreadCount === 0))[0]).toMatchObject({ readSeq: 1 });
    before.close();
    expect(await bob.conversation("alice")).toMatchObject({ peerReadSeq: 0 });
    const after = await enter(app, "alice", { url: proxy.url, store });
    await listed(after, ([only]) => only?.unreadCount === 0);
    proxy.open();
    await inStep(after);
    expect(await bob.conversation("alice")).toMatchObject({ peerReadSeq: 1 });
  });
});

describe("what one device does is seen on the other, at once and later:", () => {
  async function twoDevices() {
    const app = await startApp();
    const [bob] = await app.people("bob", "alice");
    for (const text of ["one", "two", "three"]) await bob.send("alice", text);
    const proxy = await startProxy(app);
    const phone = await inStep(await enter(app, "alice"));
    const laptop = await inStep(await enter(app, "alice", { url: proxy.url }));
    const messages = await shows(phone, "bob", ["one", "two", "three"]);
    await shows(laptop, "bob", ["one", "two", "three"]);
    return { app, bob, phone, laptop, proxy, messages };
  }

  type Devices = Awaited<ReturnType<typeof twoDevices>>;
  const changes: [string, (devices: Devices) => Promise<unknown>, (string | null)[], object][] = [
    ["pin", ({ phone }) => phone.pinConversation("bob"), ["one", "two", "three"], { pinned: true }],
    ["mute", ({ phone }) => phone.muteConversation("bob"), ["one", "two", "three"], { muted: true }],
    ["read", ({ phone }) => phone.markRead("bob"), ["one", "two", "three"], { unreadCount: 0, readSeq: 3 }],
    ["clear", ({ phone }) => phone.clearConversation("bob"), [], { unreadCount: 0, lastMessage: null }],
    [
      "delete",
      ({ phone, messages }) => phone.deleteMessages(messages.slice(1, 2)),
      ["one", "three"],
      { unreadCount: 2 },
    ],
    [
      "delete the last",
      ({ phone, messages }) => phone.deleteMessages(messages.slice(2)),
      ["one", "two"],
      { unreadCount: 2, lastMessage: { seq: 2 } },
    ],
    [
      "send",
      ({ phone }) => phone.sendMessage("bob", "four").settled,
      ["one", "two", "three", "four"],
      { unreadCount: 0 },
    ],
  ];

  async function check(chat: Chat, expected: (string | null)[], shape: object): Promise<void> {
    await shows(chat, "bob", expected);
    const fits = (list: readonly Conversation[]) => {
      try {
        expect(list[0]).toMatchObject(shape);
        return true;
      } catch {
        return false;
      }
    };
    await listed(chat, fits);
  }

  test.each(changes)("%s", async (_, act, expected, shape) => {
    const devices = await twoDevices();
    await act(devices);
    await check(devices.phone, expected, shape);
    await check(devices.laptop, expected, shape);
  });

  test.each(changes)("%s, while the other is away", async (_, act, expected, shape) => {
    const devices = await twoDevices();
    devices.proxy.shut();
    await until(devices.laptop.connection, ({ status }) => status === "offline");
    await act(devices);
    devices.proxy.open();
    await inStep(devices.laptop);
    await check(devices.laptop, expected, shape);
  });

  test("a recall and an edit reach both sides", async () => {
    const { bob: person, app, phone, laptop } = await twoDevices();
    const bob = await inStep(await enter(app, "bob"));
    const sent = await phone.sendMessage("bob", "helo").settled;
    await shows(laptop, "bob", ["one", "two", "three", "helo"]);
    const updates = collect(bob, "messageUpdated");
    const edited = next(bob, "messageUpdated");
    expect(await phone.editMessage(sent, "hello")).toMatchObject({ content: { text: "hello" } });
    expect(await edited).toMatchObject({ change: "EDITED", message: { content: { text: "hello" } } });
    for (const chat of [phone, laptop]) await shows(chat, "bob", ["one", "two", "three", "hello"]);
    const recalled = next(bob, "messageUpdated");
    expect(await phone.recallMessage(sent)).toMatchObject({ content: null });
    expect(await recalled).toMatchObject({ change: "RECALLED", message: { content: null } });
    for (const chat of [phone, laptop]) await shows(chat, "bob", ["one", "two", "three", null]);
    expect(updates).toHaveLength(2);
    await expect(phone.editMessage(sent, "again")).rejects.toMatchObject({ code: "MESSAGE_NOT_FOUND" });
    const [theirs] = (await phone.getMessages("bob")).messages;
    if (theirs !== undefined) await expect(phone.recallMessage(theirs)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await person.history("alice")).toHaveLength(4);
  });
});

test("typing is told, shown beside the messages, and over with a message", async () => {
  const app = await startApp();
  const [alice, bob] = [await inStep(await enter(app, "alice")), await inStep(await enter(app, "bob"))];
  const list = alice.messages("bob");
  list.subscribe(() => {});
  const typing = collect(alice, "typing");
  for (let keys = 0; keys < 5; keys += 1) bob.setTyping("alice");
  await until(list, ({ peerTyping }) => peerTyping);
  bob.sendMessage("alice", "done");
  await until(list, ({ peerTyping }) => !peerTyping);
  expect(typing).toEqual([
    { peer: "bob", typing: true },
    { peer: "bob", typing: false },
  ]);
});

test("people: friends, requests, the blacklist, profiles and who is online", async () => {
  const app = await startApp();
  const [alice, bob] = [await inStep(await enter(app, "alice")), await inStep(await enter(app, "bob"))];
  const notice = next(bob, "newMessage");
  expect(await alice.people.addFriend("bob", "Let us be friends")).toBe("REQUESTED");
  expect((await notice).message).toMatchObject({
    peer: "system",
    content: { type: "NOTICE", kind: "FRIEND_REQUESTED" },
  });
  expect(await bob.people.friendRequests()).toMatchObject([{ id: "alice", friendship: "RECEIVED" }]);
  expect(await bob.people.acceptFriend("alice")).toBe("FRIENDS");
  expect(await alice.people.friends()).toMatchObject([{ id: "bob", online: true, friendship: "FRIENDS" }]);
  expect(await alice.people.removeFriend("bob")).toBe("NONE");
  await expect(bob.people.acceptFriend("alice")).rejects.toMatchObject({ code: "NO_FRIEND_REQUEST" });
  await alice.people.block("bob");
  expect(await alice.people.blocked()).toMatchObject([{ id: "bob", blocked: true }]);
  expect(await bob.people.get("alice")).toMatchObject({ online: null });
  await alice.people.unblock("bob");
  expect(await alice.people.updateProfile({ nickname: "Alice" })).toMatchObject({ nickname: "Alice" });
  expect(await bob.people.get("alice")).toMatchObject({ nickname: "Alice", online: true });
  expect(await bob.people.get("nobody")).toBeNull();
  expect(texts((await bob.getMessages("system")).messages)[0]).toContain("friend");
});
