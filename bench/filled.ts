/** Filled data, made when it is first asked for and shared by the workloads of a run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fill } from "./fill.ts";

const folders = new Map<number, Promise<string>>();

async function make(messages: number): Promise<string> {
  process.stderr.write(`filling a store with ${messages.toLocaleString("en")} messages\n`);
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-filled-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await fill(folder, messages);
  return folder;
}

/** A folder with the data of a server that holds so many messages. What is done to it stays done. */
export function filled(messages: number): Promise<string> {
  const folder = folders.get(messages) ?? make(messages);
  folders.set(messages, folder);
  return folder;
}
