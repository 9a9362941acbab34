import { expect, test } from "vitest";
import { createOppo, oppoConfig } from "../../src/push/oppo.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeOppo, oppoSays } from "../support/push/fake-oppo.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target } from "../support/push/notifications.ts";

async function start(changes: object = {}) {
  const fake = await new FakeOppo().start();
  const config = oppoConfig.parse({ ...fake.config, ...changes });
  return { fake, channel: createOppo(config, { clock, timeoutMs: IMPATIENT_MS }) };
}

const TIRED = Date.UTC(2026, 0, 1);

describeEveryChannel(start);

test("a notification is sent as OPPO wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "0" });
  expect(fake.message).toEqual({
    target_type: 2,
    target_value: "token-of-a-phone",
    verify_registration_id: true,
    notification: {
      app_message_id: "5f0c1f5e-7c0e-4f43-9d3b-8f2f0d6a1b2c",
      title: "Alice",
      content: "Shall we meet at six?",
      category: "IM",
      notify_level: 2,
      notify_id: 1_234_567,
      click_action_type: 0,
      action_parameters: '{"messageId":"m:1:7","peerId":"alice","data":"{}"}',
      off_line: true,
      off_line_ttl: 3_600,
      channel_id: "messages",
      badge_operation_type: 0,
      badge_message_count: 3,
    },
  });
});

test("a badge of nothing is set, and one that stays as it is is not told of", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ badge: 0 }));
  expect(fake.message.notification).toMatchObject({ badge_operation_type: 0, badge_message_count: 0 });
  await channel.send(target, notification({ badge: null }));
  expect(fake.message.notification).not.toHaveProperty("badge_operation_type");
  expect(fake.message.notification).not.toHaveProperty("badge_message_count");
});

test("it waits no longer than OPPO lets it", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ expiresAt: clock.now() + 30 * 86_400_000 }));
  expect(fake.message.notification).toMatchObject({ off_line_ttl: 864_000 });
});

test("a template of private messages is filled", async () => {
  const template = { id: "42", titleParameters: { name: "sender" }, contentParameters: { text: "body", who: "title" } };
  const { fake, channel } = await start({ template });
  await channel.send(target, notification({ body: "" }));
  expect(fake.message.notification).toMatchObject({
    private_msg_template_id: "42",
    private_title_parameters: { name: "Alice" },
    private_content_parameters: { text: "Alice", who: "Alice" },
  });
});

test("data that is too long is left to be asked for", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ data: "x".repeat(4_000) }));
  expect(JSON.parse(fake.message.notification.action_parameters)).toEqual({ messageId: "m:1:7", peerId: "alice" });
});

test("one token is had for all, renewed in time, and once more where it is refused", async () => {
  const { fake, channel } = await start();
  await Promise.all([channel.send(target, notification()), channel.send(target, notification())]);
  clock.advance(19 * 3_600_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(1);
  clock.advance(3_600_000);
  await channel.send(target, notification());
  expect(fake.given).toBe(2);
  fake.endedUpTo = 2;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  fake.endedUpTo = 9;
  expect(await channel.send(target, notification())).toMatchObject({ kind: "misconfigured" });
});

test.each([
  [oppoSays(15), "misconfigured"],
  [oppoSays(18), "misconfigured"],
  [oppoSays(-2), "throttled"],
  [oppoSays(-1), "failed"],
  [oppoSays(77), "failed"],
  [oppoSays(0), "failed"],
  [{ status: 502 }, "failed"],
] as [Fate, string][])("without a token nothing goes: %j", async (fate, kind) => {
  const { fake, channel } = await start();
  fake.tokenFates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject({ kind });
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
});

test.each([
  [oppoSays(-1), { kind: "failed" }],
  [oppoSays(-2), { kind: "throttled" }],
  [oppoSays(13), { kind: "throttled" }],
  ...[14, 15, 16, 17, 18, 19, 26, 27, 28, 30, 54].map((code) => [oppoSays(code), { kind: "misconfigured" }]),
  [oppoSays(32), { kind: "accepted" }],
  [oppoSays(33), { kind: "quota exhausted" }],
  [oppoSays(40), { kind: "content rejected" }],
  [oppoSays(41, "the title is too long"), { kind: "content rejected" }],
  [oppoSays(41, "invalid registration_id"), { kind: "token invalid" }],
  [oppoSays("10000"), { kind: "token invalid" }],
  [oppoSays(51), { kind: "content rejected" }],
  [oppoSays(31), { kind: "failed" }],
  [oppoSays(77), { kind: "failed" }],
  [
    { status: 429, headers: { "retry-after": "3" } },
    { kind: "throttled", retryAfterMs: 3_000 },
  ],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});

test("what is over for today goes on at midnight in China", async () => {
  const { fake, channel } = await start();
  fake.fates.push(oppoSays(33));
  const outcome = await channel.send(target, notification());
  const until = outcome.kind === "quota exhausted" ? outcome.until : TIRED;
  expect(until).toBeGreaterThan(clock.now());
  expect(until - clock.now()).toBeLessThanOrEqual(86_400_000);
  expect(new Date(until + 8 * 3_600_000).toISOString()).toContain("T00:00:00.000Z");
});

test("nothing is taken back, and no token is of two phones", async () => {
  const { channel } = await start();
  expect(channel.withdraw).toBeNull();
  expect(["a", "a,b", "a;b"].map((token) => channel.accepts?.(token))).toEqual([true, false, false]);
});
