import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { apnsConfig, createApns } from "../../src/push/apns.ts";
import { IMPATIENT_MS, TEXTS } from "../support/push/every-channel.ts";
import { type ApnsFate, FakeApns } from "../support/push/fake-apns.ts";
import { clock, notification, withdrawal } from "../support/push/notifications.ts";

const target = { token: "abcdef0123456789", environment: "PRODUCTION" } as const;

async function start(timeoutMs = IMPATIENT_MS) {
  const fake = await new FakeApns().start();
  return { fake, channel: createApns(fake.config, { clock, timeoutMs }) };
}

test("a notification is sent as Apple wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "200" });
  const [asked] = fake.asked;
  expect(asked?.path).toBe("/3/device/abcdef0123456789");
  expect(asked?.headers).toMatchObject({
    ":method": "POST",
    "apns-topic": "com.example.chat",
    "apns-id": "5f0c1f5e-7c0e-4f43-9d3b-8f2f0d6a1b2c",
    "apns-push-type": "alert",
    "apns-priority": "10",
    "apns-expiration": String(Math.floor((clock.now() + 3_600_000) / 1_000)),
    "apns-collapse-id": "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
  });
  expect(JSON.parse(asked?.body ?? "")).toEqual({
    aps: {
      alert: { title: "Alice", body: "Shall we meet at six?" },
      badge: 3,
      sound: "default",
      "thread-id": "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
      "mutable-content": 1,
    },
    messageId: "m:1:7",
    peerId: "alice",
    data: "{}",
  });
  await channel.close();
});

test("a notification is taken back, and the badge set, without a sound", async () => {
  const { fake, channel } = await start();
  expect(await channel.withdraw?.(target, withdrawal({ badge: 0 }))).toMatchObject({ kind: "accepted" });
  expect(fake.asked[0]?.headers).toMatchObject({ "apns-push-type": "background", "apns-priority": "5" });
  expect(fake.asked[0]?.headers).not.toHaveProperty("apns-collapse-id");
  expect(JSON.parse(fake.asked[0]?.body ?? "")).toEqual({
    aps: { "content-available": 1, badge: 0 },
    withdraw: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    peerId: "alice",
  });
  await channel.close();
});

test("a development build is reached through the sandbox", async () => {
  const { fake } = await start();
  const sandbox = await new FakeApns().start();
  const config = { ...fake.config, sandboxUrl: sandbox.config.productionUrl };
  const channel = createApns(config, { clock, timeoutMs: IMPATIENT_MS });
  expect(await channel.send({ ...target, environment: "SANDBOX" }, notification())).toMatchObject({ kind: "accepted" });
  expect([fake.asked.length, sandbox.asked.length]).toEqual([0, 1]);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect([fake.asked.length, sandbox.asked.length]).toEqual([1, 1]);
  await channel.close();
});

test("many go at the same time over one connection, never more than the service takes", async () => {
  const { fake, channel } = await start(10_000);
  const sends = Array.from({ length: 500 }, () => channel.send(target, notification()));
  for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "accepted" });
  expect([fake.connections, fake.asked.length]).toEqual([1, 500]);
  expect(fake.mostStreams).toBeGreaterThan(1);
  expect(fake.mostStreams).toBeLessThanOrEqual(20);
  await channel.close();
});

test.each(["refuse stream", "go away"] as const)("what the service has not taken is sent again: %s", async (fate) => {
  const { fake, channel } = await start(10_000);
  fake.fates.push(fate);
  const sends = Array.from({ length: 30 }, () => channel.send(target, notification()));
  for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "accepted" });
  await channel.close();
});

test("what the service had not looked at when it broke down is sent again", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.fates.push("break down");
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.connections).toBe(2);
  await channel.close();
});

test("what is not taken a second time is to be tried again", async () => {
  const { fake, channel } = await start();
  fake.fates.push("refuse stream", "refuse stream");
  expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
  expect(fake.asked.length).toBe(2);
  await channel.close();
});

test("what has waited for its turn in vain does not go out any more", async () => {
  const { fake, channel } = await start();
  fake.streams = 0;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  const sends = Array.from({ length: 5 }, () => channel.send(target, notification()));
  for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "failed" });
  fake.take(1);
  expect(await channel.send(target, notification({ title: "Bob" }))).toMatchObject({ kind: "accepted" });
  expect([fake.connections, fake.asked.length]).toEqual([1, 2]);
  expect(fake.asked[1]?.body).toContain("Bob");
  await channel.close();
});

test("a connection over which nothing comes any more is made anew", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.fates.push("hang");
  expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.connections).toBe(2);
  await channel.close();
});

test("a connection that does not come about is made anew", async () => {
  const { fake, channel } = await start();
  const speak = await fake.silence();
  expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
  await speak();
  // The first may still meet the end of the old one.
  await channel.send(target, notification());
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  await channel.close();
});

test("a connection that is not used does not keep a process alive", async () => {
  const { fake } = await start();
  const { productionUrl: url, ca } = fake.config;
  const script = `
    const { createApnsSession } = await import("./src/push/apns-session.ts");
    const session = createApnsSession(${JSON.stringify({ url, ca })});
    console.log((await session.post("/3/device/ab", {}, "{}")).status);`;
  const asked = await promisify(execFile)(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  expect(asked.stdout).toBe("403\n");
});

test.each([
  ["hangs", "hang"],
  ["cuts the connection", "cut"],
  ["is in trouble", { status: 500, reason: "InternalServerError" }],
] as [string, ApnsFate][])("it is to be tried again where the service %s, and goes through then", async (_, fate) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  await channel.close();
});

