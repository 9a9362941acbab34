import { describe, expect, test } from "vitest";
import { type Person, startApp, texts } from "./support/app.ts";
import type { Data, Stream } from "./support/socket.ts";

/** alice with two devices, bob with two devices, and everybody's newMessage in step. */
async function fourDevices() {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const [alicePhone, aliceLaptop] = [await alice.login("phone"), await alice.login("laptop")];
  const [bobPhone, bobLaptop] = [await bob.login("phone"), await bob.login("laptop")];
  return { app, alice, bob, alicePhone, aliceLaptop, bobPhone, bobLaptop };
}

async function streamOf(device: Person): Promise<Stream> {
  return (await device.sync()).messages;
}

async function nextText(stream: Stream): Promise<string | null | undefined> {
  return texts([await stream.next()])[0];
}

describe("a message reaches", () => {
  test("each device of the recipient and each other device of the sender, and not the sending one", async () => {
    const { bob, alicePhone, aliceLaptop, bobPhone, bobLaptop } = await fourDevices();
    const sending = await streamOf(alicePhone);
    const others = await Promise.all([aliceLaptop, bobPhone, bobLaptop].map(streamOf));
    await alicePhone.send("bob", "hello");
    await bob.send("alice", "sentinel");

    for (const messages of others) expect(await nextText(messages)).toBe("hello");
    for (const messages of [sending, ...others]) expect(await nextText(messages)).toBe("sentinel");
  });

  test("the same devices later, as backlog", async () => {
    const { alicePhone, aliceLaptop, bobPhone, bobLaptop } = await fourDevices();
    await alicePhone.send("bob", "hello");
    for (const device of [aliceLaptop, bobPhone, bobLaptop]) {
      expect((await device.sync()).handed).toMatchObject([
        { source: "OFFLINE", message: { content: { summary: "hello" } } },
      ]);
    }
    expect((await alicePhone.sync()).handed).toMatchObject([{ source: "RECENT" }]);
  });

  test("the sender's other devices unless it says otherwise, as live and as backlog", async () => {
    const { alice, bob, alicePhone, aliceLaptop } = await fourDevices();
    const messages = await streamOf(aliceLaptop);
    await alicePhone.send("bob", "only for bob", { syncToSender: false });
    await bob.send("alice", "sentinel");
    expect(await nextText(messages)).toBe("sentinel");
    expect(texts((await bob.sync()).handed)).toEqual(["only for bob"]);

    expect(texts((await (await alice.login("tablet")).sync()).handed)).toEqual(["sentinel"]);
    expect(texts(await aliceLaptop.history("bob"))).toEqual(["only for bob", "sentinel"]);
  });

  test("a device that has never been there before", async () => {
    const { bob, alicePhone } = await fourDevices();
    await alicePhone.send("bob", "hello");
    const tablet = await bob.login("a tablet that was bought today", "ANDROID");
    expect(texts((await tablet.sync()).handed)).toEqual(["hello"]);
  });

  test("a phone and a laptop that carry the same name but belong to others", async () => {
    const { alicePhone, bobPhone } = await fourDevices();
    const messages = await streamOf(bobPhone);
    await alicePhone.send("bob", "from a device named phone");
    expect(await nextText(messages)).toBe("from a device named phone");
  });
});

test("what one device acknowledges changes nothing for the others", async () => {
  const { alicePhone, bobPhone, bobLaptop } = await fourDevices();
  for (const text of ["one", "two"]) await alicePhone.send("bob", text);
  await bobPhone.acknowledge((await bobPhone.sync()).refreshed.cursor);
  const { handed } = await bobLaptop.sync();
  expect(texts(handed)).toEqual(["one", "two"]);
  expect(handed.map((event) => event.source)).toEqual(["OFFLINE", "OFFLINE"]);
});

test("a note to oneself reaches the other devices, online and later, and not the one that wrote it", async () => {
  const { bob, alice, alicePhone, aliceLaptop } = await fourDevices();
  const [writing, reading] = [await streamOf(alicePhone), await streamOf(aliceLaptop)];
  await alicePhone.send("alice", "buy milk");
  await bob.send("alice", "sentinel");
  expect(await nextText(reading)).toBe("buy milk");
  expect(await nextText(reading)).toBe("sentinel");
  expect(await nextText(writing)).toBe("sentinel");

  const tablet = await alice.login("tablet");
  const { handed } = await tablet.sync();
  expect(handed.map((event) => [event.source, event.message.content.summary])).toEqual([
    ["OFFLINE", "buy milk"],
    ["OFFLINE", "sentinel"],
  ]);
  expect(await tablet.history("alice")).toMatchObject([
    { seq: 1, sender: { id: "alice" }, recipient: { id: "alice" } },
  ]);
  expect(await tablet.conversation("alice")).toMatchObject({ peer: { id: "alice" }, unreadCount: 0 });
});

