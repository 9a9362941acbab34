/** Looks through a copy of the store, in a process of its own that gives way to all others. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { text } from "node:stream/consumers";

/**
 * Prints what is wrong, and nothing where all is well. A process, since a thread of this one would have its priority;
 * a text, since it must run alike from the sources and built.
 */
const CHECK = `
  const [, driver, path, generation, priority] = process.argv;
  require("node:os").setPriority(Number(priority));
  const Sqlite = require(driver);
  const file = new Sqlite(path, { fileMustExist: true });
  // One plain file, which can also be read where nothing can be written. A server that is started on it changes that.
  file.pragma("journal_mode = DELETE");
  const fault = file.pragma("quick_check(1)", { simple: true });
  const found = file.prepare("select generation from store_info").pluck().get();
  file.close();
  if (fault !== "ok") console.log(fault);
  else if (found !== generation) console.log("it is the copy of another store");
`;

const driver = createRequire(import.meta.url).resolve("better-sqlite3");

/**
 * Makes a copy a file that stands alone, and looks through every page of it.
 * @returns what is wrong; null where nothing is, or where it was told to stop
 */
export async function faultOfCopy(path: string, generation: string, stop: AbortSignal): Promise<string | null> {
  const parameters = ["-e", CHECK, driver, path, generation, String(constants.priority.PRIORITY_LOW)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  stop.addEventListener("abort", kill, { once: true });
  try {
    const [said, errors, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    if (stop.aborted) return null;
    if (code === 0) return said.trim() || null;
    return /^\w*Error: (.*)$/m.exec(errors)?.[1] ?? `the check ended with ${code ?? signal}`;
  } finally {
    stop.removeEventListener("abort", kill);
  }
}
