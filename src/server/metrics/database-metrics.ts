/** Metrics of a database in a server of its own, and of the bus between those who use it; a file has none. */
import { Counter, type Registry } from "prom-client";
import type { DatabaseServer } from "../../store/statement.ts";
import { watchGauge } from "./gauge.ts";

export interface WatchedDatabase {
  readonly server: DatabaseServer;
  readonly isBusHealthy: () => boolean;
}

export interface DatabaseMetrics {
  /** A connection to the database has met trouble. */
  databaseTrouble(): void;
  watchDatabase(watched: WatchedDatabase): void;
}

export function createDatabaseMetrics(registry: Registry): DatabaseMetrics {
  const trouble = new Counter({
    name: "parley_database_trouble_total",
    help: "Connections to the database that broke.",
    registers: [registry],
  });

  return {
    databaseTrouble: () => trouble.inc(),
    watchDatabase({ server, isBusHealthy }) {
      watchGauge(registry, {
        name: "parley_database_connections",
        help: "Connections to the database, by whether they do something.",
        labelNames: ["state"],
        read(gauge) {
          const { busy, idle } = server.connections();
          gauge.set({ state: "busy" }, busy);
          gauge.set({ state: "idle" }, idle);
        },
      });
      watchGauge(registry, {
        name: "parley_database_waiting",
        help: "Operations that wait for a connection to the database.",
        read: (gauge) => gauge.set(server.connections().waiting),
      });
      watchGauge(registry, {
        name: "parley_bus_healthy",
        help: "1 while what this server tells the others comes back to itself.",
        read: (gauge) => gauge.set(isBusHealthy() ? 1 : 0),
      });
    },
  };
}
