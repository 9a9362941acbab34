import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../src/engine/clock.ts";
import { type App, startApp, texts } from "./support/app.ts";
import { DAY, HOUR, MINUTE } from "./support/clock.ts";
import { openBeside } from "./support/data.ts";
import type { Stream } from "./support/socket.ts";

function stored(app: App): string[] {
  const database = openBeside(app);
  try {
    const rows = database.prepare<[], { text: string }>(
      "select json_extract(content, '$.text') as text from messages where content is not null order by conversation_id, seq",
    );
    return rows.all().map(({ text }) => text);
  } finally {
    database.close();
  }
}

async function metric(app: App, name: string): Promise<number> {
  const text = await (await fetch(app.server.metricsUrl ?? "")).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** The code with which a subscription answers instead of events. */
async function refusalOf(stream: Stream): Promise<string | undefined> {
  const { errors } = await stream.result();
  return errors?.[0]?.extensions?.code;
}

describe("the machine's clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function alarmAt(at: number) {
    const rung: number[] = [];
    const cancel = systemClock.at(at, () => rung.push(Date.now()));
    return { rung, cancel };
  }

  test("rings when it gets there, and not before", () => {
    // Further away than the longest timer of Node.
    const at = Date.now() + 26 * DAY;
    const { rung } = alarmAt(at);
    vi.advanceTimersByTime(26 * DAY - 1);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rung).toEqual([at]);
  });

  test("rings within a minute after it was set forward past the alarm", () => {
    const { rung } = alarmAt(Date.now() + DAY);
    vi.setSystemTime(Date.now() + 8 * DAY);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(MINUTE);
    expect(rung).toHaveLength(1);
  });

  test("does not ring early after it was set back", () => {
    const at = Date.now() + 10_000;
    const { rung } = alarmAt(at);
    vi.setSystemTime(Date.now() - 8 * DAY);
    vi.advanceTimersByTime(8 * DAY);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(MINUTE);
    expect(rung).toEqual([at]);
  });

  test("rings at once, but not synchronously, for what has passed, and not for what was cancelled", () => {
    const past = alarmAt(Date.now() - 1);
    const cancelled = alarmAt(Date.now() - 1);
    cancelled.cancel();
    expect(past.rung).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(past.rung).toHaveLength(1);
    expect(cancelled.rung).toEqual([]);
  });

  test("rings for many in their order, with one timer, also where one is cancelled by another", () => {
    const start = Date.now();
    const order: number[] = [];
    const cancels = Array.from({ length: 1_000 }, (_, index) => {
      const place = (index * 7) % 1_000;
      return systemClock.at(start + place, () => {
        order.push(place);
        if (place === 500) for (const cancel of cancels) cancel();
      });
    });
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(order).toEqual(Array.from({ length: 501 }, (_, place) => place));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("counts what passes apart from what it says", () => {
    const before = systemClock.monotonic();
    let rang = false;
    systemClock.after(HOUR, () => {
      rang = true;
    });
    vi.setSystemTime(Date.now() + 8 * DAY);
    vi.advanceTimersByTime(HOUR - 1);
    expect(rang).toBe(false);
    vi.setSystemTime(Date.now() - 16 * DAY);
    vi.advanceTimersByTime(1);
    expect(rang).toBe(true);
    expect(systemClock.monotonic() - before).toBeCloseTo(HOUR);
  });
});

describe("a clock that was set forward by mistake", () => {
  test("erases nothing, says so, and all is there once it is put right", async () => {
    const app = await startApp({ metricsPort: 0 });
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    app.clock.jump(8 * DAY);
    expect(await bob.history("alice")).toEqual([]);
    await app.server.engine.sweep();
    expect(app.logged).toContain('"aheadSeconds":691200');
    expect(await metric(app, "parley_clock_doubted")).toBe(1);
    app.clock.advance(HOUR);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["before"]);
    app.clock.jump(-8 * DAY);
    await app.server.engine.sweep();
    expect(await metric(app, "parley_clock_doubted")).toBe(0);
    expect(texts(await bob.history("alice"))).toEqual(["before"]);
    app.clock.advance(7 * DAY);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual([]);
  });

  test("erases meanwhile what is past its time without a doubt", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    await alice.send("bob", "old");
    app.clock.advance(6 * DAY + 12 * HOUR);
    await alice.send("bob", "young");
    app.clock.jump(8 * DAY);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["old", "young"]);
    app.clock.advance(12 * HOUR);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["young"]);
  });

  test("is believed once it has stayed for a day, and no longer than that if it moves again", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    app.clock.jump(8 * DAY);
    await app.server.engine.sweep();
    app.clock.advance(23 * HOUR);
    app.clock.jump(3 * HOUR);
    await app.server.engine.sweep();
    app.clock.advance(23 * HOUR);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["before"]);
    app.clock.advance(HOUR);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual([]);
  });

  test("forgets no key: a retry finds its message", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    const key = { clientMessageId: "once" };
    const { id } = await alice.send("bob", "one", key);
    app.clock.jump(8 * DAY);
    expect(await alice.trySend("bob", "one", key)).toMatchObject({ duplicate: true, message: { id } });
    app.clock.jump(-8 * DAY);
    expect(await alice.trySend("bob", "one", key)).toMatchObject({ duplicate: true, message: { id } });
    expect(stored(app)).toEqual(["one"]);
  });

  test("does not stop what is live after it is put right", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    app.clock.jump(8 * DAY);
    const updates = await alice.messageUpdated();
    const online = await bob.sync();
    app.clock.jump(-8 * DAY);
    const { id } = await alice.send("bob", "hello");
    expect((await online.messages.next()).message.id).toBe(id);
    await bob.markRead("alice");
    expect(await updates.next()).toMatchObject({ change: "READ", message: { id } });
  });

  test("ends a session whose token has expired by it", async () => {
    const app = await startApp();
    const bob = await app.person("bob", { expiresIn: DAY });
    const { socket } = await bob.sync();
    app.clock.jump(2 * DAY);
    expect((await socket.closed).code).toBe(4403);
  });
});

