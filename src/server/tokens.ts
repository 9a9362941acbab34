/**
 * Tokens. The app's back end signs JWTs with the secret that it shares with Parley; `login` makes access tokens
 * from them, which are signed with a key derived from that secret and have a `typ` of their own, so that neither
 * can pass for the other.
 */
import { hkdfSync } from "node:crypto";
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { Clock } from "../engine/clock.ts";
import type { TokenClaims, Tokens } from "../engine/core.ts";
import { Refusal } from "../engine/errors.ts";
import type { Role, UserId } from "../engine/model.ts";

const ALGORITHM = "HS256";
const ACCESS_TYPE = "parley-access+jwt";
const LONGEST_TOKEN = 8_192;
/** The last one that RFC 3339 can write. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59);
/** Tokens whose signature has been checked, so that it is checked once. */
const REMEMBERED_TOKENS = 10_000;

export const SHORTEST_SECRET_BYTES = 32;

interface Keys {
  readonly app: Uint8Array;
  readonly access: Uint8Array;
}

function keysOf(secret: string): Keys {
  const app = new TextEncoder().encode(secret);
  const access = new Uint8Array(hkdfSync("sha256", app, new Uint8Array(), "parley access token", 32));
  return { app, access };
}

function refusal(reason: string): Refusal {
  return new Refusal("UNAUTHENTICATED", reason);
}

function explain(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return refusal("The token has expired; get a new one from the app.");
  if (error instanceof errors.JWTClaimValidationFailed)
    return refusal(`The token's claims are not valid: ${error.claim}.`);
  return refusal("The token is not valid: it must be a JWT that the app has signed with HS256 and Parley's secret.");
}

function claimsOf(payload: JWTPayload, isAccess: boolean): TokenClaims {
  const { sub: userId, exp = 0, role: claimed, device, session } = payload;
  // jose looks at the claims' presence alone: a number would come through.
  if (typeof userId !== "string") throw refusal("The token's claims are not valid: sub.");
  const role: Role = claimed === "admin" ? "admin" : "user";
  const expiresAt = Math.min(exp * 1_000, LAST_INSTANT);
  if (!isAccess) return { kind: "app", userId, role, expiresAt };
  if (typeof device !== "string" || typeof session !== "number") throw refusal("The access token is damaged.");
  return { kind: "access", userId, role, expiresAt, deviceId: device, session };
}

function isAccessToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === ACCESS_TYPE;
  } catch {
    return false;
  }
}

/** @param secret at least 32 bytes, shared with the app's back end */
export function createTokens(secret: string, clock: Clock): Tokens {
  const keys = keysOf(secret);
  const verified = new LRUCache<string, TokenClaims>({ max: REMEMBERED_TOKENS });

  async function check(token: string): Promise<TokenClaims> {
    const isAccess = isAccessToken(token);
    try {
      const { payload } = await jwtVerify(token, isAccess ? keys.access : keys.app, {
        algorithms: [ALGORITHM],
        requiredClaims: ["sub", "exp"],
        currentDate: new Date(clock.now()),
      });
      return claimsOf(payload, isAccess);
    } catch (error) {
      throw error instanceof Refusal ? error : explain(error);
    }
  }

  return {
    async verify(token) {
      if (token.length > LONGEST_TOKEN) throw refusal(`A token has at most ${LONGEST_TOKEN} characters.`);
      const known = verified.get(token);
      if (known !== undefined && known.expiresAt > clock.now()) return known;
      const claims = await check(token);
      verified.set(token, claims);
      return claims;
    },

    issue({ userId, role, expiresAt, deviceId, session }) {
      return new SignJWT({ role, device: deviceId, session })
        .setProtectedHeader({ alg: ALGORITHM, typ: ACCESS_TYPE })
        .setSubject(userId)
        .setIssuedAt(Math.floor(clock.now() / 1_000))
        .setExpirationTime(Math.floor(expiresAt / 1_000))
        .sign(keys.access);
    },
  };
}

/** Signs a token as the app's back end would. */
export function signAppToken(secret: string, userId: UserId, role: Role, expiresAt: number): Promise<string> {
  return new SignJWT(role === "admin" ? { role } : {})
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setSubject(userId)
    .setExpirationTime(Math.floor(expiresAt / 1_000))
    .sign(keysOf(secret).app);
}
