/** What hooks are told: everything, at least once, in order, whatever fails meanwhile. */
import { describe, expect, test } from "vitest";
import { hooksConfig } from "../../src/hooks/config.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { SECRET, startTelling } from "../support/fake-app.ts";

const DELIVERIES = "hookDeliveries(dead: $dead) { hook kind user { id } other { id } messageId attempts dead reason }";

test("each thing that happens is told, signed, with what it is about", async () => {
  const [app, fake] = await startTelling();
  const [alice, bob] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "hello", { clientMessageId: "one", customData: "mine" });
  const [sent] = await fake.untilTaken(1);
  const message = {
    id,
    seq: 1,
    sender: "alice",
    recipient: "bob",
    content: { type: "TEXT", text: "hello" },
    customData: "mine",
    clientMessageId: "one",
    sentAt: new Date(app.clock.now()).toISOString(),
    editedAt: null,
    recalledAt: null,
    hidden: false,
  };
  expect(sent).toEqual({ id: expect.any(String), type: "message.sent", timestamp: message.sentAt, data: { message } });
  await bob.markRead("alice");
  await alice.edit(id, "hello!");
  await alice.recall(id);
  await bob.block("alice");
  await bob.unblock("alice");
  const taken = await fake.untilTaken(6);
  expect(taken.slice(1).map(({ type, data }) => [type, data.message?.content ?? data])).toEqual([
    ["conversation.read", { reader: "bob", peer: "alice", upToSeq: 1 }],
    ["message.edited", expect.anything()],
    ["message.recalled", expect.objectContaining({ message: expect.objectContaining({ content: null }) })],
    ["user.blocked", { user: "bob", other: "alice" }],
    ["user.unblocked", { user: "bob", other: "alice" }],
  ]);
});

test("friendships are told of, in the order in which they change", async () => {
  const [app, fake] = await startTelling({
    types: ["friendship.requested", "friendship.added", "friendship.removed"],
  });
  const [alice, bob] = await app.people("alice", "bob");
  await alice.friend("add", "bob");
  await bob.friend("accept", "alice");
  await alice.friend("remove", "bob");
  const taken = await fake.untilTaken(3);
  expect(taken.map(({ type, data }) => [type, data.user, data.other])).toEqual([
    ["friendship.requested", "alice", "bob"],
    ["friendship.added", "bob", "alice"],
    ["friendship.removed", "alice", "bob"],
  ]);
});

test("a message that looks sent to one who has blocked its sender is told of as hidden", async () => {
  const [app, fake] = await startTelling({ types: ["message.sent"] });
  const [alice, bob] = await app.people("alice", "bob");
  await bob.block("alice");
  await alice.send("bob", "hello");
  expect(await fake.untilTaken(1)).toMatchObject([{ data: { message: { hidden: true } } }]);
});

describe("what is not taken", () => {
  test("comes again under its id, holds up what is about the same two, and nobody else", async () => {
    const [app, fake] = await startTelling({ types: ["message.sent"] });
    const [alice, carol] = await app.people("alice", "carol", "bob");
    let ill = true;
    fake.receive = ({ data }) => ({ status: ill && data.message.sender === "alice" ? 503 : 204 });
    await alice.send("bob", "one");
    await alice.send("bob", "two");
    await carol.send("bob", "three");
    expect(await fake.untilTaken(1)).toMatchObject([{ data: { message: { content: { text: "three" } } } }]);
    await app.server.engine.hooks.settled();
    ill = false;
    app.clock.advance(2_000);
    const taken = await fake.untilTaken(3);
    expect(taken.slice(1).map(({ data }) => data.message.content.text)).toEqual(["one", "two"]);
    const ids = fake.asked.map(({ headers, body }) => [
      headers["webhook-id"],
      JSON.parse(body).data.message.content.text,
    ]);
    const ofOne = ids.filter(([, text]) => text === "one").map(([id]) => id);
    expect(ofOne).toHaveLength(2);
    expect(new Set(ofOne).size).toBe(1);
    expect(new Set(ids.map(([id]) => id)).size).toBe(3);
  });

  test("is told as it is by then: what was recalled meanwhile says nothing any more", async () => {
    const [app, fake] = await startTelling({ types: ["message.sent"] });
    const alice = await app.person("alice");
    await app.person("bob");
    fake.fates.push({ status: 500 });
    const { id } = await alice.send("bob", "secret");
    await app.server.engine.hooks.settled();
    await alice.recall(id);
    app.clock.advance(2_000);
    expect(await fake.untilTaken(1)).toMatchObject([{ data: { message: { id, content: null } } }]);
  });

  test("is waited for as long as the app says", async () => {
    const [app, fake] = await startTelling({ types: ["message.sent"] });
    const alice = await app.person("alice");
    await app.person("bob");
    fake.fates.push({ status: 429, headers: { "retry-after": "60" } });
    await alice.send("bob", "hello");
    await app.server.engine.hooks.settled();
    app.clock.advance(59_000);
    await app.server.engine.hooks.settled();
    expect(fake.asked).toHaveLength(1);
    app.clock.advance(1_000);
    await fake.untilTaken(1);
  });

  test("survives a restart", async () => {
    const [app, fake] = await startTelling({ types: ["message.sent"] });
    const alice = await app.person("alice");
    await app.person("bob");
    fake.receive = () => "cut";
    for (const text of ["one", "two", "three"]) await alice.send("bob", text);
    await app.restart();
    fake.receive = () => ({ status: 204 });
    app.clock.advance(2_000);
    const taken = await fake.untilTaken(3);
    expect(taken.map(({ data }) => data.message.content.text)).toEqual(["one", "two", "three"]);
  });

  test("in a day is given up, which lets the next go, and is delivered again when an admin wants it", async () => {
    const [app, fake] = await startTelling({ types: ["message.sent"] }, { metricsPort: 0 });
    const alice = await app.person("alice");
    await app.person("bob");
    const admin = await app.admin();
    fake.receive = ({ data }) => ({ status: data.message.content.text === "bad" ? 422 : 204 });
    const { id } = await alice.send("bob", "bad");
    await alice.send("bob", "good");
    for (let hour = 0; hour < 25; hour += 1) {
      await app.server.engine.hooks.settled();
      app.clock.advance(HOUR);
    }
    expect(await fake.untilTaken(1)).toMatchObject([{ data: { message: { content: { text: "good" } } } }]);
    await app.server.engine.hooks.settled();
    const given = { hook: "app", kind: "SENT", user: { id: "alice" }, other: { id: "bob" }, messageId: id, dead: true };
    const { hookDeliveries } = await admin.get(`query D($dead: Boolean!) { ${DELIVERIES} }`, { dead: true });
    expect(hookDeliveries).toEqual([{ ...given, attempts: expect.any(Number), reason: "status 422" }]);
    expect(await admin.get("{ hooks { name waiting dead oldestAt } }")).toEqual({
      hooks: [{ name: "app", waiting: 0, dead: 1, oldestAt: null }],
    });
    const metrics = await (await fetch(app.server.metricsUrl ?? "")).text();
    expect(metrics).toContain('parley_hook_queue{hook="app",state="dead"} 1');
    fake.receive = () => ({ status: 204 });
    expect(await admin.change("retryHooks", { hook: "app" }, "count")).toEqual({ count: 1 });
    expect((await fake.untilTaken(2))[1]).toMatchObject({ data: { message: { content: { text: "bad" } } } });
  });
});

