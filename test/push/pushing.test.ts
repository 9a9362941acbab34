import { describe, expect, test } from "vitest";
import { DAY, HOUR } from "../support/clock.ts";
import { fcmError } from "../support/push/fake-fcm.ts";
import { clock } from "../support/push/notifications.ts";
import { DELAY_MS, register, startPhones } from "../support/push/phones.ts";

describe("a phone whose app is closed", () => {
  test("shows who has written and what, after the time that a device has to take a message", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const alice = await phones.app.person("alice");
    await alice.change("updateProfile", { nickname: "Alice" }, "__typename");
    const { id } = await alice.send("bob", "Shall we meet at six?", { push: { data: "more" } });
    phones.pass(DELAY_MS - 1);
    expect(phones.told).toEqual([]);
    phones.pass(1);
    expect(await phones.untilTold(1)).toEqual([
      {
        token: "token of bob",
        title: "Alice",
        body: "Shall we meet at six?",
        badge: 1,
        tag: expect.stringMatching(/^[\w-]{32}$/),
        data: { messageId: id, peerId: "alice", data: "more" },
        withdrawn: false,
      },
    ]);
    expect(await phones.untilReported("bob", 1)).toMatchObject([{ outcome: "SENT", messageId: id, vendor: "FCM" }]);
  });

  test("is told of several messages of one conversation once, of the newest, and of each conversation by itself", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const [alice, carol] = await phones.app.people("alice", "carol");
    for (const text of ["one", "two", "three"]) await alice.send("bob", text);
    await carol.send("bob", "hello");
    phones.pass();
    const told = await phones.untilTold(2);
    expect(
      told.map(({ body, badge }) => ({ body, badge })).toSorted((a, b) => String(a.body).localeCompare(String(b.body))),
    ).toEqual([
      { body: "hello", badge: 4 },
      { body: "three", badge: 4 },
    ]);
    expect(new Set(told.map(({ tag }) => tag)).size).toBe(2);
    await alice.send("bob", "four");
    phones.pass();
    const [, , last] = await phones.untilTold(3);
    expect(last).toMatchObject({ body: "four", tag: told.find(({ body }) => body === "three")?.tag });
  });

  test.each([
    ["a text", { text: { text: "  two\nlines\u0007 " } }, "en", "two lines"],
    [
      "a picture",
      { image: { url: "https://example.org/a.png", width: 1, height: 1, size: 1, format: "png" } },
      "ko",
      "[사진]",
    ],
    [
      "a voice note",
      { sound: { url: "https://example.org/a.mp3", size: 1, durationMs: 65_000 } },
      "ja-JP",
      "[ボイスメッセージ] 1:05",
    ],
    ["a file", { file: { url: "https://example.org/a.pdf", size: 1, name: "plan.pdf" } }, "zh-TW", "[檔案] plan.pdf"],
    ["a place", { location: { name: "Home", latitude: 1, longitude: 1 } }, "zh", "[位置] Home"],
    ["a face", { face: { index: 1 } }, "fr", "[Sticker]"],
    ["a custom message", { custom: { data: "{}", description: "Bob has won" } }, null, "Bob has won"],
  ])("shows %s in the words of its language", async (_, content, language, body) => {
    const phones = await startPhones();
    await phones.phone("bob", "token", { language });
    await (await phones.app.person("alice")).send("bob", content);
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ title: "alice", body }]);
  });

  test("is told of a friend request", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const alice = await phones.app.person("alice");
    await alice.friend("add", "bob");
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ title: "Notice", body: expect.stringContaining("alice") }]);
  });

  test("is not told of what is not to be pushed", async () => {
    const phones = await startPhones();
    const bob = await phones.phone("bob");
    const alice = await phones.app.person("alice");
    await alice.send("bob", "quietly", { push: { disabled: true } });
    await alice.send("bob", { custom: { data: "{}" } });
    await bob.send("alice", "an own one");
    await bob.block("alice");
    await alice.send("bob", "to one who has blocked me");
    await bob.unblock("alice");
    await alice.send("bob", "at last", { push: { title: "A title", body: "A body" } });
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ title: "A title", body: "A body", badge: 1 }]);
  });
});

