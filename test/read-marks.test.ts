import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { DAY } from "./support/clock.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

async function aliceSends(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n += 1) ids.push((await alice.send("bob", String(n))).id);
  return ids;
}

/** Of alice's messages to bob: which were delivered, and which were read. */
async function reception(): Promise<{ delivered: number[]; read: number[] }> {
  const messages = (await alice.history("bob")).filter(({ sender }) => sender.id === "alice");
  return {
    delivered: messages.filter((message) => message.deliveredToRecipient).map(({ seq }) => seq),
    read: messages.filter((message) => message.readByRecipient).map(({ seq }) => seq),
  };
}

// ── unread ──────────────────────────────────────────────────────────────────────────────────────

test("what the peer writes is unread, what one writes is not", async () => {
  await aliceSends(3);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 3 });
  expect(await alice.conversation("bob")).toMatchObject({ unreadCount: 0 });
});

test("reading up to a message leaves the later ones unread", async () => {
  await aliceSends(3);
  expect(await bob.markRead("alice", 2)).toMatchObject({ readSeq: 2, unreadCount: 1 });
  expect(await bob.conversations()).toMatchObject([{ readSeq: 2, unreadCount: 1 }]);
});

test("reading without a place reads all of it", async () => {
  await aliceSends(3);
  expect(await bob.markRead("alice")).toMatchObject({ readSeq: 3, unreadCount: 0 });
  await aliceSends(1);
  expect(await bob.conversation("alice")).toMatchObject({ readSeq: 3, unreadCount: 1 });
});

test("one's own send reads what came before it", async () => {
  await aliceSends(2);
  await bob.send("alice", "an answer");
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 0 });
  await aliceSends(1);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1 });
});

test("clearing leaves nothing unread", async () => {
  await aliceSends(2);
  expect(await bob.arrange("clear", "alice")).toMatchObject({ unreadCount: 0 });
});

test("what was recalled, deleted for oneself, or has expired is not unread", async () => {
  const [one = "", two = ""] = await aliceSends(2);
  app.clock.advance(DAY);
  await aliceSends(1);
  const admin = await app.admin();
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 3 });
  await admin.recall(one);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 2 });
  await bob.deleteMessages(two);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 1 });
  app.clock.advance(7 * DAY);
  expect(await bob.conversation("alice")).toMatchObject({ unreadCount: 0 });
});

test("unread is each conversation's own", async () => {
  const carol = await app.person("carol");
  await aliceSends(2);
  await carol.send("bob", "hello");
  await bob.markRead("carol");
  expect(await bob.conversations()).toMatchObject([{ unreadCount: 0 }, { unreadCount: 2 }]);
});

// ── the mark ────────────────────────────────────────────────────────────────────────────────────

test("a read mark never moves back", async () => {
  await aliceSends(3);
  await bob.markRead("alice", 2);
  for (const upToSeq of [1, 0, -5]) {
    expect(await bob.markRead("alice", upToSeq)).toMatchObject({ readSeq: 2, unreadCount: 1 });
  }
});

test("marks that come at once, in any order, leave the furthest", async () => {
  await aliceSends(9);
  await Promise.all([5, 9, 1, 7, 3].map((seq) => bob.markRead("alice", seq)));
  expect(await bob.conversation("alice")).toMatchObject({ readSeq: 9, unreadCount: 0 });
});

test("nobody reads beyond the end: what comes later is unread", async () => {
  await aliceSends(2);
  expect(await bob.markRead("alice", 2_147_483_647)).toMatchObject({ readSeq: 2, unreadCount: 0 });
  await aliceSends(1);
  expect(await bob.conversation("alice")).toMatchObject({ readSeq: 2, unreadCount: 1 });
  expect((await reception()).read).toEqual([1, 2]);
});

test.each(["nobody", "carol", "no user", "system", "\ud800"])(
  "with %s nothing was ever written to read",
  async (peer) => {
    await app.person("carol");
    expect(await bob.markRead(peer)).toBeNull();
    expect(await bob.markRead(peer, 5)).toBeNull();
  },
);

