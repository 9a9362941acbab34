/** Builds the server's pages before the tests that need them, as `npm run build` does. */
import { resolve } from "node:path";
import { build } from "vite";

export default async function buildPage(): Promise<void> {
  const { NODE_ENV } = process.env;
  // Vitest says `test`, and that would be another React.
  process.env.NODE_ENV = "production";
  for (const config of ["vite.config.ts", "vite.status.config.ts"]) {
    await build({ configFile: resolve(config), logLevel: "warn", mode: "production" });
  }
  process.env.NODE_ENV = NODE_ENV;
}
