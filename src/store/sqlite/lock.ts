/** One process per file: a second server on the same data is refused, since each believes its memory. */
import Sqlite from "better-sqlite3";

/**
 * Holds an exclusive lock that the kernel gives back when the process dies, however it dies: an open transaction
 * on an empty SQLite file beside the data.
 * @returns what gives it back
 * @throws Error where another server holds it, or nothing can be written there
 */
export function takeLock(path: string): () => void {
  const lock = new Sqlite(path, { timeout: 0 });
  try {
    lock.exec("begin exclusive");
  } catch (error) {
    lock.close();
    if (!(error instanceof Sqlite.SqliteError && error.code === "SQLITE_BUSY")) throw error;
    throw new Error(
      `Another server has this data open (${path}). Stop it first, or give this one another PARLEY_DATA.`,
      { cause: error },
    );
  }
  return () => lock.close();
}
