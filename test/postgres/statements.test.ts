/** Every statement of the store, as PostgreSQL is given it. */
import type { SQL } from "drizzle-orm";
import { Client } from "pg";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { queryOf } from "../../src/store/postgres/statements.ts";
import type { Row, Statement } from "../../src/store/statement.ts";
import "../../src/store/store.ts";
import { TEMPLATE } from "../support/postgres.ts";

const written = vi.hoisted(() => [] as { text: unknown }[]);
// Statements are made when their module loads and are kept to it: this notes each, and makes it as ever.
vi.mock(import("../../src/store/statement.ts"), async (importOriginal) => {
  const original = await importOriginal();
  function noted<P extends Row, R extends Row>(made: Statement<P, R>): Statement<P, R> {
    written.push(made);
    return made;
  }
  return {
    ...original,
    statement<P extends Row, R extends Row = Row>(...parameters: Parameters<typeof original.statement<P, R>>) {
      return noted(original.statement(...parameters));
    },
    postgresStatement<P extends Row, R extends Row>(
      ...parameters: Parameters<typeof original.postgresStatement<P, R>>
    ) {
      return noted(original.postgresStatement(...parameters));
    },
  };
});

test("every statement of the store can be prepared, with a type for each of its parameters", async () => {
  const client = new Client({ connectionString: new URL(TEMPLATE, inject("postgres")).href });
  await client.connect();
  onTestFinished(() => client.end());
  expect(written.length).toBeGreaterThan(150);
  const faults: string[] = [];
  for (const { text } of written) {
    const { name, text: inPostgres } = queryOf({ text: text as SQL, parameters: {} });
    await client.query(`prepare ${name} as ${inPostgres}`).catch((error: unknown) => {
      faults.push(`${String(error)}: ${inPostgres}`);
    });
  }
  expect(faults).toEqual([]);
});
