import { describe, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import type { Data, Stream } from "./support/socket.ts";

/** alice has sent five messages to bob, and one device of his holds a cursor for each. */
async function fiveMessages() {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  for (const text of ["one", "two", "three", "four", "five"]) await alice.send("bob", text);
  const phone = await bob.login("phone");
  const { handed, socket } = await phone.sync();
  await socket.cut();
  return { app, alice, bob, phone, cursors: handed.map((event): string => event.cursor) };
}

/** What a device is handed as OFFLINE when it comes back. */
async function backlogOf(device: Person, since?: string): Promise<(string | null)[]> {
  const { handed, socket } = await device.sync(since);
  await socket.cut();
  return texts(handed.filter((event) => event.source === "OFFLINE"));
}

/** The code with which a subscription answers instead of events. */
async function refusalOf(stream: Stream): Promise<string | undefined> {
  const { errors } = await stream.result();
  return errors?.[0]?.extensions?.code;
}

/** The cursor with other insides: what a client must never make by itself. */
function forged(cursor: string, change: (parts: unknown[]) => unknown): string {
  const parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  return Buffer.from(JSON.stringify(change(parts))).toString("base64url");
}

/** A cursor of each of bob's three streams, and the device that got them. */
async function oneOfEach(app: App) {
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "hello");
  await alice.edit(id, "hello bob");
  await bob.get('mutation { pinConversation(input: { peer: "alice" }) { conversation { id } } }');
  const phone = await bob.login("phone");
  const { handed, socket } = await phone.sync();
  await socket.cut();
  const message = handed[0]?.cursor;
  const update = (await (await phone.messageUpdated()).next()).cursor;
  const conversation = (await (await phone.conversationUpdated()).next()).cursor;
  return { alice, bob, phone, message, update, conversation };
}

test("what was never acknowledged comes again", async () => {
  const { phone } = await fiveMessages();
  expect(await backlogOf(phone)).toEqual(["one", "two", "three", "four", "five"]);
});

test("what was acknowledged does not come again", async () => {
  const { phone, cursors } = await fiveMessages();
  await phone.acknowledge(String(cursors[2]));
  expect(await backlogOf(phone)).toEqual(["four", "five"]);
});

test("what was acknowledged as live does not come again", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { messages, socket } = await bob.sync();
  await alice.send("bob", "one");
  await alice.send("bob", "two");
  const [one] = await messages.take(2);
  await bob.acknowledge(one?.cursor);
  await socket.cut();
  expect(await backlogOf(bob)).toEqual(["two"]);
});

test("a device that comes back with the cursor that it reached gets only what followed", async () => {
  const { phone, cursors } = await fiveMessages();
  expect(await backlogOf(phone, cursors[3])).toEqual(["five"]);
});

test.each([
  { acknowledged: 1, since: 3, gets: ["four", "five"] },
  { acknowledged: 3, since: 1, gets: ["four", "five"] },
  { acknowledged: 2, since: 2, gets: ["three", "four", "five"] },
  { acknowledged: 5, since: 1, gets: [] },
])("acknowledged up to $acknowledged and resuming behind $since, it goes on behind the later", async (row) => {
  const { phone, cursors } = await fiveMessages();
  await phone.acknowledge(String(cursors[row.acknowledged - 1]));
  expect(await backlogOf(phone, cursors[row.since - 1])).toEqual(row.gets);
});

test("a cursor that is passed as `since` acknowledges nothing", async () => {
  const { phone, cursors } = await fiveMessages();
  expect(await backlogOf(phone, cursors[4])).toEqual([]);
  expect(await backlogOf(phone)).toEqual(["one", "two", "three", "four", "five"]);
});

test("the mark never moves back", async () => {
  const { phone, cursors } = await fiveMessages();
  expect(await phone.acknowledge(String(cursors[3]))).toBe(cursors[3]);
  expect(await phone.acknowledge(String(cursors[0]))).toBe(cursors[3]);
  expect(await backlogOf(phone)).toEqual(["five"]);
});

test("acknowledged in parallel and out of order, the mark is the furthest", async () => {
  const { phone, cursors } = await fiveMessages();
  await Promise.all([3, 0, 2, 1].map((index) => phone.acknowledge(String(cursors[index]))));
  expect(await backlogOf(phone)).toEqual(["five"]);
});

test("the marks are still there after a restart", async () => {
  const { app, phone, cursors } = await fiveMessages();
  await phone.acknowledge(String(cursors[1]));
  await app.restart();
  expect(await backlogOf(phone)).toEqual(["three", "four", "five"]);
  expect(await backlogOf(phone, cursors[2])).toEqual(["four", "five"]);
});

test("what one device acknowledges changes nothing for the others", async () => {
  const { bob, phone, cursors } = await fiveMessages();
  await phone.acknowledge(String(cursors[4]));
  expect(await backlogOf(await bob.login("laptop"))).toEqual(["one", "two", "three", "four", "five"]);
  expect(await backlogOf(bob)).toEqual(["one", "two", "three", "four", "five"]);
});

