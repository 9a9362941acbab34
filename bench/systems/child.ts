/** A server as a process of its own, on the server's processor. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onServerProcessor } from "../load/machine.ts";

export interface Child {
  readonly pid: number;
  /** What the line that it waited for says. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Asks a process to end, and waits until it has. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/**
 * Starts a program and waits until it prints a line that matches.
 * @throws Error with what it wrote where it ends before that
 */
export async function startChild(
  command: readonly string[],
  line: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const [program = "", ...parameters] = onServerProcessor(command);
  const child = spawn(program, parameters, {
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A bench that breaks off leaves nothing running.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const errors: string[] = [];
  child.stderr.on("data", (text: Buffer) => errors.push(text.toString()));
  const stop = () => end(child);
  for await (const printed of createInterface({ input: child.stdout })) {
    const said = line.exec(printed)?.[1];
    // What it prints later is not read, and is little.
    if (said !== undefined && child.pid !== undefined) return { pid: child.pid, said, stop };
  }
  throw new Error(`${command.join(" ")} did not start: ${errors.join("")}`);
}
