/**
 * What Huawei's two services share: codes, reasons for tokens that were refused, and taking notifications back.
 * Codes: https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-scenariozed-api-response
 * Taking back: https://developer.huawei.com/consumer/en/doc/harmonyos-references/push-msg-revoke
 */
import { z } from "zod";
import type { Clock } from "../engine/clock.ts";
import type { PushOutcome, PushTarget, Withdrawal } from "../engine/push/channel.ts";
import { type Answer, type Http, retryAfter } from "../outgoing/http.ts";
import { type AccessToken, sendWithToken } from "./access-token.ts";
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

const tokens = z.array(z.string()).catch([]);
const illegal = z.record(z.string(), tokens).optional().catch(undefined);
const refusals = z.object({ illegalTokens: illegal, illegal_tokens: illegal });
const codedAnswer = z.object({
  code: z.union([z.number().transform(String), z.string()]).pipe(z.string().regex(/^\d{1,10}$/)),
  msg: z.string().catch(""),
});

/** Why the only token of a request was refused; empty where that is not said. */
function reasonIn(text: string, token: string): string {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return "";
  }
  const read = refusals.safeParse(said);
  if (!read.success) return "";
  const reasons = Object.entries(read.data.illegalTokens ?? read.data.illegal_tokens ?? {});
  const own = reasons.find(([, named]) => named.includes(token)) ?? (reasons.length === 1 ? reasons[0] : undefined);
  return own?.[0] ?? "";
}

/** Of a token that was refused. */
function outcomeOfReason(code: string, word: string): PushOutcome {
  const reason = `${code} ${word}`;
  switch (word) {
    // Of another project, or of a phone that has another system since: a user could name such a token at will, and as
    // a matter of settings it would stop all others. Whether it is one after all, the number of them tells.
    case "noRight":
    case "tokenFormatError":
    case "tokenPlatformNotSupport":
      return tokenInvalid(reason);
    // Where the phone is, nobody can set; others are not concerned.
    case "countryNotSupport":
      return contentRejected(reason);
    case "appinfoError":
    case "atomicUnableSendUnsubscribedMsg":
    case "differentImgVerifyPolicy":
    case "disableSendHuaweiMsgBecauseOfPenalty":
    case "noPushTypeRight":
    case "noRightToSendThisLiveNotificationEvent":
    case "notSupportPlayVoice":
      return misconfigured(reason);
    default:
      return failed(`${code}, for no known reason`);
  }
}

/** What Huawei's own words come to. */
function outcomeOf(answer: Answer, token: string, now: number): PushOutcome | "token refused" {
  const waitMs = retryAfter(answer, now);
  if (answer.status === 503 || answer.status === 429) return throttled(String(answer.status), waitMs);
  const read = codedAnswer.safeParse(answer.json);
  if (!read.success) return answer.status === 401 ? "token refused" : unreadable(answer.status, waitMs);
  const { code, msg } = read.data;
  switch (code) {
    case "80000000":
      return answer.status === 200 ? accepted(code) : failed(`${answer.status} ${code}`, waitMs);
    case "80100000":
    case "80300007":
      return outcomeOfReason(code, reasonIn(msg, token));
    case "80200001":
    case "80200003":
    case "80200005":
      return "token refused";
    case "80300028":
      return tokenInvalid(code);
    case "80100001":
    case "80100003":
    case "80100004":
    case "80100013":
    case "80100016":
    case "80100020":
    case "80100022":
    case "80300008":
    case "80300010":
      return contentRejected(code);
    case "80300002":
    case "80300011":
    case "80300030":
    case "80300032":
    case "80300036":
    case "80300037":
      return misconfigured(code);
    case "80300029":
      return throttled(code, waitMs);
    default:
      return failed(code, waitMs);
  }
}

export interface HuaweiApi {
  send(
    path: string,
    target: PushTarget,
    body: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<PushOutcome>;
  /** @param appId whose notification it was */
  revoke(appId: string, target: PushTarget, withdrawal: Withdrawal): Promise<PushOutcome>;
}

export function createHuaweiApi(http: Http, access: AccessToken, sendUrl: string, clock: Clock): HuaweiApi {
  async function post(
    path: string,
    { token }: PushTarget,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<PushOutcome> {
    const url = new URL(path, sendUrl).href;
    const json = { "content-type": "application/json; charset=UTF-8", ...headers };
    try {
      return await sendWithToken(
        access,
        async (accessToken) => {
          const answer = await http.post(url, { ...json, authorization: `Bearer ${accessToken}` }, body);
          return outcomeOf(answer, token, clock.now());
        },
        misconfigured("a fresh access token was refused"),
      );
    } catch (error) {
      return unanswered(error);
    }
  }

  return {
    send: (path, target, body, headers = {}) => post(path, target, body, headers),
    revoke(appId, target, { slot }) {
      const body = JSON.stringify({ notifyId: slot.number, token: [target.token] });
      const path = `/v1/${encodeURIComponent(appId)}/messages:revoke`;
      return post(path, target, body, { "push-type": "0" });
    },
  };
}
