// Fails where the tables have changed and nobody has made a migration of it, or where migrations are out of order.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";

const DATABASES = [
  { folder: "drizzle/sqlite", dialect: "sqlite", schema: "./src/store/tables.ts" },
  { folder: "drizzle/postgres", dialect: "postgresql", schema: "./src/store/postgres/tables.ts" },
];

// drizzle-kit writes below the working directory only.
const scratch = "node_modules/.migrations-check";
for (const { folder, dialect, schema } of DATABASES) {
  const journal = `${folder}/meta/_journal.json`;
  const { entries } = JSON.parse(readFileSync(journal, "utf8"));
  if (entries.some(({ when }, index) => index > 0 && when <= entries[index - 1].when)) {
    throw new Error(`${journal}: a migration is older than the one before it, and would be passed over.`);
  }
  try {
    cpSync(folder, scratch, { recursive: true });
    const options = ["generate", "--dialect", dialect, "--schema", schema, "--out", scratch];
    const said = execFileSync("npx", ["drizzle-kit", ...options], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (!said.includes("No schema changes")) {
      process.stderr.write(said);
      throw new Error(
        `src/store/tables.ts has changed: run \`npm run migrations -- --name <what>\` and review the files.`,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
process.stdout.write("Migrations are up to date.\n");
