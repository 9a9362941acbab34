/**
 * Tokens. The app's back end signs JWTs, with the secret that it shares with Parley or with a private key of its own;
 * `login` makes access tokens from them, which are signed with a key derived from the secret and have a `typ` of
 * their own, so that neither can pass for the other.
 */
import { createSecretKey } from "node:crypto";
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { Clock } from "../engine/clock.ts";
import type { TokenClaims, Tokens } from "../engine/core.ts";
import { Refusal } from "../engine/errors.ts";
import type { Role, UserId } from "../engine/model.ts";
import { type AppKeys, ASYMMETRIC_ALGORITHMS } from "./app-keys.ts";
import { deriveKey, type SecretKeys, verifyWithSecrets } from "./secrets.ts";

const ALGORITHM = "HS256";
const ACCESS_TYPE = "parley-access+jwt";
/** What the app's tokens may call themselves; keys that sign other things too must not let those in. */
const APP_TYPES: readonly unknown[] = [undefined, "jwt", "at+jwt"];
const LONGEST_TOKEN = 8_192;
/** The last one that RFC 3339 can write. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59);
/** Tokens whose signature has been checked, so that it is checked once. */
const REMEMBERED_TOKENS = 10_000;

export const SHORTEST_SECRET_BYTES = 32;

/** What is asked of the app's tokens beyond `sub` and `exp`. */
export interface TokenRules {
  /** Secrets that were in use before; what they signed is still good. */
  readonly previousSecrets: readonly string[];
  /** What `iss` must be; null: anything. */
  readonly issuer: string | null;
  /** What `aud` must be or contain; null: anything. */
  readonly audience: string | null;
  /** Seconds after `iat` for which a token is good at most, whatever its `exp`; null: until that. */
  readonly maxAge: number | null;
  /** Seconds by which the app's clock may be ahead: for `iat` and `nbf`, never for `exp`. */
  readonly clockTolerance: number;
}

export const DEFAULT_TOKEN_RULES: TokenRules = {
  previousSecrets: [],
  issuer: null,
  audience: null,
  maxAge: null,
  clockTolerance: 60,
};

function appKeyOf(secret: string) {
  return createSecretKey(new TextEncoder().encode(secret));
}

function accessKeyOf(secret: string) {
  return deriveKey(secret, "access token");
}

function refusal(reason: string): Refusal {
  return new Refusal("UNAUTHENTICATED", reason);
}

function badClaim(claim: string): Refusal {
  return refusal(`The token's claims are not valid: ${claim}.`);
}

function expired(): Refusal {
  return refusal("The token has expired; get a new one from the app.");
}

function typeOf(token: string): unknown {
  try {
    const { typ } = decodeProtectedHeader(token);
    return typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  } catch {
    return null;
  }
}

/**
 * @param secret at least 32 bytes; shared with the app's back end unless that has keys of its own
 * @param appKeys the app's public keys; with them nothing but what they verify is a token of the app
 */
