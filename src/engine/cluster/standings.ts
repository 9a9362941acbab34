/**
 * Whether those who are let in here still are to be served, where that may have changed on another server. What is told
 * ends connections at once; and before anything is done for somebody, the store is asked where it was not asked of late:
 * within a second while nothing is heard of the others. So what was revoked is over everywhere, whatever becomes of the bus.
 */
import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Standing } from "../cluster-store.ts";
import type { Connection, Connections } from "../connections.ts";
import type { UserId } from "../model.ts";
import { isRevoked, type Revocations } from "../revocations.ts";
import type { Store } from "../store.ts";
import type { Viewer } from "../viewer.ts";
import type { Bus } from "./bus.ts";

/** Milliseconds for which what the store has said is believed: while the bus is well, and while it is not. */
const BELIEVED_MS = { healthy: 10_000, unhealthy: 1_000 };
const REMEMBERED = 100_000;

export interface StandingsOptions {
  readonly store: Pick<Store, "standings">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly revocations: Revocations;
  readonly connections: Connections;
  readonly erasing: Set<UserId>;
  readonly erased: Set<UserId>;
  readonly bus: Pick<Bus, "healthy">;
}

export interface Standings {
  /** Asks the store unless it has been asked just now. */
  confirm(userId: UserId): Promise<void>;
  /** Asks the store, and ends what is over. */
  look(ids: readonly UserId[]): Promise<void>;
}

export function createStandings(options: StandingsOptions): Standings {
  const { store, clock, revocations, connections, erasing, erased, bus } = options;
  const confirmed = new LRUCache<UserId, number>({ max: REMEMBERED });

  function isOver(viewer: Viewer, { tokensFrom, sessions }: Standing): boolean {
    if (viewer.session === null) return isRevoked(viewer.issuedAt, tokensFrom ?? Number.NEGATIVE_INFINITY);
    return sessions.get(viewer.deviceId) !== viewer.session;
  }

  /** @param meant those of its connections that the store was asked about */
  function apply(standing: Standing, meant: ReadonlySet<Connection>): void {
    const { userId, tokensFrom, erasedAt } = standing;
    revocations.note(userId, tokensFrom);
    if (standing.erasing) erasing.add(userId);
    else erasing.delete(userId);
    if (erasedAt !== null && !standing.erasing) erased.add(userId);
    else erased.delete(userId);
    connections.endOf(userId, "ended", (connection) => {
      const { viewer } = connection;
      if (!meant.has(connection) || !isOver(viewer, standing)) return false;
      if (viewer.session !== null) revocations.noteEndedSession(userId, viewer.deviceId, viewer.session);
      return true;
    });
  }

  async function look(ids: readonly UserId[]): Promise<void> {
    if (ids.length === 0) return;
    const at = clock.monotonic();
    // Whoever connects while the store is asked may have logged in after it looked.
    const meant = new Set(ids.flatMap((id) => connections.of(id)));
    for (const standing of await store.standings(ids)) {
      apply(standing, meant);
      confirmed.set(standing.userId, at);
    }
  }

  return {
    async confirm(userId) {
      const at = confirmed.get(userId);
      const believed = bus.healthy ? BELIEVED_MS.healthy : BELIEVED_MS.unhealthy;
      if (at === undefined || clock.monotonic() - at >= believed) await look([userId]);
    },
    look,
  };
}
