/**
 * Copies what has been committed from the write-ahead log into the file, on a thread of its own: thousands of pages and
 * their sync would hold everybody up for tens of milliseconds. The writer copies only what has been committed meanwhile,
 * so that the log can begin anew.
 */
import { Worker } from "node:worker_threads";
import type Sqlite from "better-sqlite3";

/** By how many pages of 4 KiB the log grows between two copies. */
const PAGES = 4_000;

export interface Checkpointer {
  /** To be called after each commit. */
  committed(): void;
  /** Waits for the thread to end. To be called before the handle is closed. */
  close(): Promise<void>;
}

type LogState = { busy: number; log: number; checkpointed: number };

/** @param handle the writer's, on the file at this path */
export function createCheckpointer(handle: Sqlite.Database, path: string): Checkpointer {
  handle.pragma("wal_autocheckpoint = 0");
  const look = handle.prepare<[], LogState>("pragma wal_checkpoint(NOOP)");
  const copy = handle.prepare<[], LogState>("pragma wal_checkpoint(PASSIVE)");
  let thread: Worker | null = null;
  let working = false;
  /** How long the log was when it was last copied, or tried to be: a reader may keep it from that. */
  let lastLog = 0;

  /** Where there is no thread, SQLite goes about it as it would by itself. */
  function giveUp(): void {
    thread = null;
    if (handle.open) handle.pragma(`wal_autocheckpoint = ${PAGES}`);
  }

  function finish(): void {
    working = false;
    try {
      lastLog = copy.get()?.log ?? 0;
    } catch {
      // As on the thread: the log has it, and the next commit tells whether the disk is broken.
    }
  }

  function start(): Worker {
    const worker = new Worker(new URL("./checkpoint-thread.mjs", import.meta.url), { workerData: path });
    worker.unref();
    worker.on("message", finish);
    worker.on("error", giveUp);
    return worker;
  }

  return {
    committed() {
      if (working) return;
      const { log = 0 } = look.get() ?? {};
      // It has begun anew.
      if (log < lastLog) lastLog = 0;
      if (log - lastLog < PAGES) return;
      thread ??= start();
      working = true;
      thread.postMessage("copy");
    },
    async close() {
      const worker = thread;
      working = true;
      thread = null;
      worker?.off("message", finish);
      worker?.off("error", giveUp);
      await worker?.terminate();
    },
  };
}
