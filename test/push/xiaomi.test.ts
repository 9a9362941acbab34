import { expect, test } from "vitest";
import { createXiaomi, xiaomiConfig } from "../../src/push/xiaomi.ts";
import { describeEveryChannel, IMPATIENT_MS, TEXTS } from "../support/push/every-channel.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { FakeXiaomi, xiaomiError } from "../support/push/fake-xiaomi.ts";
import { clock, notification, target } from "../support/push/notifications.ts";

const DAY_MS = 86_400_000;

async function start() {
  const fake = await new FakeXiaomi().start();
  return { fake, channel: createXiaomi(fake.config, { clock, timeoutMs: IMPATIENT_MS }) };
}

async function startWithTemplate() {
  const fake = await new FakeXiaomi().start();
  return { fake, channel: createXiaomi(fake.configWithTemplate, { clock, timeoutMs: IMPATIENT_MS }) };
}

describeEveryChannel(start);

test("a notification is sent as Xiaomi wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "0" });
  expect(fake.asked[0]?.headers.authorization).toBe("key=secret");
  expect(fake.fields).toEqual({
    registration_id: "token-of-a-phone",
    restricted_package_name: "com.example.chat",
    pass_through: "0",
    notify_type: "-1",
    notify_id: "1234567",
    time_to_live: "3600000",
    payload: '{"messageId":"m:1:7","peerId":"alice","data":"{}"}',
    title: "Alice",
    description: "Shall we meet at six?",
    "extra.channel_id": "12345",
    "extra.notify_effect": "1",
    "extra.jobkey": expect.stringMatching(/^[0-9a-f]{20}$/),
  });
});

test("with a template its variables are sent, and no other text", async () => {
  const { fake, channel } = await startWithTemplate();
  expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
  expect(fake.fields["extra.template_id"]).toBe("P1001");
  expect(fake.fields["extra.template_param"]).toBe('{"name":"Alice","text":"Shall we meet at six?"}');
  expect(fake.fields).not.toHaveProperty("title");
  expect(fake.fields).not.toHaveProperty("description");
});

test.each([
  ["Hi 😀 there", "Hi there"],
  ["Family: 👩‍👩‍👧‍👦!", "Family: !"],
  ["Ok 👍🏽", "Ok"],
  ["❤️ you", "you"],
  ["1️⃣ and 1", "and 1"],
  ["🏴󠁧󠁢󠁳󠁣󠁴󠁿 and 🇨🇳", "and"],
  ["Made by me © 2026 ™", "Made by me 2026"],
  ["a\u0378b \ud800", "a b"],
  ["ක්‍ර 你好, ça va? 1+1=2 €5", "ක්‍ර 你好, ça va? 1+1=2 €5"],
  ["🎉🎉", "Alice"],
  ["\u200d", "Alice"],
  ["", "Alice"],
])("a template takes of %j no more than %j", async (body, value) => {
  const { fake, channel } = await startWithTemplate();
  expect(await channel.send(target, notification({ body }))).toMatchObject({ kind: "accepted" });
  expect(JSON.parse(fake.fields["extra.template_param"] ?? "")).toEqual({ name: "Alice", text: value });
});

test("where nothing is left for a template there is a dash", async () => {
  const { fake, channel } = await startWithTemplate();
  await channel.send(target, notification({ sender: "🦊", body: " 🎉 " }));
  expect(JSON.parse(fake.fields["extra.template_param"] ?? "")).toEqual({ name: "-", text: "-" });
});

test("a template takes text of any length and kind", async () => {
  const { fake, channel } = await startWithTemplate();
  for (const text of [...TEXTS, "𠮷野".repeat(200)]) {
    const outcome = await channel.send(target, notification({ sender: text, body: text }));
    expect(outcome).toMatchObject({ kind: "accepted" });
  }
  await channel.send(target, notification({ body: "a".repeat(129) }));
  expect(JSON.parse(fake.fields["extra.template_param"] ?? "").text).toBe(`${"a".repeat(127)}…`);
});

test("a title and a description are cut to fewer characters than Xiaomi refuses, emoji counted as two", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ title: "t".repeat(50), body: "b".repeat(128) }));
  expect(fake.fields).toMatchObject({ title: `${"t".repeat(48)}…`, description: `${"b".repeat(126)}…` });
  await channel.send(target, notification({ title: "t".repeat(49), body: "😀".repeat(64) }));
  expect(fake.fields).toMatchObject({ title: "t".repeat(49), description: `${"😀".repeat(62)}…` });
});

test("where a title or a description is blank it says who has written", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ title: " ", body: "" }));
  expect(fake.fields).toMatchObject({ title: "Alice", description: "Alice" });
});

test("what the app is told goes without its data where that is too large", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "가".repeat(2_000) }))).toMatchObject({ kind: "accepted" });
  expect(fake.fields.payload).toBe('{"messageId":"m:1:7","peerId":"alice"}');
});

