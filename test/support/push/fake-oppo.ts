/** OPPO's push: gives tokens for signatures, and takes one notification at a time. */
import { createHash } from "node:crypto";
import { type OppoConfig, oppoConfig } from "../../../src/push/oppo.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";
import { clock } from "./notifications.ts";

const MINUTES = 60_000;

/** An answer in OPPO's own words. */
export function oppoSays(code: number | string, message = "in words"): Fate {
  return { body: { code, message, data: {} } };
}

export class FakeOppo extends FakeVendor {
  given = 0;
  endedUpTo = 0;
  /** Who asks for tokens gets these first. */
  readonly tokenFates: Fate[] = [];

  get config(): OppoConfig {
    return oppoConfig.parse({ appKey: "key", masterSecret: "secret", channelId: "messages", sendUrl: this.url });
  }

  #giveToken(asked: Asked): Fate {
    const fate = this.tokenFates.shift();
    if (fate !== undefined) return fate;
    const fields = new URLSearchParams(asked.body);
    const [key, timestamp, sign] = ["app_key", "timestamp", "sign"].map((name) => fields.get(name) ?? "");
    const right = createHash("sha256").update(`key${timestamp}secret`).digest("hex");
    if (key !== "key") return oppoSays(14);
    if (!/^\d{13}$/.test(timestamp ?? "") || Math.abs(Number(timestamp) - clock.now()) > 10 * MINUTES)
      return oppoSays(18);
    if (sign !== right) return oppoSays(15);
    this.given += 1;
    return {
      body: { code: 0, message: "", data: { auth_token: `auth-${this.given}`, create_time: Number(timestamp) } },
    };
  }

  #isRight(message: string): boolean {
    const { target_type: type, target_value: value, notification } = JSON.parse(message);
    const isShort = (text: unknown, most: number) =>
      typeof text === "string" && text.trim() !== "" && text.length <= most;
    return (
      type === 2 &&
      typeof value === "string" &&
      !/[,;]/.test(value) &&
      isShort(notification.title, 50) &&
      isShort(notification.content, 50) &&
      notification.category === "IM" &&
      notification.action_parameters.length <= 4_000 &&
      notification.off_line_ttl >= 1 &&
      notification.off_line_ttl <= 864_000
    );
  }

  protected answer(asked: Asked): Fate {
    if (!asked.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return { status: 415 };
    if (asked.path === "/server/v1/auth") return this.#giveToken(asked);
    if (asked.path !== "/server/v1/message/notification/unicast") return { status: 404 };
    const fields = new URLSearchParams(asked.body);
    const given = Number(/^auth-(\d+)$/.exec(fields.get("auth_token") ?? "")?.[1] ?? 0);
    if (given <= this.endedUpTo) return oppoSays(11);
    const fate = this.fates.shift();
    if (fate !== undefined) return fate;
    if (!this.#isRight(fields.get("message") ?? "")) return oppoSays(40);
    return { body: { code: 0, message: "Success", data: { messageId: "1" } } };
  }

  /** The message of the last that was sent. */
  get message() {
    return JSON.parse(new URLSearchParams(this.at("/server/v1/message").at(-1)?.body).get("message") ?? "");
  }
}
