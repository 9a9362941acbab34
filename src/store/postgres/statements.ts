/** Statements as PostgreSQL is given them: named, with numbered parameters, prepared once for each connection. */
import { Placeholder, type SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { postgresTextOf, type Row, type Step, type Value } from "../statement.ts";

export interface PreparedQuery {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}

interface Prepared {
  readonly name: string;
  readonly text: string;
  /** Of its parameters, in their order. */
  readonly names: readonly string[];
}

const dialect = new PgDialect();
const prepared = new Map<SQL, Prepared>();

/** A parameter that stands in several places is one parameter, whose type is told by any of them. */
function prepare(text: SQL, number: number): Prepared {
  const query = dialect.sqlToQuery(postgresTextOf(text));
  const names: string[] = [];
  const places = query.params.map((parameter) => {
    if (!(parameter instanceof Placeholder)) throw new Error(`a value stands in the statement: ${query.sql}`);
    const name = String(parameter.name);
    if (!names.includes(name)) names.push(name);
    return names.indexOf(name) + 1;
  });
  const renumbered = query.sql.replaceAll(/\$(\d+)/g, (_, place: string) => `$${places[Number(place) - 1]}`);
  return { name: `parley_${number}`, text: renumbered, names };
}

/** PostgreSQL's text holds no NUL. What is looked up has none either; in what is stored it is shown as what it is: nothing. */
function bindable(value: Value): Value {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}

export function queryOf({ text, parameters }: Pick<Step, "text" | "parameters">): PreparedQuery {
  let known = prepared.get(text);
  if (known === undefined) {
    known = prepare(text, prepared.size + 1);
    prepared.set(text, known);
  }
  const row: Row = parameters;
  return { name: known.name, text: known.text, values: known.names.map((name) => bindable(row[name] ?? null)) };
}
