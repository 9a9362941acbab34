/** What connects a server to others on its database; a server on a file has none. */
import { randomUUID } from "node:crypto";
import { openBus } from "../bus/open.ts";
import { systemClock } from "../engine/clock.ts";
import type { ClusterSetup } from "../engine/cluster/cluster.ts";
import type { ServerOptions } from "./server.ts";

/** @param generation of the database */
export async function openCluster(
  { postgres = null, redis = null, decorateBus = (bus) => bus, log }: ServerOptions,
  generation: string,
): Promise<ClusterSetup | null> {
  if (postgres === null) return null;
  const serverId = randomUUID();
  const bus = await openBus({
    redis,
    postgres: postgres.url,
    generation,
    serverId,
    clock: systemClock,
    onHealth(healthy) {
      if (healthy) log.info("the bus is well");
      else log.warn("the bus is not heard; the database is looked into instead");
    },
  });
  return { serverId, clock: systemClock, bus: decorateBus(bus) };
}
