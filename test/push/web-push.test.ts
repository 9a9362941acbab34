import { createECDH, randomBytes } from "node:crypto";
import { isIP, type LookupFunction } from "node:net";
import { expect, test } from "vitest";
import type { PushChannel } from "../../src/engine/push/channel.ts";
import { AddressNotAllowed, isPublicAddress, publicLookup } from "../../src/outgoing/public-addresses.ts";
import { createWebPush, readSubscription, webPushConfig } from "../../src/push/web-push.ts";
import { allowedEndpoint } from "../../src/push/web-push-endpoint.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { base64url, FakeWebPush } from "../support/push/fake-web-push.ts";
import { clock, notification, target, withdrawal } from "../support/push/notifications.ts";

const NOT_ALLOWED = { kind: "token invalid", reason: "endpoint not allowed" };

async function start() {
  const fake = await new FakeWebPush().start();
  return { fake, channel: createWebPush(fake.config, { clock }), browser: fake.subscription() };
}

/**
 * Any target is the browser. An answer is not waited for long where the fake has been told what to do; a hundred
 * notifications that are encrypted, signed and sent through fresh connections take their time.
 */
describeEveryChannel(async () => {
  const { fake, channel: patient, browser } = await start();
  const impatient = createWebPush(fake.config, { clock, timeoutMs: IMPATIENT_MS });
  const channel: PushChannel = {
    ...patient,
    send: (_, sent) => (fake.fates.length > 0 ? impatient : patient).send(browser, sent),
    async close() {
      await patient.close();
      await impatient.close();
    },
  };
  return { fake, channel };
});

test("a notification arrives at the browser as it was written", async () => {
  const { fake, channel, browser } = await start();
  expect(await channel.send(browser, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "201" });
  expect(fake.pushed).toEqual([
    {
      topic: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
      urgency: "high",
      ttl: 3_600,
      bytes: expect.any(Number),
      payload: {
        title: "Alice",
        body: "Shall we meet at six?",
        tag: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
        messageId: "m:1:7",
        peerId: "alice",
        data: "{}",
        badge: 3,
      },
    },
  ]);
});

test("a notification is taken back by one that takes its place", async () => {
  const { fake, channel, browser } = await start();
  expect(await channel.withdraw?.(browser, withdrawal({ badge: 0 }))).toMatchObject({ kind: "accepted" });
  expect(fake.pushed).toMatchObject([
    {
      topic: "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
      urgency: "normal",
      ttl: 3_600,
      payload: { withdraw: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", peerId: "alice", badge: 0 },
    },
  ]);
});

test("long text is cut, and large data left out", async () => {
  const { fake, channel, browser } = await start();
  await channel.send(browser, notification({ body: "가".repeat(3_000) }));
  await channel.send(browser, notification({ data: "x".repeat(3_000) }));
  expect(fake.pushed).toMatchObject([
    { payload: { body: expect.stringMatching(/^가{700,}…$/) } },
    { payload: { body: "Shall we meet at six?", data: null } },
  ]);
  for (const { bytes } of fake.pushed) expect(bytes).toBeLessThanOrEqual(2_820);
});

test("what cannot be made short enough is rejected", async () => {
  const { fake, channel, browser } = await start();
  const outcome = await channel.send(browser, notification({ peerId: "x".repeat(3_000) }));
  expect(outcome).toMatchObject({ kind: "content rejected" });
  expect(fake.asked).toEqual([]);
});

test("a notification is kept for a second at least, and for four weeks at most", async () => {
  const { fake, channel, browser } = await start();
  await channel.send(browser, notification({ expiresAt: clock.now() - 1 }));
  await channel.send(browser, notification({ expiresAt: clock.now() + 1_999 }));
  await channel.send(browser, notification({ expiresAt: clock.now() + 365 * 86_400_000 }));
  expect(fake.pushed.map(({ ttl }) => ttl)).toEqual([1, 1, 2_419_200]);
});

test("a subscription that was made for another key is of no use", async () => {
  const { fake, channel, browser } = await start();
  fake.subscribedFor = "another";
  expect(await channel.send(browser, notification())).toEqual({ kind: "token invalid", reason: "403", since: null });
});

test("a redirect is not followed", async () => {
  const { fake, channel, browser } = await start();
  fake.fates.push({ status: 307, headers: { location: `https://127.0.0.1:${fake.port}/elsewhere` } });
  expect(await channel.send(browser, notification())).toEqual({ kind: "failed", reason: "307", retryAfterMs: null });
  expect(fake.asked).toEqual(["/push/a-browser 307"]);
});

test.each([
  [{ status: 200 }, { kind: "accepted" }],
  [{ status: 200, body: { id: "1" } }, { kind: "accepted" }],
  [{ status: 201 }, { kind: "accepted" }],
  [{ status: 202 }, { kind: "accepted" }],
  [{ status: 404 }, { kind: "token invalid", since: null }],
  [{ status: 410 }, { kind: "token invalid", since: null }],
  [{ status: 413 }, { kind: "content rejected" }],
  [
    { status: 429, headers: { "retry-after": "120" } },
    { kind: "throttled", retryAfterMs: 120_000 },
  ],
  [{ status: 429 }, { kind: "throttled", retryAfterMs: null }],
  [{ status: 400 }, { kind: "token invalid" }],
  [{ status: 401 }, { kind: "token invalid" }],
  [{ status: 403 }, { kind: "token invalid" }],
  [{ status: 500 }, { kind: "failed", retryAfterMs: null }],
  [
    { status: 503, headers: { "retry-after": "9" } },
    { kind: "failed", retryAfterMs: 9_000 },
  ],
  [{ status: 418 }, { kind: "failed" }],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel, browser } = await start();
  fake.fates.push(fate, fate);
  expect(await channel.send(browser, notification())).toMatchObject(outcome);
  expect(await channel.withdraw?.(browser, withdrawal())).toMatchObject(outcome);
});

