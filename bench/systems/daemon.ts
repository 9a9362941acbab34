/** Servers of other projects, as they are installed: each started on the server's processor, with a configuration of its own. */
import { spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { onServerProcessor } from "../load/machine.ts";
import { end } from "./child.ts";

/** Whom servers run as where the bench itself may do everything: some refuse to, and none needs to. */
const NOBODY = 65_534;
const mayBeAnybody = process.getuid?.() === 0;
const account = mayBeAnybody ? { uid: NOBODY, gid: NOBODY } : {};

const START_MS = 60_000;
/** Longest that a server may take to end in order. */
const END_MS = 20_000;

export interface Daemon {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Start {
  readonly command: readonly string[];
  /** It has started once it accepts connections here. */
  readonly port: number;
  /** Where what it prints goes. */
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What asks it to end, and its connections with it. */
  readonly endsAt?: NodeJS.Signals;
}

/** Lets the servers write to a file or folder that the bench made. */
export function handOver(path: string): void {
  if (mayBeAnybody) chownSync(path, NOBODY, NOBODY);
}

/** Makes a folder that the servers may write to. */
export function folderFor(path: string): string {
  mkdirSync(path, { recursive: true });
  handOver(path);
  return path;
}

/** Lets the servers reach what is in a folder of the bench. */
export function openTo(folder: string): void {
  if (mayBeAnybody) chmodSync(folder, 0o711);
}

/** Runs a program to its end, as the account that the servers run as. */
export async function runAsServer(command: readonly string[], log: string): Promise<void> {
  const [program = "", ...parameters] = command;
  const output = openSync(log, "a");
  const child = spawn(program, parameters, { ...account, stdio: ["ignore", output, output] });
  closeSync(output);
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0) throw new Error(`${program} failed: ${readFileSync(log, "utf8")}`);
}

/** A port of this machine that nothing listens at. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a port that is none");
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * Starts a server and waits until it accepts connections.
 * @throws Error with what it printed where it does not come to that
 */
export async function startDaemon({ command, port, log, env = {}, endsAt = "SIGTERM" }: Start): Promise<Daemon> {
  const [program = "", ...parameters] = onServerProcessor(command);
  writeFileSync(log, "");
  const output = openSync(log, "a");
  const child = spawn(program, parameters, {
    ...account,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  // A bench that fails must not leave servers behind.
  const endWithBench = () => child.kill(endsAt);
  process.once("exit", endWithBench);

  async function stop(): Promise<void> {
    const last = setTimeout(() => child.kill("SIGKILL"), END_MS);
    await end(child, endsAt);
    clearTimeout(last);
    process.removeListener("exit", endWithBench);
  }

  const deadline = performance.now() + START_MS;
  while (!(await accepts(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || performance.now() > deadline) {
      await stop();
      throw new Error(`${command.join(" ")} did not start: ${readFileSync(log, "utf8")}`);
    }
    await pause(50);
  }
  return { pid: child.pid ?? 0, stop };
}
