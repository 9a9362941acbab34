/**
 * Xiaomi's Mi Push, to phones with MIUI and HyperOS.
 * Fields: https://dev.mi.com/xiaomihyperos/documentation/detail?pId=1559
 * Errors: https://dev.mi.com/xiaomihyperos/documentation/detail?pId=1560
 * Templates: https://dev.mi.com/xiaomihyperos/documentation/detail?pId=2314
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
import { cutToUnits, isSeen, shown } from "./text.ts";

const LONGEST_TITLE = 49;
const LONGEST_DESCRIPTION = 127;
const LONGEST_VALUE = 128;
const MOST_VARIABLES = 9;
const MOST_PAYLOAD_BYTES = 4_096;
const LEAST_TTL_MS = 1_000;
const MOST_TTL_MS = 10 * 86_400_000;

/** Refused in templates: emoji, with all that joins or varies them, other symbols, and what is no character (yet). */
const REFUSED =
  /[0-9#*]\uFE0F?\u20E3|\u200D*[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\p{So}\p{Cn}\p{Cs}](?:\u200D|\uFE0E|\uFE0F|\u20E3|[\u{E0020}-\u{E007F}])*|\uFE0E|\uFE0F/gu;
const NAMES_TOKEN = /\breg(istration)?[ _-]?ids?\b/i;
const NOTHING = ["", "null", "false", "0", '""', "[]", "{}"];

const QUOTA_EXHAUSTED = [10034, 200001];
const THROTTLED = [10022, 10023, 10027, 10028];
const MISCONFIGURED = [
  10005, 10014, 10026, 10031, 10036, 21301, 21302, 21303, 22000, 22006, 22007, 22008, 22022, 27001,
];
const CONTENT_REJECTED = [10008, 10016, 10017, 65009, 65014, 65015];
/** But not 65003, no device found: Xiaomi says that it is mostly just not online. */
const NO_SUCH_DEVICE = 10029;
const SEND_FAILED = 20301;

/** What an operator writes for this vendor. */
export const xiaomiConfig = z.strictObject({
  appSecret: z.string().min(1),
  packageName: z.string().min(1),
  /** Of private messages, which Xiaomi's console gives: without one, a message counts as advertising. */
  channelId: z.string().min(1),
  /** Xiaomi wants one of private messages; left out: the text goes as it is. */
  template: z
    .strictObject({
      id: z.string().min(1),
      /** The template's variables, and what is to stand for each. */
      parameters: z
        .record(z.string().min(1), z.enum(["sender", "title", "body"]))
        .refine((parameters) => Object.keys(parameters).length <= MOST_VARIABLES, "These are too many variables."),
    })
    .optional(),
  /** Others are for phones sold outside of China: https://sgp-api.xmpush.global.xiaomi.com for one. */
  sendUrl: z.url().default("https://api.xmpush.xiaomi.com"),
  ca: z.string().optional(),
});
export type XiaomiConfig = z.infer<typeof xiaomiConfig>;

const sentAnswer = z.object({
  result: z.string().optional().catch(undefined),
  code: z.union([z.number(), z.stringFormat("code", /^-?\d+$/).transform(Number)]),
  reason: z.string().catch(""),
  data: z.object({ channel_exceed_quota: z.unknown().optional() }).optional().catch(undefined),
});

/** What a template takes of a text; empty where that is nothing. */
function plain(text: string): string {
  const left = text.replace(REFUSED, " ").replace(/\s+/g, " ").trim();
  return isSeen(left) ? cutToUnits(left, LONGEST_VALUE) : "";
}

/** What Xiaomi's own words come to. */
function outcomeOf(answer: Answer, token: string, now: number): PushOutcome {
  const waitMs = retryAfter(answer, now);
  const read = sentAnswer.safeParse(answer.json);
  if (!read.success) return answer.status === 401 ? misconfigured("401") : unreadable(answer.status, waitMs);
  const { result, code, reason: words, data } = read.data;
  const reason = String(code);
  if (code === 0) {
    if (answer.status !== 200 || result === "error") return failed(`${answer.status} ${reason}`, waitMs);
    // Said with success, of a channel of whose messages no more go out today.
    const isOver = !NOTHING.includes(JSON.stringify(data?.channel_exceed_quota) ?? "");
    return isOver ? quotaExhausted("0, channel_exceed_quota", now) : accepted(reason);
  }
  if (QUOTA_EXHAUSTED.includes(code)) return quotaExhausted(reason, now);
  if (THROTTLED.includes(code)) return throttled(reason, waitMs);
  if (MISCONFIGURED.includes(code)) return misconfigured(reason);
  if (CONTENT_REJECTED.includes(code)) return contentRejected(reason);
  if (code === NO_SUCH_DEVICE) return tokenInvalid(reason);
  // Of all that can go wrong with a send: whether it is the token, only the words tell.
  const isToken = code === SEND_FAILED && (NAMES_TOKEN.test(words) || words.includes(token));
  return isToken ? tokenInvalid(`${reason} regid`) : failed(reason, waitMs);
}

export function createXiaomi(config: XiaomiConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const url = new URL("/v3/message/regid", config.sendUrl).href;
  const { template } = config;

  function textOf({ title, body, sender }: Notification): Record<string, string> {
    if (template === undefined) {
      return {
        title: shown([title, sender], LONGEST_TITLE),
        description: shown([body, sender], LONGEST_DESCRIPTION),
      };
    }
    const parts = { sender, title, body };
    const values = Object.entries(template.parameters).map(
      ([name, part]) => [name, plain(parts[part]) || plain(sender) || "-"] as const,
    );
    return {
      "extra.template_id": template.id,
      "extra.template_param": JSON.stringify(Object.fromEntries(values)),
    };
  }

  function payloadOf({ messageId, peerId, data }: Notification): string {
    const whole = JSON.stringify({ messageId, peerId, ...(data === null ? {} : { data }) });
    return Buffer.byteLength(whole) <= MOST_PAYLOAD_BYTES ? whole : JSON.stringify({ messageId, peerId });
  }

  return {
    vendor: "XIAOMI",
    // A comma would make two of it.
    accepts: (token) => !token.includes(","),
    concurrency: 10,
    async send({ token }: PushTarget, notification) {
      const { id, slot, expiresAt } = notification;
      const { headers, body } = form({
        registration_id: token,
        restricted_package_name: config.packageName,
        pass_through: "0",
        notify_type: "-1",
        notify_id: String(slot.number),
        time_to_live: String(Math.min(MOST_TTL_MS, Math.max(LEAST_TTL_MS, Math.floor(expiresAt - clock.now())))),
        payload: payloadOf(notification),
        ...textOf(notification),
        "extra.channel_id": config.channelId,
        "extra.notify_effect": "1",
        // At most 20 characters, by which phones drop the second of two.
        "extra.jobkey": createHash("sha256").update(id).digest("hex").slice(0, 20),
      });
      try {
        const answer = await http.post(url, { ...headers, authorization: `key=${config.appSecret}` }, body);
        return outcomeOf(answer, token, clock.now());
      } catch (error) {
        return unanswered(error);
      }
    },
    // Recalls by notify id end on 2026-12-01 in their versions 1 and 2, and the fields of version 3 are not verified:
    // https://dev.mi.com/xiaomihyperos/documentation/detail?pId=2367
    withdraw: null,
    close: () => http.close(),
  };
}
