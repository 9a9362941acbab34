/** Xiaomi's Mi Push: takes forms, and refuses what is longer, or written otherwise, than it allows. */
import { type XiaomiConfig, xiaomiConfig } from "../../../src/push/xiaomi.ts";
import { type Asked, FakeVendor, type Fate } from "./fake-vendor.ts";

const PATH = "/v3/message/regid";
const VARIABLES = ["name", "text"];
const EMOJI = /[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{Emoji_Modifier}]|\uFE0E|\uFE0F|\u20E3/u;

/** An error in Xiaomi's own words. */
export function xiaomiError(code: number, reason = "", status = 200): Fate {
  return { status, body: { result: "error", code, reason, description: "failed", trace_id: "Xcm1" } };
}

/** Whether it has more than blanks, and fewer characters, as Java counts them. */
function isShort(text: string | null, fewerThan: number): boolean {
  return text !== null && text.trim() !== "" && text.length < fewerThan;
}

function isWhole(text: string | null, least: number, most: number): boolean {
  return text !== null && /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
}

function mayStandInTemplate(value: unknown): boolean {
  return typeof value === "string" && isShort(value, 129) && !EMOJI.test(value) && !/[\p{So}\p{Cn}\p{Cs}]/u.test(value);
}

export class FakeXiaomi extends FakeVendor {
  get config(): XiaomiConfig {
    return xiaomiConfig.parse({
      appSecret: "secret",
      packageName: "com.example.chat",
      channelId: "12345",
      sendUrl: this.url,
    });
  }

  get configWithTemplate(): XiaomiConfig {
    return { ...this.config, template: { id: "P1001", parameters: { name: "sender", text: "body" } } };
  }

  #isTemplate(fields: URLSearchParams): boolean {
    if (fields.get("extra.template_id") !== "P1001") return false;
    const values: Record<string, unknown> = JSON.parse(fields.get("extra.template_param") ?? "");
    return Object.keys(values).sort().join() === VARIABLES.join() && Object.values(values).every(mayStandInTemplate);
  }

  #errorOf(fields: URLSearchParams): Fate | null {
    if (fields.get("restricted_package_name") !== "com.example.chat") return xiaomiError(22022);
    if (fields.get("extra.channel_id") !== "12345") return xiaomiError(27001);
    if (!fields.get("registration_id")) return xiaomiError(10016);
    const isText =
      fields.has("extra.template_id") || fields.has("extra.template_param")
        ? this.#isTemplate(fields)
        : isShort(fields.get("title"), 50) && isShort(fields.get("description"), 128);
    const isRight =
      isText &&
      fields.get("pass_through") === "0" &&
      isWhole(fields.get("notify_id"), 0, 2 ** 31 - 1) &&
      isWhole(fields.get("time_to_live"), 1, 10 * 86_400_000) &&
      /^[0-9A-Za-z-][\w-]{0,19}$/.test(fields.get("extra.jobkey") ?? "");
    if (!isRight) return xiaomiError(10017);
    return Buffer.byteLength(fields.get("payload") ?? "") > 4_096 ? xiaomiError(65009) : null;
  }

  protected answer(asked: Asked): Fate {
    if (asked.path !== PATH || asked.method !== "POST") return { status: 404, body: "Not Found" };
    if (asked.headers.authorization !== "key=secret") return xiaomiError(21301);
    if (!asked.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return xiaomiError(10012);
    const fate = this.fates.shift() ?? this.#errorOf(new URLSearchParams(asked.body));
    return (
      fate ?? { body: { result: "ok", code: 0, description: "ok", info: "", data: { id: `s${this.asked.length}` } } }
    );
  }

  /** The fields of the last that was asked. */
  get fields(): Record<string, string> {
    return Object.fromEntries(new URLSearchParams(this.asked.at(-1)?.body));
  }
}
