/** WebSocket close codes, and what the official graphql-ws client does with each. */
import type { EndReason } from "../engine/connections.ts";

export const CloseCode = {
  /** The session is over: logged out, revoked, or another device took its place. Clients do not come back by themselves. */
  SESSION_ENDED: 4401,
  /** The token is missing, refused or has run out. Clients come back, with a new token if they have one. */
  FORBIDDEN: 4403,
  /** The server goes down, or restarts. Clients come back. */
  DRAINING: 1012,
  /** The client reads too slowly. Clients come back and go on behind their cursor. */
  TOO_SLOW: 1013,
  /** The server cannot say now whether the token is good. Clients come back. */
  TRY_LATER: 1013,
  /**
   * There are too many connections, of this user, of this address or that wait. Clients come back, and wait longer each
   * time. 4429 or HTTP 429 would say it too, but after those graphql-ws's own client does not come back.
   */
  TOO_MANY: 1013,
} as const;

/** Why the server closes a socket. */
export type CloseReason = EndReason | "tryLater" | "tooManyOfUser" | "tooManyOfAddress" | "tooManyWaiting";

const codes: Record<CloseReason, { readonly code: number; readonly reason: string }> = {
  ended: { code: CloseCode.SESSION_ENDED, reason: "Session ended" },
  expired: { code: CloseCode.FORBIDDEN, reason: "Token expired" },
  draining: { code: CloseCode.DRAINING, reason: "Server restarting" },
  tooSlow: { code: CloseCode.TOO_SLOW, reason: "Reading too slowly" },
  tryLater: { code: CloseCode.TRY_LATER, reason: "Try again later" },
  tooManyOfUser: { code: CloseCode.TOO_MANY, reason: "Too many connections of this user" },
  tooManyOfAddress: { code: CloseCode.TOO_MANY, reason: "Too many connections of this address" },
  tooManyWaiting: { code: CloseCode.TOO_MANY, reason: "Too many connections wait to authenticate" },
};

export function closeCodeOf(reason: CloseReason): { readonly code: number; readonly reason: string } {
  return codes[reason];
}
