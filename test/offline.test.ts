import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { NEW_MESSAGE, type Online, type Person, REFRESH, startApp, texts } from "./support/app.ts";
import type { Data, Socket } from "./support/socket.ts";

const QUIET = { offlineCount: 0, recentCount: 0, truncated: false, truncatedPeers: [] };

async function sendAll(sender: Person, to: string, list: readonly string[]): Promise<void> {
  for (const text of list) await sender.send(to, text);
}

function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);
}

/** What came over a socket, in its order: the source of each message, REFRESH, or ANSWER for what was asked. */
function arrivals(socket: Socket): string[] {
  return socket.frames
    .filter((frame) => frame.type === "next")
    .map((frame) => {
      const { newMessage, refresh } = (frame.payload as Data).data;
      return newMessage?.source ?? (refresh === undefined ? "ANSWER" : "REFRESH");
    });
}

/** As `Person.sync`, and keeps all that was handed over. */
async function syncAndAcknowledge(device: Person): Promise<Online> {
  const online = await device.sync();
  await device.acknowledge(online.refreshed.cursor);
  return online;
}

test("what bob missed waits for each of his devices, then one refresh, then what comes", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await sendAll(alice, "bob", ["one", "two", "three"]);

  expect(await bob.conversations()).toMatchObject([{ peer: { id: "alice" }, unreadCount: 3 }]);
  const phone = await (await bob.login("phone", "IOS")).sync();
  const laptop = await (await bob.login("laptop", "WEB")).sync();
  for (const device of [phone, laptop]) {
    expect(texts(device.handed)).toEqual(["one", "two", "three"]);
    expect(device.handed.map((event) => event.source)).toEqual(["OFFLINE", "OFFLINE", "OFFLINE"]);
    expect(device.refreshed).toMatchObject({ offlineCount: 3, recentCount: 0, truncated: false, truncatedPeers: [] });
  }

  await alice.send("bob", "four");
  for (const device of [phone, laptop]) {
    expect(await device.messages.next()).toMatchObject({ source: "LIVE", message: { content: { summary: "four" } } });
  }
});

test("the backlog is in the order in which bob's messages came, across all who wrote", async () => {
  const app = await startApp();
  const [alice, carol, bob] = await app.people("alice", "carol", "bob");
  await alice.send("bob", "from alice");
  await carol.send("bob", "from carol");
  await bob.send("alice", "from bob");
  await alice.send("bob", "again from alice");

  const { handed } = await (await bob.login("phone")).sync();
  expect(texts(handed)).toEqual(["from alice", "from carol", "from bob", "again from alice"]);
});

test("nothing is lost or doubled between backlog and live while others go on writing", async () => {
  const app = await startApp();
  const [alice, carol, bob] = await app.people("alice", "carol", "bob");
  const always = await (await bob.login("always on")).sync();
  await sendAll(alice, "bob", numbered("early alice", 20));
  await sendAll(carol, "bob", numbered("early carol", 20));

  const phone = await bob.login("phone");
  const writing = Promise.all([
    sendAll(alice, "bob", numbered("late alice", 40)),
    sendAll(carol, "bob", numbered("late carol", 40)),
  ]);
  const online = await Promise.all(numbered("socket", 8).map(() => phone.goOnline()));
  await writing;
  await alice.send("bob", "the end");

  const expected = await always.messages.take(121);
  for (const { messages } of online) {
    const handed = await messages.take(121);
    expect(handed.map((event) => event.message.id)).toEqual(expected.map((event) => event.message.id));
    expect(handed.map((event) => event.cursor)).toEqual(expected.map((event) => event.cursor));
    const sources = handed.map((event) => event.source);
    const live = sources.indexOf("LIVE");
    expect(sources).toEqual([...Array(live).fill("OFFLINE"), ...Array(121 - live).fill("LIVE")]);
    expect(messages.waiting).toEqual([]);
  }
});

