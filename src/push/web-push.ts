/**
 * Web Push, to browsers: RFC 8030, encrypted after RFC 8291, the sender named after RFC 8292 (VAPID).
 * https://www.rfc-editor.org/rfc/rfc8030
 */
import { createECDH, ECDH } from "node:crypto";
import type { LookupFunction } from "node:net";
import webPush from "web-push";
import { z } from "zod";
import type { PushChannel, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type Answer, createHttp, retryAfter } from "../outgoing/http.ts";
import { AddressNotAllowed, publicLookup } from "../outgoing/public-addresses.ts";
import type { ChannelContext } from "./context.ts";
import { accepted, contentRejected, failed, throttled, tokenInvalid, unanswered } from "./outcomes.ts";
import { fitToBytes } from "./text.ts";
import { allowedEndpoint } from "./web-push-endpoint.ts";

const CURVE = "prime256v1";
/** Of what is encrypted: services have to take 3,993 bytes, but Firefox on Android gets no more than this. */
const MOST_BYTES = 2_820;
/** Edge's service refuses 0. */
const LEAST_SECONDS = 1;
const MOST_SECONDS = 28 * 86_400;
const NOT_ALLOWED = tokenInvalid("endpoint not allowed");

function isPair(publicKey: string, privateKey: string): boolean {
  try {
    const curve = createECDH(CURVE);
    curve.setPrivateKey(privateKey, "base64url");
    return curve.getPublicKey("base64url") === publicKey;
  } catch {
    return false;
  }
}

/** What an operator writes for this vendor. */
export const webPushConfig = z
  .strictObject({
    /** Whom push services write to about this server: `mailto:` or `https:`. */
    subject: z.url({ protocol: /^(mailto|https)$/ }),
    /** The VAPID keys, in base64url: a point of 65 bytes, and 32 bytes. */
    publicKey: z.string().regex(/^[\w-]{87}$/),
    privateKey: z.string().regex(/^[\w-]{43}$/),
    /** Push services that may be asked; a leading `*.` stands for any name below. */
    hosts: z
      .array(z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/))
      .default([
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "*.push.services.mozilla.com",
        "*.notify.windows.com",
        "*.push.apple.com",
      ]),
    /** Any host, port and address may be asked: for tests only, as clients choose whom this server asks. */
    allowLocal: z.boolean().default(false),
    ca: z.string().optional(),
  })
  .refine(({ publicKey, privateKey }) => isPair(publicKey, privateKey), "The keys do not belong together.");
export type WebPushConfig = z.infer<typeof webPushConfig>;

const subscriptionJson = z.object({
  endpoint: z.url(),
  keys: z.object({ p256dh: z.string().regex(/^[\w-]{87}$/), auth: z.string().regex(/^[\w-]{22}$/) }),
});
export type Subscription = z.infer<typeof subscriptionJson>;

/** What a browser's `PushSubscription` says of itself as JSON; null where it is none. */
export function readSubscription(token: string): Subscription | null {
  try {
    const subscription = subscriptionJson.parse(JSON.parse(token));
    const { p256dh } = subscription.keys;
    // Throws for what is no point of the curve.
    const point = ECDH.convertKey(p256dh, CURVE, "base64url", "base64url", "uncompressed");
    return point === p256dh ? subscription : null;
  } catch {
    return null;
  }
}

/** What the answer comes to. Its body tells nothing: services word it as they like. */
function outcomeOf(answer: Answer, now: number): PushOutcome {
  const reason = `${answer.status}`;
  const waitMs = retryAfter(answer, now);
  switch (answer.status) {
    case 200:
      // Services say 201; something in between that lets nobody through says 200, and shows a page.
      return /^\s*(\{|$)/.test(answer.text) ? accepted(reason) : failed("200, unreadable");
    case 201:
    case 202:
      return accepted(reason);
    case 404:
    case 410:
    // Also of a subscription that was made for another server's keys: one client's matter, not the server's. Where it is
    // so of many, the keys are wrong, which is seen from that.
    case 400:
    case 401:
    case 403:
      return tokenInvalid(reason);
    case 413:
      return contentRejected(reason);
    case 429:
      return throttled(reason, waitMs);
    default:
      return failed(reason, waitMs);
  }
}

/** @param lookup finds addresses of names; left out: the system's */
export function createWebPush(
  config: WebPushConfig,
  { clock, timeoutMs }: ChannelContext,
  lookup?: LookupFunction,
): PushChannel {
  const { subject, publicKey, privateKey, ca, allowLocal } = config;
  const http = createHttp({ ca, timeoutMs, lookup: allowLocal ? lookup : publicLookup(lookup) });

  async function post(
    { token }: PushTarget,
    payload: string,
    { urgency, topic, expiresAt }: { urgency: "normal" | "high"; topic: string; expiresAt: number },
  ): Promise<PushOutcome> {
    const subscription = readSubscription(token);
    if (subscription === null) return tokenInvalid("no subscription");
    const url = allowedEndpoint(subscription.endpoint, config);
    if (url === null) return NOT_ALLOWED;
    const secondsLeft = Math.floor((expiresAt - clock.now()) / 1_000);
    try {
      // The URL as it has been checked: the library reads one in another way.
      const { headers, body } = webPush.generateRequestDetails({ ...subscription, endpoint: url.href }, payload, {
        vapidDetails: { subject, publicKey, privateKey },
        TTL: Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, secondsLeft)),
        urgency,
        topic,
      });
      return outcomeOf(await http.post(url.href, headers, body), clock.now());
    } catch (error) {
      // It may be trouble of the name service, so the token is kept.
      return error instanceof AddressNotAllowed ? failed("endpoint not allowed") : unanswered(error);
    }
  }

  return {
    vendor: "WEB_PUSH",
    concurrency: 50,
    accepts(token) {
      const subscription = readSubscription(token);
      return subscription !== null && allowedEndpoint(subscription.endpoint, config) !== null;
    },
    async send(target, notification) {
      const payload = fitToBytes(notification, MOST_BYTES, ({ title, body, slot, messageId, peerId, data, badge }) =>
        JSON.stringify({ title, body, tag: slot.tag, messageId, peerId, data, badge }),
      );
      if (payload === null) return contentRejected("it is too large");
      const { slot, expiresAt } = notification;
      return post(target, payload, { urgency: "high", topic: slot.tag, expiresAt });
    },
    /** Takes the place of a notification that was not delivered yet; one that was, the app takes away. */
    withdraw(target, { slot, peerId, badge, expiresAt }) {
      const payload = JSON.stringify({ withdraw: slot.tag, peerId, badge });
      return post(target, payload, { urgency: "normal", topic: slot.tag, expiresAt });
    },
    close: () => http.close(),
  };
}