test.each([
  [-DAY_MS, "1000"],
  [DAY_MS, "86400000"],
  [30 * DAY_MS, "864000000"],
])("what is to live %i milliseconds is kept for %s", async (left, kept) => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ expiresAt: clock.now() + left }))).toMatchObject({
    kind: "accepted",
  });
  expect(fake.fields.time_to_live).toBe(kept);
});

test("the same notification has the same key each time, and another has another", async () => {
  const { fake, channel } = await start();
  const keys: (string | undefined)[] = [];
  for (const changes of [{}, {}, { id: "0b6f1c43-42d1-4a40-8a5e-2f5c3f6f6c11" }]) {
    await channel.send(target, notification(changes));
    keys.push(fake.fields["extra.jobkey"]);
  }
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("nothing goes with a wrong secret", async () => {
  const { fake } = await start();
  const channel = createXiaomi({ ...fake.config, appSecret: "other" }, { clock });
  expect(await channel.send(target, notification())).toEqual({ kind: "misconfigured", reason: "21301" });
});

test("a token that would be two is none", async () => {
  const { channel } = await start();
  expect(channel.accepts?.("a,b")).toBe(false);
  expect(channel.accepts?.("d//igwEhgBGCI2TG6lWqlGkR4/4ZwTMV+1qqPc=")).toBe(true);
});

test("a notification cannot be taken back", async () => {
  const { channel } = await start();
  expect(channel.withdraw).toBeNull();
});

test("a template has at most nine variables, of what there is", async () => {
  const { fake } = await start();
  const names = Array.from({ length: 10 }, (_, index) => [`v${index}`, "body"]);
  const withParameters = (parameters: object) => ({ ...fake.config, template: { id: "P1001", parameters } });
  expect(xiaomiConfig.safeParse(withParameters(Object.fromEntries(names.slice(1)))).success).toBe(true);
  expect(xiaomiConfig.safeParse(withParameters(Object.fromEntries(names))).success).toBe(false);
  expect(xiaomiConfig.safeParse(withParameters({ name: "subject" })).success).toBe(false);
});

function ok(data: object): Fate {
  return { body: { result: "ok", code: 0, data: { id: "s1", ...data } } };
}

const anyMidnight = { kind: "quota exhausted", until: expect.any(Number) };
test.each([
  [ok({}), { kind: "accepted" }],
  [ok({ channel_exceed_quota: [] }), { kind: "accepted" }],
  [ok({ channel_exceed_quota: ["12345"] }), anyMidnight],
  [{ body: { result: "ok", code: "0" } }, { kind: "accepted" }],
  [{ body: { result: "error", code: 0 } }, { kind: "failed" }],
  [{ body: { result: "ok", code: null } }, { kind: "failed" }],
  [xiaomiError(200001, "exceed quota"), anyMidnight],
  [xiaomiError(10034), anyMidnight],
  ...[10022, 10023, 10027, 10028].map((code) => [xiaomiError(code), { kind: "throttled", retryAfterMs: null }]),
  [
    { status: 429, headers: { "retry-after": "7" } },
    { kind: "throttled", retryAfterMs: 7_000 },
  ],
  ...[10005, 10014, 10026, 10031, 10036, 21301, 21302, 21303, 22000, 22006, 22007, 22008, 22022, 27001].map((code) => [
    xiaomiError(code),
    { kind: "misconfigured", reason: String(code) },
  ]),
  [xiaomiError(21301, "", 400), { kind: "misconfigured" }],
  [{ status: 401 }, { kind: "misconfigured" }],
  ...[10008, 10016, 10017, 65009, 65014, 65015].map((code) => [xiaomiError(code), { kind: "content rejected" }]),
  [xiaomiError(10029), { kind: "token invalid", since: null }],
  [xiaomiError(20301, "Invalid registration id"), { kind: "token invalid", reason: "20301 regid" }],
  [xiaomiError(20301, "regId is invalid"), { kind: "token invalid" }],
  [xiaomiError(20301, `unknown: ${target.token}`), { kind: "token invalid", reason: "20301 regid" }],
  [xiaomiError(20301, "No valid targets!"), { kind: "failed", reason: "20301" }],
  [xiaomiError(20301), { kind: "failed" }],
  ...[1, -1, 10001, 10002, 10003, 10009, 65003, 99999].map((code) => [xiaomiError(code), { kind: "failed" }]),
  [
    { status: 503, headers: { "retry-after": "9" } },
    { kind: "failed", retryAfterMs: 9_000 },
  ],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});

test("what goes no more today goes after midnight in China", async () => {
  const { fake, channel } = await start();
  fake.fates.push(xiaomiError(200001));
  const outcome = await channel.send(target, notification());
  const until = outcome.kind === "quota exhausted" ? outcome.until : 0;
  expect(until - clock.now()).toBeGreaterThan(0);
  expect(until - clock.now()).toBeLessThanOrEqual(DAY_MS);
  expect(new Date(until).toISOString()).toContain("T16:00:00.000Z");
});
