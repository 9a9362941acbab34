/** Opens the channels of all vendors that are configured. */
import type { Clock } from "../engine/clock.ts";
import type { PushSetup } from "../engine/engine.ts";
import { createApns } from "./apns.ts";
import type { PushConfig } from "./config.ts";
import { createFcm } from "./fcm.ts";
import { createHarmony } from "./harmony.ts";
import { createHonor } from "./honor.ts";
import { createHuawei } from "./huawei.ts";
import { createMeizu } from "./meizu.ts";
import { createOppo } from "./oppo.ts";
import { createVivo } from "./vivo.ts";
import { createWebPush } from "./web-push.ts";
import { createXiaomi } from "./xiaomi.ts";

/** @throws Error for keys that are none */
export function openPush(config: PushConfig, clock: Clock): PushSetup {
  const context = { clock };
  const { apns, fcm, huawei, harmony, honor, xiaomi, oppo, vivo, meizu, webPush } = config;
  const channels = [
    apns && createApns(apns, context),
    fcm && createFcm(fcm, context),
    huawei && createHuawei(huawei, context),
    harmony && createHarmony(harmony, context),
    honor && createHonor(honor, context),
    xiaomi && createXiaomi(xiaomi, context),
    oppo && createOppo(oppo, context),
    vivo && createVivo(vivo, context),
    meizu && createMeizu(meizu, context),
    webPush && createWebPush(webPush, context),
  ];
  return {
    channels: channels.filter((channel) => channel !== undefined),
    delayMs: config.delaySeconds * 1_000,
    lifetimeMs: config.lifetimeHours * 3_600_000,
    preview: config.preview,
  };
}
