/**
 * Huawei's Push Kit for HarmonyOS from 5 on, which is not Android any more: version 3 of its interface.
 * https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-scenariozed-api-request-struct
 */
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Notification, PushChannel, PushTarget } from "../engine/push/channel.ts";
import { createHttp } from "../outgoing/http.ts";
import { createAccessToken } from "./access-token.ts";
import type { ChannelContext } from "./context.ts";
import { createHuaweiApi } from "./huawei-answers.ts";
import { contentRejected } from "./outcomes.ts";
import { appDataOf, MOST_BADGE, MOST_BYTES, secondsLeft, textOf } from "./parts.ts";
import { fitToBytes } from "./text.ts";

const OPEN_APP = 0;
/** A phone that was off gets all of them, of whatever conversations. */
const KEEP_ALL = -1;
const HOUR_SECONDS = 3_600;
const ALERT = { "push-type": "0" };

/** What an operator writes for this vendor. */
export const harmonyConfig = z.strictObject({
  projectId: z.string().min(1),
  /** These three as the service account's file, which AppGallery Connect gives, says them. */
  keyId: z.string().min(1),
  subAccount: z.string().min(1),
  /** PKCS #8, as PEM. */
  privateKey: z.string().includes("PRIVATE KEY"),
  /** Of the app, not of the project: without it, nothing is taken back. */
  clientId: z.string().min(1).optional(),
  /** A right that Huawei grants: without it, messages count as advertising, of which few a day are shown. */
  category: z.string().min(1).default("IM"),
  audience: z.url().default("https://oauth-login.cloud.huawei.com/oauth2/v3/token"),
  sendUrl: z.url().default("https://push-api.cloud.huawei.com"),
  ca: z.string().optional(),
});
export type HarmonyConfig = z.infer<typeof harmonyConfig>;

/** @throws Error for a key that is none, or of another kind */
export function createHarmony(config: HarmonyConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const key = createPrivateKey(config.privateKey);
  if (key.asymmetricKeyType !== "rsa") throw new Error("The private key for HarmonyOS has to be one for RSA.");
  const http = createHttp({ ca: config.ca, timeoutMs });
  const { projectId, keyId, subAccount, clientId, category, audience } = config;

  // Nobody gives it, but it ends like one that somebody has given.
  const access = createAccessToken(clock, async () => {
    const seconds = Math.floor(clock.now() / 1_000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "PS256", typ: "JWT", kid: keyId })
      .setIssuer(subAccount)
      .setAudience(audience)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + HOUR_SECONDS)
      .sign(key);
    return { token, lifetimeMs: HOUR_SECONDS * 1_000 };
  });
  const api = createHuaweiApi(http, access, config.sendUrl, clock);
  const path = `/v3/${encodeURIComponent(projectId)}/messages:send`;

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { id, slot, title, body, sender, badge, expiresAt } = notification;
    return JSON.stringify({
      payload: {
        notification: {
          category,
          title: textOf(title, sender),
          body: textOf(body, sender),
          clickAction: { actionType: OPEN_APP, data: appDataOf(notification) },
          notifyId: slot.number,
          appMessageId: id,
          ...(badge === null ? {} : { badge: { setNum: Math.min(badge, MOST_BADGE) } }),
        },
      },
      target: { token: [token] },
      pushOptions: { ttl: secondsLeft(expiresAt, clock.now()), collapseKey: KEEP_ALL },
    });
  }

  return {
    vendor: "HARMONY",
    concurrency: 10,
    async send(target, notification) {
      const most = MOST_BYTES + Buffer.byteLength(target.token);
      const message = fitToBytes(notification, most, (short) => messageFor(target, short));
      return message === null ? contentRejected("it is too large") : api.send(path, target, message, ALERT);
    },
    withdraw: clientId === undefined ? null : (target, withdrawal) => api.revoke(clientId, target, withdrawal),
    close: () => http.close(),
  };
}
