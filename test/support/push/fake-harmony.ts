/** Huawei's Push Kit for HarmonyOS 5: checks what the service account has signed, and the messages' shape. */
import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import { z } from "zod";
import { type HarmonyConfig, harmonyConfig } from "../../../src/push/harmony.ts";
import { bytesWithoutTokens, huaweiAnswer } from "./fake-huawei.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";
import { clock } from "./notifications.ts";

const AUDIENCE = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
const MOST_BYTES = 4_096;
const DAY_SECONDS = 86_400;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const text = z.string().regex(/\S/);
const notifyId = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const tokens = z.array(z.string().min(1));

const message = z.strictObject({
  payload: z.strictObject({
    notification: z.strictObject({
      category: z.literal("IM"),
      title: text,
      body: text,
      clickAction: z.strictObject({ actionType: z.literal(0), data: z.record(z.string(), z.string()) }),
      badge: z.strictObject({ setNum: z.int().min(0).max(99) }).optional(),
      notifyId,
      appMessageId: z.string().min(1).max(64),
    }),
  }),
  target: z.strictObject({ token: tokens }),
  pushOptions: z.strictObject({ ttl: z.int(), collapseKey: z.int().min(-1).max(100) }),
});
const revocation = z.strictObject({ notifyId, token: tokens });

export class FakeHarmony extends FakeVendor {
  /** What the service account has signed so far, as it came. */
  readonly signed = new Set<string>();
  /** What was signed up to the one of this number is over, whatever it says of itself. */
  endedUpTo = 0;

  get config(): HarmonyConfig {
    return harmonyConfig.parse({
      projectId: "project",
      keyId: "key-1",
      subAccount: "sub-account-1",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      clientId: "client",
      sendUrl: this.url,
    });
  }

  /** Why Huawei would not have what was signed; null where it would. */
  async #refusalOf(authorization = ""): Promise<Fate | null> {
    const token = /^Bearer (\S+)$/.exec(authorization)?.[1] ?? "";
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ["PS256"],
        typ: "JWT",
        issuer: "sub-account-1",
        audience: AUDIENCE,
        requiredClaims: ["iat", "exp"],
        // A server in a process of its own goes by the time of the machine.
        currentDate: new Date(Math.max(clock.now(), Date.now())),
      });
      if (decodeProtectedHeader(token).kid !== "key-1") return huaweiAnswer("80200001", null, 401);
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > DAY_SECONDS) return huaweiAnswer("80300036");
    } catch (error) {
      return huaweiAnswer(error instanceof errors.JWTExpired ? "80200005" : "80200001", null, 401);
    }
    this.signed.add(token);
    return [...this.signed].indexOf(token) < this.endedUpTo ? huaweiAnswer("80200005", null, 401) : null;
  }

  #errorOf({ body }: Asked): string | null {
    const read = message.safeParse(JSON.parse(body));
    if (!read.success) return "80100003";
    const { token } = read.data.target;
    if (token.length < 1 || token.length > 1_000) return "80300010";
    if (bytesWithoutTokens(body, token) > MOST_BYTES) return "80300008";
    const { ttl } = read.data.pushOptions;
    return ttl < 1 || ttl > 1_296_000 ? "80100004" : null;
  }

  protected async answer(asked: Asked): Promise<Fate> {
    if (asked.method !== "POST") return { status: 404, body: "Not Found" };
    const refusal = await this.#refusalOf(asked.headers.authorization);
    if (refusal !== null) return refusal;
    if (!asked.headers["content-type"]?.startsWith("application/json")) return { status: 415 };
    if (asked.headers["push-type"] !== "0") return huaweiAnswer("80100003", null, 400);
    const fate = this.fates.shift();
    if (asked.path === "/v3/project/messages:send") return fate ?? huaweiAnswer(this.#errorOf(asked) ?? "80000000");
    if (asked.path !== "/v1/client/messages:revoke") return { status: 404, body: "Not Found" };
    const isRight = revocation.safeParse(JSON.parse(asked.body)).success;
    return fate ?? huaweiAnswer(isRight ? "80000000" : "80100003");
  }
}
