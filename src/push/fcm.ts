/**
 * Google's Firebase Cloud Messaging, HTTP v1.
 * Errors: https://firebase.google.com/docs/cloud-messaging/error-codes
 */
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Notification, PushChannel, PushOutcome, PushTarget, Withdrawal } from "../engine/push/channel.ts";
import { type Answer, createHttp, form, retryAfter } from "../outgoing/http.ts";
import { createAccessToken, sendWithToken } from "./access-token.ts";
import { readAccessToken } from "./client-credentials.ts";
import type { ChannelContext } from "./context.ts";
import { accepted, contentRejected, failed, misconfigured, throttled, tokenInvalid, unanswered } from "./outcomes.ts";
import { fitToBytes } from "./text.ts";

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MOST_BYTES = 4_096;
const LEAST_WAIT_MS = 60_000;

/** What an operator writes for this vendor. */
export const fcmConfig = z.strictObject({
  /** As the service account's file, which Firebase's console gives, says it. */
  projectId: z.string().min(1),
  clientEmail: z.string().min(1),
  /** PKCS #8, as PEM. */
  privateKey: z.string().includes("PRIVATE KEY"),
  /** Android's notification channel of the app. */
  channelId: z.string().optional(),
  tokenUrl: z.url().default("https://oauth2.googleapis.com/token"),
  sendUrl: z.url().default("https://fcm.googleapis.com"),
  ca: z.string().optional(),
});
export type FcmConfig = z.infer<typeof fcmConfig>;

const sentAnswer = z.object({ name: z.string() });
const errorAnswer = z.object({
  error: z.object({
    status: z.string().default(""),
    message: z.string().default(""),
    details: z.array(z.object({ "@type": z.string().default(""), errorCode: z.string().optional() })).default([]),
  }),
});

/** What FCM's own words come to. */
function outcomeOf(answer: Answer, now: number): PushOutcome | "token refused" {
  if (answer.status === 200)
    return sentAnswer.safeParse(answer.json).success ? accepted("200") : failed("200, unreadable");
  const read = errorAnswer.safeParse(answer.json);
  const error = read.success ? read.data.error : { status: "", message: "", details: [] };
  const code = error.details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? error.status;
  const reason = `${answer.status} ${code}`.trim();
  const waitMs = retryAfter(answer, now);
  switch (code) {
    // One of another project could be registered by anybody; whether the key is wrong instead, their number tells.
    case "SENDER_ID_MISMATCH":
    case "UNREGISTERED":
      return tokenInvalid(reason);
    case "INVALID_ARGUMENT": {
      // Of the token FCM itself complains; of the rest of the message, Google's parser.
      const isOfFcm = error.details.some(({ "@type": type }) => type.endsWith("FcmError"));
      return isOfFcm ? tokenInvalid(reason) : contentRejected(reason);
    }
    case "THIRD_PARTY_AUTH_ERROR":
    case "PERMISSION_DENIED":
    case "NOT_FOUND":
      return misconfigured(reason);
    case "QUOTA_EXCEEDED":
    case "RESOURCE_EXHAUSTED":
      return throttled(reason, Math.max(waitMs ?? 0, LEAST_WAIT_MS));
    case "UNAVAILABLE":
    case "INTERNAL":
      return failed(reason, waitMs);
    default:
      if (answer.status === 401) return "token refused";
      if (answer.status === 429) return throttled(reason, Math.max(waitMs ?? 0, LEAST_WAIT_MS));
      return failed(reason, waitMs);
  }
}

export function createFcm(config: FcmConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const key = createPrivateKey(config.privateKey);
  const url = new URL(`/v1/projects/${encodeURIComponent(config.projectId)}/messages:send`, config.sendUrl).href;

  const access = createAccessToken(clock, async () => {
    const seconds = Math.floor(clock.now() / 1_000);
    const assertion = await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(config.clientEmail)
      .setAudience(config.tokenUrl)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 3_600)
      .sign(key);
    const { headers, body } = form({ grant_type: GRANT, assertion });
    return readAccessToken(await http.post(config.tokenUrl, headers, body), clock.now());
  });

  async function post(body: string): Promise<PushOutcome> {
    try {
      return await sendWithToken(
        access,
        async (token) => {
          const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
          return outcomeOf(await http.post(url, headers, body), clock.now());
        },
        misconfigured("401: a fresh access token was refused"),
      );
    } catch (error) {
      return unanswered(error);
    }
  }

  function secondsLeft(expiresAt: number): string {
    return `${Math.max(0, Math.floor((expiresAt - clock.now()) / 1_000))}s`;
  }

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { slot, title, body, badge, messageId, peerId, data, expiresAt } = notification;
    return JSON.stringify({
      message: {
        token,
        notification: { title, body },
        data: { messageId, peerId, ...(data === null ? {} : { data }) },
        android: {
          priority: "HIGH",
          ttl: secondsLeft(expiresAt),
          notification: {
            tag: slot.tag,
            ...(config.channelId === undefined ? {} : { channel_id: config.channelId }),
            ...(badge === null ? {} : { notification_count: badge }),
          },
        },
      },
    });
  }

  return {
    vendor: "FCM",
    concurrency: 50,
    async send(target, notification) {
      const message = fitToBytes(notification, MOST_BYTES, (short) => messageFor(target, short));
      return message === null ? contentRejected("it is too large") : post(message);
    },
    /** Told to the app, which takes it away: the service itself cannot. */
    withdraw({ token }: PushTarget, { slot, peerId, badge, expiresAt }: Withdrawal) {
      const data = { withdraw: slot.tag, peerId, ...(badge === null ? {} : { badge: String(badge) }) };
      const android = { priority: "NORMAL", ttl: secondsLeft(expiresAt) };
      return post(JSON.stringify({ message: { token, data, android } }));
    },
    close: () => http.close(),
  };
}
