/**
 * Huawei's HMS Core Push Kit, to phones with Android, and with HarmonyOS up to 4: newer ones have another service.
 * https://developer.huawei.com/consumer/en/doc/HMSCore-References/https-send-api-0000001050986197
 */
import { z } from "zod";
import type { Notification, PushChannel, PushTarget } from "../engine/push/channel.ts";
import { createHttp } from "../outgoing/http.ts";
import { createAccessToken } from "./access-token.ts";
import { fetchWithSecret } from "./client-credentials.ts";
import type { ChannelContext } from "./context.ts";
import { createHuaweiApi } from "./huawei-answers.ts";
import { contentRejected } from "./outcomes.ts";
import { appDataOf, MOST_BADGE, MOST_BYTES, secondsLeft, textOf } from "./parts.ts";
import { fitToBytes } from "./text.ts";

const OPEN_BY_INTENT = 1;
const OPEN_APP = 3;
/** A phone that was off gets all of them, of whatever conversations. */
const KEEP_ALL = -1;

/** What an operator writes for this vendor. */
export const huaweiConfig = z.strictObject({
  appId: z.string().min(1),
  appSecret: z.string().min(1),
  /** Android's notification channel of the app. */
  channelId: z.string().optional(),
  /** The activity by which the app is started, such as com.example.MainActivity: without it, no badge is set. */
  badgeClass: z.string().optional(),
  /** An intent's URI, that a tap opens; left out: it opens the app. */
  clickIntent: z.string().optional(),
  tokenUrl: z.url().default("https://oauth-login.cloud.huawei.com/oauth2/v3/token"),
  sendUrl: z.url().default("https://push-api.cloud.huawei.com"),
  ca: z.string().optional(),
});
export type HuaweiConfig = z.infer<typeof huaweiConfig>;

export function createHuawei(config: HuaweiConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const { appId, appSecret, badgeClass, channelId, clickIntent } = config;
  const access = createAccessToken(clock, () => fetchWithSecret(http, clock, config.tokenUrl, appId, appSecret));
  const api = createHuaweiApi(http, access, config.sendUrl, clock);
  const path = `/v1/${encodeURIComponent(appId)}/messages:send`;

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { slot, title, body, sender, badge, expiresAt } = notification;
    const isBadge = badge !== null && badgeClass !== undefined;
    return JSON.stringify({
      validate_only: false,
      message: {
        data: JSON.stringify(appDataOf(notification)),
        android: {
          category: "IM",
          collapse_key: KEEP_ALL,
          ttl: `${secondsLeft(expiresAt, clock.now())}s`,
          notification: {
            title: textOf(title, sender),
            body: textOf(body, sender),
            importance: "NORMAL",
            click_action:
              clickIntent === undefined ? { type: OPEN_APP } : { type: OPEN_BY_INTENT, intent: clickIntent },
            notify_id: slot.number,
            ...(channelId === undefined ? {} : { channel_id: channelId }),
            ...(isBadge ? { badge: { set_num: Math.min(badge, MOST_BADGE), class: badgeClass } } : {}),
          },
        },
        token: [token],
      },
    });
  }

  return {
    vendor: "HUAWEI",
    concurrency: 10,
    async send(target, notification) {
      const most = MOST_BYTES + Buffer.byteLength(target.token);
      const message = fitToBytes(notification, most, (short) => messageFor(target, short));
      return message === null ? contentRejected("it is too large") : api.send(path, target, message);
    },
    withdraw: (target, withdrawal) => api.revoke(appId, target, withdrawal),
    close: () => http.close(),
  };
}