describe("nobody is disturbed", () => {
  test("on a device that has acknowledged the message, while others are told", async () => {
    const phones = await startPhones({}, { metricsPort: 0 });
    const phone = await phones.phone("bob");
    const tablet = await (await phones.app.person("bob")).login("tablet", "DESKTOP");
    await register(tablet, "token of a tablet");
    const { messages } = await phone.sync();
    await (await phones.app.person("alice")).send("bob", "hello");
    const { cursor } = await messages.next();
    await phone.acknowledge(cursor);
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ token: "token of a tablet" }]);
    expect(await phones.untilReported("bob", 1)).toMatchObject([{ outcome: "SENT", deviceId: "tablet" }]);
    const metrics = await (await fetch(phones.app.server.metricsUrl ?? "")).text();
    expect(metrics).toContain('parley_pushes_total{vendor="FCM",outcome="skipped"} 1');
  });

  test("by what was read or recalled before it was due", async () => {
    const phones = await startPhones();
    const phone = await phones.phone("bob");
    const [alice, carol] = await phones.app.people("alice", "carol");
    await alice.send("bob", "hello");
    await phone.markRead("alice");
    const { id } = await carol.send("bob", "oh");
    await carol.recall(id);
    phones.pass();
    const report = await phones.untilReported("bob", 2);
    expect(report).toMatchObject([{ reason: "read or recalled" }, { reason: "read or recalled" }]);
    expect(phones.told).toEqual([]);
  });

  test("by the last of several that was recalled: the one before it is told", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const alice = await phones.app.person("alice");
    await alice.send("bob", "one");
    const { id } = await alice.send("bob", "two");
    await alice.recall(id);
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ body: "one", badge: 1 }]);
  });

  test("in a conversation that is muted, in quiet hours, or for a while", async () => {
    const phones = await startPhones();
    const bob = await phones.phone("bob");
    const alice = await phones.app.person("alice");
    const prefer = (input: object) => bob.change("updatePushPreferences", input, "pushPreferences { preview }");
    const told = async (reason: string) => {
      const before = (await phones.untilReported("bob", told.count)).length;
      await alice.send("bob", "hello");
      phones.pass();
      told.count = before + 1;
      expect((await phones.untilReported("bob", told.count)).at(-1)).toMatchObject({ reason });
    };
    told.count = 0;
    await told("200");
    await bob.arrange("mute", "alice", { muted: true });
    await told("conversation muted");
    await bob.arrange("mute", "alice", { muted: false });
    const minute = new Date(clock.now()).getUTCHours() * 60 + new Date(clock.now()).getUTCMinutes();
    const around = { from: (minute + 1_439) % 1_440, to: (minute + 60) % 1_440, timeZone: "UTC" };
    await prefer({ quietHours: around });
    await told("quiet hours");
    await prefer({ quietHours: { ...around, timeZone: "Asia/Kathmandu" } });
    await told("200");
    await prefer({ quietHours: null, muteSeconds: 600 });
    await told("notifications muted");
    await prefer({ muteSeconds: 0 });
    await told("200");
    expect(phones.told.map(({ withdrawn }) => withdrawn)).toEqual([false, false, false]);
  });
});

