/**
 * Honor's push service, to phones with Magic UI 4 or newer.
 * https://developer.honor.com/cn/docs/11002/reference/downlink-message
 */
import { z } from "zod";
import type { Notification, PushChannel, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type Answer, createHttp, retryAfter } from "../outgoing/http.ts";
import { createAccessToken, sendWithToken } from "./access-token.ts";
import { fetchWithSecret } from "./client-credentials.ts";
import type { ChannelContext } from "./context.ts";
import {
  accepted,
  contentRejected,
  failed,
  misconfigured,
  throttled,
  tokenInvalid,
  unanswered,
  unreadable,
} from "./outcomes.ts";
import { appDataOf, MOST_BADGE, MOST_BYTES, secondsLeft, textOf } from "./parts.ts";
import { fitToBytes } from "./text.ts";

const OPEN_APP = 3;
const MOST_TTL_SECONDS = 86_400;

/** What an operator writes for this vendor. */
export const honorConfig = z.strictObject({
  appId: z.string().min(1),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** The activity by which the app is started, such as com.example.MainActivity: without it, no badge is set. */
  badgeClass: z.string().optional(),
  tokenUrl: z.url().default("https://iam.developer.honor.com/auth/token"),
  sendUrl: z.url().default("https://push-api.cloud.honor.com"),
  ca: z.string().optional(),
});
export type HonorConfig = z.infer<typeof honorConfig>;

const tokens = z.array(z.string()).catch([]);
const nothing = { sendResult: null, failTokens: [], expireTokens: [] };
const sentAnswer = z.object({
  code: z.union([z.number().transform(String), z.string()]).pipe(z.string().regex(/^\d{1,10}$/)),
  data: z
    .object({ sendResult: z.boolean().nullable().catch(null), failTokens: tokens, expireTokens: tokens })
    .catch(nothing),
});

/** What Honor's own words come to. */
function outcomeOf(answer: Answer, token: string, now: number): PushOutcome | "token refused" {
  const waitMs = retryAfter(answer, now);
  if (answer.status === 503 || answer.status === 429) return throttled(String(answer.status), waitMs);
  const read = sentAnswer.safeParse(answer.json);
  if (!read.success) return answer.status === 401 ? "token refused" : unreadable(answer.status, waitMs);
  const { code, data } = read.data;
  if (data.expireTokens.includes(token)) return tokenInvalid(`${code} expireTokens`);
  if (data.failTokens.includes(token)) return failed(`${code} failTokens`, waitMs);
  switch (code) {
    // Which one it is differs between those who tell of it.
    case "0":
    case "200":
    case "80000000":
      if (answer.status !== 200) return failed(`${answer.status} ${code}`, waitMs);
      return data.sendResult === false ? failed(`${code}, but not sent`, waitMs) : accepted(code);
    case "401":
    case "80200001":
    case "80200003":
      return "token refused";
    case "80100001":
    case "80100003":
    case "80100004":
    case "80100016":
    case "80300008":
    case "80300010":
      return contentRejected(code);
    case "80300002":
    case "80300011":
      return misconfigured(code);
    default:
      return data.sendResult === true && answer.status === 200 ? accepted(code) : failed(code, waitMs);
  }
}

export function createHonor(config: HonorConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const { appId, clientId, clientSecret, badgeClass } = config;
  const access = createAccessToken(clock, () => fetchWithSecret(http, clock, config.tokenUrl, clientId, clientSecret));
  const url = new URL(`/api/v1/${encodeURIComponent(appId)}/sendMessage`, config.sendUrl).href;

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { slot, title, body, sender, badge, expiresAt } = notification;
    const isBadge = badge !== null && badgeClass !== undefined;
    return JSON.stringify({
      data: JSON.stringify(appDataOf(notification)),
      android: {
        ttl: `${secondsLeft(expiresAt, clock.now(), MOST_TTL_SECONDS)}s`,
        notification: {
          title: textOf(title, sender),
          body: textOf(body, sender),
          clickAction: { type: OPEN_APP },
          // A right that Honor grants: without it, messages count as advertising, of which few a day are shown.
          importance: "NORMAL",
          notifyId: slot.number,
          ...(isBadge ? { badge: { setNum: Math.min(badge, MOST_BADGE), badgeClass } } : {}),
        },
      },
      token: [token],
    });
  }

  async function post(token: string, message: string): Promise<PushOutcome> {
    try {
      return await sendWithToken(
        access,
        async (accessToken) => {
          const headers = {
            authorization: `Bearer ${accessToken}`,
            "content-type": "application/json; charset=UTF-8",
            timestamp: String(clock.now()),
          };
          return outcomeOf(await http.post(url, headers, message), token, clock.now());
        },
        misconfigured("a fresh access token was refused"),
      );
    } catch (error) {
      return unanswered(error);
    }
  }

  return {
    vendor: "HONOR",
    concurrency: 10,
    async send(target, notification) {
      const most = MOST_BYTES + Buffer.byteLength(target.token);
      const message = fitToBytes(notification, most, (short) => messageFor(target, short));
      return message === null ? contentRejected("it is too large") : post(target.token, message);
    },
    // It documents no way to take something back.
    withdraw: null,
    close: () => http.close(),
  };
}