describe("a clock that was set back by mistake", () => {
  test("stamps nothing so early that it would be gone once it is put right", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    app.clock.jump(-8 * DAY);
    const { sentAt } = await alice.send("bob", "meanwhile", { lifetimeSeconds: 86_400 });
    app.clock.advance(MINUTE);
    expect(texts(await bob.history("alice"))).toEqual(["before", "meanwhile"]);
    app.clock.jump(8 * DAY);
    expect(Date.parse(sentAt)).toBe(app.clock.now() - MINUTE);
    await app.server.engine.sweep();
    expect(texts(await bob.history("alice"))).toEqual(["before", "meanwhile"]);
    expect(texts((await bob.sync()).handed)).toEqual(["before", "meanwhile"]);
  });

  test("sweeps every ten minutes as ever", async () => {
    const app = await startApp({ metricsPort: 0 });
    const [alice] = await app.people("alice", "bob");
    app.clock.jump(-8 * DAY);
    const { id } = await alice.send("bob", "recalled");
    await alice.recall(id);
    expect(await metric(app, "parley_clock_doubted")).toBe(1);
    app.clock.jump(8 * DAY);
    app.clock.advance(10 * MINUTE);
    await app.untilLogged("the clock is believed again");
    expect(await metric(app, "parley_clock_doubted")).toBe(0);
  });

  test("is believed after a day: then new messages have its time", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    app.clock.jump(-8 * DAY);
    await app.server.engine.sweep();
    app.clock.advance(DAY);
    const { sentAt } = await alice.send("bob", "hello");
    expect(Date.parse(sentAt)).toBe(app.clock.now());
  });
});

test("order, unread and recent contacts go by no clock", async () => {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  const sent: string[] = [];
  for (const jump of [8 * DAY, -8 * DAY, 2 * HOUR, -2 * HOUR, -3 * DAY, 3 * DAY]) {
    app.clock.jump(jump);
    for (const sender of [alice, carol]) await sender.send("bob", `${sender.id} after ${jump}`);
    sent.push(`alice after ${jump}`);
    const contacts = await bob.conversations();
    expect(contacts.map(({ peer, unreadCount }) => [peer.id, unreadCount])).toEqual([
      ["carol", sent.length],
      ["alice", sent.length],
    ]);
  }
  const history = await bob.history("alice");
  expect(texts(history)).toEqual(sent);
  expect(history.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
  const { handed } = await bob.sync();
  expect(texts(handed).filter((text) => text?.startsWith("alice"))).toEqual(sent);
});

test("a hole in updates is told also where a later entry is older than the next", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await alice.login("phone");
  await alice.send("bob", "hello");
  const updates = await phone.messageUpdated();
  await bob.markRead("alice");
  const { cursor } = await updates.next();
  app.clock.jump(8 * DAY);
  const second = await alice.send("bob", "from the future");
  await bob.recall((await bob.send("alice", "also")).id);
  await updates.next();
  app.clock.jump(-8 * DAY);
  await alice.recall(second.id);
  await updates.next();
  app.clock.advance(7 * DAY);
  expect(await refusalOf(await phone.messageUpdated(cursor))).toBe("CURSOR_EXPIRED");
});

describe("a start", () => {
  test("with a clock far ahead erases nothing until it is put right", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    await app.server.engine.sweep();
    await app.stop();
    app.clock.jump(365 * DAY);
    await app.start();
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["before"]);
    app.clock.jump(-365 * DAY);
    await app.server.engine.sweep();
    expect(texts(await bob.history("alice"))).toEqual(["before"]);
  });

  test("with a clock of 1970 loses nothing that is sent until it is put right", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    await app.server.engine.sweep();
    await app.stop();
    const now = app.clock.now();
    app.clock.jump(-now);
    await app.start();
    await alice.send("bob", "meanwhile");
    app.clock.jump(now);
    await app.server.engine.sweep();
    expect(texts(await bob.history("alice"))).toEqual(["before", "meanwhile"]);
  });

  test("after a night's rest goes on as ever; after a week it waits for a day", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    await alice.send("bob", "before");
    app.clock.advance(6 * DAY + 20 * HOUR);
    await app.server.engine.sweep();
    await app.stop();
    app.clock.advance(10 * HOUR);
    await app.start();
    await app.server.engine.sweep();
    expect(stored(app)).toEqual([]);

    await alice.send("bob", "again");
    await app.stop();
    app.clock.advance(8 * DAY);
    await app.start();
    await app.server.engine.sweep();
    expect(stored(app)).toEqual(["again"]);
    app.clock.advance(DAY);
    await app.server.engine.sweep();
    expect(stored(app)).toEqual([]);
  });
});
