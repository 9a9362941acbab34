// `npm run migrations -- --name <what>`: makes a migration for each database of what has changed in the tables.
import { execFileSync } from "node:child_process";

for (const [dialect, schema, out] of [
  ["sqlite", "./src/store/tables.ts", "./drizzle/sqlite"],
  ["postgresql", "./src/store/postgres/tables.ts", "./drizzle/postgres"],
]) {
  const options = ["generate", "--dialect", dialect, "--schema", schema, "--out", out, ...process.argv.slice(2)];
  execFileSync("npx", ["drizzle-kit", ...options], { stdio: "inherit" });
}
