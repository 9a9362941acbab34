/** What commands sign as the app's back end would, with the secret of the settings. */
import { type Config, secretOf } from "./config/config.ts";
import { systemClock } from "./engine/clock.ts";
import type { Role } from "./engine/model.ts";
import { signAppToken } from "./server/tokens.ts";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_EXPIRY_MS = 10 * 365 * UNITS.d;

/** A mistake in the command: told without a stack. */
export class UsageError extends Error {}

/** Milliseconds since 1970, so long from now as `text` says: `7d`. @throws UsageError */
export function expiryOf(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const ms = Number(match?.[1]) * UNITS[match?.[2] as keyof typeof UNITS];
  if (!(ms > 0 && ms <= LONGEST_EXPIRY_MS)) {
    throw new UsageError(`--expires ${text}: use a number with s, m, h or d, such as 7d, up to ten years.`);
  }
  return systemClock.now() + ms;
}

/** @throws UsageError where the app's own keys sign, of which Parley knows the public half alone */
export function needsSecret({ jwks }: Config): void {
  if (jwks !== null) throw new UsageError("With PARLEY_JWKS only the app's back end can sign tokens.");
}

export function sign(config: Config, user: string, role: Role, expiresAt: number): Promise<string> {
  const { issuer, audience } = config.tokenRules;
  return signAppToken(secretOf(config), user, role, expiresAt, { issuedAt: systemClock.now(), issuer, audience });
}