test("what a service says in its own words is not repeated", async () => {
  const { fake, channel, browser } = await start();
  fake.fates.push({ status: 403, body: { reason: browser.token } });
  expect(await channel.send(browser, notification())).toEqual({ kind: "token invalid", reason: "403", since: null });
});

test("a long answer is not read", async () => {
  const { fake, channel, browser } = await start();
  fake.fates.push({ status: 201, body: "x".repeat(1_000_000) });
  const reason = "no answer: UND_ERR_RES_EXCEEDED_MAX_SIZE";
  expect(await channel.send(browser, notification())).toMatchObject({ kind: "failed", reason });
});

test("a service whose certificate nobody vouches for is not told anything", async () => {
  const { fake, browser } = await start();
  const { ca: _, ...config } = fake.config;
  const channel = createWebPush(config, { clock });
  expect(await channel.send(browser, notification())).toMatchObject({ kind: "failed" });
  expect(fake.asked).toEqual([]);
});

const point = createECDH("prime256v1").generateKeys();
const keys = { p256dh: base64url(point), auth: base64url(randomBytes(16)) };
const endpoint = "https://fcm.googleapis.com/fcm/send/abc:def";

function tokenAt(place: string): string {
  return JSON.stringify({ endpoint: place, keys });
}

test("a subscription is read as browsers write it", () => {
  const token = JSON.stringify({ endpoint, expirationTime: null, keys: { ...keys, more: "x" }, more: 1 });
  expect(readSubscription(token)).toEqual({ endpoint, keys });
});

const hybrid = Buffer.concat([Buffer.from([6 + ((point.at(-1) ?? 0) % 2)]), point.subarray(1)]);
const noPoint = Buffer.concat([point.subarray(0, 64), Buffer.from([(point.at(-1) ?? 0) ^ 1])]);
test.each([
  ["no JSON", "token-of-a-phone"],
  ["nothing", "null"],
  ["a list", "[]"],
  ["no keys", JSON.stringify({ endpoint })],
  ["no endpoint", JSON.stringify({ keys })],
  ["an endpoint that is no URL", JSON.stringify({ endpoint: "abc", keys })],
  ["a key that is too short", JSON.stringify({ endpoint, keys: { ...keys, p256dh: base64url(point.subarray(1)) } })],
  ["a key that is no point", JSON.stringify({ endpoint, keys: { ...keys, p256dh: base64url(noPoint) } })],
  ["a key in another form", JSON.stringify({ endpoint, keys: { ...keys, p256dh: base64url(hybrid) } })],
  ["a key that is not base64url", JSON.stringify({ endpoint, keys: { ...keys, p256dh: `${keys.p256dh}=` } })],
  ["a secret that is too short", JSON.stringify({ endpoint, keys: { ...keys, auth: base64url(randomBytes(15)) } })],
  ["a secret that is too long", JSON.stringify({ endpoint, keys: { ...keys, auth: base64url(randomBytes(17)) } })],
  ["a secret that is a number", JSON.stringify({ endpoint, keys: { ...keys, auth: 1 } })],
])("%s is no subscription", async (_, token) => {
  const { fake, channel } = await start();
  expect(readSubscription(token)).toBeNull();
  expect(channel.accepts?.(token)).toBe(false);
  const outcome = await channel.send({ ...target, token }, notification());
  expect(outcome).toEqual({ kind: "token invalid", reason: "no subscription", since: null });
  expect(fake.asked).toEqual([]);
});

