/** The two ends of a copy: pages of rows from each, in the same form, and what is written to the second. */
import type Sqlite from "better-sqlite3";
import type { Client } from "pg";
import type { Value } from "../statement.ts";
import { lastKeyText, pageText, type TablePlan } from "./table-plan.ts";

/** A row, in the order of the plan's columns. */
export type CopiedRow = readonly Value[];

export interface Source {
  page(plan: TablePlan, behind: CopiedRow | null): Promise<readonly CopiedRow[]>;
}

/** The key of a row. */
export function keyOf(plan: TablePlan, row: CopiedRow): CopiedRow {
  return plan.key.map((name) => row[plan.columns.indexOf(name)] ?? null);
}

/** PostgreSQL's text holds no NUL; the server writes the same for it. */
function writable(value: Value): Value {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value;
}

export function sqliteSource(file: Sqlite.Database): Source {
  return {
    async page(plan, behind) {
      const statement = file.prepare<unknown[], Value[]>(pageText(plan, behind !== null, () => "?")).raw();
      return statement.all(...(behind ?? [])).map((row) => row.map(writable));
    },
  };
}

export interface Target extends Source {
  /** The key up to which there are rows; null where there are none. */
  lastKey(plan: TablePlan): Promise<CopiedRow | null>;
  write(plan: TablePlan, rows: readonly CopiedRow[]): Promise<void>;
  /** New rows get ids behind those that are there. */
  goOnCounting(plan: TablePlan): Promise<void>;
}

export function postgresTarget(client: Client): Target {
  async function rowsOf(text: string, values: CopiedRow): Promise<readonly CopiedRow[]> {
    const { rows } = await client.query<Value[]>({ text, values: [...values], rowMode: "array" });
    return rows;
  }

  return {
    page: (plan, behind) =>
      rowsOf(
        pageText(plan, behind !== null, (number) => `$${number}`),
        behind ?? [],
      ),
    async lastKey(plan) {
      return (await rowsOf(lastKeyText(plan), []))[0] ?? null;
    },
    async write(plan, rows) {
      const objects = rows.map((row) => Object.fromEntries(plan.columns.map((name, index) => [name, row[index]])));
      const columns = plan.columns.map((name) => `"${name}"`).join(", ");
      const text = `insert into "${plan.name}" (${columns})
        select ${columns} from json_populate_recordset(null::"${plan.name}", $1)`;
      await client.query(text, [JSON.stringify(objects)]);
    },
    async goOnCounting(plan) {
      const [id] = plan.key;
      const text = `select setval(pg_get_serial_sequence($1, $2), greatest((select max("${id}") from "${plan.name}"), 1))`;
      await client.query(text, [plan.name, id]);
    },
  };
}
