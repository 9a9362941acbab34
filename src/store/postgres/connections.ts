/** Connections to PostgreSQL, and what must be so of the server behind them. */
import { Client, Pool } from "pg";

export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database`, with `sslmode` and what else libpq knows. */
  readonly url: string;
  /** How many there are at most. */
  readonly connections: number;
  /** Something went wrong with a connection that nobody was using, or with one that will be reported by its user. */
  readonly onTrouble: (error: Error) => void;
}

/** Milliseconds. A link that is dead is noticed by the last of these alone. */
const TIMES = { connect: 5_000, statement: 10_000, lock: 5_000, idleInTransaction: 30_000, answer: 15_000 };
/** Types of numbers, as PostgreSQL counts its types: of 8, 2 and 4 bytes, and sums. All of ours are whole and below 2^53. */
const NUMBERS = new Set([20, 21, 23, 1_700]);
const types = {
  getTypeParser: (type: number) => (NUMBERS.has(type) ? Number : (text: string) => text),
};

export function openPool({ url, connections, onTrouble }: ConnectionOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    pipeline: true,
    types,
    application_name: "parley",
    keepAlive: true,
    connectionTimeoutMillis: TIMES.connect,
    statement_timeout: TIMES.statement,
    lock_timeout: TIMES.lock,
    idle_in_transaction_session_timeout: TIMES.idleInTransaction,
    query_timeout: TIMES.answer,
  });
  pool.on("error", onTrouble);
  // The pool listens to those that nobody uses; one that breaks while it is used would end the process.
  pool.on("connect", (client) => client.on("error", onTrouble));
  return pool;
}

/**
 * Does what is done at the start, over a connection of its own that waits as long as it takes.
 * @throws Error where the server cannot be reached
 */
export async function atTheStart<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, types, application_name: "parley", keepAlive: true });
  // What breaks is told by the statement that it breaks.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Oldest release that is tested: 15. */
const OLDEST = 150_000;

/**
 * @param unsafe whether a server may lose what it has acknowledged, as for tests
 * @throws Error that says what to change on the server
 */
export async function checkServer(client: Client, unsafe: boolean): Promise<void> {
  const settings = [
    "server_version_num",
    "server_encoding",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
  ] as const;
  const columns = settings.map((name) => `current_setting('${name}') as ${name}`).join(", ");
  const { rows } = await client.query<Record<(typeof settings)[number], string>>(`select ${columns}`);
  const [found] = rows;
  if (found === undefined) throw new Error("PostgreSQL does not say which it is.");
  if (Number(found.server_version_num) < OLDEST) throw new Error("Parley needs PostgreSQL 15 or newer.");
  if (found.server_encoding !== "UTF8") {
    throw new Error(`The database is in ${found.server_encoding}: create it with encoding 'UTF8'.`);
  }
  const off = (["fsync", "synchronous_commit", "full_page_writes"] as const).filter((name) => found[name] === "off");
  if (off.length > 0 && !unsafe) {
    throw new Error(`PostgreSQL runs with ${off.join(" and ")} off and would lose messages: switch that on.`);
  }
}
