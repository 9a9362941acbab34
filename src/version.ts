/** Which release this is. */
import { readFileSync } from "node:fs";

/** As package.json says. */
export function versionOfPackage(): string {
  // The same from `src` and from `dist`.
  const about: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const known = typeof about === "object" && about !== null && "version" in about ? about.version : null;
  return typeof known === "string" ? known : "unknown";
}
