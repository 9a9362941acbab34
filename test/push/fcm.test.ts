import { expect, test } from "vitest";
import { createFcm } from "../../src/push/fcm.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeFcm, fcmError } from "../support/push/fake-fcm.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target, withdrawal } from "../support/push/notifications.ts";

async function start() {
  const fake = await new FakeFcm().start();
  return { fake, channel: createFcm(fake.config, { clock, timeoutMs: IMPATIENT_MS }) };
}

const SEND = "/v1/projects/chat/messages:send";

describeEveryChannel(start);

test("a notification is sent as FCM wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toMatchObject({ kind: "accepted" });
  expect(JSON.parse(fake.at(SEND)[0]?.body ?? "")).toEqual({
    message: {
      token: "token-of-a-phone",
      notification: { title: "Alice", body: "Shall we meet at six?" },
      data: { messageId: "m:1:7", peerId: "alice", data: "{}" },
      android: {
        priority: "HIGH",
        ttl: "3600s",
        notification: { tag: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", channel_id: "messages", notification_count: 3 },
      },
    },
  });
});

test("the app is told to take a notification back", async () => {
  const { fake, channel } = await start();
  expect(await channel.withdraw?.(target, withdrawal({ badge: 0 }))).toMatchObject({ kind: "accepted" });
  expect(JSON.parse(fake.at(SEND)[0]?.body ?? "").message).toMatchObject({
    data: { withdraw: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", peerId: "alice", badge: "0" },
    android: { priority: "NORMAL" },
  });
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
});

test.each([
  [{ status: 400, body: { error: "invalid_grant" } }, "misconfigured"],
  [{ status: 503, headers: { "retry-after": "7" } }, "failed"],
] as [Fate, string][])("without an access token nothing goes: %j", async (fate, kind) => {
  const { fake, channel } = await start();
  fake.tokenFates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

const badRequest = { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "message" }] };
test.each([
  [fcmError(404, "UNREGISTERED"), { kind: "token invalid" }],
  [fcmError(400, "INVALID_ARGUMENT"), { kind: "token invalid" }],
  [
    { status: 400, body: { error: { status: "INVALID_ARGUMENT", details: [badRequest] } } },
    { kind: "content rejected" },
  ],
  [fcmError(403, "SENDER_ID_MISMATCH"), { kind: "token invalid" }],
  [fcmError(401, "THIRD_PARTY_AUTH_ERROR"), { kind: "misconfigured" }],
  [{ status: 403, body: { error: { status: "PERMISSION_DENIED" } } }, { kind: "misconfigured" }],
  [{ status: 404, body: { error: { status: "NOT_FOUND" } } }, { kind: "misconfigured" }],
  [fcmError(429, "QUOTA_EXCEEDED", { "retry-after": "120" }), { kind: "throttled", retryAfterMs: 120_000 }],
  [fcmError(429, "QUOTA_EXCEEDED"), { kind: "throttled", retryAfterMs: 60_000 }],
  [fcmError(500, "INTERNAL"), { kind: "failed", retryAfterMs: null }],
  [fcmError(503, "UNAVAILABLE", { "retry-after": "9" }), { kind: "failed", retryAfterMs: 9_000 }],
  [fcmError(400, "SOMETHING_NEW"), { kind: "failed" }],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});

test("a time limit that ran out is told by its name", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification());
  fake.fates.push("hang");
  const outcome = await channel.send(target, notification());
  expect(outcome).toMatchObject({
    kind: "failed",
    reason: expect.stringMatching(/^no answer: (TimeoutError|UND_ERR_\w+)$/),
  });
});
