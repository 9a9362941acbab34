/** PostgreSQL for tests: a server of its own from what is installed, and a database for each data folder. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "./ports.ts";

/** Where Debian and others put the programs of each release. */
const RELEASES = "/usr/lib/postgresql";

/** The folder of the newest release's programs; null where there is none. */
function programs(): string | null {
  const releases = existsSync(RELEASES) ? readdirSync(RELEASES) : [];
  const [newest] = releases.sort((a, b) => Number(b) - Number(a));
  const folder = newest === undefined ? null : join(RELEASES, newest, "bin");
  return folder !== null && existsSync(join(folder, "initdb")) ? folder : null;
}

export function noPostgres(): string | null {
  return programs() === null ? "PostgreSQL is not installed" : null;
}

/** It refuses to run as root. */
function asWhom(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** A server of PostgreSQL, which can be stopped in each of its ways, and started again on the same data. */
export class Postgres {
  readonly folder: string;
  readonly port: number;
  readonly #programs: string;
  readonly #user = asWhom();
  readonly #settings: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number, found: string, settings: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.#programs = found;
    this.#settings = settings;
  }

  /**
   * Makes a server with nothing in it.
   * @param settings such as `fsync=off`
   */
  static async create(...settings: string[]): Promise<Postgres> {
    const found = programs();
    if (found === null) throw new Error("PostgreSQL is not installed");
    const folder = mkdtempSync(join(tmpdir(), "parley-postgres-"));
    const server = new Postgres(folder, await freePort(), found, settings);
    const { uid, gid } = server.#user;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    const options = ["-D", join(folder, "data"), "-A", "trust", "-U", "parley", "-E", "UTF8", "--locale=C.UTF-8", "-N"];
    execFileSync(join(found, "initdb"), options, { ...server.#user, cwd: folder, stdio: "ignore" });
    await server.start();
    return server;
  }

  /** Of the database that is there from the beginning. */
  get url(): string {
    return `postgres://parley@127.0.0.1:${this.port}/postgres`;
  }

  /** Resolves once it takes connections. */
  async start(): Promise<void> {
    const options = ["listen_addresses=127.0.0.1", "max_connections=300", "max_locks_per_transaction=256"];
    const settings = [...options, ...this.#settings].flatMap((setting) => ["-c", setting]);
    const data = join(this.folder, "data");
    const child = spawn(
      join(this.#programs, "postgres"),
      ["-D", data, "-p", String(this.port), "-k", this.folder, ...settings],
      { ...this.#user, cwd: this.folder, stdio: "ignore" },
    );
    this.#process = child;
    while (child.exitCode === null) {
      const isUp = await ask(this.url, "select 1").then(
        () => true,
        () => false,
      );
      if (isUp) return;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    throw new Error("PostgreSQL did not start");
  }

  /** Stands still, with its connections open, until it is woken. */
  pause(): void {
    this.#signalAll("SIGSTOP");
  }

  wake(): void {
    this.#signalAll("SIGCONT");
  }

  /** Each connection has a process of its own. */
  #signalAll(signal: NodeJS.Signals): void {
    const parent = this.#process?.pid;
    if (parent === undefined) return;
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
    for (const pid of [parent, ...children.trim().split(" ").filter(Boolean).map(Number)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended since.
      }
    }
  }

  /** SIGINT: at once, with everybody cut off. SIGQUIT: as after a crash. */
  async stop(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs statements beside the servers; gives the rows of the last. */
export async function ask(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // What breaks is told by the statement that it breaks.
  client.on("error", () => {});
  try {
    await client.connect();
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** The database that belongs to a data folder. */
export function databaseOf(server: string, dataFolder: string): { url: string; name: string } {
  const name = `parley_${createHash("sha256").update(dataFolder).digest("hex").slice(0, 16)}`;
  return { url: new URL(name, server).href, name };
}

/** What databases of servers are copied from, so that each need not make its tables. */
export const TEMPLATE = "parley_template";

/** Makes it where it is missing, with all tables. */
export async function makeDatabase(server: string, name: string): Promise<void> {
  const found = await ask(server, `select 1 from pg_database where datname = '${name}'`);
  if (found.length > 0) return;
  await ask(server, `create database ${name} template ${TEMPLATE}`);
  await ask(new URL(name, server).href, "update store_info set generation = gen_random_uuid()");
}

/** Makes one with nothing in it. */
export async function makeEmptyDatabase(server: string, name: string): Promise<void> {
  await ask(server, `create database ${name} template template0`);
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  await ask(server, `drop database if exists ${name} with (force)`);
}