export function createTokens(secret: string, rules: TokenRules, appKeys: AppKeys | null, clock: Clock): Tokens {
  const appSecrets: SecretKeys = [appKeyOf(secret), ...rules.previousSecrets.map(appKeyOf)];
  const accessSecrets: SecretKeys = [accessKeyOf(secret), ...rules.previousSecrets.map(accessKeyOf)];
  const verified = new LRUCache<string, TokenClaims>({ max: REMEMBERED_TOKENS });
  let verifiedWith = appKeys?.version;

  const howToSign =
    appKeys === null ? "HS256 and Parley's secret" : `one of its keys (${ASYMMETRIC_ALGORITHMS.join(", ")})`;

  function explain(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof errors.JWTExpired) return expired();
    if (error instanceof errors.JWTClaimValidationFailed) return badClaim(error.claim);
    if (error instanceof errors.JWKSMultipleMatchingKeys) return refusal("The token must name its key: `kid`.");
    return refusal(`The token is not valid: it must be a JWT that the app has signed with ${howToSign}.`);
  }

  function isAhead(issuedAt: number | null): boolean {
    return issuedAt !== null && issuedAt > clock.now() + rules.clockTolerance * 1_000;
  }

  /**
   * A token that says that it comes from the future would outlast a revocation, so it counts as one that does not say
   * when it was signed. It is not refused, or a server whose clock is behind would serve nobody.
   */
  function dated(claims: TokenClaims): TokenClaims {
    return claims.kind === "app" && isAhead(claims.issuedAt) ? { ...claims, issuedAt: null } : claims;
  }

  /** What both kinds say. jose looks at the presence of `sub` alone: a number would come through. */
  function common({ sub: userId, exp = 0, role: claimed }: JWTPayload) {
    if (typeof userId !== "string") throw badClaim("sub");
    const role: Role = claimed === "admin" ? "admin" : "user";
    return { userId, role, expiresAt: Math.min(exp * 1_000, LAST_INSTANT) };
  }

  async function checkAccess(token: string): Promise<TokenClaims> {
    const { payload } = await verifyWithSecrets(token, accessSecrets, {
      algorithms: [ALGORITHM],
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(clock.now()),
    });
    const { device, session } = payload;
    if (typeof device !== "string" || typeof session !== "number") throw refusal("The access token is damaged.");
    return { kind: "access", ...common(payload), deviceId: device, session };
  }

  async function checkApp(token: string, type: unknown): Promise<TokenClaims> {
    if (!APP_TYPES.includes(type)) throw refusal("The token's `typ` is neither JWT nor at+jwt.");
    const { issuer, audience, maxAge, clockTolerance } = rules;
    const options: JWTVerifyOptions = {
      algorithms: appKeys === null ? [ALGORITHM] : [...ASYMMETRIC_ALGORITHMS],
      requiredClaims: maxAge === null ? ["sub", "exp"] : ["sub", "exp", "iat"],
      currentDate: new Date(clock.now()),
      clockTolerance,
    };
    if (issuer !== null) options.issuer = issuer;
    if (audience !== null) options.audience = audience;
    const { payload } =
      appKeys === null
        ? await verifyWithSecrets(token, appSecrets, options)
        : await jwtVerify(token, appKeys.find, options);
    const claims = common(payload);
    const issuedAt = payload.iat === undefined ? null : payload.iat * 1_000;
    if (maxAge !== null && isAhead(issuedAt)) throw badClaim("iat");
    const lastAt = maxAge === null || issuedAt === null ? claims.expiresAt : issuedAt + maxAge * 1_000;
    const expiresAt = Math.min(claims.expiresAt, lastAt);
    // The tolerance is not for this.
    if (expiresAt <= clock.now()) throw expired();
    return { kind: "app", ...claims, expiresAt, issuedAt };
  }

  return {
    async verify(token) {
      if (token.length > LONGEST_TOKEN) throw refusal(`A token has at most ${LONGEST_TOKEN} characters.`);
      const version = appKeys?.version;
      if (version !== verifiedWith) {
        verified.clear();
        verifiedWith = version;
      }
      const known = verified.get(token);
      if (known !== undefined && known.expiresAt > clock.now()) return dated(known);
      const type = typeOf(token);
      try {
        const claims = await (type === ACCESS_TYPE ? checkAccess(token) : checkApp(token, type));
        // The key that has vouched for it may have gone meanwhile.
        if (appKeys?.version === version) verified.set(token, claims);
        return dated(claims);
      } catch (error) {
        throw explain(error);
      }
    },

    async issue({ userId, role, expiresAt, deviceId, session }) {
      const seconds = Math.floor(expiresAt / 1_000);
      const token = await new SignJWT({ role, device: deviceId, session })
        .setProtectedHeader({ alg: ALGORITHM, typ: ACCESS_TYPE })
        .setSubject(userId)
        .setIssuedAt(Math.floor(clock.now() / 1_000))
        .setExpirationTime(seconds)
        .sign(accessSecrets[0]);
      // It will come back at once, and what was signed here need not be checked here.
      verified.set(token, { kind: "access", userId, role, expiresAt: seconds * 1_000, deviceId, session });
      return token;
    },
  };
}

export interface AppTokenClaims {
  /** Milliseconds since 1970; without it the token says nothing of when it was signed. */
  readonly issuedAt?: number;
  readonly issuer?: string | null;
  readonly audience?: string | null;
}

/** Signs a token as the app's back end would, with the secret. */
export function signAppToken(
  secret: string,
  userId: UserId,
  role: Role,
  expiresAt: number,
  { issuedAt, issuer, audience }: AppTokenClaims = {},
): Promise<string> {
  const token = new SignJWT(role === "admin" ? { role } : {})
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setSubject(userId)
    .setExpirationTime(Math.floor(expiresAt / 1_000));
  if (issuedAt !== undefined) token.setIssuedAt(Math.floor(issuedAt / 1_000));
  if (issuer != null) token.setIssuer(issuer);
  if (audience != null) token.setAudience(audience);
  return token.sign(appKeyOf(secret));
}