describe("no more is shown", () => {
  test.each([
    ["NAME_ONLY", "alice", "You have a new message"],
    ["NONE", "Notice", "You have a new message"],
  ])("than the user wants: %s", async (preview, title, body) => {
    const phones = await startPhones();
    const bob = await phones.phone("bob");
    await bob.change("updatePushPreferences", { preview }, "pushPreferences { preview }");
    await (await phones.app.person("alice")).send("bob", "secret", {
      push: { title: "secret", body: "secret", data: "secret" },
    });
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ title, body }]);
    expect(JSON.stringify(phones.fake.asked)).not.toContain("secret");
  });

  test("than the server wants", async () => {
    const phones = await startPhones({ preview: "NAME_ONLY" });
    await phones.phone("bob");
    await (await phones.app.person("alice")).send("bob", "secret");
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ title: "alice", body: "You have a new message" }]);
  });
});

describe("what is shown goes again", () => {
  test("when it is read on another device", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const [alice, desk] = await phones.app.people("alice", "bob");
    await alice.send("bob", "hello");
    phones.pass();
    const [shown] = await phones.untilTold(1);
    await phones.untilReported("bob", 1);
    await desk.markRead("alice");
    phones.pass(1);
    expect((await phones.untilTold(2))[1]).toMatchObject({ withdrawn: true, tag: shown?.tag, badge: 0 });
    expect((await phones.untilReported("bob", 2)).at(-1)).toMatchObject({ outcome: "WITHDRAWN" });
  });

  test("when it is recalled, and not from the device that has read it itself", async () => {
    const phones = await startPhones();
    const phone = await phones.phone("bob");
    const alice = await phones.app.person("alice");
    const { id } = await alice.send("bob", "hello");
    phones.pass();
    await phones.untilReported("bob", 1);
    await alice.recall(id);
    phones.pass(1);
    expect((await phones.untilTold(2))[1]).toMatchObject({ withdrawn: true });
    await phones.untilReported("bob", 2);
    await alice.send("bob", "again");
    phones.pass();
    await phones.untilReported("bob", 3);
    await phone.markRead("alice");
    await alice.send("bob", "and again");
    phones.pass();
    expect((await phones.untilTold(4)).map(({ body }) => body)).toEqual(["hello", null, "again", "and again"]);
  });
});

test("that nothing may be taken back does not stop what is sent", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  const [alice, desk] = await phones.app.people("alice", "bob");
  await alice.send("bob", "one");
  phones.pass();
  await phones.untilReported("bob", 1);
  phones.fake.fates.push(fcmError(401, "THIRD_PARTY_AUTH_ERROR"));
  await desk.markRead("alice");
  phones.pass(1);
  expect((await phones.untilReported("bob", 2)).at(-1)).toMatchObject({ outcome: "DEAD" });
  await alice.send("bob", "two");
  phones.pass();
  expect((await phones.untilTold(3)).at(-1)).toMatchObject({ body: "two" });
});

