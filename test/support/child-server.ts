/** A server in a process of its own, to be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { SECRET } from "./app.ts";

export interface ChildServer {
  readonly url: string;
  readonly process: ChildProcess;
}

/** What is run: as it is built, or from the sources. */
export const BUILT = ["dist/main.js"];
export const SOURCES = ["--import", "tsx", "src/main.ts"];

/** Starts one over the data in a folder; it does not outlive the test. */
export async function startChild(
  what: readonly string[],
  folder: string,
  settings: Record<string, string>,
): Promise<ChildServer> {
  const { PATH = "" } = process.env;
  const env = { PATH, PARLEY_PORT: "0", PARLEY_DATA: folder, PARLEY_SECRET: SECRET, ...settings };
  const server = spawn(process.execPath, what, { env, stdio: ["ignore", "pipe", "ignore"] });
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
