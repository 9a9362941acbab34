/**
 * What lets somebody bring one upload, or have one file: tickets and links, signed with keys that are derived from the
 * secret, each for its own use, so that neither can pass for the other or for a token.
 */
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { SignJWT } from "jose";
import type { Clock } from "../engine/clock.ts";
import type { MediaKeys, VariantName } from "../engine/media.ts";
import { deriveKey, type SecretKeys, verifyWithSecrets } from "./secrets.ts";

const ALGORITHM = "HS256";
const TICKET_TYPE = "parley-upload+jwt";
export const UPLOADS_PATH = "/uploads";
export const MEDIA_PATH = "/media";
/** A path, and when and by whom it was signed. */
const LINK = /^(\/media\/([\w-]{22})\/(\w+)\/([^/?]+))\?e=(\d{1,12})&s=([\w-]{43})$/;
const VARIANTS: readonly string[] = ["original", "thumbnail", "large"] satisfies VariantName[];

export interface MediaKeysOptions {
  readonly secret: string;
  /** What they signed is still good. */
  readonly previousSecrets: readonly string[];
  readonly clock: Clock;
  /** Origin that is put before paths; null: clients resolve them against the server's address. */
  readonly publicUrl: string | null;
  /** Milliseconds that a link is good at most; half of it at least. */
  readonly linkMs: number;
}

/** What a link is for. */
export interface Linked {
  readonly id: string;
  readonly variant: VariantName;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export type LinkReading = Linked | "wrong" | "expired";

export interface SigningMediaKeys extends MediaKeys {
  /** The upload that a ticket is for; null for anything but a good ticket. */
  uploadOf(ticket: string): Promise<string | null>;
  /** @param url path and query, as they were asked for */
  readLink(url: string): LinkReading;
}

function isVariant(text: string): text is VariantName {
  return VARIANTS.includes(text);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export function createMediaKeys(options: MediaKeysOptions): SigningMediaKeys {
  const { clock, linkMs, secret, previousSecrets } = options;
  const keysFor = (use: string): SecretKeys => [
    deriveKey(secret, use),
    ...previousSecrets.map((previous) => deriveKey(previous, use)),
  ];
  const ticketKeys = keysFor("upload ticket");
  const linkKeys = keysFor("media link");
  const origin = options.publicUrl?.replace(/\/$/, "") ?? "";
  const stepMs = Math.max(1_000, Math.floor(linkMs / 2));

  function signatureOf(key: KeyObject, path: string, expires: number): Buffer {
    return createHmac("sha256", key).update(`${path}\n${expires}`).digest();
  }

  return {
    endpoint: `${origin}${UPLOADS_PATH}`,
    ticket: (id, expiresAt) =>
      new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, typ: TICKET_TYPE })
        .setSubject(id)
        .setExpirationTime(Math.floor(expiresAt / 1_000))
        .sign(ticketKeys[0]),
    async uploadOf(ticket) {
      try {
        const { payload } = await verifyWithSecrets(ticket, ticketKeys, {
          algorithms: [ALGORITHM],
          typ: TICKET_TYPE,
          requiredClaims: ["sub", "exp"],
          currentDate: new Date(clock.now()),
        });
        return payload.sub ?? null;
      } catch {
        // What is wrong with it does not matter to who shows it.
        return null;
      }
    },
    link(id, variant, name) {
      // The same one for hours, so that what was loaded once is found in caches.
      const expires = ((Math.floor(clock.now() / stepMs) + 2) * stepMs) / 1_000;
      const path = `${MEDIA_PATH}/${id}/${variant}/${encodeURIComponent(name)}`;
      return `${origin}${path}?e=${expires}&s=${signatureOf(linkKeys[0], path, expires).toString("base64url")}`;
    },
    readLink(url) {
      const parts = LINK.exec(url);
      if (parts === null) return "wrong";
      const [, path = "", id = "", variant = "", encoded = "", e = "", s = ""] = parts;
      const expires = Number(e);
      const given = Buffer.from(s, "base64url");
      const name = decoded(encoded);
      const isSigned = linkKeys.some((key) => {
        const right = signatureOf(key, path, expires);
        return given.length === right.length && timingSafeEqual(given, right);
      });
      if (!isSigned || !isVariant(variant) || name === null) return "wrong";
      const expiresAt = expires * 1_000;
      return expiresAt <= clock.now() ? "expired" : { id, variant, name, expiresAt };
    },
  };
}