test("what an admin sends as alice reaches all of her devices and bob's", async () => {
  const { app, alicePhone, aliceLaptop, bobPhone } = await fourDevices();
  const admin = await app.admin();
  const streams = await Promise.all([alicePhone, aliceLaptop, bobPhone].map(streamOf));
  await admin.send("bob", "said in her name", { sendAs: "alice" });
  for (const messages of streams) {
    expect(await messages.next()).toMatchObject({
      source: "LIVE",
      message: { sender: { id: "alice" }, content: { summary: "said in her name" } },
    });
  }
  expect((await admin.sync()).refreshed).toMatchObject({ offlineCount: 0, recentCount: 0 });
});

test("a message sent over a socket does not come back on it", async () => {
  const { alice, bob } = await fourDevices();
  const { socket, messages } = await alice.sync();
  const mutation = `mutation { sendMessage(input: { to: "bob", content: { text: { text: "over the socket" } } }) {
    ... on SendMessageSuccess { message { id } } } }`;
  expect((await socket.ask(mutation)).data?.sendMessage.message.id).toEqual(expect.any(String));
  await bob.send("alice", "sentinel");
  expect(await nextText(messages)).toBe("sentinel");
});

describe("deliveries and reads", () => {
  const brief = ({ change, message }: Data) => [change, message.content?.summary];

  /** alice has sent two messages, and her updates are being watched on both devices. */
  async function twoSent() {
    const people = await fourDevices();
    const { alicePhone, aliceLaptop, bobPhone } = people;
    await alicePhone.send("bob", "one");
    await alicePhone.send("bob", "two");
    const { handed } = await bobPhone.sync();
    const cursors = handed.map((event): string => event.cursor);
    const updates = [await alicePhone.messageUpdated(), await aliceLaptop.messageUpdated()] as const;
    return { ...people, cursors, updates };
  }

  test("alice's devices are told once, with the newest message that reached a first device of bob's", async () => {
    const { alicePhone, bob, bobPhone, bobLaptop, cursors, updates } = await twoSent();
    expect(await alicePhone.history("bob")).toMatchObject([
      { deliveredToRecipient: false },
      { deliveredToRecipient: false },
    ]);
    await bobPhone.acknowledge(String(cursors[1]));
    await bobLaptop.acknowledge(String(cursors[1]));
    await bob.markRead("alice");
    for (const stream of updates) {
      expect(brief(await stream.next())).toEqual(["DELIVERED", "two"]);
      expect(brief(await stream.next())).toEqual(["READ", "two"]);
    }
    expect(await alicePhone.history("bob")).toMatchObject([
      { deliveredToRecipient: true, readByRecipient: true },
      { deliveredToRecipient: true, readByRecipient: true },
    ]);
  });

  test("each acknowledgement that goes further is told", async () => {
    const { bobPhone, bobLaptop, cursors, updates } = await twoSent();
    await bobPhone.acknowledge(String(cursors[0]));
    await bobLaptop.acknowledge(String(cursors[0]));
    await bobLaptop.acknowledge(String(cursors[1]));
    for (const stream of updates) {
      expect(brief(await stream.next())).toEqual(["DELIVERED", "one"]);
      expect(brief(await stream.next())).toEqual(["DELIVERED", "two"]);
    }
  });

  test("only what has been acknowledged is delivered", async () => {
    const { alicePhone, bobPhone, cursors } = await twoSent();
    await bobPhone.acknowledge(String(cursors[0]));
    expect(await alicePhone.history("bob")).toMatchObject([
      { deliveredToRecipient: true, readByRecipient: false },
      { deliveredToRecipient: false, readByRecipient: false },
    ]);
  });

  test("what has been delivered stays so when another device acknowledges less", async () => {
    const { alicePhone, bobPhone, bobLaptop, cursors, updates } = await twoSent();
    await bobPhone.acknowledge(String(cursors[1]));
    await bobLaptop.acknowledge(String(cursors[0]));
    expect(await alicePhone.history("bob")).toMatchObject([
      { deliveredToRecipient: true },
      { deliveredToRecipient: true },
    ]);
    await bobLaptop.acknowledge(String(cursors[1]));
    await bobLaptop.markRead("alice");
    for (const stream of updates) {
      expect(brief(await stream.next())).toEqual(["DELIVERED", "two"]);
      expect(brief(await stream.next())).toEqual(["READ", "two"]);
    }
  });

  test("a read reaches alice's devices and bob's other device, not the one that read", async () => {
    const { bobPhone, bobLaptop, alicePhone, updates } = await twoSent();
    const [reading, other] = [await bobPhone.messageUpdated(), await bobLaptop.messageUpdated()];
    await bobPhone.markRead("alice", 1);
    const { id } = await alicePhone.send("bob", "three");
    await alicePhone.recall(id);
    for (const stream of [...updates, other]) {
      expect(brief(await stream.next())).toEqual(["READ", "one"]);
      expect(brief(await stream.next())).toEqual(["RECALLED", undefined]);
    }
    expect(brief(await reading.next())).toEqual(["RECALLED", undefined]);
  });

  test("a read that goes no further is told to nobody", async () => {
    const { bob, alicePhone, updates } = await twoSent();
    await bob.markRead("alice", 2);
    await bob.markRead("alice", 2);
    await bob.markRead("alice", 1);
    await bob.markRead("alice");
    expect(await bob.conversation("alice")).toMatchObject({ readSeq: 2, unreadCount: 0 });
    const { id } = await alicePhone.send("bob", "three");
    await alicePhone.edit(id, "sentinel");
    for (const stream of updates) {
      expect(brief(await stream.next())).toEqual(["READ", "two"]);
      expect(brief(await stream.next())).toEqual(["EDITED", "sentinel"]);
    }
  });

  test("one mark tells of one message for each conversation", async () => {
    const app = await startApp();
    const [alice, carol, bob] = await app.people("alice", "carol", "bob");
    for (const sender of [alice, carol])
      for (const text of ["one", "two"]) await sender.send("bob", `${sender.id} ${text}`);
    await bob.acknowledge((await bob.sync()).refreshed.cursor);
    for (const sender of [alice, carol]) {
      const stream = await sender.messageUpdated();
      expect(brief(await stream.next())).toEqual(["DELIVERED", `${sender.id} two`]);
      await bob.markRead(sender.id);
      expect(brief(await stream.next())).toEqual(["READ", `${sender.id} two`]);
    }
  });
});

