/** Living connections: who is online, and what ends when a session does. */
import type { Clock } from "./clock.ts";
import { Refusal } from "./errors.ts";
import type { UserId } from "./model.ts";
import type { Viewer } from "./viewer.ts";

/** Why the server ends a connection. `expired` and `draining` ask the client to come back, `ended` is final. */
export type EndReason = "expired" | "ended" | "draining" | "tooSlow";

/** One WebSocket, or one SSE stream. */
export interface Connection {
  viewer: Viewer;
  /** Why it was ended; null while it lives. */
  readonly endedBy: EndReason | null;
  /** Ends it for this reason; the transport hears of it once. */
  end(reason: EndReason): void;
  /** To be called when the transport is gone, for whatever reason. */
  close(): void;
  /**
   * Counts one more subscription.
   * @throws Refusal RATE_LIMITED where the connection or its user has too many
   */
  takeSubscription(): void;
  /** Gives one back; what is left is given back when the connection closes. */
  giveBackSubscription(): void;
}

/** What a user may have open at once. */
export interface ConnectionLimits {
  readonly connectionsPerUser: number;
  readonly subscriptionsPerUser: number;
  readonly subscriptionsPerConnection: number;
}

/** RATE_LIMITED because the user has all the connections that it may have. Those that live are left alone. */
export class TooManyConnections extends Refusal {
  constructor(limit: number) {
    super("RATE_LIMITED", `This user has ${limit} connections open, which is all that it may have; close some.`);
  }
}

export interface Connections {
  /** @throws TooManyConnections */
  open(viewer: Viewer, onEnd: (reason: EndReason) => void): Connection;
  isOnline(userId: UserId): boolean;
  /** Those that a user has now. */
  of(userId: UserId): readonly Connection[];
  /** Ends those of a user's connections that are meant. */
  endOf(userId: UserId, reason: EndReason, isMeant: (connection: Connection) => boolean): void;
  /** Lets a device's connections live until the new token runs out. */
  renew(viewer: Viewer, connection: Connection | null): void;
  endAll(reason: EndReason): void;
  /** Users who have any. */
  users(): readonly UserId[];
  /** Told when a user has its first connection, and when its last is gone. */
  onPresence: (userId: UserId, present: boolean) => void;
  readonly count: number;
  /** Users who have any. */
  readonly userCount: number;
  /** Subscriptions of all of them. */
  readonly subscriptionCount: number;
}

interface Entry extends Connection {
  readonly subscriptions: number;
  arm(): void;
}

function subscriptionsOf(entries: Iterable<Entry>): number {
  let count = 0;
  for (const { subscriptions } of entries) count += subscriptions;
  return count;
}

export function createConnections(clock: Clock, limits: ConnectionLimits): Connections {
  const { connectionsPerUser, subscriptionsPerUser, subscriptionsPerConnection } = limits;
  const byUser = new Map<UserId, Set<Entry>>();
  let count = 0;

  function add(entry: Entry): void {
    const entries = byUser.get(entry.viewer.userId) ?? new Set();
    entries.add(entry);
    byUser.set(entry.viewer.userId, entries);
    count += 1;
    if (entries.size === 1) connections.onPresence(entry.viewer.userId, true);
  }

  function remove(entry: Entry): void {
    const entries = byUser.get(entry.viewer.userId);
    if (entries?.delete(entry) !== true) return;
    count -= 1;
    if (entries.size > 0) return;
    byUser.delete(entry.viewer.userId);
    connections.onPresence(entry.viewer.userId, false);
  }

  function checkSubscriptions({ viewer, subscriptions }: Entry): void {
    if (subscriptions >= subscriptionsPerConnection) {
      throw new Refusal("RATE_LIMITED", `${subscriptionsPerConnection} subscriptions run on this socket; end some.`);
    }
    if (subscriptionsOf(byUser.get(viewer.userId) ?? []) >= subscriptionsPerUser) {
      throw new Refusal("RATE_LIMITED", `This user has ${subscriptionsPerUser} subscriptions running; end some.`);
    }
  }

  function open(viewer: Viewer, onEnd: (reason: EndReason) => void): Connection {
    if ((byUser.get(viewer.userId)?.size ?? 0) >= connectionsPerUser) throw new TooManyConnections(connectionsPerUser);
    let subscriptions = 0;
    let endedBy: EndReason | null = null;
    let cancelExpiry = () => {};
    const entry: Entry = {
      viewer,
      get endedBy() {
        return endedBy;
      },
      get subscriptions() {
        return subscriptions;
      },
      arm() {
        cancelExpiry();
        cancelExpiry = clock.at(entry.viewer.expiresAt, () => entry.end("expired"));
      },
      end(reason) {
        if (endedBy !== null) return;
        endedBy = reason;
        entry.close();
        onEnd(reason);
      },
      close() {
        cancelExpiry();
        remove(entry);
      },
      takeSubscription() {
        checkSubscriptions(entry);
        subscriptions += 1;
      },
      giveBackSubscription() {
        subscriptions -= 1;
      },
    };
    add(entry);
    entry.arm();
    return entry;
  }

  const connections: Connections = {
    open,
    users: () => [...byUser.keys()],
    onPresence: () => {},
    isOnline: (userId) => byUser.has(userId),
    of: (userId) => [...(byUser.get(userId) ?? [])],
    endOf(userId, reason, isMeant) {
      for (const entry of byUser.get(userId) ?? []) if (isMeant(entry)) entry.end(reason);
    },
    renew(viewer, connection) {
      for (const entry of byUser.get(viewer.userId) ?? []) {
        const sameSession = entry.viewer.deviceId === viewer.deviceId && entry.viewer.session === viewer.session;
        // A token without a session is known by its socket alone.
        if (entry !== connection && (viewer.session === null || !sameSession)) continue;
        entry.viewer = { ...entry.viewer, role: viewer.role, issuedAt: viewer.issuedAt, expiresAt: viewer.expiresAt };
        entry.arm();
      }
    },
    endAll(reason) {
      for (const entries of byUser.values()) for (const entry of entries) entry.end(reason);
    },
    get count() {
      return count;
    },
    get userCount() {
      return byUser.size;
    },
    get subscriptionCount() {
      let total = 0;
      for (const entries of byUser.values()) total += subscriptionsOf(entries);
      return total;
    },
  };
  return connections;
}
