import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { noPostgres } from "./test/support/postgres.ts";
import { relayTags } from "./test/support/relay-tags.ts";

/** What holds whichever database is under it. */
const ON_POSTGRES = ["delivery", "delivery.properties", "model", "postgres/*", "offline"].map(
  (name) => `test/${name}.test.ts`,
);

/** What takes the place of modules or globals, or looks at the process as a whole. */
const IN_THEIR_OWN_PROCESS = ["store", "fairness", "client/{convergence.properties,files,stores,tabs}"].map(
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
          exclude: ["test/browser/**", "test/postgres/**", ...IN_THEIR_OWN_PROCESS],
          globalSetup: "test/support/build.ts",
          // Modules are loaded once for many files, not for each.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "apart", include: IN_THEIR_OWN_PROCESS },
      },
      ...(noPostgres() === null
        ? [
            {
              extends: true as const,
              test: {
                name: "on PostgreSQL",
                include: ON_POSTGRES,
                globalSetup: ["test/support/build.ts", "test/support/postgres-for-all.ts"],
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
    // One more than there are processors: the tests wait as well as work.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // How long what is polled may take is the machine's business.
    expect: { poll: { timeout: 15_000, interval: 20 } },
    reporters: ["default", ["json", { outputFile: ".test-report.json" }]],
  },
});
