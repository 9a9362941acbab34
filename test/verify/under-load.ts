/** The frame of most trials: a server, a load on it, faults meanwhile; then everything is drained and judged. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./checker.ts";
import type { Address } from "./client.ts";
import { type Breach, type Findings, findings } from "./findings.ts";
import { Load } from "./load.ts";
import { type ProcessOptions, SECRET, ServerProcess } from "./server-process.ts";

export interface World {
  readonly load: Load;
  readonly dataFolder: string;
  /** Where clients connect, also after a restart. */
  readonly address: Address;
  /** The server that runs now. */
  readonly server: ServerProcess;
  /** Starts the server anew on the same data; clients find it. The old one must have ended. */
  restart(options?: Pick<ProcessOptions, "env" | "wrap">): Promise<void>;
  /** Counts a fault. */
  fault(kind: string, times?: number): void;
  /** Reports what only the trial can see. */
  breach(what: string): void;
}

export interface UnderLoad extends Pick<ProcessOptions, "env" | "wrap"> {
  /** An empty folder that the trial makes and removes; one of its own by default. */
  readonly dataFolder?: string;
  readonly users?: number;
  readonly paceMs?: number;
  /** What goes wrong, while the load runs. When it is over, the server must be up. */
  readonly faults: (world: World) => Promise<void>;
  /** Whether the faults make the server log errors. @default false */
  readonly errorsExpected?: boolean;
  /** Whether a backlog may have a hole that it tells of. @default false */
  readonly mayMiss?: boolean;
  /** Where the clients connect; the server itself by default. */
  readonly door?: (server: () => ServerProcess) => { readonly url: string };
}

/** Runs a load, lets faults happen, drains, and gives what the checker finds. */
export async function underLoad(trial: UnderLoad): Promise<Findings> {
  const { faults, users, paceMs, door, env, wrap, errorsExpected = false, mayMiss = false } = trial;
  const dataFolder = trial.dataFolder ?? mkdtempSync(join(tmpdir(), "parley-verify-"));
  const counted: Record<string, number> = {};
  const breaches: Breach[] = [];
  const options = { dataFolder, ...(env === undefined ? {} : { env }), ...(wrap === undefined ? {} : { wrap }) };
  const servers: ServerProcess[] = [];
  let crashes = 0;
  async function start(changed: Partial<ProcessOptions>): Promise<ServerProcess> {
    const started = await ServerProcess.start({ ...options, ...changed });
    servers.push(started);
    void started.exited.then(() => {
      if (!started.mayEnd) crashes += 1;
    });
    return started;
  }
  let server = await start({});
  const address = door?.(() => server) ?? {
    get url() {
      return server.url;
    },
  };
  let load: Load | null = null;
  try {
    load = await Load.start({
      server: address,
      secret: SECRET,
      ...(users === undefined ? {} : { users }),
      ...(paceMs === undefined ? {} : { paceMs }),
    });
    await load.untilAcknowledged(50);
    await faults({
      load,
      address,
      dataFolder,
      get server() {
        return server;
      },
      async restart(changed = {}) {
        server = await start(changed);
      },
      fault(kind, times = 1) {
        counted[kind] = (counted[kind] ?? 0) + times;
      },
      breach(what) {
        breaches.push({ kind: "other", what });
      },
    });
    await load.untilAcknowledged(50);
    const journal = await load.finish();
    breaches.push(...check(journal, { mayMiss }));
    for (const line of errorsExpected ? [] : servers.flatMap(({ errors }) => errors)) {
      breaches.push({ kind: "other", what: `the server logged ${line}` });
    }
    return findings({ faults: counted, acknowledged: load.acknowledged, breaches, crashes });
  } finally {
    load?.abandon();
    await server.end("SIGKILL");
    if (trial.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true });
  }
}
