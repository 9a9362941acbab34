// Fails where the tables have changed and nobody has made a migration of it, or where migrations are out of order.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { entries } = JSON.parse(readFileSync("drizzle/meta/_journal.json", "utf8"));
if (entries.some(({ when }, index) => index > 0 && when <= entries[index - 1].when)) {
  throw new Error("drizzle/meta/_journal.json: a migration is older than the one before it, and would be passed over.");
}

const scratch = mkdtempSync(join(tmpdir(), "parley-migrations-"));
try {
  cpSync("drizzle", scratch, { recursive: true });
  const before = readdirSync(scratch).length;
  const options = ["generate", "--dialect", "sqlite", "--schema", "./src/store/tables.ts", "--out", scratch];
  execFileSync("npx", ["drizzle-kit", ...options], { stdio: ["ignore", "ignore", "inherit"] });
  if (readdirSync(scratch).length !== before) {
    throw new Error("src/store/tables.ts has changed: run `npm run migrations -- --name <what>` and review the file.");
  }
  process.stdout.write("Migrations are up to date.\n");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
