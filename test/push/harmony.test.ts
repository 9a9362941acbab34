import { generateKeyPairSync } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import { createHarmony, type HarmonyConfig, harmonyConfig } from "../../src/push/harmony.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeHarmony } from "../support/push/fake-harmony.ts";
import { huaweiAnswer } from "../support/push/fake-huawei.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target, withdrawal } from "../support/push/notifications.ts";

async function start(changes: Partial<HarmonyConfig> = {}) {
  const fake = await new FakeHarmony().start();
  return { fake, channel: createHarmony({ ...fake.config, ...changes }, { clock, timeoutMs: IMPATIENT_MS }) };
}

const SEND = "/v3/project/messages:send";
const REVOKE = "/v1/client/messages:revoke";

function sent(fake: FakeHarmony) {
  return JSON.parse(fake.at(SEND).at(-1)?.body ?? "");
}

describeEveryChannel(start);

test("a notification is sent as HarmonyOS wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "80000000" });
  expect(sent(fake)).toEqual({
    payload: {
      notification: {
        category: "IM",
        title: "Alice",
        body: "Shall we meet at six?",
        clickAction: { actionType: 0, data: { messageId: "m:1:7", peerId: "alice", data: "{}" } },
        notifyId: 1_234_567,
        appMessageId: "5f0c1f5e-7c0e-4f43-9d3b-8f2f0d6a1b2c",
        badge: { setNum: 3 },
      },
    },
    target: { token: ["token-of-a-phone"] },
    pushOptions: { ttl: 3_600, collapseKey: -1 },
  });
});

test("what is signed is good for an hour, and says who has signed it", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  const token = fake.at(SEND)[0]?.headers.authorization?.replace("Bearer ", "") ?? "";
  const seconds = Math.floor(clock.now() / 1_000);
  expect(decodeProtectedHeader(token)).toEqual({ alg: "PS256", typ: "JWT", kid: "key-1" });
  expect(decodeJwt(token)).toEqual({
    iss: "sub-account-1",
    aud: "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
    iat: seconds,
    exp: seconds + 3_600,
  });
});

test("a badge is at most 99, and left out where it is to stay", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ badge: 100 }));
  expect(sent(fake).payload.notification.badge).toEqual({ setNum: 99 });
  await channel.send(target, notification({ badge: null }));
  expect(sent(fake).payload.notification).not.toHaveProperty("badge");
});

test.each([
  [-1, 1],
  [90_500, 90],
  [30 * 86_400_000, 1_296_000],
])("what is of use for %i ms longer is kept for %i s", async (ms, ttl) => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ expiresAt: clock.now() + ms }))).toMatchObject({ kind: "accepted" });
  expect(sent(fake).pushOptions.ttl).toBe(ttl);
});

test("a notification is taken back by its slot", async () => {
  const { fake, channel } = await start();
  expect(await channel.withdraw?.(target, withdrawal())).toMatchObject({ kind: "accepted" });
  expect(JSON.parse(fake.at(REVOKE)[0]?.body ?? "")).toEqual({ notifyId: 1_234_567, token: ["token-of-a-phone"] });
});

test("nothing can be taken back where nobody has said what app it is", async () => {
  const { channel } = await start({ clientId: undefined });
  expect(channel.withdraw).toBeNull();
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

test("something is signed once for all, and anew before it runs out", async () => {
  const { fake, channel } = await start();
  await Promise.all([channel.send(target, notification()), channel.withdraw?.(target, withdrawal())]);
  clock.advance(54 * 60_000);
  await channel.send(target, notification());
  expect(fake.signed.size).toBe(1);
  clock.advance(2 * 60_000);
  await channel.send(target, notification());
  expect(fake.signed.size).toBe(2);
});

test("what is over is signed anew once, and what was sent with it sent again", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.endedUpTo = 1;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.signed.size).toBe(2);
  fake.endedUpTo = 9;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
  expect(fake.at(SEND)).toHaveLength(5);
});

test("a server whose clock has been set forward signs anew", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  clock.jump(2 * 3_600_000);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.signed.size).toBe(2);
});

const other = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
test.each([
  ["key", { privateKey: other.export({ type: "pkcs8", format: "pem" }).toString() }],
  ["key's id", { keyId: "key-2" }],
  ["account", { subAccount: "sub-account-2" }],
  ["audience", { audience: "https://example.com" }],
])("a wrong %s is told to the operator", async (_, changes) => {
  const { channel } = await start(changes);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
});

test("a key that is none, or for something else, is refused at once", async () => {
  const fake = await new FakeHarmony().start();
  expect(harmonyConfig.safeParse({ ...fake.config, privateKey: "secret" }).success).toBe(false);
  const privateKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  expect(() => createHarmony({ ...fake.config, privateKey }, { clock })).toThrow();
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const config = { ...fake.config, privateKey: elliptic.export({ type: "pkcs8", format: "pem" }).toString() };
  expect(() => createHarmony(config, { clock })).toThrow("RSA");
});

test.each([
  ["noRight", "token invalid"],
  ["tokenFormatError", "token invalid"],
  ["tokenPlatformNotSupport", "token invalid"],
  ["countryNotSupport", "content rejected"],
  ["appinfoError", "misconfigured"],
  ["differentImgVerifyPolicy", "misconfigured"],
  ["disableSendHuaweiMsgBecauseOfPenalty", "misconfigured"],
  ["noPushTypeRight", "misconfigured"],
  ["somethingNew", "failed"],
])("a token that is refused for %s is understood as %s", async (word, kind) => {
  const { fake, channel } = await start();
  for (const code of ["80300007", "80100000"]) {
    fake.fates.push(huaweiAnswer(code, { success: 0, failure: 1, illegalTokens: { [word]: [target.token] } }));
    expect(await channel.send(target, notification())).toMatchObject({ kind });
  }
});

test.each([
  [
    { status: 503, body: "", headers: { "retry-after": "9" } },
    { kind: "throttled", retryAfterMs: 9_000 },
  ],
  [huaweiAnswer("80300007"), { kind: "failed" }],
  [huaweiAnswer("80100000"), { kind: "failed" }],
  [huaweiAnswer("80100001", null, 400), { kind: "content rejected" }],
  [huaweiAnswer("80100003", null, 400), { kind: "content rejected" }],
  [huaweiAnswer("80100004"), { kind: "content rejected" }],
  [huaweiAnswer("80100022"), { kind: "content rejected" }],
  [huaweiAnswer("80300008"), { kind: "content rejected" }],
  [huaweiAnswer("80300010"), { kind: "content rejected" }],
  [huaweiAnswer("80300002"), { kind: "misconfigured" }],
  [huaweiAnswer("80300029"), { kind: "throttled" }],
  [huaweiAnswer("80300030"), { kind: "misconfigured" }],
  [huaweiAnswer("80300036"), { kind: "misconfigured" }],
  [huaweiAnswer("80300037"), { kind: "misconfigured" }],
  [huaweiAnswer("81000001", null, 500), { kind: "failed" }],
  [huaweiAnswer("80999999"), { kind: "failed", reason: "80999999" }],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});
