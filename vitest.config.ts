import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { noPostgres } from "./test/support/postgres.ts";
import { relayTags } from "./test/support/relay-tags.ts";

/** What holds whichever database is under it. */
const ON_POSTGRES = ["delivery", "delivery.properties", "model", "postgres/*", "offline"].map(
  (name) => `test/${name}.test.ts`,
);

const without = noPostgres();
if (without !== null)
  process.stderr.write(`${without}: the tests on it, and those of several servers, are left out.\n`);

export default defineConfig({
  plugins: [relayTags(join(import.meta.dirname, "examples/relay"))],
  resolve: {
    alias: [
      // One copy of graphql: otherwise our sources and the libraries each load their own.
      { find: /^graphql$/, replacement: "graphql/index.js" },
      // As an app imports it, without a build.
      { find: /^parley\/client$/, replacement: join(import.meta.dirname, "src/client/index.ts") },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "server",
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: ["test/browser/**", "test/postgres/**"],
        },
      },
      ...(noPostgres() === null
        ? [
            {
              extends: true as const,
              test: {
                name: "on PostgreSQL",
                include: ON_POSTGRES,
                globalSetup: "test/support/postgres-for-all.ts",
                testTimeout: 60_000,
                hookTimeout: 60_000,
              },
            },
          ]
        : []),
      {
        extends: true,
        test: {
          name: "chat page",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/browser/build.ts",
          testTimeout: 60_000,
          // After the others: a browser has several processes of its own.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    // All processors: by default one is left to a watcher, and the tests wait more than they work.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ["default", ["json", { outputFile: ".test-report.json" }]],
  },
});