test("a backlog of several pages comes whole and in order", async () => {
  const app = await startApp();
  const people = await app.people("alice", "carol", "dave", "bob");
  const bob = people[3];
  await Promise.all(people.slice(0, 3).map((sender) => sendAll(sender, "bob", numbered(sender.id, 90))));

  const { handed, refreshed } = await (await bob.login("phone")).sync();
  expect(refreshed).toMatchObject({ offlineCount: 270, truncated: false });
  for (const sender of ["alice", "carol", "dave"]) {
    const own = handed.filter((event) => event.message.sender.id === sender);
    expect(texts(own)).toEqual(numbered(sender, 90));
  }
});

test("recent contacts with nothing among what was missed come after it, in the order of the conversations", async () => {
  const app = await startApp();
  const [alice, carol, dave, erin, bob] = await app.people("alice", "carol", "dave", "erin", "bob");
  for (const sender of [alice, carol, dave, erin]) await sender.send("bob", `from ${sender.id}`);
  const phone = await bob.login("phone");
  await (await syncAndAcknowledge(phone)).socket.cut();
  await bob.get('mutation { pinConversation(input: { peer: "alice" }) { conversation { id } } }');
  await dave.send("bob", "again from dave");

  const { handed, refreshed } = await phone.sync();
  expect(texts(handed)).toEqual(["again from dave", "from alice", "from erin", "from carol"]);
  expect(handed.map((event) => event.source)).toEqual(["OFFLINE", "RECENT", "RECENT", "RECENT"]);
  expect(refreshed).toMatchObject({ offlineCount: 1, recentCount: 3 });
  const peers = (await bob.conversations()).map((conversation) => conversation.peer.id);
  expect(peers).toEqual(["alice", "dave", "erin", "carol"]);
});

test("a recent contact's last message may be one that this device sent itself", async () => {
  const app = await startApp();
  const [, bob] = await app.people("alice", "bob");
  await bob.send("alice", "from bob himself");

  const { handed, refreshed } = await bob.sync();
  expect(handed).toMatchObject([{ source: "RECENT", message: { content: { summary: "from bob himself" } } }]);
  expect(refreshed).toMatchObject({ offlineCount: 0, recentCount: 1, truncated: false });
});

test("only as many recent contacts come as the settings say", async () => {
  const app = await startApp();
  const [alice, carol, dave, bob] = await app.people("alice", "carol", "dave", "bob");
  for (const sender of [alice, carol, dave]) await sender.send("bob", `from ${sender.id}`);
  await (await syncAndAcknowledge(bob)).socket.cut();
  await (await app.admin()).updateSettings({ recentContactsLimit: 2 });

  const { handed } = await bob.sync();
  expect(texts(handed)).toEqual(["from dave", "from carol"]);
});

test("acknowledging a recent contact's message acknowledges the whole backlog before it", async () => {
  const app = await startApp();
  const [alice, carol, bob] = await app.people("alice", "carol", "bob");
  await carol.send("bob", "from carol");
  const phone = await bob.login("phone");
  await (await syncAndAcknowledge(phone)).socket.cut();
  await sendAll(alice, "bob", ["one", "two"]);

  const { handed, refreshed, socket } = await phone.sync();
  expect(handed.map((event) => event.source)).toEqual(["OFFLINE", "OFFLINE", "RECENT"]);
  expect(handed[2]?.cursor).toBe(refreshed.cursor);
  expect(handed[2]?.cursor).toBe(handed[1]?.cursor);
  await socket.cut();
  await phone.acknowledge(handed[2]?.cursor);
  expect((await phone.sync()).refreshed).toMatchObject({ offlineCount: 0, recentCount: 2 });
});

test("a recent contact's message is handed over although the device has acknowledged it", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "one");
  await (await syncAndAcknowledge(bob)).socket.cut();

  for (const round of [1, 2]) {
    const { handed, socket } = await bob.sync();
    expect(handed, `round ${round}`).toMatchObject([{ source: "RECENT", message: { content: { summary: "one" } } }]);
    await socket.cut();
  }
});

test("a recalled message comes with its content gone", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "not meant for you");
  await alice.send("bob", "hello");
  await alice.recall(id);

  const { handed } = await bob.sync();
  expect(handed).toMatchObject([{ message: { id, content: null } }, { message: { content: { summary: "hello" } } }]);
  expect(handed[0]?.message.recalledAt).not.toBeNull();
});

