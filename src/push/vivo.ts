/**
 * vivo's push service, iQOO's phones included.
 * https://dev.vivo.com.cn/documentCenter/doc/362
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Notification, PushChannel, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type Answer, createHttp, retryAfter } from "../outgoing/http.ts";
import { createAccessToken, NoToken, sendWithToken } from "./access-token.ts";
import type { ChannelContext } from "./context.ts";
import {
  accepted,
  contentRejected,
  failed,
  misconfigured,
  quotaExhausted,
  throttled,
  tokenInvalid,
  unanswered,
  unreadable,
} from "./outcomes.ts";
import { appDataOf, secondsLeft } from "./parts.ts";
import { shown } from "./text.ts";

const LONGEST_TITLE = 40;
const LONGEST_CONTENT = 100;
const MOST_CUSTOM = 1_024;
const LEAST_TTL_SECONDS = 60;
const MOST_TTL_SECONDS = 86_400;
/** A token is good for 24 hours, and several are at a time. */
const TOKEN_MS = 2 * 3_600_000;
const RING_AND_VIBRATE = 4;
const OPEN_APP = 1;
const SYSTEM_MESSAGE = 1;
const JSON_HEADERS = { "content-type": "application/json" };

/** What an operator writes for this vendor. */
export const vivoConfig = z.strictObject({
  appId: z.coerce.string().regex(/^\d+$/),
  appKey: z.string().min(1),
  appSecret: z.string().min(1),
  sendUrl: z.url().default("https://api-push.vivo.com.cn"),
  ca: z.string().optional(),
});
export type VivoConfig = z.infer<typeof vivoConfig>;

const code = z.union([z.number(), z.stringFormat("code", /^\d{1,9}$/).transform(Number)]);
const tokenAnswer = z.object({ result: code, authToken: z.string().min(1).optional().catch(undefined) });
const sentAnswer = z.object({
  result: code,
  invalidUser: z.object({ status: code }).optional().catch(undefined),
});

const TOKEN_REFUSED = 10000;
const TOKEN_INVALID = [10054, 10302];
const QUOTA_EXHAUSTED = [10070];
const THROTTLED = [10072];
const MISCONFIGURED = [10094, 10096, 10097];
const CONTENT_REJECTED = [10252, 10254];
/** Of a device: unknown, and without the app or its notifications. */
const GONE = [1, 2];
const NO_TEST_DEVICE = 4;

/** Seen in its documentation are 10200 and 10201; that those up to the limits at 10250 are of the same kind is a guess. */
function isOfCredentials(result: number): boolean {
  return result === TOKEN_REFUSED || MISCONFIGURED.includes(result) || (result >= 10200 && result < 10250);
}

/** What vivo's own words come to. */
function outcomeOf(answer: Answer, now: number): PushOutcome | "token refused" {
  const waitMs = retryAfter(answer, now);
  const read = sentAnswer.safeParse(answer.json);
  if (!read.success) return unreadable(answer.status, waitMs);
  const { result, invalidUser } = read.data;
  const reason = String(result);
  if (result === TOKEN_REFUSED) return "token refused";
  // Also where all the rest is well.
  if (invalidUser !== undefined && GONE.includes(invalidUser.status)) {
    return tokenInvalid(`${reason}, invalidUser ${invalidUser.status}`);
  }
  if (invalidUser?.status === NO_TEST_DEVICE) return misconfigured(`${reason}, invalidUser ${NO_TEST_DEVICE}`);
  if (result === 0) return answer.status === 200 ? accepted(reason) : failed(`${answer.status} ${reason}`, waitMs);
  if (TOKEN_INVALID.includes(result)) return tokenInvalid(reason);
  if (QUOTA_EXHAUSTED.includes(result)) return quotaExhausted(reason, now);
  if (THROTTLED.includes(result)) return throttled(reason, waitMs);
  if (MISCONFIGURED.includes(result)) return misconfigured(reason);
  return CONTENT_REJECTED.includes(result) ? contentRejected(reason) : failed(reason, waitMs);
}

export function createVivo(config: VivoConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const { appId, appKey, appSecret } = config;

  const access = createAccessToken(clock, async () => {
    const timestamp = clock.now();
    const sign = createHash("md5").update(`${appId}${appKey}${timestamp}${appSecret}`).digest("hex");
    const body = JSON.stringify({ appId: Number(appId), appKey, timestamp, sign });
    const answer = await http.post(new URL("/message/auth", config.sendUrl).href, JSON_HEADERS, body);
    const read = tokenAnswer.safeParse(answer.json);
    if (!read.success) throw new NoToken(failed(`no auth token: ${answer.status}`, retryAfter(answer, clock.now())));
    const { result, authToken } = read.data;
    if (result === 0 && authToken !== undefined) return { token: authToken, lifetimeMs: TOKEN_MS };
    const reason = `no auth token: ${result}`;
    if (THROTTLED.includes(result)) throw new NoToken(throttled(reason));
    throw new NoToken(isOfCredentials(result) ? misconfigured(reason) : failed(reason));
  });

  function customOf(notification: Notification): Record<string, string> {
    const whole = appDataOf(notification);
    return JSON.stringify(whole).length <= MOST_CUSTOM ? whole : appDataOf({ ...notification, data: null });
  }

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { id, slot, title, body, sender, badge, expiresAt } = notification;
    return JSON.stringify({
      appId: Number(appId),
      regId: token,
      requestId: id,
      title: shown([title, sender], LONGEST_TITLE),
      content: shown([body, sender], LONGEST_CONTENT),
      // Not one of the kind that few a day are shown of.
      classification: SYSTEM_MESSAGE,
      category: "IM",
      notifyType: RING_AND_VIBRATE,
      notifyId: slot.number,
      skipType: OPEN_APP,
      timeToLive: Math.max(LEAST_TTL_SECONDS, secondsLeft(expiresAt, clock.now(), MOST_TTL_SECONDS)),
      clientCustomMap: customOf(notification),
      ...(badge === null || badge === 0 ? {} : { addBadge: true }),
    });
  }

  return {
    vendor: "VIVO",
    concurrency: 10,
    async send(target, notification) {
      const url = new URL("/message/send", config.sendUrl).href;
      const message = messageFor(target, notification);
      try {
        return await sendWithToken(
          access,
          async (authToken) => outcomeOf(await http.post(url, { ...JSON_HEADERS, authToken }, message), clock.now()),
          misconfigured("a fresh auth token was refused"),
        );
      } catch (error) {
        return unanswered(error);
      }
    },
    // It documents no way to take something back.
    withdraw: null,
    close: () => http.close(),
  };
}
