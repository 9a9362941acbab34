/**
 * The disk fails under load: writes and syncs of the data files give errors, once, for a while, or for good, from a
 * call on that nobody chose. `strace` puts the errors into the running server.
 *
 * After an error in a commit, which leaves the outcome open, the server must exit, for whoever supervises it. It must not
 * on a full disk, where it refuses writes, goes on reading, and heals by itself; nor after an error in a checkpoint, which
 * copies what commits have made safe and is done again (https://www.sqlite.org/wal.html#ckpt).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signAppToken } from "../../../src/server/tokens.ts";
import { Client, pause, Unanswered } from "../client.ts";
import { noTracer } from "../disk-trace.ts";
import type { Trial } from "../findings.ts";
import { SECRET } from "../server-process.ts";
import { underLoad, type World } from "../under-load.ts";

interface DiskError {
  readonly name: string;
  readonly call: "fsync" | "pwrite64";
  readonly does: string;
  /** Calls in a row; null: all that follow. */
  readonly times: number | null;
  readonly server: "exits" | "refuses" | "goes on";
}

const ERRORS: readonly DiskError[] = [
  { name: "one fsync fails with EIO", call: "fsync", does: "error=EIO", times: 1, server: "exits" },
  { name: "each fsync fails with EIO", call: "fsync", does: "error=EIO", times: null, server: "exits" },
  { name: "one fsync fails with ENOSPC", call: "fsync", does: "error=ENOSPC", times: 1, server: "exits" },
  { name: "fsync takes 200 ms for a while", call: "fsync", does: "delay_enter=200000", times: 10, server: "goes on" },
  { name: "one write fails with EIO", call: "pwrite64", does: "error=EIO", times: 1, server: "exits" },
  { name: "each write fails with EIO", call: "pwrite64", does: "error=EIO", times: null, server: "exits" },
  { name: "writes fail with ENOSPC for a while", call: "pwrite64", does: "error=ENOSPC", times: 20, server: "goes on" },
  { name: "each write fails with ENOSPC", call: "pwrite64", does: "error=ENOSPC", times: null, server: "refuses" },
  { name: "writes write nothing for a while", call: "pwrite64", does: "retval=0", times: 20, server: "goes on" },
];

/** How long an exit, or a refusal, may take. */
const PATIENCE_MS = 60_000;

/** How long the tracer may take to let go. */
const DETACH_MS = 3_000;

const WRITE = `mutation ($text: String!) { sendMessage(input: { to: "prober", content: { text: { text: $text } } }) {
  ... on SendMessageSuccess { message { id } } ... on Error { code } } }`;
const READ = '{ history(peer: "prober", last: 1) { nodes { id } } }';

function isInjected(call: string): boolean {
  return call.endsWith("(INJECTED)") || call.endsWith("(DELAYED)");
}

class Tracer {
  readonly #child: ChildProcess;
  readonly #log: string;

  constructor(pid: number, files: readonly string[], { call, does, times }: DiskError, from: number, log: string) {
    const when = times === null ? `${from}+` : `${from}..${from + times - 1}`;
    const paths = files.flatMap((file) => ["-P", file]);
    const inject = ["-e", "trace=fsync,pwrite64", "-e", `inject=${call}:${does}:when=${when}`];
    const options = ["-f", "-y", "-s", "0", "-qq", "-o", log, ...paths, ...inject, "-p", String(pid)];
    this.#log = log;
    this.#child = spawn("strace", options, { stdio: "ignore" });
  }

  get #calls(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n") : [];
  }

  /** How many calls have failed. */
  get injected(): number {
    return this.#calls.filter(isInjected).length;
  }

  /**
   * Whether one of them was of a commit: those write to the write-ahead log and then sync it. A checkpoint syncs what
   * has been synced already, and writes to the file itself.
   */
  get hitCommit(): boolean {
    let hasWritten = false;
    for (const call of this.#calls) {
      const isWrite = call.includes(" pwrite64(");
      const isLog = call.includes("-wal>");
      if (isLog && isInjected(call) && (isWrite || hasWritten)) return true;
      if (isLog) hasWritten = isWrite;
    }
    return false;
  }

  async detach(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    // It may wait for ever for a process that ends just now; killed, it lets go of it all the same.
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), DETACH_MS);
    await ended;
    clearTimeout(patience);
  }
}

async function until(what: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (await what()) return true;
    await pause();
  }
  return false;
}

async function isRefused(prober: Client): Promise<boolean> {
  try {
    await prober.ask(WRITE, { text: "is there room?" });
    return false;
  } catch (error) {
    if (error instanceof Unanswered) return error.nothingHappened;
    throw error;
  }
}

async function isAnswered(prober: Client): Promise<boolean> {
  try {
    await prober.ask(READ);
    return true;
  } catch (error) {
    if (error instanceof Unanswered) return false;
    throw error;
  }
}

async function strike(world: World, error: DiskError, log: string): Promise<void> {
  const { server, load } = world;
  const prober = new Client(server, await signAppToken(SECRET, "prober", "user", Date.now() + 86_400_000));
  await prober.insist("{ viewer { id } }");
  if (error.server === "exits") server.allowEnd();
  let isDown = false;
  void server.exited.then(() => {
    isDown = true;
  });
  const database = join(world.dataFolder, "parley.sqlite");
  // Not the first, so that what was called before it is known.
  const from = 2 + Math.floor(Math.random() * 25);
  const tracer = new Tracer(server.pid, [database, `${database}-wal`], error, from, log);
  try {
    const happened = () => tracer.injected >= (error.times ?? 1) && (error.times !== null || tracer.hitCommit);
    if (!(await until(() => isDown || happened()))) world.breach(`${error.name}: nothing was injected`);
    if (error.server === "refuses") {
      if (!(await until(() => isDown || isRefused(prober)))) world.breach(`${error.name}: a write was not refused`);
      if (!(await until(() => isDown || isAnswered(prober)))) world.breach(`${error.name}: a read was not answered`);
    }
  } finally {
    // Its last lines come when it ends.
    await tracer.detach();
  }
  if (error.server === "exits" && tracer.hitCommit) {
    if (!(await until(() => isDown))) world.breach(`${error.name}: the server did not exit`);
  } else if (!(await until(() => isDown || isAnswered(prober))) || isDown) {
    world.breach(`${error.name}: the server went down: ${server.log.slice(-500)}`);
  }
  world.fault(error.name);
  for (const line of server.errors) if (line.includes("unexpectedly")) world.breach(`the server logged ${line}`);
  if (isDown) {
    const { code } = await server.exited;
    if (code !== 1) world.breach(`${error.name}: the server exited with ${code}`);
    await world.restart();
  }
  await load.untilAcknowledged(20);
}

export const diskErrors: Trial = {
  name: "disk errors under load",
  unavailable: noTracer,
  async run(scale) {
    const folder = mkdtempSync(join(tmpdir(), "parley-errors-"));
    try {
      return await underLoad({
        errorsExpected: true,
        async faults(world) {
          for (let round = 0; round < scale.pick(3, 50); round += 1) {
            for (const [index, error] of ERRORS.entries()) {
              await strike(world, error, join(folder, `${round}-${index}`));
            }
          }
        },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
