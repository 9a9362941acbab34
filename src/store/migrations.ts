/** What is so of migrations, whichever database they are for. */
import { readMigrationFiles } from "drizzle-orm/migrator";

/**
 * A database of a newer release holds what this one cannot understand.
 * @param newest when the newest migration that it has was made; 0 where it has none
 * @throws Error
 */
export function refuseNewer(migrationsFolder: string, newest: number): void {
  const known = Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis));
  if (newest > known) throw new Error("This data was written by a newer Parley; run that one, or restore a backup.");
}
