/** Runs on a thread of its own: see checkpointer.ts. */
import { constants, platform, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import Sqlite from "better-sqlite3";

// Where there is one processor, those who send come first. On Linux this concerns this thread alone; elsewhere it
// would concern the server.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_LOW);

const handle = new Sqlite(workerData, { fileMustExist: true });
handle.pragma("synchronous = FULL");
handle.pragma("wal_autocheckpoint = 0");

parentPort?.on("message", () => {
  try {
    handle.pragma("wal_checkpoint(PASSIVE)");
  } catch {
    // Nothing is lost: what was not copied is in the log, and is copied the next time.
  }
  parentPort?.postMessage("done");
});
