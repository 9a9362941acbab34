/**
 * Apple's push service, over HTTP/2 with a key of the team's.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Notification, PushChannel, PushEnvironment, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { createAccessToken, sendWithToken } from "./access-token.ts";
import { type ApnsAnswer, type ApnsSession, createApnsSession } from "./apns-session.ts";
import type { ChannelContext } from "./context.ts";
import { accepted, contentRejected, failed, misconfigured, throttled, tokenInvalid, unanswered } from "./outcomes.ts";
import { fitToBytes } from "./text.ts";

const MOST_BYTES = 4_096;
/** Apple wants the same one for 20 to 60 minutes: with what tokens are renewed early, this makes it 50. */
const TOKEN_MS = 55 * 60_000;

function isKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}

export const apnsConfig = z.strictObject({
  teamId: z.string().min(1),
  keyId: z.string().min(1),
  /** The `.p8` file that Apple gives, as it is. */
  privateKey: z.string().refine(isKey, "This is no private key of the curve P-256."),
  /** The app's bundle id. */
  topic: z.string().min(1),
  productionUrl: z.url().default("https://api.push.apple.com"),
  sandboxUrl: z.url().default("https://api.sandbox.push.apple.com"),
  ca: z.string().optional(),
});
export type ApnsConfig = z.infer<typeof apnsConfig>;

const errorAnswer = z.object({ reason: z.string(), timestamp: z.number().optional().catch(undefined) });

const MISCONFIGURED = new Set([
  "BadTopic",
  "TopicDisallowed",
  "MissingTopic",
  "InvalidProviderToken",
  "MissingProviderToken",
  "TooManyProviderTokenUpdates",
  "BadEnvironmentKeyIdInToken",
  "UnrelatedKeyIdInToken",
  "BadCertificate",
  "BadCertificateEnvironment",
  "Forbidden",
]);
const REJECTED = new Set([
  "PayloadTooLarge",
  "PayloadEmpty",
  "BadCollapseId",
  "BadExpirationDate",
  "BadPriority",
  "BadMessageId",
  "InvalidPushType",
]);

function outcomeOf({ status, retryAfter, body }: ApnsAnswer): PushOutcome | "token refused" {
  if (status === 200) return accepted("200");
  const read = errorAnswer.safeParse(parsed(body));
  const { reason: said, timestamp } = read.success ? read.data : { reason: "", timestamp: undefined };
  const isKnown = /^[A-Za-z]{1,60}$/.test(said);
  const reason = `${status} ${isKnown ? said : ""}`.trim();
  const waitMs = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) * 1_000 : null;
  if (said === "ExpiredProviderToken") return "token refused";
  if (said === "Unregistered" || said === "ExpiredToken") return tokenInvalid(reason, timestamp ?? null);
  // One of another app could be registered by anybody; whether the topic is wrong instead, their number tells.
  if (said === "BadDeviceToken" || said === "DeviceTokenNotForTopic") return tokenInvalid(reason);
  if (MISCONFIGURED.has(said)) return misconfigured(reason);
  if (REJECTED.has(said)) return contentRejected(reason);
  if (status === 429) return throttled(reason, waitMs);
  return failed(reason, waitMs);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function createApns(config: ApnsConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const key = createPrivateKey(config.privateKey);
  const sessions: Record<PushEnvironment, ApnsSession> = {
    PRODUCTION: createApnsSession({ url: config.productionUrl, ca: config.ca, timeoutMs }),
    SANDBOX: createApnsSession({ url: config.sandboxUrl, ca: config.ca, timeoutMs }),
  };
  const access = createAccessToken(clock, async () => {
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "ES256", kid: config.keyId })
      .setIssuer(config.teamId)
      .setIssuedAt(Math.floor(clock.now() / 1_000))
      .sign(key);
    return { token, lifetimeMs: TOKEN_MS };
  });

  async function post(
    { token, environment }: PushTarget,
    headers: Record<string, string>,
    body: string,
  ): Promise<PushOutcome> {
    try {
      const path = `/3/device/${encodeURIComponent(token)}`;
      return await sendWithToken(
        access,
        async (jwt) => {
          const all = { authorization: `bearer ${jwt}`, "apns-topic": config.topic, ...headers };
          return outcomeOf(await sessions[environment].post(path, all, body));
        },
        misconfigured("403 ExpiredProviderToken"),
      );
    } catch (error) {
      return unanswered(error);
    }
  }

  function payload({ title, body, badge, slot, messageId, peerId, data }: Notification): string {
    return JSON.stringify({
      aps: {
        alert: { title, body },
        ...(badge === null ? {} : { badge }),
        sound: "default",
        "thread-id": slot.tag,
        "mutable-content": 1,
      },
      messageId,
      peerId,
      ...(data === null ? {} : { data }),
    });
  }

  return {
    vendor: "APNS",
    concurrency: 50,
    accepts: (token) => /^[0-9a-fA-F]{8,400}$/.test(token),
    async send(target, notification) {
      const body = fitToBytes(notification, MOST_BYTES, payload);
      if (body === null) return contentRejected("it is too large");
      const headers = {
        "apns-id": notification.id,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": String(Math.floor(notification.expiresAt / 1_000)),
        "apns-collapse-id": notification.slot.tag,
      };
      return post(target, headers, body);
    },
    /** The app is woken and takes it away; the badge is the system's to change. */
    withdraw(target, { id, slot, peerId, badge, expiresAt }) {
      const aps = { "content-available": 1, ...(badge === null ? {} : { badge }) };
      const headers = {
        "apns-id": id,
        "apns-push-type": "background",
        "apns-priority": "5",
        "apns-expiration": String(Math.floor(expiresAt / 1_000)),
      };
      return post(target, headers, JSON.stringify({ aps, withdraw: slot.tag, peerId }));
    },
    async close() {
      for (const session of Object.values(sessions)) session.close();
    },
  };
}
