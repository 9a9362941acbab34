/**
 * OPPO's push service, to phones with ColorOS, realme's and OnePlus's included.
 * https://open.oppomobile.com/documentation/page/info?id=11235
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Notification, PushChannel, PushOutcome, PushTarget } from "../engine/push/channel.ts";
import { type Answer, createHttp, form, retryAfter } from "../outgoing/http.ts";
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

const LONGEST_TITLE = 50;
const LONGEST_CONTENT = 50;
const LONGEST_VALUE = 50;
const MOST_PARAMETERS = 4_000;
const MOST_TTL_SECONDS = 10 * 86_400;
/** A token is good for 24 hours; renewed early enough, whoever else has one notices nothing. */
const TOKEN_MS = 20 * 3_600_000;
const REGISTRATION_ID = 2;
const OPEN_APP = 0;
const SET_BADGE = 0;

const parameters = z.record(z.string().min(1), z.enum(["sender", "title", "body"]));

/** What an operator writes for this vendor. */
export const oppoConfig = z.strictObject({
  appKey: z.string().min(1),
  masterSecret: z.string().min(1),
  /** Android's notification channel of the app, which OPPO's console knows too. */
  channelId: z.string().optional(),
  /** 1: in the shade; 2: on the locked screen too; 16: over what is shown, which needs a right of its own. */
  notifyLevel: z.union([z.literal(1), z.literal(2), z.literal(16)]).default(2),
  /** OPPO wants one of private messages; its variables, and what is to stand for each. */
  template: z
    .strictObject({
      id: z.string().min(1),
      titleParameters: parameters.default({}),
      contentParameters: parameters.default({}),
    })
    .optional(),
  sendUrl: z.url().default("https://api-push-cn.heytapmobi.com"),
  ca: z.string().optional(),
});
export type OppoConfig = z.infer<typeof oppoConfig>;

const code = z.union([z.number(), z.stringFormat("code", /^-?\d{1,9}$/).transform(Number)]);
const tokenAnswer = z.object({
  code,
  data: z
    .object({ auth_token: z.string().min(1) })
    .optional()
    .catch(undefined),
});
const sentAnswer = z.object({ code, message: z.string().catch("") });

const THROTTLED = [-2, 13];
const MISCONFIGURED = [14, 15, 16, 17, 18, 19, 26, 27, 28, 30, 54];
const TOKEN_REFUSED = 11;
const TWICE = 32;
const QUOTA_EXHAUSTED = 33;
const WRONG_ARGUMENTS = [40, 41];
const CONTENT_REJECTED = [51];
const TOKEN_INVALID = [10000];
const NAMES_TOKEN = /regist(e|ra)tion/i;

/** What OPPO's own words come to. */
function outcomeOf(answer: Answer, now: number): PushOutcome | "token refused" {
  const waitMs = retryAfter(answer, now);
  const read = sentAnswer.safeParse(answer.json);
  if (!read.success) return unreadable(answer.status, waitMs);
  const { code: said, message } = read.data;
  const reason = String(said);
  if (said === 0) return answer.status === 200 ? accepted(reason) : failed(`${answer.status} ${reason}`, waitMs);
  if (said === TOKEN_REFUSED) return "token refused";
  if (said === TWICE) return accepted(reason);
  if (said === QUOTA_EXHAUSTED) return quotaExhausted(reason, now);
  if (THROTTLED.includes(said)) return throttled(reason, waitMs);
  if (MISCONFIGURED.includes(said)) return misconfigured(reason);
  if (TOKEN_INVALID.includes(said)) return tokenInvalid(reason);
  // Which argument, only the words tell.
  if (WRONG_ARGUMENTS.includes(said)) return NAMES_TOKEN.test(message) ? tokenInvalid(reason) : contentRejected(reason);
  return CONTENT_REJECTED.includes(said) ? contentRejected(reason) : failed(reason, waitMs);
}

export function createOppo(config: OppoConfig, { clock, timeoutMs }: ChannelContext): PushChannel {
  const http = createHttp({ ca: config.ca, timeoutMs });
  const { appKey, masterSecret, channelId, notifyLevel, template } = config;

  const access = createAccessToken(clock, async () => {
    const timestamp = String(clock.now());
    const sign = createHash("sha256").update(`${appKey}${timestamp}${masterSecret}`).digest("hex");
    const { headers, body } = form({ app_key: appKey, timestamp, sign });
    const answer = await http.post(new URL("/server/v1/auth", config.sendUrl).href, headers, body);
    const read = tokenAnswer.safeParse(answer.json);
    if (read.success && read.data.data !== undefined) return { token: read.data.data.auth_token, lifetimeMs: TOKEN_MS };
    if (!read.success) throw new NoToken(failed(`no auth token: ${answer.status}`, retryAfter(answer, clock.now())));
    const said = read.data.code;
    const reason = `no auth token: ${said}`;
    if (THROTTLED.includes(said)) throw new NoToken(throttled(reason));
    throw new NoToken(MISCONFIGURED.includes(said) ? misconfigured(reason) : failed(reason));
  });

  function templateOf({ sender, title, body }: Notification): Record<string, unknown> {
    if (template === undefined) return {};
    const parts = { sender, title, body };
    const fill = (wanted: z.infer<typeof parameters>) =>
      Object.fromEntries(
        Object.entries(wanted).map(([name, part]) => [name, shown([parts[part], sender], LONGEST_VALUE)]),
      );
    return {
      private_msg_template_id: template.id,
      private_title_parameters: fill(template.titleParameters),
      private_content_parameters: fill(template.contentParameters),
    };
  }

  function parametersOf(notification: Notification): string {
    const whole = JSON.stringify(appDataOf(notification));
    return whole.length <= MOST_PARAMETERS ? whole : JSON.stringify(appDataOf({ ...notification, data: null }));
  }

  function messageFor({ token }: PushTarget, notification: Notification): string {
    const { id, slot, title, body, sender, badge, expiresAt } = notification;
    return JSON.stringify({
      target_type: REGISTRATION_ID,
      target_value: token,
      verify_registration_id: true,
      notification: {
        app_message_id: id,
        title: shown([title, sender], LONGEST_TITLE),
        content: shown([body, sender], LONGEST_CONTENT),
        category: "IM",
        notify_level: notifyLevel,
        notify_id: slot.number,
        click_action_type: OPEN_APP,
        action_parameters: parametersOf(notification),
        off_line: true,
        off_line_ttl: secondsLeft(expiresAt, clock.now(), MOST_TTL_SECONDS),
        ...(channelId === undefined ? {} : { channel_id: channelId }),
        ...(badge === null ? {} : { badge_operation_type: SET_BADGE, badge_message_count: badge }),
        ...templateOf(notification),
      },
    });
  }

  return {
    vendor: "OPPO",
    // These would make two of it.
    accepts: (token) => !/[,;]/.test(token),
    concurrency: 10,
    async send(target, notification) {
      const url = new URL("/server/v1/message/notification/unicast", config.sendUrl).href;
      const message = messageFor(target, notification);
      try {
        return await sendWithToken(
          access,
          async (token) => {
            const { headers, body } = form({ auth_token: token, message });
            return outcomeOf(await http.post(url, headers, body), clock.now());
          },
          misconfigured("a fresh auth token was refused"),
        );
      } catch (error) {
        return unanswered(error);
      }
    },
    // It documents a way to take something back for messages to many alone.
    withdraw: null,
    close: () => http.close(),
  };
}
