/** What holds for the channel of every vendor, whatever that speaks. */
import { describe, expect, test } from "vitest";
import type { PushChannel } from "../../../src/engine/push/channel.ts";
import type { Fate } from "./fake-vendor.ts";
import { notification, target } from "./notifications.ts";

export interface Started {
  readonly channel: PushChannel;
  readonly fake: { readonly fates: Fate[]; stop(): void };
}

/** Text of all lengths and kinds. */
export const TEXTS = [
  "",
  " ",
  "가나다".repeat(3_000),
  "👩‍👩‍👧‍👦".repeat(500),
  '"\\\u2028'.repeat(2_000),
  "a".repeat(20_000),
];

/** Milliseconds that channels wait here for an answer. */
export const IMPATIENT_MS = 1_000;

/** @param start starts a fake, and a channel to it with `IMPATIENT_MS` */
export function describeEveryChannel(start: () => Promise<Started>): void {
  describe("as every channel", () => {
    test.each([
      ["hangs", "hang"],
      ["cuts the connection", "cut"],
      ["answers nothing that can be read", { status: 200, body: "<html>" }],
      ["answers something else", { status: 200, body: [1] }],
      ["is in trouble", { status: 500, body: "" }],
      ["answers without end", { status: 200, body: "x".repeat(1_000_000) }],
    ] as [string, Fate][])("it is to be tried again where the vendor %s", async (_, fate) => {
      const { channel, fake } = await start();
      fake.fates.push(fate, fate, fate);
      expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
      await channel.close();
    });

    test("it is to be tried again where nobody listens, and goes through afterwards", async () => {
      const { channel, fake } = await start();
      expect(await channel.send(target, notification())).toMatchObject({ kind: "accepted" });
      fake.stop();
      expect(await channel.send(target, notification())).toMatchObject({ kind: "failed" });
      await channel.close();
    });

    test("many go at the same time", async () => {
      const { channel } = await start();
      const sends = Array.from({ length: 100 }, () => channel.send(target, notification()));
      for (const outcome of await Promise.all(sends)) expect(outcome).toMatchObject({ kind: "accepted" });
      await channel.close();
    });

    test("no outcome tells a token or what was written", async () => {
      const { channel, fake } = await start();
      fake.fates.push({ status: 400, body: `${target.token} Shall we meet at six?` });
      const outcome = await channel.send(target, notification());
      expect(JSON.stringify(outcome)).not.toContain(target.token);
      expect(JSON.stringify(outcome)).not.toContain("Shall we");
      await channel.close();
    });

    test("text of any length and kind is taken", async () => {
      const { channel } = await start();
      for (const text of TEXTS) {
        const outcome = await channel.send(
          target,
          notification({ title: text, body: text, sender: text, data: text.slice(0, 900) }),
        );
        expect(outcome).toMatchObject({ kind: "accepted" });
      }
      await channel.close();
    });
  });
}