/** Finds these, whatever the name, and keeps which names it was asked for. */
function lookupOf(addresses: readonly string[], asked: string[] = []): LookupFunction {
  return (hostname, _, callback) => {
    asked.push(hostname);
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    callback(null, found);
  };
}

const { subject, publicKey, privateKey } = new FakeWebPush().config;
const asOperatorsHaveIt = { subject, publicKey, privateKey };
const { hosts } = webPushConfig.parse(asOperatorsHaveIt);

/** A channel that asks only where operators mean it to. */
function guarded(lookup: LookupFunction, listed = hosts): PushChannel {
  const config = webPushConfig.parse({ ...asOperatorsHaveIt, hosts: listed });
  return createWebPush(config, { clock }, lookup);
}

test.each([
  [endpoint, endpoint],
  ["https://fcm.googleapis.com:443/wp/abc", "https://fcm.googleapis.com/wp/abc"],
  ["https://FCM.GoogleAPIs.com/wp/abc", "https://fcm.googleapis.com/wp/abc"],
  ["https://updates.push.services.mozilla.com/wpush/v2/x", "https://updates.push.services.mozilla.com/wpush/v2/x"],
  ["https://eu.push.services.mozilla.com/x", "https://eu.push.services.mozilla.com/x"],
  ["https://wns2-par02p.notify.windows.com/w/?token=x%2b", "https://wns2-par02p.notify.windows.com/w/?token=x%2b"],
  ["https://web.push.apple.com/QX", "https://web.push.apple.com/QX"],
])("%s may be asked", (place, href) => {
  expect(allowedEndpoint(place, { hosts, allowLocal: false })?.href).toBe(href);
});

test.each([
  ["http", "http://fcm.googleapis.com/x"],
  ["another scheme", "file://fcm.googleapis.com/x"],
  ["sockets", "wss://fcm.googleapis.com/x"],
  ["another port", "https://fcm.googleapis.com:8443/x"],
  ["http's port", "https://fcm.googleapis.com:80/x"],
  ["a user", "https://user@fcm.googleapis.com/x"],
  ["a user and a password", "https://user:password@fcm.googleapis.com/x"],
  ["a password", "https://:password@fcm.googleapis.com/x"],
  ["a listed name as the user", "https://fcm.googleapis.com@example.com/x"],
  ["a listed name as the user, with a backslash", "https://example.com\\@fcm.googleapis.com/x"],
  ["a foreign name", "https://example.com/x"],
  ["a listed name before another", "https://evil-fcm.googleapis.com.example.com/x"],
  ["a listed name with something before it", "https://evil-fcm.googleapis.com/x"],
  ["a name below one that is listed alone", "https://evil.fcm.googleapis.com/x"],
  ["a listed ending without its dot", "https://evilpush.apple.com/x"],
  ["a listed ending alone", "https://push.apple.com/x"],
  ["a listed name in the path", "https://example.com/web.push.apple.com"],
  ["a listed name in the query", "https://example.com?.push.apple.com"],
  ["a listed name in the fragment", "https://example.com#.push.apple.com"],
  ["a listed name with a dot behind it", "https://fcm.googleapis.com./x"],
  ["letters that look like others", "https://fcm.googleаpis.com/x"],
  ["this machine's name", "https://localhost/x"],
  ["this machine", "https://127.0.0.1/x"],
  ["this machine as a number", "https://2130706433/x"],
  ["this machine in hexadecimal", "https://0x7f.1/x"],
  ["this machine by IPv6", "https://[::1]/x"],
  ["this machine as IPv4 within IPv6", "https://[::ffff:127.0.0.1]/x"],
  ["a cloud's own service", "https://169.254.169.254/latest/meta-data"],
  ["a public address", "https://8.8.8.8/x"],
])("%s may not be asked, nor looked up", async (_, place) => {
  const asked: string[] = [];
  const channel = guarded(lookupOf(["127.0.0.1"], asked));
  const token = tokenAt(place);
  expect(allowedEndpoint(place, { hosts, allowLocal: false })).toBeNull();
  expect(channel.accepts?.(token)).toBe(false);
  const outcome = await channel.send({ ...target, token }, notification());
  expect(outcome).toMatchObject(NOT_ALLOWED);
  expect(await channel.withdraw?.({ ...target, token }, withdrawal())).toEqual(outcome);
  expect(asked).toEqual([]);
});

test("what is no URL may not be asked", () => {
  expect(allowedEndpoint("abc", { hosts, allowLocal: false })).toBeNull();
  expect(allowedEndpoint("", { hosts, allowLocal: true })).toBeNull();
});

