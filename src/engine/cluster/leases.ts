/** Jobs that one server does for all: whoever has the lease does it, and another one takes over where that is gone. */
import type { Clock } from "../clock.ts";
import type { Store } from "../store.ts";

/** Milliseconds for which a job is had; each piece of work must be much shorter. */
const LEASE_MS = 60_000;

/** Milliseconds for which it is taken for had. */
const BELIEVED_MS = 10_000;

export interface Leases {
  /** Whether this server has the job, for some time yet. */
  take(job: string): Promise<boolean>;
}

/** Of a server that is alone. */
export const ALL_LEASES: Leases = { take: async () => true };

export function createLeases(store: Pick<Store, "takeLease">, clock: Clock, serverId: string): Leases {
  const taken = new Map<string, number>();
  return {
    async take(job) {
      const at = clock.monotonic();
      if (at - (taken.get(job) ?? Number.NEGATIVE_INFINITY) < BELIEVED_MS) return true;
      const isOurs = await store.takeLease(job, serverId, clock.now(), clock.now() + LEASE_MS);
      if (isOurs) taken.set(job, at);
      else taken.delete(job);
      return isOurs;
    },
  };
}
