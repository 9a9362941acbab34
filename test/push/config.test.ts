import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { PUSH_VENDORS } from "../../src/engine/push/channel.ts";
import { pushConfig, readPushConfig } from "../../src/push/config.ts";
import { openPush } from "../../src/push/open.ts";
import { FakeApns } from "../support/push/fake-apns.ts";
import { FakeFcm } from "../support/push/fake-fcm.ts";
import { FakeHarmony } from "../support/push/fake-harmony.ts";
import { FakeHonor } from "../support/push/fake-honor.ts";
import { FakeHuawei } from "../support/push/fake-huawei.ts";
import { FakeMeizu } from "../support/push/fake-meizu.ts";
import { FakeOppo } from "../support/push/fake-oppo.ts";
import { FakeVivo } from "../support/push/fake-vivo.ts";
import { FakeWebPush } from "../support/push/fake-web-push.ts";
import { FakeXiaomi } from "../support/push/fake-xiaomi.ts";
import { clock } from "../support/push/notifications.ts";

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-push-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "push.json"), text);
  return join(folder, "push.json");
}

test("one file has a part for each vendor, and each part makes a channel", async () => {
  const parts = {
    apns: (await new FakeApns().start()).config,
    fcm: (await new FakeFcm().start()).config,
    huawei: (await new FakeHuawei().start()).config,
    harmony: (await new FakeHarmony().start()).config,
    honor: (await new FakeHonor().start()).config,
    xiaomi: (await new FakeXiaomi().start()).config,
    oppo: (await new FakeOppo().start()).config,
    vivo: (await new FakeVivo().start()).config,
    meizu: (await new FakeMeizu().start()).config,
    webPush: (await new FakeWebPush().start()).config,
  };
  const { channels, ...rest } = openPush(readPushConfig(fileWith(JSON.stringify(parts))), clock);
  expect(channels.map(({ vendor }) => vendor).toSorted()).toEqual([...PUSH_VENDORS].sort());
  expect(rest).toEqual({ delayMs: 4_000, lifetimeMs: 86_400_000, preview: "FULL" });
  for (const channel of channels) await channel.close();
});

describe("a mistake is told with its place", () => {
  test.each([
    ["{", /cannot be read as JSON/],
    ["[]", /the file: /],
    ['{"delaySeconds": 61}', /delaySeconds: /],
    ['{"preview": "SOME"}', /preview: /],
    ['{"fcm": {"projectId": "x"}}', /fcm\.clientEmail: .*fcm\.privateKey: /],
    ['{"apns": {}, "xiaomi": {}}', /apns\.teamId: .*xiaomi\.appSecret: /],
    ['{"google": {}}', /google/],
  ])("%s", (text, message) => {
    const path = fileWith(text);
    expect(() => readPushConfig(path)).toThrow(message);
    expect(() => readPushConfig(path)).toThrow(path);
  });
});

test("what the page on push shows of the file can be used", () => {
  const page = readFileSync(new URL("../../docs/push.md", import.meta.url), "utf8");
  const [, example = ""] = /```json\n(.+?)```/s.exec(page) ?? [];
  expect(pushConfig.parse(JSON.parse(example))).toMatchObject({ fcm: { projectId: "my-app" } });
});
