/** Runs operations on a PostgreSQL database, which other servers may use at the same time. */
import type { SQL } from "drizzle-orm";
import type { Pool, PoolClient } from "pg";
import { NotWritten, OutcomeUnknown, StoreUnavailable } from "../../engine/store.ts";
import type { CommitObserver } from "../commit-observer.ts";
import type { Database, Operation, Row } from "../statement.ts";
import { atTheStart, checkServer, openPool } from "./connections.ts";
import { failureOf } from "./failures.ts";
import { migratePostgres } from "./migrate.ts";
import { queryOf } from "./statements.ts";
import { CommitLost, namesIn, type TransactionKind, transact } from "./transaction.ts";
import { createTurns } from "./turns.ts";

export interface PostgresOptions {
  readonly url: string;
  /** Connections at most. */
  readonly connections: number;
  /** Whether the server may lose what was acknowledged, as for tests. */
  readonly unsafe: boolean;
  readonly observer: Pick<CommitObserver, "committed">;
  /** A connection has met trouble; whatever used it has been told, or tries again. */
  readonly onTrouble: (error: Error) => void;
}

/** Milliseconds for which a server that is away is tried. */
const PATIENCE_MS = 5_000;
/** Milliseconds after which a write is given up that waits for its turn, or meets others again and again. */
const LONGEST_WAIT_MS = 15_000;
const LONGEST_PAUSE_MS = 500;
/** Times that an operation which met another one is done again. */
const MOST_CONFLICTS = 20;

const LOST = "The database was lost in the middle of a commit; whether it happened is unknown.";
const TOO_MUCH = "Too much happens to this at the same time";

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** What an operation holds before all else; nobody is asked for it. */
function heldBy(operation: Operation<unknown>): readonly string[] {
  const { value, done } = operation.next([]);
  return done !== true && "hold" in value && value.wait ? namesIn(value) : [];
}

async function sizeOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ size: number }>("select pg_database_size(current_database()) as size");
  return rows[0]?.size ?? 0;
}

/** Opens the database, and brings it up to date. @throws Error that says what is wrong with it */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { url, connections, unsafe, observer, onTrouble } = options;
  const generation = await atTheStart(url, async (client) => {
    await checkServer(client, unsafe);
    return migratePostgres(client);
  });
  const pool = openPool({ url, connections, onTrouble });
  const turns = createTurns();
  /** Statements with which operations begin that have others behind them. */
  const several = new Set<SQL>();

  async function attempt<T>(kind: TransactionKind, operation: () => Operation<T>): Promise<T> {
    const client: PoolClient = await pool.connect();
    let broken = false;
    try {
      return await transact(client, kind, operation());
    } catch (error) {
      broken = error instanceof CommitLost || failureOf(error) === "away";
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Does something again for as long as that makes sense. @param unsure whether what may have happened may be done again */
  async function persist<T>(work: () => Promise<T>, unsure: boolean, unavailable: typeof StoreUnavailable): Promise<T> {
    const begun = performance.now();
    let lost: CommitLost | null = null;
    /** What is told of what will not be tried again: of a commit that was lost nobody may say that nothing has happened. */
    const givenUp = (reason: string, cause: unknown) =>
      lost === null
        ? new unavailable(`${reason}; try again later.`, { cause })
        : new OutcomeUnknown(LOST, { cause: lost });
    for (let time = 1; ; time += 1) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof CommitLost) lost = error;
        if (lost !== null && !unsure) throw new OutcomeUnknown(LOST, { cause: error });
        const failure = error instanceof CommitLost ? "away" : failureOf(error);
        const waited = performance.now() - begun;
        switch (failure) {
          case "taken":
            throw error;
          case "fault":
            throw lost === null ? error : new OutcomeUnknown(LOST, { cause: lost });
          case "refused":
            throw givenUp("The database could not do this now", error);
          case "again":
            if (time >= MOST_CONFLICTS || waited > LONGEST_WAIT_MS) throw givenUp(TOO_MUCH, error);
            await pause(Math.random() * 10 * time);
            break;
          case "away":
            if (waited > PATIENCE_MS) throw givenUp("The database cannot be reached", error);
            await pause(Math.min(20 * 2 ** time, LONGEST_PAUSE_MS) * Math.random());
            break;
          default:
            failure satisfies never;
        }
      }
    }
  }

  return {
    generation,
    server: {
      connections() {
        const { totalCount, idleCount, waitingCount } = pool;
        // Who gets an idle one at once waits for a moment, too, and does not count.
        return { busy: totalCount - idleCount, idle: idleCount, waiting: Math.max(0, waitingCount - idleCount) };
      },
      size: () => persist(() => sizeOf(pool), true, StoreUnavailable),
    },

    async read(operation) {
      return persist(
        async () => {
          const running = operation();
          const step = running.next([]);
          if (step.done === true) return step.value;
          const head = step.value;
          if (!("hold" in head) && !several.has(head.text)) {
            const { name, text, values } = queryOf(head);
            const { rows } = await pool.query<Row>({ name, text, values: [...values] });
            const next = running.next(rows);
            if (next.done === true) return next.value;
            several.add(head.text);
          }
          return attempt("snapshot", operation);
        },
        true,
        StoreUnavailable,
      );
    },

    async write(operation, again = false) {
      const asked = performance.now();
      const letGo = await turns.take(heldBy(operation()));
      const started = performance.now();
      try {
        if (started - asked > LONGEST_WAIT_MS) throw new NotWritten(`${TOO_MUCH}; try again later.`);
        const result = await persist(() => attempt("write", operation), again, NotWritten);
        observer.committed(1, (performance.now() - started) / 1_000);
        return result;
      } finally {
        letGo();
      }
    },

    async tidy() {
      // The server vacuums by itself.
    },

    async backUp() {
      throw new NotWritten("The data is in PostgreSQL: back that up, with pg_dump or its base backups.");
    },

    close: () => pool.end(),
  };
}