describe("recalls and edits", () => {
  test("reach every device that is online at once", async () => {
    const { alicePhone, aliceLaptop, bobPhone, bobLaptop } = await fourDevices();
    const streams = await Promise.all([aliceLaptop, bobPhone, bobLaptop].map((device) => device.messageUpdated()));
    const { id } = await alicePhone.send("bob", "helo");
    await alicePhone.edit(id, "hello");
    for (const stream of streams) {
      expect(await stream.next()).toMatchObject({ change: "EDITED", message: { id, content: { summary: "hello" } } });
    }
    await alicePhone.recall(id);
    for (const stream of streams) {
      expect(await stream.next()).toMatchObject({ change: "RECALLED", message: { id, content: null } });
    }
  });

  test("reach the others with their backlog, in their order, and until acknowledged", async () => {
    const { alicePhone, bobPhone } = await fourDevices();
    const [first, second] = [await alicePhone.send("bob", "one"), await alicePhone.send("bob", "two")];
    await alicePhone.edit(second.id, "two, edited");
    await alicePhone.recall(first.id);

    const [edited, recalled] = await (await bobPhone.messageUpdated()).take(2);
    expect(edited).toMatchObject({ change: "EDITED", message: { id: second.id } });
    expect(recalled).toMatchObject({ change: "RECALLED", message: { id: first.id, content: null } });
    await bobPhone.acknowledge(edited?.cursor);
    expect(await (await bobPhone.messageUpdated()).next()).toMatchObject({
      change: "RECALLED",
      cursor: recalled?.cursor,
    });
  });

  test("show a message that was edited and recalled only as it is now", async () => {
    const { alicePhone, bobPhone } = await fourDevices();
    const { id } = await alicePhone.send("bob", "one");
    await alicePhone.edit(id, "two");
    await alicePhone.recall(id);
    const updates = await (await bobPhone.messageUpdated()).take(2);
    expect(updates.map(({ change, message }) => [change, message.content])).toEqual([
      ["EDITED", null],
      ["RECALLED", null],
    ]);
  });

  test("are told once however often the recall is repeated", async () => {
    const { alicePhone, bobPhone } = await fourDevices();
    const [first, second] = [await alicePhone.send("bob", "one"), await alicePhone.send("bob", "two")];
    await Promise.all([1, 2, 3].map(() => alicePhone.recall(first.id)));
    await alicePhone.recall(second.id);
    const updates = await (await bobPhone.messageUpdated()).take(2);
    expect(updates.map(({ message }) => message.id)).toEqual([first.id, second.id]);
  });
});

