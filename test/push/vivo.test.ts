import { expect, test } from "vitest";
import { createVivo } from "../../src/push/vivo.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { FakeVivo, vivoSays } from "../support/push/fake-vivo.ts";
import { clock, notification, target } from "../support/push/notifications.ts";

async function start() {
  const fake = await new FakeVivo().start();
  return { fake, channel: createVivo(fake.config, { clock, timeoutMs: IMPATIENT_MS }) };
}

describeEveryChannel(start);

test("a notification is sent as vivo wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "0" });
  expect(fake.message).toEqual({
    appId: 10_004,
    regId: "token-of-a-phone",
    requestId: "5f0c1f5e-7c0e-4f43-9d3b-8f2f0d6a1b2c",
    title: "Alice",
    content: "Shall we meet at six?",
    classification: 1,
    category: "IM",
    notifyType: 4,
    notifyId: 1_234_567,
    skipType: 1,
    timeToLive: 3_600,
    clientCustomMap: { messageId: "m:1:7", peerId: "alice", data: "{}" },
    addBadge: true,
  });
});

test("it waits no shorter and no longer than vivo lets it, and a badge of nothing adds none", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ expiresAt: clock.now() + 1_000, badge: 0 }));
  expect(fake.message).toMatchObject({ timeToLive: 60 });
  expect(fake.message).not.toHaveProperty("addBadge");
  await channel.send(target, notification({ expiresAt: clock.now() + 7 * 86_400_000 }));
  expect(fake.message).toMatchObject({ timeToLive: 86_400 });
});

test("a badge that stays as it is adds none", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ badge: null }));
  expect(fake.message).not.toHaveProperty("addBadge");
});

test("data that is too long is left to be asked for", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ data: "x".repeat(1_024) }));
  expect(fake.message.clientCustomMap).toEqual({ messageId: "m:1:7", peerId: "alice" });
});

test("one token is had for all, renewed in time, and once more where it is refused", async () => {
  const { fake, channel } = await start();
  await Promise.all([channel.send(target, notification()), channel.send(target, notification())]);
  clock.advance(110 * 60_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(1);
  clock.advance(10 * 60_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(2);
  fake.endedUpTo = 2;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  fake.endedUpTo = 9;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
});

test.each([
  [vivoSays(10200), "misconfigured"],
  [vivoSays(10000), "misconfigured"],
  [vivoSays(10094), "misconfigured"],
  [vivoSays(10072), "throttled"],
  [vivoSays(10250), "failed"],
  [vivoSays(10999), "failed"],
  [vivoSays(0), "failed"],
  [{ status: 502 }, "failed"],
] as [Fate, string][])("without a token nothing goes: %j", async (fate, kind) => {
  const { fake, channel } = await start();
  fake.tokenFates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

test.each([
  [vivoSays(0, { invalidUser: { status: 1, userid: "x" } }), { kind: "token invalid" }],
  [vivoSays(0, { invalidUser: { status: 2, userid: "x" } }), { kind: "token invalid" }],
  [vivoSays(10302, { invalidUser: { status: 1, userid: "x" } }), { kind: "token invalid" }],
  [vivoSays(0, { invalidUser: { status: 4, userid: "x" } }), { kind: "misconfigured" }],
  [vivoSays(10302), { kind: "token invalid" }],
  [vivoSays("10054"), { kind: "token invalid" }],
  [vivoSays(10070), { kind: "quota exhausted" }],
  [vivoSays(10072), { kind: "throttled" }],
  [vivoSays(10094), { kind: "misconfigured" }],
  [vivoSays(10096), { kind: "misconfigured" }],
  [vivoSays(10097), { kind: "misconfigured" }],
  [vivoSays(10252), { kind: "content rejected" }],
  [vivoSays(10254), { kind: "content rejected" }],
  [vivoSays(10999), { kind: "failed" }],
  [
    { status: 429, headers: { "retry-after": "3" } },
    { kind: "throttled", retryAfterMs: 3_000 },
  ],
  [
    { status: 503, headers: { "retry-after": "3" } },
    { kind: "failed", retryAfterMs: 3_000 },
  ],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});

test("nothing is taken back", async () => {
  expect((await start()).channel.withdraw).toBeNull();
});
