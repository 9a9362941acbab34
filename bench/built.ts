/** Parley's own modules as they are built: what is measured is what runs. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @param file below `dist/` */
export async function built<T>(file: string): Promise<T> {
  return (await import(pathToFileURL(join("dist", file)).href)) as T;
}
