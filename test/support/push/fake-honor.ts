/** Honor's push service: gives access tokens for a client's secret, and takes messages of the shape that is known. */
import { z } from "zod";
import { type HonorConfig, honorConfig } from "../../../src/push/honor.ts";
import { bytesWithoutTokens } from "./fake-huawei.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";

const MOST_BYTES = 4_096;
const text = z.string().regex(/\S/);

const message = z.strictObject({
  data: z.string(),
  token: z.array(z.string().min(1)),
  android: z.strictObject({
    ttl: z.string().regex(/^\d+s$/),
    notification: z.strictObject({
      title: text,
      body: text,
      clickAction: z.strictObject({ type: z.literal(3) }),
      importance: z.enum(["LOW", "NORMAL"]),
      notifyId: z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
      badge: z.strictObject({ setNum: z.int().min(0).max(99), badgeClass: text }).optional(),
    }),
  }),
});

/** An answer in Honor's own words. */
export function honorAnswer(code: number | string, data: object | null = null, status = 200): Fate {
  return { status, body: { code, message: "in words", ...(data === null ? {} : { data }) } };
}

export class FakeHonor extends FakeVendor {
  /** How many access tokens it has given. */
  given = 0;
  /** Access tokens up to this one are not good any more. */
  endedUpTo = 0;
  /** Who asks for access tokens gets these first. */
  readonly tokenFates: Fate[] = [];

  get config(): HonorConfig {
    return honorConfig.parse({
      appId: "104400",
      clientId: "client",
      clientSecret: "secret",
      badgeClass: "com.example.chat.MainActivity",
      tokenUrl: `${this.url}/auth/token`,
      sendUrl: this.url,
    });
  }

  #giveToken({ body }: Asked): Fate {
    const fate = this.tokenFates.shift();
    if (fate !== undefined) return fate;
    const fields = Object.fromEntries(new URLSearchParams(body));
    const isKnown = fields.client_id === "client" && fields.client_secret === "secret";
    if (fields.grant_type !== "client_credentials" || !isKnown) {
      return { status: 401, body: { error: "unauthorized_client", error_description: "Invalid client" } };
    }
    this.given += 1;
    return { body: { access_token: `access-${this.given}`, expires_in: 3_600, token_type: "Bearer" } };
  }

  #errorOf({ headers, body }: Asked): string | null {
    const read = message.safeParse(JSON.parse(body));
    if (!read.success || !/^\d{13}$/.test(String(headers.timestamp))) return "80100003";
    const { token, android } = read.data;
    if (token.length < 1 || token.length > 1_000) return "80300010";
    if (bytesWithoutTokens(body, token) > MOST_BYTES) return "80300008";
    const ttl = Number.parseInt(android.ttl, 10);
    return ttl < 1 || ttl > 86_400 ? "80100004" : null;
  }

  protected answer(asked: Asked): Fate {
    if (asked.method !== "POST") return { status: 404, body: "Not Found" };
    if (asked.path === "/auth/token") return this.#giveToken(asked);
    if (asked.path !== "/api/v1/104400/sendMessage") return { status: 404, body: "Not Found" };
    const given = /^Bearer access-(\d+)$/.exec(asked.headers.authorization ?? "")?.[1];
    if (given === undefined) return honorAnswer("80200001", null, 401);
    if (Number(given) <= this.endedUpTo) return honorAnswer("80200003", null, 401);
    if (!asked.headers["content-type"]?.startsWith("application/json")) return { status: 415 };
    const fate = this.fates.shift();
    if (fate !== undefined) return fate;
    const error = this.#errorOf(asked);
    return error === null ? honorAnswer(200, { sendResult: true, requestId: "1" }) : honorAnswer(error, null, 400);
  }
}
