import { expect, test } from "vitest";
import { createHuawei, type HuaweiConfig } from "../../src/push/huawei.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeHuawei, huaweiAnswer } from "../support/push/fake-huawei.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target, withdrawal } from "../support/push/notifications.ts";

async function start(changes: Partial<HuaweiConfig> = {}) {
  const fake = await new FakeHuawei().start();
  return { fake, channel: createHuawei({ ...fake.config, ...changes }, { clock, timeoutMs: IMPATIENT_MS }) };
}

const SEND = "/v1/100042/messages:send";
const REVOKE = "/v1/100042/messages:revoke";
const TOKEN = "/oauth2/v3/token";

function sent(fake: FakeHuawei) {
  return JSON.parse(fake.at(SEND).at(-1)?.body ?? "").message;
}

describeEveryChannel(start);

test("a notification is sent as Huawei wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "80000000" });
  expect(JSON.parse(fake.at(SEND)[0]?.body ?? "")).toEqual({
    validate_only: false,
    message: {
      data: '{"messageId":"m:1:7","peerId":"alice","data":"{}"}',
      android: {
        category: "IM",
        collapse_key: -1,
        ttl: "3600s",
        notification: {
          title: "Alice",
          body: "Shall we meet at six?",
          importance: "NORMAL",
          click_action: { type: 3 },
          notify_id: 1_234_567,
          channel_id: "messages",
          badge: { set_num: 3, class: "com.example.chat.MainActivity" },
        },
      },
      token: ["token-of-a-phone"],
    },
  });
});

test("a tap opens the intent that is configured", async () => {
  const intent = "intent://com.example.chat/open?#Intent;scheme=chat;launchFlags=0x4000000;end";
  const { fake, channel } = await start({ clickIntent: intent });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(sent(fake).android.notification.click_action).toEqual({ type: 1, intent });
});

test("a badge is at most 99, and left out where it is to stay, or nobody has said whose it is", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ badge: 100 }));
  expect(sent(fake).android.notification.badge).toMatchObject({ set_num: 99 });
  await channel.send(target, notification({ badge: null }));
  expect(sent(fake).android.notification).not.toHaveProperty("badge");
  const other = await start({ badgeClass: undefined });
  await other.channel.send(target, notification());
  expect(sent(other.fake).android.notification).not.toHaveProperty("badge");
});

test.each([
  [-1, "1s"],
  [500, "1s"],
  [90_500, "90s"],
  [30 * 86_400_000, "1296000s"],
])("what is of use for %i ms longer is kept for %s", async (ms, ttl) => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ expiresAt: clock.now() + ms }))).toMatchObject({ kind: "accepted" });
  expect(sent(fake).android.ttl).toBe(ttl);
});

test("instead of no text there is the sender's name, or dots", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ title: "", body: "\u200b" }));
  expect(sent(fake).android.notification).toMatchObject({ title: "Alice", body: "Alice" });
  await channel.send(target, notification({ title: "", body: " ", sender: "" }));
  expect(sent(fake).android.notification).toMatchObject({ title: "…", body: "…" });
});

test("a token's length takes nothing from the text", async () => {
  const { fake, channel } = await start();
  const long = notification({ body: "a".repeat(20_000) });
  await channel.send(target, long);
  const { body } = sent(fake).android.notification;
  expect(body.length).toBeGreaterThan(3_500);
  expect(await channel.send({ ...target, token: "t".repeat(3_000) }, long)).toMatchObject({ kind: "accepted" });
  expect(sent(fake).android.notification.body).toBe(body);
});

test("a notification is taken back by its slot", async () => {
  const { fake, channel } = await start();
  expect(await channel.withdraw?.(target, withdrawal())).toMatchObject({ kind: "accepted" });
  expect(fake.at(REVOKE)[0]?.headers["push-type"]).toBe("0");
  expect(JSON.parse(fake.at(REVOKE)[0]?.body ?? "")).toEqual({ notifyId: 1_234_567, token: ["token-of-a-phone"] });
});

test.each([
  [huaweiAnswer("80300032"), "misconfigured"],
  [huaweiAnswer("80300002"), "misconfigured"],
  [huaweiAnswer("80300028"), "token invalid"],
  [huaweiAnswer("80000001"), "failed"],
] as [Fate, string][])("of taking back, %j is understood as %s", async (fate, kind) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.withdraw?.(target, withdrawal())).toMatchObject({ kind });
});

test("one access token is had for all, and renewed before it runs out", async () => {
  const { fake, channel } = await start();
  await Promise.all([channel.send(target, notification()), channel.send(target, notification())]);
  expect(fake.at(TOKEN)).toHaveLength(1);
  clock.advance(54 * 60_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(1);
  clock.advance(2 * 60_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(2);
});

test("an access token that is refused is renewed once, and what was sent with it sent again", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.endedUpTo = 1;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.given).toBe(2);
  fake.endedUpTo = 9;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
  expect(fake.given).toBe(3);
});

test("a wrong secret is told to the operator", async () => {
  const { channel } = await start({ appSecret: "another" });
  expect(await channel.send(target, notification())).toEqual({
    kind: "misconfigured",
    reason: "no access token: 401",
  });
});

