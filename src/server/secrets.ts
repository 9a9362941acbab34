/** Keys that are derived from the secret, each for one use; and what was signed with a secret that has been replaced. */
import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { errors, type JWTVerifyOptions, jwtVerify } from "jose";

/** The key in use first, then those that were in use before. */
export type SecretKeys = readonly [KeyObject, ...KeyObject[]];

/** As an object, since bytes would be imported anew each time. @param use what it is for: no two may be the same */
export function deriveKey(secret: string, use: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), `parley ${use}`, 32)));
}

/** Verifies with the first of the keys that fits. */
export async function verifyWithSecrets(token: string, [current, ...previous]: SecretKeys, options: JWTVerifyOptions) {
  const last = previous.at(-1) ?? current;
  for (const key of [current, ...previous].slice(0, -1)) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  return jwtVerify(token, last, options);
}