describe("a vendor in trouble", () => {
  test("that is down for an hour loses nothing, and is not flooded when it is back", async () => {
    const phones = await startPhones();
    const people = Array.from({ length: 30 }, (_, index) => `user${index}`);
    for (const user of people) await phones.phone(user);
    const alice = await phones.app.person("alice");
    phones.fake.fates.push(...Array.from({ length: 10_000 }, () => ({ status: 503 })));
    for (const user of people) await alice.send(user, `hello ${user}`);
    phones.pass();
    for (let minute = 0; minute < 60; minute += 1) {
      const before = phones.told.length;
      phones.pass(60_000);
      await phones.app.server.engine.pushing.settled();
      expect(phones.told.length - before).toBeLessThan(200);
    }
    const tried = phones.told.length;
    expect(tried).toBeGreaterThan(10);
    phones.fake.fates.length = 0;
    for (let minute = 0; minute < 12; minute += 1) {
      phones.pass(60_000);
      await phones.app.server.engine.pushing.settled();
    }
    const bodies = phones.told.slice(tried).map(({ body }) => body);
    expect(new Set(bodies)).toEqual(new Set(people.map((user) => `hello ${user}`)));
    expect(bodies).toHaveLength(people.length);
  }, 60_000);

  test("that is down for a day is not asked any more, until an admin wants it", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    phones.fake.fates.push(...Array.from({ length: 1_000 }, () => ({ status: 503 })));
    await (await phones.app.person("alice")).send("bob", "hello");
    phones.pass();
    for (let hour = 0; hour < 25; hour += 1) {
      await phones.app.server.engine.pushing.settled();
      phones.pass(HOUR);
    }
    await phones.app.server.engine.pushing.settled();
    const admin = await phones.app.admin();
    const report = await admin.get('{ pushReport(user: "bob", last: 1) { outcome } }');
    expect(report).toEqual({ pushReport: [{ outcome: "DEAD" }] });
    phones.fake.fates.length = 0;
    const tried = phones.told.length;
    phones.pass(HOUR);
    await phones.app.server.engine.pushing.settled();
    expect(phones.told).toHaveLength(tried);
    expect(await admin.change("retryPushes", {}, "count")).toEqual({ count: 1 });
    phones.pass(1);
    expect((await phones.untilTold(tried + 1)).at(-1)).toMatchObject({ body: "hello" });
  });

  test("is waited for as long as it says", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    phones.fake.fates.push(fcmError(429, "QUOTA_EXCEEDED", { "retry-after": "900" }));
    await (await phones.app.person("alice")).send("bob", "hello");
    phones.pass();
    expect(await phones.untilReported("bob", 1)).toMatchObject([{ outcome: "DELAYED" }]);
    phones.pass(890_000);
    await phones.app.server.engine.pushing.settled();
    expect(phones.told).toHaveLength(1);
    phones.pass(20_000);
    await phones.untilTold(2);
  });

  test("that refuses the server's credentials is left alone for a while, and operators are told", async () => {
    const phones = await startPhones({}, { metricsPort: 0 });
    await phones.phone("bob");
    await phones.phone("carol");
    const alice = await phones.app.person("alice");
    phones.fake.fates.push(fcmError(401, "THIRD_PARTY_AUTH_ERROR"));
    await alice.send("bob", "hello");
    phones.pass();
    await phones.untilReported("bob", 1);
    await alice.send("carol", "hello");
    phones.pass(60_000);
    await phones.app.server.engine.pushing.settled();
    expect(phones.told).toHaveLength(1);
    expect(phones.app.logged).toContain("THIRD_PARTY_AUTH_ERROR");
    const metrics = await (await fetch(phones.app.server.metricsUrl ?? "")).text();
    expect(metrics).toContain('parley_push_broken{vendor="FCM"} 1');
    expect(metrics).toContain('parley_pushes{vendor="FCM",state="queued"} 2');
    phones.pass(600_000);
    expect(
      (await phones.untilTold(3))
        .slice(1)
        .map(({ token }) => token)
        .toSorted(),
    ).toEqual(["token of bob", "token of carol"]);
  });

  test("that would not have what was written gets it no second time, until an admin wants it", async () => {
    const phones = await startPhones();
    await phones.phone("bob");
    const badRequest = { "@type": "type.googleapis.com/google.rpc.BadRequest" };
    phones.fake.fates.push({ status: 400, body: { error: { status: "INVALID_ARGUMENT", details: [badRequest] } } });
    await (await phones.app.person("alice")).send("bob", "hello");
    phones.pass();
    expect(await phones.untilReported("bob", 1)).toMatchObject([{ outcome: "DEAD" }]);
    phones.pass(HOUR);
    await phones.app.server.engine.pushing.settled();
    expect(phones.told).toHaveLength(1);
    const admin = await phones.app.admin();
    expect(await admin.change("retryPushes", { vendor: "FCM" }, "count")).toEqual({ count: 1 });
    phones.pass(1);
    await phones.untilTold(2);
  });

  test("that says of nearly all tokens that it does not know them is not believed", async () => {
    const phones = await startPhones();
    const people = Array.from({ length: 15 }, (_, index) => `user${index}`);
    for (const user of people) await phones.phone(user);
    const alice = await phones.app.person("alice");
    phones.fake.fates.push(...people.map(() => fcmError(404, "UNREGISTERED")));
    for (const user of people) await alice.send(user, "hello");
    phones.pass();
    await expect.poll(() => phones.told.length).toBe(people.length);
    await phones.app.server.engine.pushing.settled();
    phones.fake.fates.length = 0;
    phones.pass(HOUR);
    await phones.app.server.engine.pushing.settled();
    expect(phones.told.length - people.length).toBeGreaterThan(4);
  });
});

