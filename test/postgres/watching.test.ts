/** What an operator sees of servers on PostgreSQL, also while that is away. */
import { expect, inject, onTestFinished, test } from "vitest";
import { hooksConfig } from "../../src/hooks/config.ts";
import { startApp } from "../support/app.ts";
import { startCluster } from "../support/cluster.ts";
import { ONLY_ON_POSTGRES, readMetrics } from "../support/metrics.ts";
import { Postgres } from "../support/postgres.ts";

const server = inject("postgres");

test("metrics tell of the database and of the bus, and `serverStats` how large the database is", async () => {
  const { servers } = await startCluster({ server, metricsPort: 0 });
  const [first] = servers;
  const anna = await first.admin();
  await expect.poll(async () => (await readMetrics(first.server.metricsUrl)).get("parley_bus_healthy")).toBe(1);
  const metrics = await readMetrics(first.server.metricsUrl);
  const names = new Set([...metrics.keys()].map((name) => name.replace(/\{.*/, "")));
  expect(ONLY_ON_POSTGRES.filter((name) => !names.has(name))).toEqual([]);
  expect(metrics.get('parley_database_connections{state="idle"}')).toBeGreaterThan(0);
  expect(metrics.get("parley_database_waiting")).toBe(0);
  const { serverStats } = await anna.get("{ serverStats { storage { databaseBytes logBytes } } }");
  expect(serverStats.storage).toEqual({ databaseBytes: expect.any(Number), logBytes: null });
  expect(serverStats.storage.databaseBytes).toBeGreaterThan(1_000_000);
});

test("while PostgreSQL is away the metrics are there, but for what is counted in it", async () => {
  const postgres = await Postgres.create("fsync=off");
  onTestFinished(() => postgres.remove());
  const endpoint = { url: "https://app.example.org/hooks", secrets: [`whsec_${"x".repeat(32)}`] };
  const hooks = hooksConfig.parse({ events: [{ name: "app", endpoint }] });
  const place = { url: postgres.url, connections: 5, unsafe: true };
  const { server: running } = await startApp({ postgres: place, metricsPort: 0, hooks });
  const queue = 'parley_hook_queue{hook="app",state="waiting"}';
  expect((await readMetrics(running.metricsUrl)).get(queue)).toBe(0);
  await postgres.stop();
  const metrics = await readMetrics(running.metricsUrl);
  expect(metrics.has(queue)).toBe(false);
  expect(metrics.get("parley_connections")).toBe(0);
  await postgres.start();
  await expect.poll(async () => (await readMetrics(running.metricsUrl)).get(queue)).toBe(0);
});
