/** vivo's push: gives tokens for signatures, and takes one notification at a time. */
import { createHash } from "node:crypto";
import { type VivoConfig, vivoConfig } from "../../../src/push/vivo.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";
import { clock } from "./notifications.ts";

const MINUTES = 60_000;

/** An answer in vivo's own words. */
export function vivoSays(result: number | string, more: object = {}): Fate {
  return { body: { result, desc: "in words", taskId: "1", ...more } };
}

export class FakeVivo extends FakeVendor {
  given = 0;
  endedUpTo = 0;
  /** Who asks for tokens gets these first. */
  readonly tokenFates: Fate[] = [];

  get config(): VivoConfig {
    return vivoConfig.parse({ appId: 10004, appKey: "key", appSecret: "secret", sendUrl: this.url });
  }

  #giveToken(asked: Asked): Fate {
    const fate = this.tokenFates.shift();
    if (fate !== undefined) return fate;
    const { appId, appKey, timestamp, sign } = JSON.parse(asked.body);
    const right = createHash("md5").update(`10004key${timestamp}secret`).digest("hex");
    if (appId !== 10004 || appKey !== "key" || sign !== right) return vivoSays(10200);
    if (Math.abs(timestamp - clock.now()) > 10 * MINUTES) return vivoSays(10201);
    this.given += 1;
    return { body: { result: 0, desc: "", authToken: `auth-${this.given}` } };
  }

  #isRight(message: string): boolean {
    const { appId, regId, title, content, timeToLive, category, classification, clientCustomMap, ...rest } =
      JSON.parse(message);
    const isShort = (text: unknown, most: number) =>
      typeof text === "string" && text.trim() !== "" && text.length <= most;
    return (
      appId === 10004 &&
      typeof regId === "string" &&
      isShort(title, 40) &&
      isShort(content, 100) &&
      timeToLive >= 60 &&
      timeToLive <= 86_400 &&
      category === "IM" &&
      classification === 1 &&
      JSON.stringify(clientCustomMap).length <= 1_024 &&
      rest.requestId.length <= 64
    );
  }

  protected answer(asked: Asked): Fate {
    if (asked.headers["content-type"] !== "application/json") return { status: 415 };
    if (asked.path === "/message/auth") return this.#giveToken(asked);
    if (asked.path !== "/message/send") return { status: 404 };
    const given = Number(/^auth-(\d+)$/.exec(asked.headers.authtoken?.toString() ?? "")?.[1] ?? 0);
    if (given <= this.endedUpTo) return vivoSays(10000);
    const fate = this.fates.shift();
    if (fate !== undefined) return fate;
    return this.#isRight(asked.body) ? vivoSays(0) : vivoSays(10040);
  }

  /** The message of the last that was sent. */
  get message() {
    return JSON.parse(this.at("/message/send").at(-1)?.body ?? "");
  }
}
