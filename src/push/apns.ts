/**
 * Apple's push service, over HTTP/2 with a key of the team's.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Notification, PushChannel, PushEnvironment, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type ApnsAnswer, type ApnsSession, createApnsSession } from "./apns-session.ts";
import type { ChannelContext } from "./context.ts";
import { accepted, contentRejected, failed, misconfigured, throttled, tokenInvalid, unanswered } from "./outcomes.ts";
import { fitToBytes } from "./text.ts";

const MOST_BYTES = 4_096;
/** Apple wants the same one for 20 to 60 minutes. */
const TOKEN_MS = 50 * 60_000;

export const apnsConfig = z.strictObject({
  teamId: z.string().min(1),
  keyId: z.string().min(1),
  /** The `.p8` file that Apple gives, as it is. */
  privateKey: z.string().includes("PRIVATE KEY"),
  /** The app's bundle id. */
  topic: z.string().min(1),
  productionUrl: z.url().default("https://api.push.apple.com"),
  sandboxUrl: z.url().default("https://api.sandbox.push.apple.com"),
  ca: z.string().optional(),
});
export type ApnsConfig = z.infer<typeof apnsConfig>;

const errorAnswer = z.object({ reason: z.string(), timestamp: z.number().optional() });

const MISCONFIGURED = new Set([
  "DeviceTokenNotForTopic",
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
  if (said === "BadDeviceToken") return tokenInvalid(reason);
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
  let provider: { readonly token: Promise<string>; readonly goodUntil: number } | null = null;

  function providerToken(): Promise<string> {
    if (provider !== null && provider.goodUntil > clock.monotonic()) return provider.token;
    const token = new SignJWT()
      .setProtectedHeader({ alg: "ES256", kid: config.keyId })
      .setIssuer(config.teamId)
      .setIssuedAt(Math.floor(clock.now() / 1_000))
      .sign(key);
    provider = { token, goodUntil: clock.monotonic() + TOKEN_MS };
    return token;
  }

  async function post(
    { token, environment }: PushTarget,
    headers: Record<string, string>,
    body: string,
  ): Promise<PushOutcome> {
    try {
      const path = `/3/device/${encodeURIComponent(token)}`;
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const authorization = `bearer ${await providerToken()}`;
        const all = { authorization, "apns-topic": config.topic, ...headers };
        const outcome = outcomeOf(await sessions[environment].post(path, all, body));
        if (outcome !== "token refused") return outcome;
        // The clock was set, or somebody else's key is meant: one try with a fresh one tells.
        provider = null;
      }
      return misconfigured("403 ExpiredProviderToken");
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