test("a mark survives a restart", async () => {
  await aliceSends(3);
  await bob.markRead("alice", 2);
  await app.restart();
  expect(await bob.conversation("alice")).toMatchObject({ readSeq: 2, unreadCount: 1 });
});

test("the mark is the user's: each of its devices has it", async () => {
  await aliceSends(2);
  const phone = await bob.login("phone", "IOS");
  await (await bob.login("laptop")).markRead("alice");
  expect(await phone.conversation("alice")).toMatchObject({ readSeq: 2, unreadCount: 0 });
});

// ── what the sender sees ────────────────────────────────────────────────────────────────────────

test("the sender sees how far the peer has read", async () => {
  await aliceSends(3);
  expect(await alice.conversation("bob")).toMatchObject({ peerReadSeq: 0 });
  await bob.markRead("alice", 2);
  expect(await alice.conversation("bob")).toMatchObject({ peerReadSeq: 2, readSeq: 0 });
  expect(await bob.conversation("alice")).toMatchObject({ peerReadSeq: 0, readSeq: 2 });
  expect((await reception()).read).toEqual([1, 2]);
});

test("reading tells the peer's devices once, with the newest message that is now read", async () => {
  const ids = await aliceSends(3);
  const updates = await alice.messageUpdated();
  await bob.markRead("alice", 2);
  await bob.markRead("alice", 1);
  await bob.markRead("alice", 2);
  await bob.markRead("alice");
  expect(await updates.next()).toMatchObject({ change: "READ", message: { id: ids[1], readByRecipient: true } });
  expect(await updates.next()).toMatchObject({ change: "READ", message: { id: ids[2], readByRecipient: true } });
});

test("reading tells the reader's other devices, and not the one that read", async () => {
  const [id] = await aliceSends(1);
  const [phone, laptop] = [await bob.login("phone", "IOS"), await bob.login("laptop")];
  const onPhone = await phone.messageUpdated();
  const marksOnPhone = await phone.conversationUpdated();
  const onLaptop = await laptop.messageUpdated();
  await laptop.markRead("alice");
  expect(await onPhone.next()).toMatchObject({ change: "READ", message: { id } });
  expect(await marksOnPhone.next()).toMatchObject({
    conversation: { peer: { id: "alice" }, readSeq: 1, unreadCount: 0 },
  });
  await alice.recall(id ?? "");
  expect(await onLaptop.next()).toMatchObject({ change: "RECALLED", message: { id } });
});

test("a message is delivered once a device of the recipient has acknowledged it", async () => {
  await aliceSends(3);
  const phone = await bob.login("phone", "IOS");
  const { handed } = await phone.sync();
  expect(await reception()).toEqual({ delivered: [], read: [] });
  await phone.acknowledge(handed[1]?.cursor);
  expect(await reception()).toEqual({ delivered: [1, 2], read: [] });
  await phone.acknowledge(handed[2]?.cursor);
  expect(await reception()).toEqual({ delivered: [1, 2, 3], read: [] });
});

test("the sender's devices are told of the first delivery only", async () => {
  const ids = await aliceSends(1);
  const updates = await alice.messageUpdated();
  for (const [device, platform] of [
    ["phone", "IOS"],
    ["laptop", "WEB"],
  ] as const) {
    const person = await bob.login(device, platform);
    await person.acknowledge((await person.sync()).refreshed.cursor);
  }
  await bob.markRead("alice");
  expect(await updates.next()).toMatchObject({
    change: "DELIVERED",
    message: { id: ids[0], deliveredToRecipient: true },
  });
  expect(await updates.next()).toMatchObject({ change: "READ", message: { id: ids[0] } });
});

test("what the sender's own devices acknowledge is no delivery", async () => {
  await aliceSends(1);
  const phone = await alice.login("phone", "IOS");
  await phone.acknowledge((await phone.sync()).refreshed.cursor);
  expect(await reception()).toEqual({ delivered: [], read: [] });
});

test("a note to oneself is delivered and read at once", async () => {
  await alice.send("alice", "buy milk");
  expect(await alice.history("alice")).toMatchObject([{ deliveredToRecipient: true, readByRecipient: true }]);
  expect(await alice.conversation("alice")).toMatchObject({ unreadCount: 0 });
});
