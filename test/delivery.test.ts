import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { signAppToken } from "../src/server/tokens.ts";
import { NEW_MESSAGE, Person, REFRESH, SECRET, startApp, texts } from "./support/app.ts";
import { kill, startChild } from "./support/child-server.ts";
import { DAY } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

const SEND = `mutation Send($text: String!, $key: String) {
  sendMessage(input: { to: "bob", content: { text: { text: $text } }, clientMessageId: $key }) {
    ... on SendMessageSuccess { message { id } } } }`;

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

const LARGE = "x".repeat(11_000);
// With a large message each event is a megabyte, so that the network takes only a few.
const HUGE_EVENTS = `subscription { newMessage { cursor message { content { ... on TextContent {
  ${count(90)
    .map((number) => `text${number}: text`)
    .join(" ")} } } } } }`;

/** All of a conversation, page by page. */
async function wholeHistory(reader: Person, peer: string): Promise<Data[]> {
  const messages: Data[] = [];
  for (let after: string | undefined, more = true; more; ) {
    const page = await reader.historyPage(peer, { first: 100, after });
    messages.push(...page.edges.map((edge: Data) => edge.node));
    after = page.pageInfo.endCursor;
    more = page.pageInfo.hasNextPage;
  }
  return messages;
}

/** Collects the ids of acknowledged sends, and tells when there are enough. */
class Acknowledged {
  readonly ids: string[] = [];
  readonly #enough: number;
  #tell: () => void = () => {};
  readonly reached: Promise<void>;

  constructor(enough: number) {
    this.#enough = enough;
    this.reached = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  /** Sends one after the other until that fails. */
  async sendUntilRefused(send: (number: number) => Promise<Data | null | undefined>): Promise<void> {
    for (let number = 1; ; number += 1) {
      const answer = await send(number).catch(() => null);
      const id = answer?.sendMessage?.message?.id;
      if (id === undefined) return;
      this.ids.push(id);
      if (this.ids.length === this.#enough) this.#tell();
    }
  }
}

describe("after a restart", () => {
  test("every acknowledged message is there, in its place", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const sent = await Promise.all(count(50).map((number) => alice.send("bob", `message ${number}`)));
    await app.restart();
    const history = await bob.history("alice");
    expect(history.map(({ id, seq }) => [id, seq])).toEqual(
      sent.map(({ id, seq }) => [id, seq]).sort((a, b) => a[1] - b[1]),
    );
    expect(await alice.send("bob", "next")).toMatchObject({ seq: 51 });
  });

  test("positions and cursors go on where they were", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    for (const text of ["one", "two", "three"]) await alice.send("bob", text);
    const { handed } = await bob.sync();
    const page = await bob.historyPage("alice", { first: 1 });
    const list = await bob.conversationsPage({ first: 1 });
    await app.restart();

    const resumed = await bob.sync(handed[1]?.cursor);
    expect(resumed.handed).toEqual([handed[2]]);
    expect(texts(await bob.history("alice", { first: 5, after: page.pageInfo.endCursor }))).toEqual(["two", "three"]);
    expect(await bob.conversations({ first: 5, after: list.pageInfo.endCursor })).toEqual([]);
    await alice.send("bob", "four");
    expect(texts([await resumed.messages.next()])).toEqual(["four"]);
  });

  test("read marks, pins, recalls, edits and deliveries are as they were", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const [first, second] = [await alice.send("bob", "one"), await alice.send("bob", "two")];
    await alice.send("bob", "three");
    await alice.recall(first.id);
    await alice.edit(second.id, "two, edited");
    await bob.acknowledge((await bob.sync()).refreshed.cursor);
    await bob.markRead("alice", 2);
    await bob.arrange("pin", "alice");
    const before = [await bob.conversationsPage(), await alice.conversationsPage(), await alice.history("bob")];
    await app.restart();
    expect([await bob.conversationsPage(), await alice.conversationsPage(), await alice.history("bob")]).toEqual(
      before,
    );
    expect(before[2]).toMatchObject([{ content: null }, { content: { summary: "two, edited" } }, { seq: 3 }]);
  });

  test("a key that was used still stands for its message", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    const first = await alice.trySend("bob", "hello", { clientMessageId: "key" });
    await app.restart();
    expect(await alice.trySend("bob", "hello", { clientMessageId: "key" })).toMatchObject({
      duplicate: true,
      message: { id: first.message.id, seq: 1 },
    });
  });
});