test.each([
  [{ status: 400, body: { error: 1101 } }, { kind: "misconfigured" }],
  [
    { status: 429, headers: { "retry-after": "7" } },
    { kind: "failed", retryAfterMs: 7_000 },
  ],
  [
    { status: 503, headers: { "retry-after": "7" } },
    { kind: "failed", retryAfterMs: 7_000 },
  ],
  [{ status: 200, body: {} }, { kind: "failed" }],
  ["cut", { kind: "failed" }],
] as [Fate, object][])("without an access token nothing goes: %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.tokenFates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

test.each([
  ["noRight", "token invalid"],
  ["tokenFormatError", "token invalid"],
  ["tokenPlatformNotSupport", "token invalid"],
  ["countryNotSupport", "content rejected"],
  ["appinfoError", "misconfigured"],
  ["atomicUnableSendUnsubscribedMsg", "misconfigured"],
  ["differentImgVerifyPolicy", "misconfigured"],
  ["disableSendHuaweiMsgBecauseOfPenalty", "misconfigured"],
  ["noPushTypeRight", "misconfigured"],
  ["noRightToSendThisLiveNotificationEvent", "misconfigured"],
  ["notSupportPlayVoice", "misconfigured"],
  ["somethingNew", "failed"],
])("a token that is refused for %s is understood as %s", async (word, kind) => {
  const { fake, channel } = await start();
  for (const code of ["80300007", "80100000"]) {
    for (const name of ["illegal_tokens", "illegalTokens"]) {
      for (const named of [target.token, "tok***one"]) {
        fake.fates.push(huaweiAnswer(code, { success: 0, failure: 1, [name]: { [word]: [named] } }));
        expect(await channel.send(target, notification())).toMatchObject({ kind });
      }
    }
  }
});

test("of several reasons the one that names the token counts", async () => {
  const { fake, channel } = await start();
  const reasons = { noPushTypeRight: ["another"], tokenFormatError: [target.token] };
  fake.fates.push(huaweiAnswer("80300007", { illegal_tokens: reasons }));
  expect(await channel.send(target, notification())).toEqual({
    kind: "token invalid",
    reason: "80300007 tokenFormatError",
    since: null,
  });
});

test.each([
  ["in words", null],
  ["as a list", { success: 0, failure: 1, illegal_tokens: [target.token] }],
  ["in another order", { illegal_tokens: { [target.token]: "tokenFormatError" } }],
  ["with reasons for others only", { illegal_tokens: { tokenFormatError: ["a"], noPushTypeRight: ["b"] } }],
  ["as null", { illegal_tokens: null }],
])("no token is given up where Huawei tells no reason, but something %s", async (_, reasons) => {
  const { fake, channel } = await start();
  fake.fates.push(huaweiAnswer("80300007", reasons), huaweiAnswer("80100000", reasons));
  for (const code of ["80300007", "80100000"]) {
    expect(await channel.send(target, notification())).toEqual({
      kind: "failed",
      reason: `${code}, for no known reason`,
      retryAfterMs: null,
    });
  }
});

test.each([
  [
    { status: 503, body: "", headers: { "retry-after": "9" } },
    { kind: "throttled", retryAfterMs: 9_000 },
  ],
  [
    { status: 503, body: "" },
    { kind: "throttled", retryAfterMs: null },
  ],
  [{ status: 429, body: "" }, { kind: "throttled" }],
  [huaweiAnswer("80100001", null, 400), { kind: "content rejected" }],
  [huaweiAnswer("80100003", null, 400), { kind: "content rejected" }],
  [huaweiAnswer("80100004"), { kind: "content rejected" }],
  [huaweiAnswer("80100013"), { kind: "content rejected" }],
  [huaweiAnswer("80100016"), { kind: "content rejected" }],
  [huaweiAnswer("80100020"), { kind: "content rejected" }],
  [huaweiAnswer("80300008"), { kind: "content rejected" }],
  [huaweiAnswer("80300010"), { kind: "content rejected" }],
  [huaweiAnswer("80300002"), { kind: "misconfigured" }],
  [huaweiAnswer("80300011"), { kind: "misconfigured" }],
  [huaweiAnswer("80600003"), { kind: "failed" }],
  [huaweiAnswer("81000001", null, 500), { kind: "failed" }],
  [huaweiAnswer("80999999"), { kind: "failed", reason: "80999999" }],
  [huaweiAnswer("80000000", null, 502), { kind: "failed" }],
  [huaweiAnswer(target.token), { kind: "failed", reason: "200, unreadable" }],
  [
    { status: 404, body: "" },
    { kind: "failed", reason: "404" },
  ],
  [{ status: 200, body: { code: 80_000_000 } }, { kind: "accepted" }],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});

test.each([huaweiAnswer("80200001", null, 401), huaweiAnswer("80200003"), { status: 401, body: "" }] as Fate[])(
  "%j asks for another access token",
  async (fate) => {
    const { fake, channel } = await start();
    fake.fates.push(fate);
    expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
    expect(fake.given).toBe(2);
  },
);
