/** Google's FCM: gives access tokens for assertions that the service account has signed. */
import { generateKeyPairSync } from "node:crypto";
import { jwtVerify } from "jose";
import type { Clock } from "../../../src/engine/clock.ts";
import { type FcmConfig, fcmConfig } from "../../../src/push/fcm.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";
import { clock } from "./notifications.ts";

const MOST_BYTES = 4_096;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });

export class FakeFcm extends FakeVendor {
  /** How many access tokens it has given. */
  given = 0;
  /** Access tokens up to this one are not good any more. */
  endedUpTo = 0;
  /** Who asks for access tokens gets these first. */
  readonly tokenFates: Fate[] = [];
  readonly #clock: Pick<Clock, "now">;

  /** @param goesBy as whoever asks does: a server in a process of its own by the machine's */
  constructor(goesBy: Pick<Clock, "now"> = clock) {
    super();
    this.#clock = goesBy;
  }

  get config(): FcmConfig {
    return fcmConfig.parse({
      projectId: "chat",
      clientEmail: "server@chat.example.com",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      channelId: "messages",
      tokenUrl: `${this.url}/token`,
      sendUrl: this.url,
    });
  }

  async #giveToken(asked: Asked): Promise<Fate> {
    const fate = this.tokenFates.shift();
    if (fate !== undefined) return fate;
    const fields = new URLSearchParams(asked.body);
    if (fields.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return { status: 400 };
    const { payload } = await jwtVerify(fields.get("assertion") ?? "", publicKey, {
      algorithms: ["RS256"],
      issuer: "server@chat.example.com",
      audience: `${this.url}/token`,
      currentDate: new Date(this.#clock.now()),
      maxTokenAge: "1h",
    });
    if (payload.scope !== "https://www.googleapis.com/auth/firebase.messaging") return { status: 400 };
    this.given += 1;
    return { body: { access_token: `access-${this.given}`, expires_in: 3_599, token_type: "Bearer" } };
  }

  protected answer(asked: Asked): Fate | Promise<Fate> {
    if (asked.path === "/token") return this.#giveToken(asked);
    if (asked.path !== "/v1/projects/chat/messages:send") return { status: 404, body: "Not Found" };
    const given = Number(/^Bearer access-(\d+)$/.exec(asked.headers.authorization ?? "")?.[1] ?? 0);
    if (given <= this.endedUpTo) return { status: 401, body: { error: { code: 401, status: "UNAUTHENTICATED" } } };
    const fate = this.fates.shift();
    if (fate !== undefined) return fate;
    const { message } = JSON.parse(asked.body);
    if (typeof message.token !== "string" || Buffer.byteLength(asked.body) > MOST_BYTES) return { status: 400 };
    return { body: { name: `projects/chat/messages/${this.asked.length}` } };
  }
}

/** An error in FCM's own words. */
export function fcmError(status: number, errorCode: string, headers: Record<string, string> = {}): Fate {
  const type = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
  return {
    status,
    headers,
    body: { error: { code: status, status: errorCode, details: [{ "@type": type, errorCode }] } },
  };
}
