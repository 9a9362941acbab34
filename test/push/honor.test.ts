import { expect, test } from "vitest";
import { createHonor, type HonorConfig } from "../../src/push/honor.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeHonor, honorAnswer } from "../support/push/fake-honor.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target } from "../support/push/notifications.ts";

async function start(changes: Partial<HonorConfig> = {}) {
  const fake = await new FakeHonor().start();
  return { fake, channel: createHonor({ ...fake.config, ...changes }, { clock, timeoutMs: IMPATIENT_MS }) };
}

const SEND = "/api/v1/104400/sendMessage";

function sent(fake: FakeHonor) {
  return JSON.parse(fake.at(SEND).at(-1)?.body ?? "");
}

describeEveryChannel(start);

test("a notification is sent as Honor wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "200" });
  expect(fake.at(SEND)[0]?.headers.timestamp).toBe(String(clock.now()));
  expect(sent(fake)).toEqual({
    data: '{"messageId":"m:1:7","peerId":"alice","data":"{}"}',
    android: {
      ttl: "3600s",
      notification: {
        title: "Alice",
        body: "Shall we meet at six?",
        clickAction: { type: 3 },
        importance: "NORMAL",
        notifyId: 1_234_567,
        badge: { setNum: 3, badgeClass: "com.example.chat.MainActivity" },
      },
    },
    token: ["token-of-a-phone"],
  });
});

test("a badge is at most 99, and left out where it is to stay, or nobody has said whose it is", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ badge: 100 }));
  expect(sent(fake).android.notification.badge).toMatchObject({ setNum: 99 });
  await channel.send(target, notification({ badge: null }));
  expect(sent(fake).android.notification).not.toHaveProperty("badge");
  const other = await start({ badgeClass: undefined });
  await other.channel.send(target, notification());
  expect(sent(other.fake).android.notification).not.toHaveProperty("badge");
});

test.each([
  [-1, "1s"],
  [90_500, "90s"],
  [30 * 86_400_000, "86400s"],
])("what is of use for %i ms longer is kept for %s", async (ms, ttl) => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ expiresAt: clock.now() + ms }))).toMatchObject({ kind: "accepted" });
  expect(sent(fake).android.ttl).toBe(ttl);
});

test("nothing can be taken back", async () => {
  const { channel } = await start();
  expect(channel.withdraw).toBeNull();
});

test("one access token is had for all, and renewed before it runs out", async () => {
  const { fake, channel } = await start();
  await Promise.all([channel.send(target, notification()), channel.send(target, notification())]);
  expect(fake.given).toBe(1);
  clock.advance(56 * 60_000);
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

test.each([
  honorAnswer("80200001"),
  honorAnswer(80_200_003, null, 401),
  honorAnswer(401, null, 401),
  { status: 401, body: "" },
] as Fate[])("%j asks for another access token", async (fate) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.given).toBe(2);
});

test("a wrong secret is told to the operator", async () => {
  const { channel } = await start({ clientSecret: "another" });
  expect(await channel.send(target, notification())).toEqual({
    kind: "misconfigured",
    reason: "no access token: 401",
  });
});

test.each([
  [{ status: 400, body: "" }, "misconfigured"],
  [{ status: 503, body: "" }, "failed"],
  [{ status: 200, body: { code: 1, message: "in words" } }, "failed"],
  ["cut", "failed"],
] as [Fate, string][])("without an access token nothing goes: %j", async (fate, kind) => {
  const { fake, channel } = await start();
  fake.tokenFates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

const { token } = target;
test.each([
  [honorAnswer(200), { kind: "accepted" }],
  [honorAnswer(0), { kind: "accepted" }],
  [honorAnswer("80000000", { failTokens: null, expireTokens: null }), { kind: "accepted" }],
  [honorAnswer(200, { sendResult: null, failTokens: ["another"] }), { kind: "accepted" }],
  [honorAnswer(123, { sendResult: true }), { kind: "accepted" }],
  [honorAnswer(123, { sendResult: true }, 500), { kind: "failed" }],
  [honorAnswer(200, { sendResult: false }), { kind: "failed", reason: "200, but not sent" }],
  [honorAnswer(200, null, 502), { kind: "failed" }],
  [honorAnswer(200, { sendResult: true, expireTokens: [token] }), { kind: "token invalid" }],
  [honorAnswer("80300007", { sendResult: false, expireTokens: [token] }), { kind: "token invalid" }],
  [honorAnswer(200, { sendResult: true, failTokens: [token] }), { kind: "failed", reason: "200 failTokens" }],
  [honorAnswer("80300007"), { kind: "failed" }],
  [honorAnswer("80100000"), { kind: "failed" }],
  [honorAnswer("80100001"), { kind: "content rejected" }],
  [honorAnswer("80100003", null, 400), { kind: "content rejected" }],
  [honorAnswer("80100004"), { kind: "content rejected" }],
  [honorAnswer("80100016"), { kind: "content rejected" }],
  [honorAnswer("80300008"), { kind: "content rejected" }],
  [honorAnswer("80300010"), { kind: "content rejected" }],
  [honorAnswer("80300002"), { kind: "misconfigured" }],
  [honorAnswer("80300011"), { kind: "misconfigured" }],
  [honorAnswer("81000001", null, 500), { kind: "failed" }],
  [honorAnswer("80999999"), { kind: "failed", reason: "80999999" }],
  [honorAnswer(token), { kind: "failed", reason: "200, unreadable" }],
  [
    { status: 503, body: "", headers: { "retry-after": "9" } },
    { kind: "throttled", retryAfterMs: 9_000 },
  ],
  [{ status: 429, body: "" }, { kind: "throttled" }],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});
