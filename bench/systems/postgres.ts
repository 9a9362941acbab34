/** A PostgreSQL cluster in a folder of its own, as durable as it is by default, and a session to put things into it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { end } from "./child.ts";
import { type Daemon, folderFor, freePort, runAsServer, startDaemon } from "./daemon.ts";

const VERSIONS = "/usr/lib/postgresql";
export const DATABASE_USER = "bench";

/** Where the newest version that is installed has its programs; null where none is. */
export function postgresPrograms(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const newest = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .find((version) => {
      return existsSync(join(VERSIONS, version, "bin/initdb"));
    });
  return newest === undefined ? null : join(VERSIONS, newest, "bin");
}

/** One session of psql, one statement after another. */
export class SqlSession {
  readonly #child: ChildProcess;
  #last: Promise<unknown> = Promise.resolve();
  #lines: string[] = [];
  #onDone: (lines: string[]) => void = () => {};
  #errors = "";
  #hasEnded: Promise<never>;

  constructor(port: number, database: string) {
    const child = spawn(
      "psql",
      ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", String(port), "-U", DATABASE_USER, database],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    this.#child = child;
    child.stderr.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#hasEnded = new Promise((_, reject) => {
      child.once("exit", () => reject(new Error(`psql ended: ${this.#errors}`)));
    });
    this.#hasEnded.catch(() => {});
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line !== "done") return this.#lines.push(line);
      const lines = this.#lines;
      this.#lines = [];
      this.#onDone(lines);
    });
  }

  /**
   * Runs statements, each ended as psql wants it; the rows' fields are between bars.
   * @throws Error where one fails
   */
  run(statements: string): Promise<string[]> {
    const answered = this.#last.then(() => {
      const done = new Promise<string[]>((resolve) => {
        this.#onDone = resolve;
      });
      this.#child.stdin?.write(`${statements}\n\\echo done\n`);
      return Promise.race([done, this.#hasEnded]);
    });
    this.#last = answered.catch(() => {});
    return answered;
  }

  close(): Promise<void> {
    return end(this.#child);
  }
}

export interface Postgres extends Daemon {
  readonly port: number;
}

/** Starts an empty cluster, with every setting as PostgreSQL has it; what makes it durable is said all the same. */
export async function startPostgres(folder: string, programs: string): Promise<Postgres> {
  const data = join(folderFor(folder), "data");
  const log = join(folder, "log");
  await runAsServer(
    [join(programs, "initdb"), "-D", data, "-U", DATABASE_USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    log,
  );
  const port = await freePort();
  const settings = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "on",
    synchronous_commit: "on",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const daemon = await startDaemon({
    command: [join(programs, "postgres"), "-D", data, ...options],
    port,
    log,
    endsAt: "SIGINT",
  });
  // It accepts connections, only to refuse them, a little before it is ready.
  while (spawnSync(join(programs, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)]).status !== 0) {
    await pause(50);
  }
  return { port, ...daemon };
}