test("it is to be tried again where nobody listens, and goes through when somebody does", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.stop();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
  }
  await fake.start();
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  await channel.close();
});

test("one provider token is used for 50 minutes, and made anew once where it is refused", async () => {
  const { fake, channel } = await start();
  const used = () => new Set(fake.asked.map(({ headers }) => headers.authorization)).size;
  await channel.send(target, notification());
  clock.advance(49 * 60_000);
  await channel.send(target, notification());
  expect(used()).toBe(1);
  clock.advance(2 * 60_000);
  await channel.send(target, notification());
  expect(used()).toBe(2);
  fake.endedUpTo = Math.floor(clock.now() / 1_000);
  clock.advance(1_000);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  fake.endedUpTo = Number.MAX_SAFE_INTEGER;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
  await channel.close();
});

test("many whose provider token is refused make one anew for all", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.endedUpTo = Math.floor(clock.now() / 1_000);
  clock.advance(1_000);
  const sends = Array.from({ length: 50 }, () => channel.send(target, notification()));
  for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "accepted" });
  expect(new Set(fake.asked.map(({ headers }) => headers.authorization)).size).toBe(2);
  await channel.close();
});

test("a key that Apple could not have given is not taken", async () => {
  const { fake } = await start();
  const { privateKey: other } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  for (const privateKey of ["PRIVATE KEY", other.export({ type: "pkcs8", format: "pem" })]) {
    expect(apnsConfig.safeParse({ ...fake.config, privateKey }).success).toBe(false);
  }
});

test.each([
  [
    { status: 410, reason: "Unregistered", timestamp: 1_700_000_000_000 },
    { kind: "token invalid", since: 1_700_000_000_000 },
  ],
  [
    { status: 410, reason: "ExpiredToken" },
    { kind: "token invalid", since: null },
  ],
  [
    { status: 410, reason: "Unregistered", timestamp: "soon" },
    { kind: "token invalid", since: null },
  ],
  [{ status: 400, reason: "BadDeviceToken" }, { kind: "token invalid" }],
  [{ status: 400, reason: "DeviceTokenNotForTopic" }, { kind: "token invalid" }],
  [{ status: 400, reason: "BadTopic" }, { kind: "misconfigured" }],
  [{ status: 400, reason: "TopicDisallowed" }, { kind: "misconfigured" }],
  [{ status: 400, reason: "MissingTopic" }, { kind: "misconfigured" }],
  [{ status: 403, reason: "InvalidProviderToken" }, { kind: "misconfigured" }],
  [{ status: 403, reason: "MissingProviderToken" }, { kind: "misconfigured" }],
  [{ status: 403, reason: "BadEnvironmentKeyIdInToken" }, { kind: "misconfigured" }],
  [{ status: 403, reason: "UnrelatedKeyIdInToken" }, { kind: "misconfigured" }],
  [{ status: 429, reason: "TooManyProviderTokenUpdates" }, { kind: "misconfigured" }],
  [{ status: 413, reason: "PayloadTooLarge" }, { kind: "content rejected" }],
  [{ status: 400, reason: "PayloadEmpty" }, { kind: "content rejected" }],
  [{ status: 400, reason: "BadCollapseId" }, { kind: "content rejected" }],
  [{ status: 400, reason: "BadExpirationDate" }, { kind: "content rejected" }],
  [
    { status: 429, reason: "TooManyRequests", retryAfter: "7" },
    { kind: "throttled", retryAfterMs: 7_000 },
  ],
  [{ status: 500, reason: "InternalServerError" }, { kind: "failed" }],
  [
    { status: 503, reason: "ServiceUnavailable", retryAfter: "9" },
    { kind: "failed", retryAfterMs: 9_000 },
  ],
  [{ status: 503, reason: "Shutdown" }, { kind: "failed" }],
  [{ status: 400, reason: "SomethingNew" }, { kind: "failed" }],
  [
    { status: 400, reason: `${target.token} Shall we` },
    { kind: "failed", reason: "400" },
  ],
] as [ApnsFate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
  await channel.close();
});

test("text of any length and kind is taken", async () => {
  const { channel } = await start(10_000);
  for (const text of TEXTS) {
    const outcome = await channel.send(target, notification({ title: text, body: text, data: text.slice(0, 900) }));
    expect(outcome).toMatchObject({ kind: "accepted" });
  }
  await channel.close();
});

test.each(["hang", "go away slowly"] as const)(
  "what is under way when it is closed is to be tried again: %s",
  async (fate) => {
    // Longer than a test may take.
    const { fake, channel } = await start(300_000);
    fake.fates.push(fate);
    const sending = channel.send(target, notification());
    await expect.poll(() => fake.asked.length, { interval: 1 }).toBe(1);
    expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
    const { connections } = fake;
    await channel.close();
    expect(await sending).toMatchObject({ kind: "failed" });
    expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
    expect(fake.connections).toBe(connections);
  },
);

test("a token is hexadecimal", async () => {
  const { channel } = await start();
  expect([channel.accepts?.("abcdef0123456789"), channel.accepts?.("../x"), channel.accepts?.("")]).toEqual([
    true,
    false,
    false,
  ]);
  await channel.close();
});
