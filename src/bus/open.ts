/** Opens the bus that the settings name. */
import type { Bus } from "../engine/cluster/bus.ts";
import { type BusOptions, createBus } from "./bus.ts";

export interface OpenBusOptions extends Omit<BusOptions, "transport"> {
  /** `redis://…` or `rediss://…`; null: PostgreSQL's own. */
  readonly redis: string | null;
  /** Of the database. */
  readonly postgres: string;
  /** Which life of which data: servers on another one hear nothing. */
  readonly generation: string;
}

export async function openBus({ redis, postgres, generation, ...options }: OpenBusOptions): Promise<Bus> {
  if (redis === null) {
    const { openPostgresTransport } = await import("./postgres.ts");
    return createBus({ ...options, transport: openPostgresTransport(postgres) });
  }
  const { openRedisTransport } = await import("./redis.ts");
  return createBus({ ...options, transport: openRedisTransport(redis, `parley:${generation}`) });
}
