/**
 * What is over before its token has run out: tokens of the app that an admin has revoked, and sessions that have
 * ended. It is kept in memory beside the store, so that an operation that is under way can be stopped between its
 * steps and a request costs no look-up; the store has the last word where a session is opened.
 */
import { LRUCache } from "lru-cache";
import { Refusal } from "./errors.ts";
import type { UserId } from "./model.ts";
import type { Viewer } from "./viewer.ts";

/** Users known to exist, so that each token costs no look-up. */
const REMEMBERED_USERS = 100_000;
/** Ended sessions, for operations that were under way then; later ones ask the store. */
const REMEMBERED_SESSIONS = 10_000;
const NEVER_REVOKED = Number.NEGATIVE_INFINITY;

/** UNAUTHENTICATED for good: the session has ended or the token is revoked, and only a new login helps. */
export class SessionEnded extends Refusal {
  constructor(
    reason = "This session has ended: it was logged out or revoked, or another device took its place. Log in again.",
  ) {
    super("UNAUTHENTICATED", reason);
  }
}

export class TokenRevoked extends SessionEnded {
  constructor() {
    super("This token has been revoked; get one from the app that it has signed since, with `iat`.");
  }
}

export interface Revocations {
  /** From when on the user's tokens are good, in milliseconds; -Infinity: any. Undefined where it must be looked up. */
  tokensFrom(userId: UserId): number | undefined;
  /** Notes what the store says of a user who exists, or what has just been written. It never goes back. */
  note(userId: UserId, tokensFrom: number | null): number;
  noteEndedSession(userId: UserId, deviceId: string, session: number): void;
  /**
   * Whether a viewer that was let in is still to be served, as far as this process knows.
   * @throws SessionEnded
   */
  check(viewer: Viewer): void;
}

/** Whether the app signed a token before the instant from which on its user's tokens are good. */
export function isRevoked(issuedAt: number | null, tokensFrom: number): boolean {
  return (issuedAt ?? NEVER_REVOKED) < tokensFrom;
}

export function createRevocations(): Revocations {
  const users = new LRUCache<UserId, number>({ max: REMEMBERED_USERS });
  const sessions = new LRUCache<string, true>({ max: REMEMBERED_SESSIONS });
  // A user's id holds no space.
  const keyOf = (userId: UserId, deviceId: string, session: number) => `${userId} ${session} ${deviceId}`;

  return {
    tokensFrom: (userId) => users.get(userId),
    note(userId, tokensFrom) {
      const latest = Math.max(users.peek(userId) ?? NEVER_REVOKED, tokensFrom ?? NEVER_REVOKED);
      users.set(userId, latest);
      return latest;
    },
    noteEndedSession(userId, deviceId, session) {
      sessions.set(keyOf(userId, deviceId, session), true);
    },
    check({ userId, deviceId, session, issuedAt }) {
      if (session !== null) {
        if (sessions.size > 0 && sessions.has(keyOf(userId, deviceId, session))) throw new SessionEnded();
      } else if (isRevoked(issuedAt, users.peek(userId) ?? NEVER_REVOKED)) throw new TokenRevoked();
    },
  };
}