test.each([
  "127.0.0.1",
  "127.255.255.254",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.100.100.200",
  "192.0.0.192",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:10.0.0.1",
  "::ffff:169.254.169.254",
  "64:ff9b::10.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2001::1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "8.8.8.8, 10.0.0.1",
  "2606:4700::1111, ::1",
  "not an address",
  "",
])("a listed name that stands for %j is not connected to", async (addresses) => {
  const asked: string[] = [];
  const channel = guarded(lookupOf(addresses === "" ? [] : addresses.split(", "), asked));
  const token = tokenAt(endpoint);
  expect(channel.accepts?.(token)).toBe(true);
  expect(await channel.send({ ...target, token }, notification())).toMatchObject({
    kind: "failed",
    reason: "endpoint not allowed",
  });
  expect(asked).toEqual(["fcm.googleapis.com"]);
});

test.each([
  ["8.8.8.8"],
  ["172.15.255.255"],
  ["172.32.0.1"],
  ["100.63.0.1"],
  ["223.255.255.255"],
  ["::ffff:8.8.8.8"],
  ["64:ff9b::8.8.8.8"],
  ["2606:4700::1111"],
  ["2a00:1450:4001:82a::200a"],
])("%s is a public address", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test("public addresses are given to the connection, all or one, as it asks", () => {
  const lookup = publicLookup(lookupOf(["8.8.8.8", "2606:4700::1111"]));
  const given: unknown[] = [];
  lookup("fcm.googleapis.com", { all: true }, (...result) => given.push(result));
  lookup("fcm.googleapis.com", {}, (...result) => given.push(result));
  const both = [
    { address: "8.8.8.8", family: 4 },
    { address: "2606:4700::1111", family: 6 },
  ];
  expect(given).toEqual([
    [null, both],
    [null, "8.8.8.8", 4],
  ]);
});

test("a lookup that gives one address alone is checked as well", () => {
  const given: unknown[] = [];
  const alone = (address: string) => publicLookup((_, __, callback) => callback(null, address, isIP(address)));
  alone("8.8.8.8")("fcm.googleapis.com", {}, (...result) => given.push(result));
  alone("10.0.0.1")("fcm.googleapis.com", {}, (error) => given.push(error));
  expect(given).toEqual([[null, "8.8.8.8", 4], expect.any(AddressNotAllowed)]);
});

test("an address is not asked although an operator has listed it, where it is not public", async () => {
  const channel = guarded(lookupOf([]), ["127.0.0.1", "*.0.0.1", "8.8.8.8"]);
  expect(channel.accepts?.(tokenAt("https://127.0.0.1/x"))).toBe(false);
  expect(channel.accepts?.(tokenAt("https://10.0.0.1/x"))).toBe(false);
  expect(channel.accepts?.(tokenAt("https://8.8.8.8/x"))).toBe(true);
});

test("a name that cannot be looked up is to be tried again", async () => {
  const channel = guarded((hostname, _, callback) =>
    callback(Object.assign(new Error(`nobody knows ${hostname}`), { code: "ENOTFOUND" }), ""),
  );
  const outcome = await channel.send({ ...target, token: tokenAt(endpoint) }, notification());
  expect(outcome).toEqual({ kind: "failed", reason: "no answer: ENOTFOUND", retryAfterMs: null });
});

test("for tests any host, port and address may be asked, but by https and without a password", async () => {
  const fake = await new FakeWebPush().start();
  const asked: string[] = [];
  const channel = createWebPush(fake.config, { clock }, lookupOf(["127.0.0.1"], asked));
  const browser = fake.subscription("push.example.com");
  expect(channel.accepts?.(browser.token)).toBe(true);
  expect(await channel.send(browser, notification())).toMatchObject({ kind: "accepted" });
  expect(asked).toEqual(["push.example.com"]);
  for (const place of ["http://127.0.0.1/x", "https://user:password@127.0.0.1/x"]) {
    expect(await channel.send({ ...target, token: tokenAt(place) }, notification())).toMatchObject(NOT_ALLOWED);
  }
});

test.each([
  ["a subject that is no address", { subject: "chat" }],
  ["a subject by http", { subject: "http://chat.example.com" }],
  ["a key that is too short", { privateKey: "abc" }],
  ["a key of another pair", { publicKey: base64url(createECDH("prime256v1").generateKeys()) }],
  ["a host that is a URL", { hosts: ["https://fcm.googleapis.com"] }],
  ["a host in capitals", { hosts: ["FCM.googleapis.com"] }],
  ["a star for everything", { hosts: ["*"] }],
])("%s is not taken from an operator", (_, change) => {
  expect(webPushConfig.safeParse({ ...asOperatorsHaveIt, ...change }).success).toBe(false);
});
