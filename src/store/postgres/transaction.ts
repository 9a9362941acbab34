/** Runs one operation in one transaction, sending what it need not wait for without waiting. */
import type { Client } from "pg";
import { HELD, type Hold, type Operation, type Row, type Step, UniqueViolation } from "../statement.ts";
import { failureOf } from "./failures.ts";
import { queryOf } from "./statements.ts";

/** The connection broke while the transaction was being committed: whether it was is not known. */
export class CommitLost extends Error {
  override readonly name = "CommitLost";
}

export type TransactionKind = "write" | "snapshot";

const BEGIN: Readonly<Record<TransactionKind, string>> = {
  // What others commit meanwhile is seen; holds, and rows that were changed, keep them out.
  write: "begin isolation level read committed",
  snapshot: "begin isolation level repeatable read read only",
};
const HOLD = {
  name: "parley_hold",
  text: "select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($1::text[]) as name",
};
const TRY_TO_HOLD = {
  name: "parley_try_to_hold",
  text: `select bool_and(pg_try_advisory_xact_lock(hashtextextended(name, 0)))::int as held
    from unnest($1::text[]) as name`,
};

/** In an order of their own, so that nobody waits in a circle. */
export function namesIn({ hold }: Hold): string[] {
  return [...new Set(hold)].sort();
}

interface Answer {
  readonly rows: readonly Row[];
}

type Query = string | { readonly name: string; readonly text: string; readonly values: readonly unknown[] };

/**
 * Steps on a connection. What is sent without waiting leaves together with what is waited for; what fails first makes all
 * behind it fail, so that is what is told.
 */
class Line {
  readonly #client: Client;
  #held = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  async #answer(query: Query): Promise<Answer> {
    let answer: Answer;
    try {
      const asked = typeof query === "string" ? query : { ...query, values: [...query.values] };
      answer = await this.#client.query<Row>(asked);
    } catch (error) {
      this.#failure ??= { error };
      throw this.#failure.error;
    }
    // A transaction that has failed takes its commit, and rolls back.
    if (this.#failure !== null) throw this.#failure.error;
    return answer;
  }

  /** Sends, and waits for the answer. */
  ask(query: Query): Promise<Answer> {
    const answer = this.#answer(query);
    this.flush();
    return answer;
  }

  /** Has it sent with what comes next, and goes on: what goes wrong is told by what is asked next. */
  send(query: Query): void {
    if (!this.#held) this.#client.connection.stream.cork();
    this.#held = true;
    this.#answer(query).catch(() => {});
  }

  /** Sends what is held back. */
  flush(): void {
    if (this.#held) this.#client.connection.stream.uncork();
    this.#held = false;
  }
}

function told(error: unknown): unknown {
  return failureOf(error) === "taken" ? new UniqueViolation("taken", { cause: error }) : error;
}

async function take(line: Line, step: Step | Hold): Promise<readonly Row[]> {
  if ("hold" in step) {
    const values = [namesIn(step)];
    if (step.wait) {
      // What is sent behind it waits with it.
      line.send({ ...HOLD, values });
      return HELD;
    }
    const { rows } = await line.ask({ ...TRY_TO_HOLD, values });
    return rows[0]?.held === 1 ? HELD : [];
  }
  const query = queryOf(step);
  if (step.rows === "none") {
    line.send(query);
    return [];
  }
  return (await line.ask(query)).rows;
}

async function finish<T>(operation: Operation<T>, line: Line): Promise<T> {
  let step = operation.next([]);
  while (step.done !== true) {
    let rows: readonly Row[];
    try {
      rows = await take(line, step.value);
    } catch (error) {
      step = operation.throw(told(error));
      continue;
    }
    step = operation.next(rows);
  }
  return step.value;
}

/**
 * Runs an operation, and commits it.
 * @throws UniqueViolation, or what the operation throws: nothing of it is kept
 * @throws CommitLost
 */
export async function transact<T>(client: Client, kind: TransactionKind, operation: Operation<T>): Promise<T> {
  const line = new Line(client);
  line.send(BEGIN[kind]);
  let result: T;
  try {
    result = await finish(operation, line);
  } catch (error) {
    line.send("rollback");
    line.flush();
    throw error;
  }
  if (kind === "snapshot") {
    line.send("commit");
    line.flush();
    return result;
  }
  try {
    await line.ask("commit");
    return result;
  } catch (error) {
    if (failureOf(error) === "away") throw new CommitLost("the connection broke in a commit", { cause: error });
    throw told(error);
  }
}