test("a device that logs in again goes on where it was", async () => {
  const { bob, phone, cursors } = await fiveMessages();
  await phone.acknowledge(String(cursors[3]));
  await phone.get("mutation { logout { deviceId } }");
  expect(await backlogOf(await bob.login("phone"))).toEqual(["five"]);
});

describe("each subscription has its own mark", () => {
  test("acknowledging messages leaves updates and conversations to come", async () => {
    const { phone, message } = await oneOfEach(await startApp());
    await phone.acknowledge(message);
    expect(await backlogOf(phone)).toEqual([]);
    expect(await (await phone.messageUpdated()).next()).toMatchObject({ change: "EDITED" });
    expect(await (await phone.conversationUpdated()).next()).toMatchObject({ conversation: { pinned: true } });
  });

  test("acknowledging updates leaves messages and conversations to come", async () => {
    const { alice, phone, update } = await oneOfEach(await startApp());
    await phone.acknowledge(update);
    expect(await backlogOf(phone)).toEqual(["hello bob"]);
    expect(await (await phone.conversationUpdated()).next()).toMatchObject({ conversation: { pinned: true } });

    const updates = await phone.messageUpdated();
    const { id } = await alice.send("bob", "sentinel");
    await alice.recall(id);
    expect(await updates.next()).toMatchObject({ change: "RECALLED", message: { id } });
  });

  test("acknowledging conversations leaves messages and updates to come", async () => {
    const { bob, phone, conversation } = await oneOfEach(await startApp());
    await phone.acknowledge(conversation);
    expect(await backlogOf(phone)).toEqual(["hello bob"]);
    expect(await (await phone.messageUpdated()).next()).toMatchObject({ change: "EDITED" });

    const conversations = await phone.conversationUpdated();
    await bob.get('mutation { muteConversation(input: { peer: "alice" }) { conversation { id } } }');
    expect(await conversations.next()).toMatchObject({ conversation: { pinned: true, muted: true } });
  });
});

test("the cursor of one stream says to another from where to go on", async () => {
  const { alice, bob, phone, update, conversation } = await oneOfEach(await startApp());
  expect(await backlogOf(phone, update)).toEqual([]);
  const updates = await phone.messageUpdated(conversation);
  const conversations = await phone.conversationUpdated(conversation);
  const { id } = await alice.send("bob", "later");
  await alice.recall(id);
  await bob.get('mutation { muteConversation(input: { peer: "alice" }) { conversation { id } } }');

  expect(await updates.next()).toMatchObject({ change: "RECALLED", message: { id } });
  expect(await conversations.next()).toMatchObject({ conversation: { muted: true } });
  expect(await backlogOf(phone, conversation)).toEqual([null]);
});

describe("a cursor that cannot be one of bob's is BAD_USER_INPUT", () => {
  const cases: Record<string, (bob: Person, alice: Person) => Promise<string>> = {
    "of another user": async (_bob, alice) => (await alice.sync()).refreshed.cursor,
    "of another list": async (bob) => (await bob.historyPage("alice")).edges[0].cursor,
    "of another version": async (bob) => forged(await lastCursor(bob), ([, ...parts]) => [2, ...parts]),
    "ahead of the log": async (bob) => forged(await lastCursor(bob), (parts) => [...parts.slice(0, -1), 1_000_000]),
    "with a negative place": async (bob) => forged(await lastCursor(bob), (parts) => [...parts.slice(0, -1), -1]),
    "with a broken place": async (bob) => forged(await lastCursor(bob), (parts) => [...parts.slice(0, -1), 1.5]),
    "cut short": async (bob) => forged(await lastCursor(bob), (parts) => parts.slice(0, -1)),
    "that is no list": async () => Buffer.from('{"position":1}').toString("base64url"),
    "that is garbage": async () => "!!! not a cursor \u{1f600}",
    "that is empty": async () => "",
    "that is far too long": async () => "A".repeat(50_000),
  };

  async function lastCursor(bob: Person): Promise<string> {
    const { refreshed, socket } = await bob.sync();
    await socket.cut();
    return refreshed.cursor;
  }

  test.each(Object.entries(cases))("%s", async (_, make) => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "hello");
    const cursor = await make(bob, alice);

    expect(await refusalOf((await bob.goOnline(cursor)).messages)).toBe("BAD_USER_INPUT");
    expect(await refusalOf(await bob.messageUpdated(cursor))).toBe("BAD_USER_INPUT");
    expect(await refusalOf(await bob.conversationUpdated(cursor))).toBe("BAD_USER_INPUT");
    const mutation = "mutation A($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";
    expect(await bob.refusal(mutation, { cursor })).toBe("BAD_USER_INPUT");
    expect(await backlogOf(bob)).toEqual(["hello"]);
  });
});

