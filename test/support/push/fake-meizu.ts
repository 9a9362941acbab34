/** Meizu's push: takes forms that are signed, and says of each push id what is wrong with it. */
import { createHash } from "node:crypto";
import { type MeizuConfig, meizuConfig } from "../../../src/push/meizu.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";

const PATH = "/garcia/api/server/push/varnished/pushByPushId";

/** An answer in Meizu's own words. */
export function meizuSays(code: string | number, value: unknown = ""): Fate {
  return { body: { code, message: "", value, redirect: "", msgId: "c2ee5c3bf00448cfbceb7fdf68c3c8eb" } };
}

function isShort(text: unknown, most: number): boolean {
  return typeof text === "string" && text.trim() !== "" && text.length <= most;
}

export class FakeMeizu extends FakeVendor {
  get config(): MeizuConfig {
    return meizuConfig.parse({ appId: "10000", appSecret: "secret", sendUrl: this.url });
  }

  #isSigned(fields: URLSearchParams): boolean {
    const signed = [...fields]
      .filter(([name]) => name !== "sign")
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .reduce((sum, [name, value]) => `${sum}${name}=${value}`, "");
    return fields.get("sign") === createHash("md5").update(signed).update("secret").digest("hex");
  }

  #isRight(fields: URLSearchParams): boolean {
    const { noticeBarInfo, clickTypeInfo, pushTimeInfo, advanceInfo } = JSON.parse(fields.get("messageJson") ?? "");
    const { validTime } = pushTimeInfo;
    return (
      isShort(noticeBarInfo.title, 32) &&
      isShort(noticeBarInfo.content, 100) &&
      typeof clickTypeInfo.parameters === "object" &&
      Number.isInteger(validTime) &&
      validTime >= 1 &&
      validTime <= 72 &&
      /^[0-9a-zA-Z_-]{1,8}$/.test(advanceInfo.notifyKey)
    );
  }

  protected answer(asked: Asked): Fate {
    if (asked.path !== PATH || asked.method !== "POST") return { status: 404, body: "Not Found" };
    if (!asked.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return { status: 415 };
    const fields = new URLSearchParams(asked.body);
    if (fields.get("appId") !== "10000") return meizuSays("110000");
    if (!this.#isSigned(fields)) return meizuSays("1006");
    const fate = this.fates.shift();
    if (fate !== undefined) return fate;
    if (!fields.get("pushIds")) return meizuSays("110004");
    return this.#isRight(fields) ? meizuSays("200", {}) : meizuSays("1005");
  }

  /** The fields of the last that was asked. */
  get fields(): Record<string, string> {
    return Object.fromEntries(new URLSearchParams(this.asked.at(-1)?.body));
  }
}