describe("what one device does to a conversation reaches the others, and not itself:", () => {
  const changes: [string, (device: Person, id: string) => Promise<unknown>, object][] = [
    ["pin", (device) => device.arrange("pin", "alice"), { pinned: true }],
    ["mute", (device) => device.arrange("mute", "alice"), { muted: true }],
    ["clear", (device) => device.arrange("clear", "alice"), { lastMessage: null, unreadCount: 0 }],
    ["delete", (device, id) => device.deleteMessages(id), { lastMessage: { content: { summary: "one" } } }],
    ["read", (device) => device.markRead("alice"), { unreadCount: 0, readSeq: 2 }],
  ];

  async function prepare() {
    const { app, alice, bobPhone, bobLaptop } = await fourDevices();
    const carol = await app.person("carol");
    await carol.send("bob", "hello");
    await alice.send("bob", "one");
    const { id } = await alice.send("bob", "two");
    return { bobPhone, bobLaptop, id };
  }

  async function check(own: Stream, other: Stream, shows: object): Promise<void> {
    expect(await other.next()).toMatchObject({ conversation: { peer: { id: "alice" }, ...shows } });
    expect(await own.next()).toMatchObject({ conversation: { peer: { id: "carol" }, pinned: true } });
  }

  test.each(changes)("%s, live", async (_, act, shows) => {
    const { bobPhone, bobLaptop, id } = await prepare();
    const [own, other] = [await bobPhone.conversationUpdated(), await bobLaptop.conversationUpdated()];
    await act(bobPhone, id);
    await bobLaptop.arrange("pin", "carol");
    await check(own, other, shows);
  });

  test.each(changes)("%s, later", async (_, act, shows) => {
    const { bobPhone, bobLaptop, id } = await prepare();
    await act(bobPhone, id);
    await bobLaptop.arrange("pin", "carol");
    await check(await bobPhone.conversationUpdated(), await bobLaptop.conversationUpdated(), shows);
  });

  test.each(changes)("%s, but not the peer", async (_, act) => {
    const { app, alice, bob, bobPhone } = await fourDevices();
    await bob.send("alice", "zero");
    await (await app.person("carol")).send("alice", "hello");
    const { id } = await alice.send("bob", "one");
    const peer = await (await alice.login("tablet")).conversationUpdated();
    await act(bobPhone, id);
    await alice.arrange("pin", "carol");
    expect(await peer.next()).toMatchObject({ conversation: { peer: { id: "carol" }, pinned: true } });
  });

  test("each deleted message is named, and no other change names one", async () => {
    const { alice, bobPhone, bobLaptop } = await fourDevices();
    const { id: first } = await alice.send("bob", "one");
    const { id: second } = await alice.send("bob", "two");
    await bobPhone.deleteMessages(second, first);
    await bobPhone.deleteMessages(first);
    await bobPhone.markRead("alice");
    const events = await (await bobLaptop.conversationUpdated()).take(3);
    expect(events.map(({ deletedMessage }) => deletedMessage)).toEqual([
      { id: second, seq: 2 },
      { id: first, seq: 1 },
      null,
    ]);
  });

  test("a change that changes nothing is told to nobody", async () => {
    const { bobPhone, bobLaptop } = await prepare();
    const other = await bobLaptop.conversationUpdated();
    await bobPhone.arrange("pin", "alice", { pinned: false });
    await bobPhone.arrange("mute", "alice", { muted: false });
    await bobPhone.arrange("mute", "carol");
    expect(await other.next()).toMatchObject({ conversation: { peer: { id: "carol" }, muted: true } });
  });
});