describe("a server that is killed", () => {
  const serve = (folder: string) => startChild(folder, { PARLEY_SEND_RATE: "0", PARLEY_READ_RATE: "0" });

  test("has lost nothing that it acknowledged, and tells a retry what became of the rest", async () => {
    const folder = mkdtempSync(join(tmpdir(), "parley-killed-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const people = async (url: string) => {
      const names = ["alice", "bob"] as const;
      const [alice, bob] = await Promise.all(
        names.map(async (id) => new Person({ url }, id, await signAppToken(SECRET, id, "user", Date.now() + DAY))),
      );
      if (alice === undefined || bob === undefined) throw new Error("there are two");
      await bob.get("{ viewer { id } }");
      return { alice, bob };
    };

    const keys = new Set<string>();
    const acknowledged = new Set<string>();
    for (const round of [1, 2]) {
      const server = await serve(folder);
      const { alice } = await people(server.url);
      const collected = new Acknowledged(150);
      const sending = count(24).map((sender) =>
        collected.sendUntilRefused(async (number) => {
          const key = `round ${round}, sender ${sender}, message ${number}`;
          keys.add(key);
          return alice.get(SEND, { text: key, key });
        }),
      );
      await collected.reached;
      await kill(server);
      await Promise.all(sending);
      for (const id of collected.ids) acknowledged.add(id);
    }

    const server = await serve(folder);
    const { alice, bob } = await people(server.url);
    const there = new Set((await wholeHistory(bob, "alice")).map(({ id }) => id));
    expect([...acknowledged].filter((id) => !there.has(id))).toEqual([]);

    for (const key of keys) await alice.get(SEND, { text: key, key });
    const history = await wholeHistory(bob, "alice");
    expect(history).toHaveLength(keys.size);
    expect(new Set(texts(history))).toEqual(keys);
    expect(history.map(({ seq }) => seq)).toEqual(count(keys.size));
  }, 120_000);
});

test("under many senders at once a conversation counts 1, 2, 3, … and is the same on both sides", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const devices = await Promise.all([alice, bob].flatMap((user) => ["a", "b", "c"].map((id) => user.login(id))));
  const sent = await Promise.all(
    devices.flatMap((device) =>
      count(40).map((number) => device.send(device.id === "alice" ? "bob" : "alice", `${number}`)),
    ),
  );
  expect(sent.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(count(240));

  const [ofAlice, ofBob] = [await wholeHistory(alice, "bob"), await wholeHistory(bob, "alice")];
  const places = (messages: Data[]) => messages.map(({ id, seq }) => `${seq} ${id}`);
  expect(ofAlice.map(({ seq }) => seq)).toEqual(count(240));
  expect(places(ofBob)).toEqual(places(ofAlice));
  expect(places(sent.sort((a, b) => a.seq - b.seq))).toEqual(places(ofAlice));
});

test("what every device is handed, live or later, is in the order of the conversation", async () => {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineMessagesPerContact: 1_000 });
  const [alice, bob] = await app.people("alice", "bob");
  const [alicePhone, bobPhone] = [await alice.login("phone"), await bob.login("phone")];
  const watching = [await (await alice.login("watch")).sync(), await (await bob.login("watch")).sync()];
  await Promise.all(
    count(60).flatMap((number) => [
      alicePhone.send("bob", `from alice ${number}`),
      bobPhone.send("alice", `from bob ${number}`),
    ]),
  );

  const ids = (await wholeHistory(alice, "bob")).map(({ id }) => id);
  expect(ids).toHaveLength(120);
  for (const { messages } of watching) {
    expect((await messages.take(120)).map((event) => event.message.id)).toEqual(ids);
  }
  for (const user of [alice, bob]) {
    expect((await (await user.login("late")).sync()).handed.map((event) => event.message.id)).toEqual(ids);
  }
});

test("time does not decide: a clock that is set back changes no order", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "first");
  app.clock.advance(-5_000);
  await alice.send("bob", "second");
  expect(texts(await bob.history("alice"))).toEqual(["first", "second"]);
  expect(texts((await bob.sync()).handed)).toEqual(["first", "second"]);
  expect(await bob.conversation("alice")).toMatchObject({ lastMessage: { content: { summary: "second" } } });
});

