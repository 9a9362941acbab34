/** Parley on PostgreSQL: one server, or two that share it and tell each other by its NOTIFY or by Redis. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, openTo, startDaemon } from "./daemon.ts";
import { type RunningParley, startParley } from "./parley.ts";
import { DATABASE_USER, postgresPrograms, SqlSession, startPostgres } from "./postgres.ts";
import type { RunningSystem, System } from "./system.ts";

const REDIS = "/usr/bin/redis-server";
const DATABASE = "parley";

interface Site {
  readonly servers: number;
  readonly redis: boolean;
}

async function startRedis(folder: string) {
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const daemon = await startDaemon({
    command: [REDIS, ...options],
    port,
    log: join(folder, "redis"),
    endsAt: "SIGTERM",
  });
  return { url: `redis://127.0.0.1:${port}`, ...daemon };
}

/** Users are on the servers in turn, so that of two who write to each other each is on another one. */
async function startSite(folder: string, { servers: count, redis: withRedis }: Site): Promise<RunningSystem> {
  openTo(folder);
  const postgres = await startPostgres(join(folder, "postgres"), postgresPrograms() ?? "");
  const creation = new SqlSession(postgres.port, "postgres");
  await creation.run(`create database ${DATABASE};`);
  await creation.close();
  const redis = withRedis ? await startRedis(folder) : null;
  const env = {
    PARLEY_DATABASE: `postgres://${DATABASE_USER}@127.0.0.1:${postgres.port}/${DATABASE}`,
    PARLEY_SEARCH: "false",
    ...(redis === null ? {} : { PARLEY_BUS: redis.url }),
  };
  const servers: RunningParley[] = [];
  for (let number = 0; number < count; number += 1) {
    const own = join(folder, `server-${number}`);
    mkdirSync(own);
    servers.push(await startParley(own, env));
  }
  let next = 0;
  return {
    pids: [...servers.flatMap(({ pids }) => pids), postgres.pid, ...(redis === null ? [] : [redis.pid])],
    connect(user, onMessage) {
      const server = servers[next % servers.length];
      next += 1;
      if (server === undefined) throw new Error("there is no server");
      return server.connect(user, onMessage);
    },
    async stop() {
      for (const server of servers) await server.stop();
      await redis?.stop();
      await postgres.stop();
    },
  };
}

const durability = "every answered send is synced (PostgreSQL, fsync, synchronous_commit)";

function system(name: string, site: Site): System {
  return { name, durability, start: (folder) => startSite(folder, site) };
}

/** Those that can be started here, and says of each other that it is left out. */
export function onPostgres(say: (text: string) => void): System[] {
  if (postgresPrograms() === null) {
    say("Parley on PostgreSQL is left out: that is not installed (apt-get install postgresql).");
    return [];
  }
  const systems = [
    system("on PostgreSQL", { servers: 1, redis: false }),
    system("two servers", { servers: 2, redis: false }),
  ];
  if (existsSync(REDIS)) return [...systems, system("two, and Redis", { servers: 2, redis: true })];
  say("Two servers and Redis are left out: it is not installed (apt-get install redis-server).");
  return systems;
}
