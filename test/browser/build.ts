/** Builds the chat page before the tests that need it, as `npm run build` does. */
import { resolve } from "node:path";
import { build } from "vite";

export default async function buildPage(): Promise<void> {
  const { NODE_ENV } = process.env;
  // Vitest says `test`, and that would be another React.
  process.env.NODE_ENV = "production";
  await build({ configFile: resolve("vite.config.ts"), logLevel: "warn", mode: "production" });
  process.env.NODE_ENV = NODE_ENV;
}