test("what bob has cleared or deleted for himself does not come again", async () => {
  const app = await startApp();
  const [alice, carol, bob] = await app.people("alice", "carol", "bob");
  const { id } = await alice.send("bob", "deleted");
  await alice.send("bob", "kept");
  await carol.send("bob", "cleared");
  await bob.get("mutation D($ids: [ID!]!) { deleteMessages(input: { ids: $ids }) { deletedIds } }", { ids: [id] });
  await bob.get('mutation { clearConversation(input: { peer: "carol" }) { conversation { id } } }');

  const { handed, refreshed } = await (await bob.login("phone")).sync();
  expect(texts(handed)).toEqual(["kept"]);
  expect(refreshed).toMatchObject({ offlineCount: 1, recentCount: 0, truncated: false, truncatedPeers: [] });
});

test("a refresh comes although there was nothing to hand over", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { refreshed, messages, socket } = await bob.sync();
  expect(refreshed).toMatchObject(QUIET);

  await alice.send("bob", "hello");
  expect(await messages.next()).toMatchObject({ source: "LIVE" });
  expect(arrivals(socket)).toEqual(["REFRESH", "LIVE"]);
});

test("with five sockets of one device, each hears of its own catching up alone, before its first live message", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await sendAll(alice, "bob", numbered("early", 60));

  const writing = sendAll(alice, "bob", numbered("late", 60));
  const online = await Promise.all(numbered("socket", 5).map(() => bob.goOnline()));
  await writing;
  for (const { socket, messages, refresh } of online) {
    await messages.take(120);
    const live = arrivals(socket).indexOf("LIVE");
    expect(arrivals(socket).slice(0, live)).toContain("REFRESH");
    await refresh.next();
    expect(refresh.waiting).toEqual([]);
  }
});

test("the frames of one socket are the backlog, the recent contacts, one refresh and then live, whoever writes", async () => {
  const app = await startApp();
  const [alice, carol, bob] = await app.people("alice", "carol", "bob");
  await carol.send("bob", "from carol");
  const phones = await Promise.all(numbered("phone", 6).map((deviceId) => bob.login(deviceId)));
  for (const phone of phones) await (await syncAndAcknowledge(phone)).socket.cut();
  await sendAll(alice, "bob", numbered("early", 60));

  const writing = sendAll(alice, "bob", numbered("late", 60));
  const online = await Promise.all(phones.map((phone) => phone.goOnline()));
  await writing;
  for (const { socket, messages, refresh } of online) {
    const { offlineCount } = await refresh.next();
    await messages.take(121);
    expect(arrivals(socket)).toEqual([
      ...Array(offlineCount).fill("OFFLINE"),
      "RECENT",
      "REFRESH",
      ...Array(120 - offlineCount).fill("LIVE"),
    ]);
  }
});

test("a refresh that is opened once newMessage has caught up comes at once", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "missed");
  const socket = await bob.connect();
  const messages = socket.subscribe(NEW_MESSAGE);
  expect(await messages.next()).toMatchObject({ source: "OFFLINE" });
  await alice.send("bob", "live");
  expect(await messages.next()).toMatchObject({ source: "LIVE" });

  expect(await socket.subscribe(REFRESH).next()).toMatchObject({ offlineCount: 1, recentCount: 0 });
});

test("two newMessage subscriptions of a device give two refreshes", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "one");
  const socket = await bob.connect();
  const refresh = socket.subscribe(REFRESH);
  const first = socket.subscribe(NEW_MESSAGE);
  expect(await refresh.next()).toMatchObject({ offlineCount: 1, recentCount: 0 });
  await bob.acknowledge((await first.next()).cursor);
  const second = socket.subscribe(NEW_MESSAGE);
  expect(await refresh.next()).toMatchObject({ offlineCount: 0, recentCount: 1 });
  expect(await second.next()).toMatchObject({ source: "RECENT" });

  await alice.send("bob", "two");
  for (const messages of [first, second]) expect(await messages.next()).toMatchObject({ source: "LIVE" });
  expect(refresh.waiting).toEqual([]);
});

