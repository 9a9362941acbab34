/** Several servers on one PostgreSQL, and people who use now this one and now that one. */
import { onTestFinished } from "vitest";
import type { ServerOptions } from "../../src/server/server.ts";
import { App, Person } from "./app.ts";
import { MovableClock } from "./clock.ts";
import { dropDatabase, makeDatabase } from "./postgres.ts";

export interface ClusterOptions extends Partial<ServerOptions> {
  /** URL of PostgreSQL. */
  readonly server: string;
  /** Where servers reach the database, where that is not the same; such as by way of a proxy that can be cut. */
  readonly reachedAt?: (index: number, url: string) => string;
  readonly clock?: MovableClock;
}

export interface Cluster {
  readonly servers: readonly [App, App];
  /** Of the database, beside all servers. */
  readonly url: string;
  readonly clock: MovableClock;
  /** The same device on a server. */
  on(index: 0 | 1, person: Person): Person;
}

/** Starts two servers on a database of their own; all is removed when the test is over. */
export async function startCluster({
  server,
  reachedAt = (_, url) => url,
  clock = new MovableClock(),
  ...options
}: ClusterOptions): Promise<Cluster> {
  const name = `parley_cluster_${Math.random().toString(36).slice(2)}`;
  const { href: url } = new URL(name, server);
  await makeDatabase(server, name);
  const apps = [0, 1].map((index) => {
    const postgres = { url: reachedAt(index, url), connections: 10, unsafe: true };
    return new App({ postgres, ...options }, clock);
  });
  const [first, second] = apps;
  if (first === undefined || second === undefined) throw new Error("there are two");
  onTestFinished(async () => {
    await Promise.all(apps.map((app) => app.remove()));
    await dropDatabase(server, name);
  });
  // At the same time, as a supervisor does.
  await Promise.all(apps.map((app) => app.start()));
  return {
    servers: [first, second],
    url,
    clock,
    on: (index, { id, token }) => new Person(apps[index] ?? first, id, token),
  };
}
