/** What is written together is what would have been written one by one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSqlite } from "../src/store/sqlite/sqlite.ts";
import { createStore } from "../src/store/store.ts";
import { runs, timeFor } from "./support/scale.ts";
import { type Act, act, comparable, perform, prepare, TABLES } from "./support/store-acts.ts";

/** Does all of it to a new store, and gives what was answered and what is in the file then. */
async function outcome(acts: readonly Act[], together: boolean) {
  const folder = mkdtempSync(join(tmpdir(), "parley-group-commit-"));
  const path = join(folder, "parley.sqlite");
  const sizes: number[] = [];
  const database = openSqlite(path, {
    committed: (operations) => sizes.push(operations),
    failed(error) {
      throw error;
    },
  });
  try {
    const store = createStore(database);
    const known = await prepare(store);
    const answers: unknown[] = [];
    if (together) answers.push(...(await Promise.all(acts.map((each) => perform(store, known, each)))));
    else for (const each of acts) answers.push(await perform(store, known, each));
    const file = new Sqlite(path, { readonly: true });
    const tables = TABLES.map((name) => [name, file.prepare(`select * from ${name}`).all()]);
    file.close();
    return { answers, tables, largest: Math.max(...sizes) };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true });
  }
}

test(
  "writes that are committed together leave what they leave one by one",
  async () => {
    let largest = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 40 }), async (acts) => {
        const { largest: one, ...alone } = await outcome(acts, false);
        const { largest: most, ...together } = await outcome(acts, true);
        largest = Math.max(largest, most);
        expect(one).toBe(1);
        expect(comparable(together)).toEqual(comparable(alone));
      }),
      { numRuns: runs(60) },
    );
    expect(largest).toBeGreaterThan(10);
  },
  timeFor(60_000),
);