test("no refresh comes for a newMessage that ended before", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "one");
  const socket = await bob.connect();
  const ended = socket.subscribe(NEW_MESSAGE);
  expect(await ended.next()).toMatchObject({ source: "OFFLINE" });
  await alice.send("bob", "two");
  const live = await ended.next();
  expect(live).toMatchObject({ source: "LIVE" });
  ended.stop();
  await bob.acknowledge(live.cursor);

  const refresh = socket.subscribe(REFRESH);
  const messages = socket.subscribe(NEW_MESSAGE);
  // The one that ended handed over one OFFLINE, this one hands over one RECENT.
  expect(await refresh.next()).toMatchObject({ offlineCount: 0, recentCount: 1 });
  await alice.send("bob", "three");
  expect((await messages.take(2)).map((event) => event.source)).toEqual(["RECENT", "LIVE"]);
  expect(refresh.waiting).toEqual([]);
});

test("a refresh belongs to its device alone", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "one");
  const [phone, laptop] = [await bob.login("phone"), await bob.login("laptop")];
  const refresh = (await phone.connect()).subscribe(REFRESH);
  await (await syncAndAcknowledge(laptop)).socket.cut();
  await laptop.sync();

  const socket = await phone.connect();
  socket.subscribe(NEW_MESSAGE);
  expect(await refresh.next()).toMatchObject({ offlineCount: 1, recentCount: 0 });
});

test("a device that is back before its old connection is seen to be gone hears of its own catching up alone", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "one");
  const old = await bob.sync();
  await alice.send("bob", "two");
  expect(texts([await old.messages.next()])).toEqual(["two"]);

  const back = await bob.sync();
  expect(back.refreshed).toMatchObject({ offlineCount: 2, recentCount: 0 });
  expect(texts(back.handed)).toEqual(["one", "two"]);
  await alice.send("bob", "three");
  for (const { messages, refresh } of [old, back]) {
    expect(texts([await messages.next()])).toEqual(["three"]);
    expect(refresh.waiting).toEqual([]);
  }
});

/** As an admin who has no messages, with a socket that it does not read. */
async function withStuckSocket() {
  const app = await startApp();
  const [alice] = await app.people("alice", "carol");
  const bob = await app.person("bob", { role: "admin" });
  await sendAll(alice, "carol", Array(3).fill("x".repeat(10_000)));
  const stuck = await bob.connect();
  const refresh = stuck.subscribe(REFRESH);
  stuck.pause();
  await stuff(stuck, bob);
  return { app, alice, bob, stuck, refresh };
}

/** Asks for far more than the network takes for a reader that does not read, so that nothing else leaves either. */
async function stuff(socket: Socket, owner: Person): Promise<void> {
  const fields = Array.from({ length: 90 }, (_, index) => `text${index}: text`);
  const query = `{ history(peer: "carol", of: "alice") { nodes { content { ... on TextContent { ${fields.join(" ")} } } } } }`;
  for (let asked = 0; asked < 4; asked += 1) void socket.ask(query).catch(() => {});
  // Answered later than what was asked before it.
  await owner.get(query);
}

test("live messages do not wait for a refresh on another socket that is not read", async () => {
  const { alice, bob } = await withStuckSocket();
  const messages = (await bob.connect()).subscribe(NEW_MESSAGE);
  await alice.send("bob", "one");
  expect(texts([await messages.next()])).toEqual(["one"]);
  await alice.send("bob", "two");
  expect(await messages.next()).toMatchObject({ source: "LIVE", message: { content: { summary: "two" } } });
});

test("live messages wait for a refresh on the same socket, however long that takes", async () => {
  const { app, alice, stuck, refresh } = await withStuckSocket();
  const [first, second] = [stuck.subscribe(NEW_MESSAGE), stuck.subscribe(NEW_MESSAGE)];
  while (app.server.engine.connections.subscriptionCount < 3) await nextTurn();
  await alice.send("bob", "live");

  stuck.resume();
  for (const messages of [first, second]) expect(texts([await messages.next()])).toEqual(["live"]);
  expect(await refresh.take(2)).toMatchObject([QUIET, QUIET]);
  const order = arrivals(stuck).filter((arrival) => arrival !== "ANSWER");
  expect(["REFRESH,REFRESH,LIVE,LIVE", "REFRESH,LIVE,REFRESH,LIVE"]).toContain(order.join());
});