test("a hook that is down for hours loses nothing, and is not flooded while it is", async () => {
  const [app, fake] = await startTelling({ types: ["message.sent"] });
  const people = Array.from({ length: 20 }, (_, index) => `user${index}`);
  const alice = await app.person("alice");
  for (const user of people) await app.person(user);
  fake.receive = () => ({ status: 502 });
  for (const user of people) for (const text of ["one", "two"]) await alice.send(user, text);
  for (let minutes = 0; minutes < 180; minutes += 10) {
    await app.server.engine.hooks.settled();
    app.clock.advance(10 * 60_000);
  }
  await app.server.engine.hooks.settled();
  expect(fake.asked.length).toBeLessThan(20 * 25);
  fake.receive = () => ({ status: 204 });
  app.clock.advance(10 * 60_000);
  const taken = await fake.untilTaken(40);
  for (const user of people) {
    const said = taken.filter(({ data }) => data.message.recipient === user);
    expect(said.map(({ data }) => data.message.content.text)).toEqual(["one", "two"]);
  }
});

test("an admin alone sees hooks; a name that no hook has is told apart", async () => {
  const [app] = await startTelling();
  const [alice, admin] = [await app.person("alice"), await app.admin()];
  expect(await alice.refusal("{ hooks { name } }")).toBe("FORBIDDEN");
  expect(await alice.refusedChange("retryHooks", {})).toBe("FORBIDDEN");
  expect(await admin.refusedChange("retryHooks", { hook: "nobody" })).toBe("INVALID_CONTENT");
  expect(await admin.refusal("{ hookDeliveries(first: 201) { hook } }")).toBe("BAD_USER_INPUT");
});

test("without hooks nothing is kept for them", async () => {
  const [app, fake] = await startTelling();
  const alice = await app.person("alice");
  await app.person("bob");
  await alice.send("bob", "hello");
  await fake.untilTaken(1);
  app.clock.advance(8 * DAY);
  await app.server.engine.sweep();
  expect(await (await app.admin()).get("{ hookDeliveries(dead: false) { hook } }")).toEqual({ hookDeliveries: [] });
});

describe("a configuration is refused", () => {
  const endpoint = { url: "https://app.example.org/hooks", secrets: [SECRET] };
  test.each([
    ["without encryption", { ...endpoint, url: "http://app.example.org/hooks" }],
    ["with a password in its URL", { ...endpoint, url: "https://a:b@app.example.org/hooks" }],
    ["with an internal address", { ...endpoint, url: "https://10.0.0.1/hooks" }],
    ["with an internal address in other words", { ...endpoint, url: "https://0x7f.1/hooks" }],
    ["with an internal address of IPv6", { ...endpoint, url: "https://[::ffff:127.0.0.1]/hooks" }],
    ["without a secret", { ...endpoint, secrets: [] }],
    ["with a short secret", { ...endpoint, secrets: ["whsec_c2hvcnQ="] }],
    ["with what is no URL", { ...endpoint, url: "app" }],
  ])("%s", (_, wrong) => {
    const config = (one: object) => ({ events: [{ name: "app", endpoint: one }] });
    expect(hooksConfig.safeParse(config(endpoint)).success).toBe(true);
    expect(hooksConfig.safeParse(config(wrong)).success).toBe(false);
  });

  test("with two hooks of one name", () => {
    const one = { name: "app", endpoint };
    expect(hooksConfig.safeParse({ events: [one, one] }).success).toBe(false);
  });
});

test("a name that stands for an internal address is not asked", async () => {
  const [app, fake] = await startTelling({
    types: ["message.sent"],
    endpoint: { url: "https://localhost/hooks", secrets: [SECRET] },
  });
  const alice = await app.person("alice");
  await app.person("bob");
  await alice.send("bob", "hello");
  await app.server.engine.hooks.settled();
  const query = "{ hookDeliveries(dead: false) { reason } }";
  expect(await (await app.admin()).get(query)).toEqual({
    hookDeliveries: [{ reason: expect.stringContaining("address not allowed") }],
  });
  expect(fake.asked).toEqual([]);
});
