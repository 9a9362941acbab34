/** What is copied of each table, and how it is read: in the order of its key, so that what is there is a beginning. */
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import * as tables from "../tables.ts";

export interface TablePlan {
  readonly name: string;
  /** In the order in which they are read and compared. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Whether PostgreSQL counts its ids by a sequence. */
  readonly counted: boolean;
}

/** Of servers that run; and `store_info` comes last, since it says whose data this is. */
const LEFT_OUT = new Set<SQLiteTable>([tables.servers, tables.presences, tables.leases, tables.storeInfo]);

function planOf(table: SQLiteTable): TablePlan {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const own = columns.filter(({ primary }) => primary);
  const key = (primaryKeys[0]?.columns ?? own).map((column) => column.name);
  const [id] = own;
  const counted = id?.getSQLType() === "integer" && table !== tables.events;
  return { name, columns: columns.map((column) => column.name), key, counted };
}

export const PLANS: readonly TablePlan[] = Object.values(tables)
  .filter((table) => !LEFT_OUT.has(table))
  .map(planOf);

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/**
 * A page of a table, behind a key.
 * @param placeholder writes the parameter of this number, from 1 on
 */
export function pageText(plan: TablePlan, behind: boolean, placeholder: (number: number) => string): string {
  const key = quoted(plan.key);
  const values = plan.key.map((_, index) => placeholder(index + 1)).join(", ");
  const where = behind ? ` where (${key}) > (${values})` : "";
  return `select ${quoted(plan.columns)} from "${plan.name}"${where} order by ${key} limit ${PAGE}`;
}

/** The newest key that there is. */
export function lastKeyText(plan: TablePlan): string {
  const descending = plan.key.map((name) => `"${name}" desc`).join(", ");
  return `select ${quoted(plan.key)} from "${plan.name}" order by ${descending} limit 1`;
}

/** Rows that are read, and written, at a time. */
export const PAGE = 2_000;
