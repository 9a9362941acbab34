/** Signs links to records, with a key of its own that is derived from the secret. */
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import type { Clock } from "../engine/clock.ts";
import type { RecordLinks } from "../engine/records/links.ts";
import { deriveKey } from "./secrets.ts";

export const RECORDS_PATH = "/records";
/** How long a link is good: what it leads to begins within that time, and may take longer. */
const LINK_MS = 3_600_000;
const USE = "record link";

export interface RecordLinksOptions {
  readonly secret: string;
  /** What they signed is still good. */
  readonly previousSecrets: readonly string[];
  readonly clock: Clock;
  /** Origin that is put before paths; null: clients resolve them against the server's address. */
  readonly publicUrl: string | null;
}

export interface SigningRecordLinks extends RecordLinks {
  /**
   * What a link leads to, part by part, and what was added to it.
   * @param url path and query, as they were asked for
   */
  read(url: string): { readonly path: readonly string[]; readonly query: URLSearchParams } | "wrong" | "expired";
}

function signatureOf(key: KeyObject, path: string, expires: number): Buffer {
  return createHmac("sha256", key).update(`${path}\n${expires}`).digest();
}

function decoded(path: string): string[] | null {
  try {
    return path
      .slice(RECORDS_PATH.length + 1)
      .split("/")
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}

export function createRecordLinks(options: RecordLinksOptions): SigningRecordLinks {
  const { clock, secret, previousSecrets } = options;
  const key = deriveKey(secret, USE);
  const keys = [key, ...previousSecrets.map((previous) => deriveKey(previous, USE))];
  const origin = options.publicUrl?.replace(/\/$/, "") ?? "";

  return {
    link(parts) {
      const expires = Math.ceil((clock.now() + LINK_MS) / 1_000);
      const path = [RECORDS_PATH, ...parts.map(encodeURIComponent)].join("/");
      const signature = signatureOf(key, path, expires).toString("base64url");
      return { url: `${origin}${path}?e=${expires}&s=${signature}`, expiresAt: expires * 1_000 };
    },
    read(url) {
      const [path = "", search = ""] = url.split("?", 2);
      const query = new URLSearchParams(search);
      const expires = Number(query.get("e"));
      const given = Buffer.from(query.get("s") ?? "", "base64url");
      const isSigned = keys.some((one) => {
        const right = signatureOf(one, path, expires);
        return given.length === right.length && timingSafeEqual(given, right);
      });
      const parts = decoded(path);
      if (!isSigned || parts === null) return "wrong";
      return expires * 1_000 <= clock.now() ? "expired" : { path: parts, query };
    },
  };
}
