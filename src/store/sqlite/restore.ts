/** Putting a backup in the place of the data, while no server runs. */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import Sqlite from "better-sqlite3";
import { takeLock } from "./lock.ts";
import { refuseNewerFile } from "./migrate.ts";

export interface Restored {
  readonly bytes: number;
  /** Name under which what was there before lies in the same folder; null where nothing was. */
  readonly keptAs: string | null;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Looks through every page, and gives the copy a life of its own: cursors of before are places in another one. */
function prepare(copy: string, name: string): void {
  let file: Sqlite.Database | null = null;
  try {
    file = new Sqlite(copy, { fileMustExist: true });
    file.pragma("journal_mode = DELETE");
    const fault = file.pragma("integrity_check(1)", { simple: true });
    if (fault !== "ok") throw new Error(String(fault));
    if (file.prepare("select 1 from sqlite_master where name = 'store_info'").get() === undefined) {
      throw new Error("it holds no data of Parley");
    }
    refuseNewerFile(file);
    file.prepare("update store_info set generation = ?").run(randomUUID());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name} cannot be restored: ${reason}. Nothing was changed.`, { cause: error });
  } finally {
    file?.close();
  }
}

/** Brings what the last server left in the write-ahead log into the file, which closes without one then. */
function settle(path: string): void {
  const file = new Sqlite(path);
  try {
    file.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    file.close();
  }
}

/** Gives the data of before a second name, under which it stays. */
function keep(path: string, folder: string, now: number): string {
  const name = `parley-before-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}.sqlite`;
  const kept = join(folder, name);
  try {
    settle(path);
  } catch {
    // It may be what is broken: then its log is kept beside it, as it is.
    if (isThere(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
  }
  try {
    linkSync(path, kept);
  } catch {
    // Not every file system links.
    copyFileSync(path, kept, constants.COPYFILE_EXCL);
    sync(kept);
  }
  for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  return name;
}

/**
 * Puts a backup in the place of the data. What was there is kept. A crash leaves the one or the other, whole.
 * @throws Error, in a line for people, where a server has the data open, the backup is damaged or of a newer release, or
 * nothing can be written: then nothing has changed
 */
export function restoreBackup(backup: string, dataFolder: string, now: number): Restored {
  if (!isThere(backup)) throw new Error(`There is no file ${backup}.`);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const path = join(dataFolder, "parley.sqlite");
  const unlock = takeLock(`${path}.lock`);
  const copy = `${path}.restoring`;
  try {
    rmSync(copy, { force: true });
    copyFileSync(backup, copy);
    prepare(copy, basename(backup));
    sync(copy);
    const keptAs = isThere(path) ? keep(path, dataFolder, now) : null;
    renameSync(copy, path);
    sync(dataFolder);
    return { bytes: lstatSync(path).size, keptAs };
  } finally {
    for (const end of ["", "-journal"]) rmSync(`${copy}${end}`, { force: true });
    unlock();
  }
}
