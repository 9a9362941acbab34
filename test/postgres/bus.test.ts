/** The bus may lose, double and reorder what it is told, or be gone: what it costs is time. */
import fc from "fast-check";
import { expect, inject, onTestFinished, test } from "vitest";
import { type Packet, textsOf, Unpacker } from "../../src/bus/packets.ts";
import type { Bus, News } from "../../src/engine/cluster/bus.ts";
import { texts } from "../support/app.ts";
import { startCluster } from "../support/cluster.ts";
import { ask } from "../support/postgres.ts";
import { noRedis, RedisServer } from "../support/redis.ts";
import { runs } from "../support/scale.ts";

const server = inject("postgres");

/** Loses half of what is told, and tells some of the rest twice, or later. */
function lossy(bus: Bus): Bus {
  let held: News | null = null;
  return {
    ...bus,
    get healthy() {
      return bus.healthy;
    },
    tell(news) {
      const fate = Math.random();
      if (fate < 0.5) return;
      if (fate < 0.6) bus.tell(news);
      if (fate < 0.7) held = news;
      else bus.tell(news);
      if (fate > 0.9 && held !== null) bus.tell(held);
    },
  };
}

test("whatever half of the wake-ups is lost, doubled or late, every device gets everything in its order", async () => {
  const { servers, on } = await startCluster({ server, decorateBus: lossy });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const reader = await bob.login("phone");
  const devices = await Promise.all([on(0, reader).sync(), on(1, reader).sync()]);
  const updates = await on(1, reader).messageUpdated();
  const ids: string[] = [];
  for (let number = 0; number < 60; number += 1) {
    ids.push((await on(number % 2 === 0 ? 0 : 1, alice).send("bob", `${number}`)).id);
  }
  await alice.recall(ids[10] ?? "");
  // As each server does by itself, now and then.
  for (const app of servers) await app.server.engine.lookAround();
  const expected = Array.from({ length: 60 }, (_, index) => `${index}`);
  for (const { messages } of devices) {
    const got = texts(await messages.take(60));
    // What was recalled before it was handed over says nothing any more.
    expect(got.map((text, index) => (index === 10 ? "10" : text))).toEqual(expected);
  }
  expect((await updates.next()).change).toBe("RECALLED");
});

test.skipIf(noRedis() !== null)(
  "with Redis gone, messages, kicks and settings take some seconds, and nothing is lost",
  async () => {
    const redis = await RedisServer.create();
    onTestFinished(() => redis.kill());
    const { servers, on } = await startCluster({ server, redis: redis.url });
    const [alice, bob] = await servers[0].people("alice", "bob");
    const phone = await bob.login("phone");
    const laptop = await bob.login("laptop");
    const admin = await servers[0].admin();
    const reading = await on(1, phone).sync();
    const kicked = await on(1, laptop).connect();
    await alice.send("bob", "by way of Redis");
    expect(texts([await reading.messages.next()])).toEqual(["by way of Redis"]);

    await redis.kill();
    await Promise.all(servers.map((app) => app.untilLogged("the bus is not heard")));
    await alice.send("bob", "without it");
    await admin.change("endSession", { of: "bob", deviceId: "laptop" }, "ended");
    await admin.updateSettings({ friendsOnly: true });
    expect(texts([await reading.messages.next()])).toEqual(["without it"]);
    expect(await kicked.closed).toMatchObject({ code: 4401 });
    expect(await on(1, laptop).refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
    await expect
      .poll(async () => (await on(1, alice).trySend("bob", "no")).code, { timeout: 10_000 })
      .toBe("NOT_FRIENDS");

    await redis.start();
    await admin.updateSettings({ friendsOnly: false });
    await expect
      .poll(async () => (await on(1, alice).trySend("bob", "again")).code, { timeout: 10_000 })
      .toBeUndefined();
    expect(texts([await reading.messages.next()])).toEqual(["again"]);
  },
);

test("whatever else is told on the channel of the servers, they go on", async () => {
  const { servers, on, url } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  const phone = await on(1, bob).sync();
  const told = [
    "null",
    "[]",
    '{"news":[null]}',
    '{"from":"x","news":[{"kind":"uses","rate":"of a newer release","uses":[]}]}',
    '{"from":"x","news":[{"kind":"of a newer release"},{"kind":"logs"},{"kind":"logs","ids":[null,1,"bob"]}]}',
    '{"from":"x","of":"1","index":1e9,"count":1e9,"text":""}',
  ];
  await ask(url, ...told.map((text) => `notify parley, '${text}'`));
  await alice.send("bob", "they go on");
  expect(texts([await phone.messages.next()])).toEqual(["they go on"]);
});

const id = fc.string({ minLength: 1, maxLength: 128 });
const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({ kind: fc.constantFrom("logs" as const, "standings" as const), ids: fc.array(id, { maxLength: 100 }) }),
  fc.constant<News>({ kind: "settings" }),
  fc.record({
    kind: fc.constant("typing" as const),
    to: id,
    from: fc.string({ maxLength: 20_000, unit: "binary" }),
    typing: fc.boolean(),
  }),
);

test("news arrive as they were told, however long they are, and whatever else arrives", () => {
  fc.assert(
    fc.property(fc.array(news, { maxLength: 30 }), fc.integer({ min: 1_000, max: 20_000 }), (told, longest) => {
      const packet: Packet = { from: "a server", news: told };
      const sent = textsOf(packet, longest);
      for (const text of sent) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(longest);
      const unpacker = new Unpacker();
      const heard = sent.flatMap((text) => {
        expect(unpacker.packetIn("what another program says")).toBeNull();
        for (const text of ['{"of":"nobody"}', "null", "1", '"x"', "[]", '{"news":1}', '{"text":"","count":-1}']) {
          expect(unpacker.packetIn(text)).toBeNull();
        }
        return unpacker.packetIn(text)?.news ?? [];
      });
      expect(heard).toEqual(told);
    }),
    { numRuns: runs(50) },
  );
});
