/**
 * Two servers on one PostgreSQL and one Redis, and a load that goes now to this one and now to that one, request by
 * request, while each of the four is killed, stopped or paused in turn, and while the link of one to the database is cut.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { noPostgres, Postgres } from "../../support/postgres.ts";
import { NetworkProxy } from "../../support/proxy.ts";
import { noRedis, RedisServer } from "../../support/redis.ts";
import type { Trial } from "../findings.ts";
import { ServerProcess } from "../server-process.ts";
import { underLoad, type World } from "../under-load.ts";

/** The second server, which is the trial's own. */
class Second {
  readonly #env: Readonly<Record<string, string>>;
  readonly #dataFolder = mkdtempSync(join(tmpdir(), "parley-second-"));
  #server: ServerProcess | null = null;
  #crashed: ((log: string) => void) | null = null;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** Called with the log of one that went down by itself. */
  onCrash(told: (log: string) => void): void {
    this.#crashed = told;
  }

  async start(): Promise<void> {
    const server = await ServerProcess.start({ dataFolder: this.#dataFolder, env: this.#env });
    this.#server = server;
    void server.exited.then(() => {
      if (!server.mayEnd) this.#crashed?.(server.log.slice(-500));
    });
  }

  get url(): string | null {
    return this.#server?.url ?? null;
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.end(signal);
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.#dataFolder, { recursive: true, force: true });
  }
}

interface Site {
  readonly world: World;
  readonly second: Second;
  readonly postgres: Postgres;
  readonly redis: RedisServer;
  /** Between the second server and PostgreSQL. */
  readonly link: NetworkProxy;
}

/** Milliseconds: shorter and longer than a bus may be quiet. */
const PAUSES_MS = [1_000, 7_000];

type Fault = readonly [kind: string, happen: (site: Site) => Promise<void>];

const FAULTS: readonly Fault[] = [
  [
    "kill -9 of the first server",
    async ({ world }) => {
      await world.server.end("SIGKILL");
      await world.restart();
    },
  ],
  [
    "kill -9 of the second server",
    async ({ second }) => {
      await second.end("SIGKILL");
      await second.start();
    },
  ],
  [
    "SIGTERM of the second server",
    async ({ second }) => {
      await second.end("SIGTERM");
      await second.start();
    },
  ],
  [
    "PostgreSQL stopped and started",
    async ({ postgres }) => {
      await postgres.stop();
      await postgres.start();
    },
  ],
  [
    "PostgreSQL crashed",
    async ({ postgres }) => {
      await postgres.stop("SIGQUIT");
      await postgres.start();
    },
  ],
  [
    "PostgreSQL paused",
    async ({ postgres }) => {
      postgres.pause();
      await wait(2_000);
      postgres.wake();
    },
  ],
  [
    "Redis killed",
    async ({ redis, world }) => {
      await redis.kill();
      await world.load.untilAcknowledged(20);
      await redis.start();
    },
  ],
  [
    "Redis paused",
    async ({ redis }) => {
      redis.pause();
      await wait(PAUSES_MS[Math.floor(Math.random() * PAUSES_MS.length)]);
      redis.wake();
    },
  ],
  [
    "the database's link cut",
    async ({ link }) => {
      link.cutAll();
      link.shut();
      await wait(1_000);
      link.open();
    },
  ],
  [
    "the database's link dead",
    async ({ link }) => {
      link.freeze();
      await wait(2_000);
      link.thaw();
    },
  ],
];

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

export const severalServers: Trial = {
  name: "two servers on PostgreSQL and Redis",
  unavailable: () => noPostgres() ?? noRedis(),
  async run(scale) {
    const postgres = await Postgres.create();
    const redis = await RedisServer.create();
    const link = new NetworkProxy(() => postgres.port);
    await link.listen();
    const over = (port: number) => `postgres://parley@127.0.0.1:${port}/postgres`;
    const shared = { PARLEY_BUS: redis.url, PARLEY_SEARCH: "false" };
    const second = new Second({ ...shared, PARLEY_DATABASE: over(Number(new URL(link.url).port)) });
    try {
      await second.start();
      let turn = 0;
      return await underLoad({
        env: { ...shared, PARLEY_DATABASE: postgres.url },
        errorsExpected: true,
        door: (first) => ({
          get url() {
            turn += 1;
            return (turn % 2 === 0 ? second.url : null) ?? first().url;
          },
        }),
        async faults(world) {
          second.onCrash((log) => world.breach(`the second server went down: ${log}`));
          const site = { world, second, postgres, redis, link };
          for (let round = 0; round < scale.pick(1, 40); round += 1) {
            for (const [kind, happen] of shuffled(FAULTS)) {
              await world.load.untilAcknowledged(1 + Math.floor(Math.random() * 40));
              await happen(site);
              world.fault(kind);
              await world.load.untilAcknowledged(20);
            }
          }
        },
      });
    } finally {
      await second.remove();
      link.close();
      await redis.kill();
      await postgres.remove();
    }
  },
};
