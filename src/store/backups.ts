/**
 * Backups: the living file is copied, the copy is looked through, and only then it gets its name. Whatever ends one
 * before that leaves no file of that name.
 */
import { lstatSync, rmSync } from "node:fs";
import { link, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type Sqlite from "better-sqlite3";
import { type Copying, type CopyProgress, NameTaken, NotWritten } from "../engine/store.ts";
import { faultOfCopy } from "./copy-check.ts";
import { copyPages, openPageCopier, type PageCopier } from "./page-copier.ts";

/** What SQLite may have put beside a file, and the file itself. */
const ENDS = ["-journal", "-wal", "-shm", ""];

export interface Backups {
  /** Whether pages are being copied. */
  readonly copying: boolean;
  /** As `Store.backUp`. */
  begin(name: string): Promise<Copying>;
  /** Gives up what is under way. */
  close(): void;
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

/** Gives a complete file its name, and never takes that from another. */
async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await unlink(partial);
  } catch (error) {
    if (isThere(path)) throw codeOf(error) === "EEXIST" ? new NameTaken() : error;
    // Not every file system links.
    await rename(partial, path);
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @param folder where backups go; null: nowhere */
export function createBackups(handle: Sqlite.Database, generation: string, folder: string | null): Backups {
  const pageSize = Number(handle.pragma("page_size", { simple: true }));
  let copier: PageCopier | null = null;
  /** Gives up the one that is under way. */
  let giveUp: (() => void) | null = null;

  function endCopying(): void {
    copier?.close();
    copier = null;
  }

  /** @param path the name that it gets in the end */
  async function begin(path: string): Promise<Copying> {
    const partial = `${path}.partial`;
    const stop = new AbortController();
    let progress: CopyProgress = { copied: 0, total: 0, verifying: false };

    function remove(): void {
      endCopying();
      for (const end of ENDS) rmSync(`${partial}${end}`, { force: true });
    }

    function abort(): void {
      stop.abort();
      remove();
    }

    giveUp = abort;
    if (isThere(path)) throw new NameTaken();
    remove();
    const file = await open(partial, "wx", 0o600);

    async function copy(): Promise<number> {
      copier = openPageCopier(handle, partial);
      await copyPages(copier, file, pageSize, stop.signal, (copied, total) => {
        progress = { copied, total, verifying: false };
      });
      endCopying();
      progress = { ...progress, verifying: true };
      const fault = await faultOfCopy(partial, generation, stop.signal);
      stop.signal.throwIfAborted();
      if (fault !== null) throw new NotWritten(`The copy is not sound and was removed: ${fault}`);
      const { size } = await file.stat();
      await publish(partial, path);
      return size;
    }

    async function finish(): Promise<number> {
      try {
        return await copy();
      } catch (error) {
        throw stop.signal.aborted
          ? new NotWritten("It was given up: the server was stopped, or could not record it.")
          : asRefused(error);
      } finally {
        remove();
        giveUp = null;
        await file.close();
      }
    }

    const finished = finish();
    // Whoever asked may not be listening yet.
    finished.catch(() => {});
    return { progress: () => progress, finished, giveUp: abort };
  }

  return {
    get copying() {
      return copier !== null;
    },

    async begin(name) {
      if (folder === null) {
        throw new NotWritten(
          "There is no place for backups: set PARLEY_BACKUPS to a folder, and start the server anew.",
        );
      }
      if (giveUp !== null) throw new Error("there is one backup at a time");
      try {
        return await begin(join(folder, name));
      } catch (error) {
        giveUp = null;
        throw asRefused(error);
      }
    },

    close() {
      giveUp?.();
    },
  };
}
