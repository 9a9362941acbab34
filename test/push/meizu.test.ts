import { expect, test } from "vitest";
import { createMeizu, meizuSign } from "../../src/push/meizu.ts";
import { describeEveryChannel, IMPATIENT_MS } from "../support/push/every-channel.ts";
import { FakeMeizu, meizuSays } from "../support/push/fake-meizu.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { clock, notification, target } from "../support/push/notifications.ts";

const HOUR_MS = 3_600_000;

async function start() {
  const fake = await new FakeMeizu().start();
  return { fake, channel: createMeizu(fake.config, { clock, timeoutMs: IMPATIENT_MS }) };
}

describeEveryChannel(start);

test("fields are signed as in the example that Meizu gives", () => {
  const fields = {
    pushIds: "RA50c6348036344485d01776773577c64740465480a6b",
    messageJson: '{"title":"title","content":"content","pushTimeInfo":{"offLine":1,"validTime":24}}',
    appId: "10000",
  };
  expect(meizuSign(fields, "<APP_SECRET>")).toBe("ac076ff25d9900015a681cb5172aa53b");
});

test("a notification is sent as Meizu wants it", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "{}" }))).toEqual({ kind: "accepted", reason: "200" });
  const { messageJson = "", ...fields } = fake.fields;
  expect(fields).toEqual({ appId: "10000", pushIds: "token-of-a-phone", sign: expect.any(String) });
  expect(JSON.parse(messageJson)).toEqual({
    noticeBarInfo: { noticeMsgType: 1, title: "Alice", content: "Shall we meet at six?" },
    clickTypeInfo: { clickType: 0, parameters: { messageId: "m:1:7", peerId: "alice", data: "{}" } },
    pushTimeInfo: { offLine: 1, validTime: 1 },
    advanceInfo: { notifyKey: "AbCdEfGh" },
  });
});

test("a title and a content are cut to what Meizu takes, emoji counted as two", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ title: "t".repeat(33), body: "b".repeat(101) }));
  expect(JSON.parse(fake.fields.messageJson ?? "").noticeBarInfo).toMatchObject({
    title: `${"t".repeat(31)}…`,
    content: `${"b".repeat(99)}…`,
  });
  const body = `${"b".repeat(40)}${"😀".repeat(40)}`;
  expect(await channel.send(target, notification({ title: "t".repeat(32), body }))).toMatchObject({ kind: "accepted" });
  expect(JSON.parse(fake.fields.messageJson ?? "").noticeBarInfo.title).toBe("t".repeat(32));
});

test("where a title or a content is blank it says who has written", async () => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ title: " ", body: "" }));
  expect(JSON.parse(fake.fields.messageJson ?? "").noticeBarInfo).toMatchObject({ title: "Alice", content: "Alice" });
});

test("what the app is told goes without its data where that is too large", async () => {
  const { fake, channel } = await start();
  expect(await channel.send(target, notification({ data: "가".repeat(2_000) }))).toMatchObject({ kind: "accepted" });
  const { clickTypeInfo } = JSON.parse(fake.fields.messageJson ?? "");
  expect(clickTypeInfo.parameters).toEqual({ messageId: "m:1:7", peerId: "alice" });
});

test.each([
  [-HOUR_MS, 1],
  [HOUR_MS + 1, 2],
  [24 * HOUR_MS - 5, 24],
  [168 * HOUR_MS, 72],
])("what is to live %i milliseconds is kept for %i hours", async (left, hours) => {
  const { fake, channel } = await start();
  await channel.send(target, notification({ expiresAt: clock.now() + left }));
  expect(JSON.parse(fake.fields.messageJson ?? "").pushTimeInfo).toEqual({ offLine: 1, validTime: hours });
});

test("nothing goes with a wrong secret", async () => {
  const { fake } = await start();
  const channel = createMeizu({ ...fake.config, appSecret: "other" }, { clock });
  expect(await channel.send(target, notification())).toEqual({ kind: "misconfigured", reason: "1006" });
});

test("a token that would be two is none", async () => {
  const { channel } = await start();
  expect(channel.accepts?.("a,b")).toBe(false);
  expect(channel.accepts?.("RA50c6348036344485d01776773577c64740465480a6b")).toBe(true);
});

test("a notification cannot be taken back", async () => {
  const { channel } = await start();
  expect(channel.withdraw).toBeNull();
});

const quotaExhausted = { kind: "quota exhausted", until: expect.any(Number) };
const { token } = target;
test.each([
  [meizuSays("200", {}), { kind: "accepted", reason: "200" }],
  [meizuSays(200, ""), { kind: "accepted" }],
  [meizuSays("200", null), { kind: "accepted" }],
  [meizuSays("200", { "110002": [] }), { kind: "accepted" }],
  [meizuSays("200", { "110002": ["of another phone"] }), { kind: "accepted" }],
  ...["110002", "110003", "110010"].flatMap((code) => [
    [meizuSays("200", { [code]: [token] }), { kind: "token invalid", reason: `200 ${code}`, since: null }],
    [meizuSays("200", { [code]: token }), { kind: "token invalid", reason: `200 ${code}` }],
    [meizuSays("200", { [token]: code }), { kind: "token invalid", reason: `200 ${code}` }],
    [meizuSays("200", { [token]: Number(code) }), { kind: "token invalid", reason: `200 ${code}` }],
  ]),
  [meizuSays("200", { "110011": [token] }), quotaExhausted],
  [meizuSays("200", { "201": [token] }), { kind: "misconfigured" }],
  [meizuSays("200", { "520": [token] }), { kind: "accepted", reason: "200 520" }],
  ...["501", "513", "519", "110005", "999"].map((code) => [
    meizuSays("200", { [code]: [token] }),
    { kind: "failed", reason: `200 ${code}` },
  ]),
  [meizuSays("200", { [token]: "Shall we" }), { kind: "failed", reason: "200 unknown" }],
  ...["1005", "110004"].map((code) => [meizuSays(code), { kind: "content rejected", reason: code }]),
  ...["1006", "110000", "110001", "110009", "110031", "110032", "110033"].map((code) => [
    meizuSays(code),
    { kind: "misconfigured", reason: code },
  ]),
  ...["110002", "110003"].map((code) => [meizuSays(code), { kind: "token invalid", reason: code }]),
  [meizuSays("110010"), { kind: "throttled", retryAfterMs: null }],
  [meizuSays(110010), { kind: "throttled" }],
  [
    { status: 429, headers: { "retry-after": "7" } },
    { kind: "throttled", retryAfterMs: 7_000 },
  ],
  ...["110019", "110051", "110053"].map((code) => [meizuSays(code), quotaExhausted]),
  ...["500", "1001", "1003", "300", "999999"].map((code) => [meizuSays(code), { kind: "failed", reason: code }]),
  [meizuSays(`no ${token}`), { kind: "failed", reason: "unknown" }],
  [
    { status: 500, body: { code: "200", value: {} } },
    { kind: "failed", reason: "500 200" },
  ],
  [
    { status: 503, headers: { "retry-after": "9" } },
    { kind: "failed", retryAfterMs: 9_000 },
  ],
] as [Fate, object][])("%j is understood as %j", async (fate, outcome) => {
  const { fake, channel } = await start();
  fake.fates.push(fate);
  expect(await channel.send(target, notification())).toMatchObject(outcome);
});