test("an admin tries a user's devices, and sees what the vendor says", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  const admin = await phones.app.admin();
  phones.fake.fates.push(fcmError(401, "THIRD_PARTY_AUTH_ERROR"));
  const results = "results { vendor accepted outcome reason }";
  expect(await admin.change("testPush", { user: "bob" }, results)).toEqual({
    results: [{ vendor: "FCM", accepted: false, outcome: "misconfigured", reason: "401 THIRD_PARTY_AUTH_ERROR" }],
  });
  expect(await admin.change("testPush", { user: "bob" }, results)).toMatchObject({ results: [{ accepted: true }] });
  expect(phones.told.at(-1)).toMatchObject({ body: "This is a test." });
  const bob = await phones.app.person("bob");
  expect(await bob.refusedChange("testPush", { user: "bob" })).toBe("FORBIDDEN");
});

test("what waits survives a restart", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  await (await phones.app.person("alice")).send("bob", "hello");
  await phones.app.restart();
  phones.pass();
  expect(await phones.untilTold(1)).toMatchObject([{ body: "hello" }]);
});

test("without channels nothing is queued", async () => {
  const phones = await startPhones({ fcm: undefined });
  const { pushVendors } = await (await phones.app.person("bob")).get("{ pushVendors }");
  expect(pushVendors).toEqual([]);
});

test("a clock that jumps ahead makes no push too old", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  await (await phones.app.person("alice")).send("bob", "hello");
  phones.app.clock.jump(2 * DAY);
  phones.pass();
  expect(await phones.untilTold(1)).toMatchObject([{ body: "hello" }]);
  phones.app.clock.jump(-2 * DAY);
});

test("what was read while a newer message waited goes from the screen too", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  const [alice, desk] = await phones.app.people("alice", "bob");
  await alice.send("bob", "one");
  phones.pass();
  await phones.untilReported("bob", 1);
  await alice.send("bob", "two");
  await desk.markRead("alice");
  phones.pass();
  expect((await phones.untilTold(2)).at(-1)).toMatchObject({ withdrawn: true });
  // What is muted meanwhile is not told; what is on the screen stays until it is read.
  await alice.send("bob", "three");
  phones.pass();
  await phones.untilTold(3);
  await desk.arrange("mute", "alice", { muted: true });
  await alice.send("bob", "four");
  phones.pass();
  await phones.app.server.engine.pushing.settled();
  expect(phones.told).toHaveLength(3);
  await desk.markRead("alice");
  phones.pass(1);
  expect((await phones.untilTold(4)).at(-1)).toMatchObject({ withdrawn: true });
});

test("what is on the screen goes when it is read, although the vendor would not have the next one", async () => {
  const phones = await startPhones();
  await phones.phone("bob");
  const [alice, desk] = await phones.app.people("alice", "bob");
  await alice.send("bob", "one");
  phones.pass();
  await phones.untilReported("bob", 1);
  const badRequest = { "@type": "type.googleapis.com/google.rpc.BadRequest" };
  phones.fake.fates.push({ status: 400, body: { error: { status: "INVALID_ARGUMENT", details: [badRequest] } } });
  await alice.send("bob", "two");
  phones.pass();
  await phones.untilReported("bob", 2);
  await desk.markRead("alice");
  phones.pass(1);
  expect((await phones.untilTold(3)).at(-1)).toMatchObject({ withdrawn: true, badge: 0 });
});
