/**
 * Backups: the living file is copied, the copy is looked through, and only then it gets its name. Whatever ends one
 * before that leaves no file of that name.
 */
import { lstatSync } from "node:fs";
import { type FileHandle, link, open, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type Sqlite from "better-sqlite3";
import { type Copying, type CopyProgress, NameTaken } from "../../engine/copying.ts";
import { NotWritten } from "../../engine/store.ts";
import { faultOfCopy } from "./copy-check.ts";
import { copyPages, openPageCopier, type PageCopier } from "./page-copier.ts";

/** What SQLite may have put beside a file, and the file itself. */
const ENDS = ["-journal", "-wal", "-shm", ""];

export interface Backups {
  /** Whether pages are being copied. */
  readonly copying: boolean;
  /** As `Store.backUp`. */
  begin(name: string): Promise<Copying>;
  /** Gives up what is under way, and resolves when nothing is left of it. */
  close(): Promise<void>;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}

/** What the admin is told. */
function asRefused(error: unknown): Error {
  if (error instanceof NotWritten || error instanceof NameTaken) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "SQLITE_FULL") {
    return new NotWritten("The disk of PARLEY_BACKUPS is full: no backup was made.", { cause: error });
  }
  // An errno is what operators look for; its message holds the path.
  const why = code?.startsWith("E") ? code : error instanceof Error ? error.message : String(error);
  return new NotWritten(`No backup could be written into the folder of PARLEY_BACKUPS: ${why}.`, { cause: error });
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Gives a complete file its name, and never takes that from another. */
async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    if (isThere(path)) throw codeOf(error) === "EEXIST" ? new NameTaken() : error;
    // Not every file system links.
    await rename(partial, path);
  }
  try {
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(path);
    throw error;
  }
}

/** Removes what there is of a copy that has no name yet. What cannot be removed stays: it stands in nobody's way. */
async function removePartial(partial: string): Promise<void> {
  await Promise.allSettled(ENDS.map((end) => rm(`${partial}${end}`, { force: true })));
}

/** @param folder where backups go; null: nowhere */
export function createBackups(handle: Sqlite.Database, generation: string, folder: string | null): Backups {
  const pageSize = Number(handle.pragma("page_size", { simple: true }));
  let copier: PageCopier | null = null;
  /** Of the backup that is under way. */
  let stopping: AbortController | null = null;
  let over: Promise<unknown> = Promise.resolve();

  function endCopying(): void {
    copier?.close();
    copier = null;
  }

  async function copyInto(
    partial: string,
    file: FileHandle,
    stop: AbortSignal,
    saw: (progress: CopyProgress) => void,
  ): Promise<number> {
    stop.throwIfAborted();
    copier = openPageCopier(handle, partial);
    await copyPages(copier, file, pageSize, stop, (copied, total) => saw({ copied, total, verifying: false }));
    endCopying();
    const { size } = await file.stat();
    saw({ copied: size, total: size, verifying: true });
    const fault = await faultOfCopy(partial, generation, stop);
    stop.throwIfAborted();
    if (fault !== null) throw new NotWritten(`The copy is not sound and was removed: ${fault}`);
    return size;
  }

  function start(path: string, file: FileHandle, stop: AbortController): Copying {
    const partial = `${path}.partial`;
    let progress: CopyProgress = { copied: 0, total: 0, verifying: false };

    async function finish(): Promise<number> {
      try {
        const size = await copyInto(partial, file, stop.signal, (now) => {
          progress = now;
        }).catch(async (error: unknown) => {
          // Gigabytes take a while to be given back, and SQLite would have everybody wait for that.
          await file.truncate(0);
          throw error;
        });
        await publish(partial, path);
        return size;
      } catch (error) {
        if (!stop.signal.aborted) throw asRefused(error);
        throw new NotWritten("It was given up: the server was stopped, or could not record it.");
      } finally {
        endCopying();
        await removePartial(partial);
        await file.close();
        stopping = null;
      }
    }

    const finished = finish();
    over = finished.catch(() => {});
    return { progress: () => progress, finished, giveUp: () => stop.abort() };
  }

  return {
    get copying() {
      return copier !== null;
    },

    async begin(name) {
      if (folder === null) {
        const reason = "There is no place for backups: set PARLEY_BACKUPS to a folder, and start the server anew.";
        throw new NotWritten(reason);
      }
      if (stopping !== null) throw new Error("there is one backup at a time");
      const stop = new AbortController();
      stopping = stop;
      try {
        const path = join(folder, name);
        if (isThere(path)) throw new NameTaken();
        await removePartial(`${path}.partial`);
        return start(path, await open(`${path}.partial`, "wx", 0o600), stop);
      } catch (error) {
        stopping = null;
        throw asRefused(error);
      }
    },

    async close() {
      stopping?.abort();
      await over;
    },
  };
}