test("a refused `since` leaves the socket and its other operations alone", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const { socket, messages } = await bob.sync();
  expect(await refusalOf(socket.subscribe('subscription { newMessage(since: "x") { cursor } }'))).toBe(
    "BAD_USER_INPUT",
  );
  await alice.send("bob", "hello");
  expect(texts([await messages.next()])).toEqual(["hello"]);
});

describe("a cursor behind which something has expired", () => {
  async function expiredCursors(swept: boolean) {
    const app = await startApp();
    const { alice, bob, phone, message, update, conversation } = await oneOfEach(app);
    const { id } = await alice.send("bob", "expires");
    await alice.edit(id, "expires too");
    await bob.get('mutation { muteConversation(input: { peer: "alice" }) { conversation { id } } }');
    app.clock.advance(7 * DAY);
    if (swept) await app.server.engine.sweep();
    return { alice, phone, message, update, conversation };
  }

  test.each([false, true])("is CURSOR_EXPIRED for updates and conversations (swept: %s)", async (swept) => {
    const { phone, update, conversation } = await expiredCursors(swept);
    expect(await refusalOf(await phone.messageUpdated(update))).toBe("CURSOR_EXPIRED");
    expect(await refusalOf(await phone.conversationUpdated(conversation))).toBe("CURSOR_EXPIRED");
  });

  test.each([false, true])("starts newMessage with what is left and says so (swept: %s)", async (swept) => {
    const { alice, phone, message } = await expiredCursors(swept);
    await alice.send("bob", "new");
    const { handed, refreshed } = await phone.sync(message);
    expect(texts(handed)).toEqual(["new"]);
    expect(refreshed).toMatchObject({ offlineCount: 1, truncated: true });
  });

  test.each([false, true])("can be left out, and the stream starts with what is left (swept: %s)", async (swept) => {
    const { alice, phone } = await expiredCursors(swept);
    const { id } = await alice.send("bob", "new");
    await alice.edit(id, "newer");
    expect(await (await phone.messageUpdated()).next()).toMatchObject({ change: "EDITED", message: { id } });
  });

  test("is good again for a device that has acknowledged beyond it", async () => {
    const { alice, phone, update, message } = await expiredCursors(true);
    const { refreshed, socket } = await phone.sync();
    await phone.acknowledge(refreshed.cursor);
    await socket.cut();
    const { id } = await alice.send("bob", "new");
    const resumed = await phone.sync(message);
    expect(texts(resumed.handed)).toEqual(["new"]);
    expect(resumed.refreshed).toMatchObject({ truncated: false, truncatedPeers: [] });

    await alice.recall(id);
    const recalled = await (await phone.messageUpdated()).next();
    await phone.acknowledge(recalled.cursor);
    const later = await alice.send("bob", "later");
    await alice.recall(later.id);
    expect(await (await phone.messageUpdated(update)).next()).toMatchObject({ message: { id: later.id } });
  });
});

describe("a cursor from before the store was restored", () => {
  const fromBefore = (cursor: string) =>
    forged(cursor, ([version, kind, owner, , place]) => [version, kind, owner, "b", place]);

  test("is CURSOR_EXPIRED for updates, conversations and acknowledging", async () => {
    const { phone, message, update, conversation } = await oneOfEach(await startApp());
    expect(await refusalOf(await phone.messageUpdated(fromBefore(update)))).toBe("CURSOR_EXPIRED");
    expect(await refusalOf(await phone.conversationUpdated(fromBefore(conversation)))).toBe("CURSOR_EXPIRED");
    const mutation = "mutation A($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";
    expect(await phone.refusal(mutation, { cursor: fromBefore(message) })).toBe("CURSOR_EXPIRED");
  });

  test("starts newMessage behind what the device has acknowledged, and says that something may be missing", async () => {
    const { phone, cursors } = await fiveMessages();
    await phone.acknowledge(String(cursors[1]));
    const { handed, refreshed } = await phone.sync(fromBefore(String(cursors[3])));
    expect(texts(handed)).toEqual(["three", "four", "five"]);
    expect(refreshed).toMatchObject({ offlineCount: 3, truncated: true, truncatedPeers: [] });
  });
});

test("after a cut a device that resumes from its cursors misses nothing and repeats nothing", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await bob.login("phone");
  const handed: Data[] = [];
  for (let round = 0; round < 6; round += 1) {
    const online = await phone.goOnline(handed.at(-1)?.cursor);
    await Promise.all([1, 2, 3, 4].map((part) => alice.send("bob", `${round}.${part}`)));
    const missed = round === 0 ? 0 : 2;
    handed.push(...(await online.messages.take(missed + 4)));
    await online.socket.cut();
    await alice.send("bob", `${round} while away`);
    await alice.send("bob", `${round} still away`);
  }
  expect(handed.map((event) => event.message.seq)).toEqual(Array.from({ length: 34 }, (_, index) => index + 1));
});
