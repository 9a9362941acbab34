/** Copies the living file page by page, between the commits of its own handle, and so that nobody waits for it. */
import type { FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type Sqlite from "better-sqlite3";

/** How fast it copies: the commits' syncs share the disk with it. */
const BYTES_PER_MS = (16 * 1024 * 1024) / 1_000;
/** Copied at once at most, where turns of the event loop are so long that a few milliseconds more matter little. */
const MOST_PAGES = 256;
const REST_MS = 2;
/** It rests so many times as long as a step took: one may be slow where the copy goes. */
const REST_TIMES = 4;
/** How much is copied before it waits until that is on the disk. The sync at the end, on which all wait, finds little. */
const SYNC_BYTES = 2 * 1024 * 1024;

/** SQLite's online backup. The driver's own loop around it never rests, which burns a processor. */
export interface PageCopier {
  /**
   * Copies so many pages more. None remaining: the copy is complete and synced.
   * @throws SqliteError where the copy cannot be written: then close it
   */
  transfer(pages: number): { readonly totalPages: number; readonly remainingPages: number };
  /** Ends it, and removes a file that is not complete. Transfer nothing after that. */
  close(): void;
}

interface NativeDatabase {
  backup(database: Sqlite.Database, schema: string, path: string, removeIncomplete: boolean): PageCopier;
}

function isNative(value: unknown): value is NativeDatabase {
  return typeof value === "object" && value !== null && "backup" in value && typeof value.backup === "function";
}

/**
 * Begins a copy through this handle: what its commits change meanwhile SQLite copies once more, and nothing holds the
 * write-ahead log. Through another handle it would begin anew with each commit; so it does after a rollback.
 * @param path an empty file
 */
export function openPageCopier(handle: Sqlite.Database, path: string): PageCopier {
  // The driver keeps it behind a symbol.
  const hidden = Object.getOwnPropertySymbols(handle).map((key): unknown => Reflect.get(handle, key));
  const native = hidden.find(isNative);
  if (native === undefined) throw new Error("this release of better-sqlite3 keeps its backup elsewhere");
  return native.backup(handle, "main", path, true);
}

/**
 * Copies until all is there and synced.
 * @param file the one that is copied to
 * @param saw is told how many bytes there are, and will be as far as is known
 */
export async function copyPages(
  copier: PageCopier,
  file: FileHandle,
  pageSize: number,
  stop: AbortSignal,
  saw: (copied: number, total: number) => void,
): Promise<void> {
  let unsynced = 0;
  let last = performance.now();
  for (;;) {
    const begun = performance.now();
    const due = Math.floor(((begun - last) * BYTES_PER_MS) / pageSize);
    const pages = Math.min(Math.max(due, 1), MOST_PAGES);
    const { totalPages, remainingPages } = copier.transfer(pages);
    const took = performance.now() - begun;
    saw((totalPages - remainingPages) * pageSize, totalPages * pageSize);
    if (remainingPages === 0) return;
    unsynced += pages * pageSize;
    if (unsynced >= SYNC_BYTES) {
      unsynced = 0;
      await file.datasync();
    }
    last = performance.now();
    stop.throwIfAborted();
    await pause(Math.max(REST_MS, took * REST_TIMES), undefined, { signal: stop });
  }
}
