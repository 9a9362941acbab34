/** Huawei's HMS Core: gives access tokens for an app's secret, and takes messages of the shape that it documents. */
import { z } from "zod";
import { type HuaweiConfig, huaweiConfig } from "../../../src/push/huawei.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";

const MOST_BYTES = 4_096;
const text = z.string().regex(/\S/);
const wholeTo = (most: number) => z.int().min(0).max(most);

const tokens = z.array(z.string().min(1));
const message = z.strictObject({
  validate_only: z.boolean(),
  message: z.strictObject({
    data: z.string(),
    token: tokens,
    android: z.strictObject({
      category: z.literal("IM"),
      collapse_key: z.int().min(-1).max(100),
      ttl: z.string().regex(/^\d+s$/),
      notification: z.strictObject({
        title: text,
        body: text,
        channel_id: text.optional(),
        importance: z.enum(["LOW", "NORMAL", "HIGH"]),
        click_action: z.union([
          z.strictObject({ type: z.literal(1), intent: z.string().startsWith("intent://") }),
          z.strictObject({ type: z.literal(3) }),
        ]),
        notify_id: wholeTo(2 ** 31 - 1),
        badge: z.strictObject({ set_num: wholeTo(99), class: text }).optional(),
      }),
    }),
  }),
});
const revocation = z.strictObject({ notifyId: wholeTo(2 ** 31 - 1), token: tokens });

/** An answer in Huawei's own words; `reasons` is what it has against tokens, which it writes as JSON inside of JSON. */
export function huaweiAnswer(code: string, reasons: unknown = null, status = 200): Fate {
  const msg = reasons === null ? "in words" : JSON.stringify(reasons);
  return { status, body: { code, msg, requestId: "157440955549500001002006" } };
}

/** Bytes of a request, as Huawei counts them. */
export function bytesWithoutTokens(body: string, sent: readonly string[]): number {
  return Buffer.byteLength(body) - sent.reduce((sum, token) => sum + Buffer.byteLength(JSON.stringify(token)), 0);
}

export class FakeHuawei extends FakeVendor {
  /** How many access tokens it has given. */
  given = 0;
  /** Access tokens up to this one are not good any more. */
  endedUpTo = 0;
  /** Who asks for access tokens gets these first. */
  readonly tokenFates: Fate[] = [];

  get config(): HuaweiConfig {
    return huaweiConfig.parse({
      appId: "100042",
      appSecret: "secret",
      channelId: "messages",
      badgeClass: "com.example.chat.MainActivity",
      tokenUrl: `${this.url}/oauth2/v3/token`,
      sendUrl: this.url,
    });
  }

  #giveToken({ body }: Asked): Fate {
    const fate = this.tokenFates.shift();
    if (fate !== undefined) return fate;
    const fields = Object.fromEntries(new URLSearchParams(body));
    if (fields.grant_type !== "client_credentials" || fields.client_id !== "100042") return { status: 400 };
    if (fields.client_secret !== "secret") return { status: 401, body: { error: 1101, sub_error: 20001 } };
    this.given += 1;
    return { body: { access_token: `access/${this.given}==`, expires_in: 3_600, token_type: "Bearer" } };
  }

  #errorOf({ body }: Asked): string | null {
    const read = message.safeParse(JSON.parse(body));
    if (!read.success) return "80100003";
    const { token, android } = read.data.message;
    if (token.length < 1 || token.length > 1_000) return "80300010";
    if (bytesWithoutTokens(body, token) > MOST_BYTES) return "80300008";
    const ttl = Number.parseInt(android.ttl, 10);
    if (ttl < 1 || ttl > 1_296_000) return "80100004";
    return android.notification.importance === "HIGH" ? "80300011" : null;
  }

  protected answer(asked: Asked): Fate {
    if (asked.method !== "POST") return { status: 404, body: "Not Found" };
    if (asked.path === "/oauth2/v3/token") return this.#giveToken(asked);
    const given = /^Bearer access\/(\d+)==$/.exec(asked.headers.authorization ?? "")?.[1];
    if (given === undefined) return huaweiAnswer("80200001", null, 401);
    if (Number(given) <= this.endedUpTo) return huaweiAnswer("80200003", null, 401);
    if (!asked.headers["content-type"]?.startsWith("application/json")) return { status: 415 };
    const fate = this.fates.shift();
    if (asked.path === "/v1/100042/messages:send") return fate ?? huaweiAnswer(this.#errorOf(asked) ?? "80000000");
    if (asked.path !== "/v1/100042/messages:revoke") return { status: 404, body: "Not Found" };
    const isRight = asked.headers["push-type"] === "0" && revocation.safeParse(JSON.parse(asked.body)).success;
    return fate ?? huaweiAnswer(isRight ? "80000000" : "80100003");
  }
}
