/** A server in a process of its own, to be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { SECRET } from "./app.ts";

export interface ChildServer {
  readonly url: string;
  readonly process: ChildProcess;
}

/** The command, as it is built before the tests. */
export const COMMAND = resolve("dist/main.js");

/**
 * Starts one over the data in a folder; it does not outlive the test.
 * @param options of Node
 */
export async function startChild(
  folder: string,
  settings: Record<string, string>,
  options: readonly string[] = [],
): Promise<ChildServer> {
  const { PATH = "" } = process.env;
  const env = { PATH, PARLEY_PORT: "0", PARLEY_DATA: folder, PARLEY_SECRET: SECRET, ...settings };
  const server = spawn(process.execPath, [...options, COMMAND], { env, stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void server.kill("SIGKILL"));
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /listening.*?(http:\S+)/.exec(line)?.[1];
    // What it prints later is not read, and is little.
    if (url !== undefined) return { url, process: server };
  }
  throw new Error("the server did not start");
}

export async function kill({ process: server }: ChildServer): Promise<void> {
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}