describe("a reader that stands still", () => {
  const MESSAGES = 60;

  /** LIVE events that the server has made, for whomever. */
  async function eventsMade(metricsUrl: string | null): Promise<number> {
    const metrics = await (await fetch(String(metricsUrl))).text();
    return Number(/^parley_\w*deliver\w*\{source="LIVE"\} (\d+)$/m.exec(metrics)?.[1]);
  }

  test("costs no more than what is on its way, is cut off with 1013, and resumes; others get theirs meanwhile", async () => {
    const app = await startApp({ limits: { slowReaderMs: 1_000 }, metricsPort: 0 });
    const [alice, bob] = await app.people("alice", "bob");
    const [phone, laptop] = [await bob.login("phone"), await bob.login("laptop")];
    const reading = await laptop.sync();
    const stuck = await phone.connect();
    const refresh = stuck.subscribe(REFRESH);
    stuck.subscribe(HUGE_EVENTS);
    await refresh.next();
    stuck.pause();

    for (const number of count(MESSAGES)) await alice.send("bob", `${number} ${LARGE}`);
    await reading.messages.take(MESSAGES);
    await app.untilLogged("tooSlow");
    const made = await eventsMade(app.server.metricsUrl);
    expect(made).toBeGreaterThan(MESSAGES);
    expect(made).toBeLessThan(MESSAGES + MESSAGES / 2);

    stuck.resume();
    expect(await stuck.closed).toMatchObject({ code: 1013 });
    const { handed } = await phone.sync();
    expect(handed.map((event) => event.message.seq)).toEqual(count(MESSAGES));
    await alice.send("bob", "still here");
    expect(texts([await reading.messages.next()])).toEqual(["still here"]);
  });

  test("that never wakes up is cut off all the same", async () => {
    const app = await startApp({ limits: { slowReaderMs: 500 } });
    const [alice, bob] = await app.people("alice", "bob");
    const stuck = await bob.connect();
    const refresh = stuck.subscribe(REFRESH);
    stuck.subscribe(HUGE_EVENTS);
    await refresh.next();
    stuck.pause();
    for (const number of count(20)) await alice.send("bob", `${number} ${LARGE}`);
    await app.untilLogged("tooSlow");
    expect(await alice.sees("bob")).toMatchObject({ online: false });
  });

  test("that has nothing to read is left alone", async () => {
    const app = await startApp({ limits: { slowReaderMs: 200 } });
    const [alice, bob] = await app.people("alice", "bob");
    const idle = await bob.sync();
    const stuck = await (await bob.login("phone")).connect();
    const refresh = stuck.subscribe(REFRESH);
    stuck.subscribe(HUGE_EVENTS);
    await refresh.next();
    stuck.pause();
    for (const number of count(20)) await alice.send("bob", `${number} ${LARGE}`);
    await app.untilLogged("tooSlow");
    await idle.messages.take(20);
    expect(app.logged.match(/tooSlow/g)).toHaveLength(1);
    await alice.send("bob", "still here");
    expect(texts([await idle.messages.next()])).toEqual(["still here"]);
  });
});

describe("a server that is stopped", () => {
  test("tells every socket and every stream to come back, and keeps every send that it acknowledged", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const sockets = await Promise.all(count(4).map(() => alice.connect()));
    const reading = await bob.sync();
    const stream = await fetch(app.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${bob.token}`,
      },
      body: JSON.stringify({ query: NEW_MESSAGE }),
    });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");

    const collected = new Acknowledged(100);
    const sending = [
      ...sockets.map((socket, index) =>
        collected.sendUntilRefused(
          async (number) => (await socket.ask(SEND, { text: `socket ${index}, message ${number}` })).data,
        ),
      ),
      ...count(4).map((index) =>
        collected.sendUntilRefused((number) => alice.get(SEND, { text: `request ${index}, message ${number}` })),
      ),
    ];
    await collected.reached;
    await app.stop();
    await Promise.all(sending);
    for (const socket of [...sockets, reading.socket]) expect(await socket.closed).toMatchObject({ code: 1012 });
    const events = await stream.text();
    expect(events).toContain('"closeCode":1012');
    expect(events).toContain('"code":"SHUTTING_DOWN"');

    await app.start();
    const there = new Set((await wholeHistory(bob, "alice")).map(({ id }) => id));
    expect(collected.ids.filter((id) => !there.has(id))).toEqual([]);
    expect(there.size).toBeGreaterThanOrEqual(100);
  });

  test("takes up again where the clients were", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const { messages, socket } = await bob.sync();
    await alice.send("bob", "before");
    const { cursor } = await messages.next();
    await app.restart();
    expect(await socket.closed).toMatchObject({ code: 1012 });
    await alice.send("bob", "after");
    expect(texts((await bob.sync(cursor)).handed)).toEqual(["after"]);
  });

  test("does not wait for a reader that stands still", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const stuck = await bob.connect();
    const refresh = stuck.subscribe(REFRESH);
    stuck.subscribe(HUGE_EVENTS);
    await refresh.next();
    stuck.pause();
    for (const number of count(20)) await alice.send("bob", `${number} ${LARGE}`);
    await app.restart();
    expect((await bob.sync()).handed.map((event) => event.message.seq)).toEqual(count(20));
  });
});
