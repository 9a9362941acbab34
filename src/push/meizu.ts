/**
 * Meizu's Flyme push.
 * https://github.com/MEIZUPUSH/PushAPI/blob/master/README.md
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Notification, PushChannel, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type Answer, createHttp, form, retryAfter } from "../outgoing/http.ts";
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
import { shown } from "./text.ts";

const LONGEST_TITLE = 32;
const LONGEST_CONTENT = 100;
const LONGEST_KEY = 8;
/** Not said by Meizu: what others take. */
const MOST_BYTES = 4_096;
const HOUR_MS = 3_600_000;
const LEAST_HOURS = 1;
const MOST_HOURS = 72;
const PRIVATE = 1;
const OPEN_APP = 0;

/** What an operator writes for this vendor. */
export const meizuConfig = z.strictObject({
  appId: z.string().regex(/^\d+$/),
  appSecret: z.string().min(1),
  sendUrl: z.url().default("https://server-api-push.meizu.com"),
  ca: z.string().optional(),
});
export type MeizuConfig = z.infer<typeof meizuConfig>;

const code = z.union([z.number().transform(String), z.string()]);
const sentAnswer = z.object({ code, value: z.unknown().optional() });
const valueOfAnswer = z.record(z.string(), z.unknown());
const tokens = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** Fields as Meizu signs them: by their names, without anything between them, before they are encoded for a form. */
export function meizuSign(fields: Readonly<Record<string, string>>, secret: string): string {
  const names = Object.keys(fields).sort();
  const signed = names.map((name) => `${name}=${fields[name]}`).join("");
  return createHash("md5").update(`${signed}${secret}`).digest("hex");
}

/** What Meizu says of the one that was sent to; null where nothing, as it names only the bad ones. */
function codeOfToken(value: unknown, token: string): string | null {
  const read = valueOfAnswer.safeParse(value);
  if (!read.success) return null;
  // Documented is a code with its tokens; read by others is a token with its code.
  for (const [key, of] of Object.entries(read.data)) {
    const own = code.safeParse(of);
    if (key === token && own.success) return own.data;
    const named = tokens.safeParse(of);
    if (named.success && named.data.includes(token)) return key;
  }
  return null;
}

/** Of a token, some codes say something else than of a request. */
function outcomeOfToken(tokenCode: string, now: number): PushOutcome {
  const reason = `200 ${/^\d{1,9}$/.test(tokenCode) ? tokenCode : "unknown"}`;
  switch (tokenCode) {
    case "520":
      // Folded into those of the last minute, which the phone shows.
      return accepted(reason);
    case "110002":
    case "110003":
    case "110010":
      return tokenInvalid(reason);
    case "110011":
      return quotaExhausted(reason, now);
    case "201":
      return misconfigured(reason);
    default:
      return failed(reason);
  }
}

/** What Meizu's own words come to. */
function outcomeOf(answer: Answer, token: string, now: number): PushOutcome {
  const waitMs = retryAfter(answer, now);
  const read = sentAnswer.safeParse(answer.json);
  if (!read.success) return unreadable(answer.status, waitMs);
  const { code: said, value } = read.data;
  const reason = /^\d{1,9}$/.test(said) ? said : "unknown";
  switch (said) {
    case "200": {
      if (answer.status !== 200) return failed(`${answer.status} ${reason}`, waitMs);
      const tokenCode = codeOfToken(value, token);
      return tokenCode === null ? accepted(reason) : outcomeOfToken(tokenCode, now);
    }
    case "1005":
    case "110004":
      return contentRejected(reason);
    case "1006":
    case "110000":
    case "110001":
    case "110009":
    case "110031":
    case "110032":
    case "110033":
      return misconfigured(reason);
    case "110002":
    case "110003":
      return tokenInvalid(reason);
    case "110010":
      return throttled(reason, waitMs);
    case "110019":
    case "110051":
    case "110053":
      return quotaExhausted(reason, now);
    default:
      return failed(reason, waitMs);
  }
}

export function createMeizu(config: MeizuConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const url = new URL("/garcia/api/server/push/varnished/pushByPushId", config.sendUrl).href;

  function messageFor(notification: Notification): string {
    const { slot, title, body, sender, messageId, peerId, data, expiresAt } = notification;
    const hours = Math.ceil((expiresAt - clock.now()) / HOUR_MS);
    return JSON.stringify({
      noticeBarInfo: {
        noticeMsgType: PRIVATE,
        title: shown([title, sender], LONGEST_TITLE),
        content: shown([body, sender], LONGEST_CONTENT),
      },
      clickTypeInfo: {
        clickType: OPEN_APP,
        parameters: { messageId, peerId, ...(data === null ? {} : { data }) },
      },
      pushTimeInfo: { offLine: 1, validTime: Math.min(MOST_HOURS, Math.max(LEAST_HOURS, hours)) },
      advanceInfo: { notifyKey: slot.tag.slice(0, LONGEST_KEY) },
    });
  }

  return {
    vendor: "MEIZU",
    // A comma would make two of it.
    accepts: (token) => !token.includes(","),
    concurrency: 5,
    async send({ token }: PushTarget, notification) {
      const whole = messageFor(notification);
      const isSmall = Buffer.byteLength(whole) <= MOST_BYTES;
      const fields = {
        appId: config.appId,
        pushIds: token,
        messageJson: isSmall ? whole : messageFor({ ...notification, data: null }),
      };
      const { headers, body } = form({ ...fields, sign: meizuSign(fields, config.appSecret) });
      try {
        return outcomeOf(await http.post(url, headers, body), token, clock.now());
      } catch (error) {
        return unanswered(error);
      }
    },
    // Meizu cancels only what goes to all users of an app, and messages that nobody sees may not be sent any more.
    withdraw: null,
    close: () => http.close(),
  };
}
