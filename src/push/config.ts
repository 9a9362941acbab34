/** What an operator writes about pushes: one file of JSON, with a part for each vendor that is used. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { PUSH_PREVIEWS } from "../engine/push/model.ts";
import { apnsConfig } from "./apns.ts";
import { fcmConfig } from "./fcm.ts";
import { harmonyConfig } from "./harmony.ts";
import { honorConfig } from "./honor.ts";
import { huaweiConfig } from "./huawei.ts";
import { meizuConfig } from "./meizu.ts";
import { oppoConfig } from "./oppo.ts";
import { vivoConfig } from "./vivo.ts";
import { webPushConfig } from "./web-push.ts";
import { xiaomiConfig } from "./xiaomi.ts";

export const pushConfig = z.strictObject({
  /** Seconds that a device has to acknowledge a message before it is pushed to. */
  delaySeconds: z.number().min(0).max(60).default(4),
  /** Hours after which nobody needs a notification any more. */
  lifetimeHours: z.number().min(0.1).max(168).default(24),
  /** At most so much of messages is shown: what they say, who has written, or neither. */
  preview: z.enum(PUSH_PREVIEWS).default("FULL"),
  apns: apnsConfig.optional(),
  fcm: fcmConfig.optional(),
  huawei: huaweiConfig.optional(),
  harmony: harmonyConfig.optional(),
  honor: honorConfig.optional(),
  xiaomi: xiaomiConfig.optional(),
  oppo: oppoConfig.optional(),
  vivo: vivoConfig.optional(),
  meizu: meizuConfig.optional(),
  webPush: webPushConfig.optional(),
});
export type PushConfig = z.infer<typeof pushConfig>;

/**
 * Reads the file.
 * @throws Error that names each part at fault
 */
export function readPushConfig(path: string): PushConfig {
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = pushConfig.safeParse(written);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path: place, message }) => `${place.join(".") || "the file"}: ${message}`);
  throw new Error(`${path} cannot be used: ${faults.join("; ")}`);
}
