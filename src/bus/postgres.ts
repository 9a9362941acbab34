/**
 * NOTIFY of PostgreSQL, over a connection of its own: inside the transactions that write it would make all of them wait
 * for one lock. Payloads have less than 8,000 bytes (https://www.postgresql.org/docs/current/sql-notify.html).
 */
import { Client } from "pg";
import type { Transport, TransportListener } from "./transport.ts";

const CHANNEL = "parley";
const LONGEST_PAUSE_MS = 2_000;
const TIMES = { connect: 3_000, answer: 3_000 };

export function openPostgresTransport(url: string): Transport {
  let listener: TransportListener | null = null;
  let client: Client | null = null;
  let closed = false;
  let failures = 0;
  let again: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const next = new Client({
      connectionString: url,
      application_name: "parley bus",
      keepAlive: true,
      pipeline: true,
      connectionTimeoutMillis: TIMES.connect,
      query_timeout: TIMES.answer,
    });
    client = next;
    next.on("error", () => lost(next));
    next.on("end", () => lost(next));
    next.on("notification", ({ payload }) => {
      if (payload !== undefined && client === next) listener?.heard(payload);
    });
    try {
      await next.connect();
      await next.query(`listen ${CHANNEL}`);
    } catch {
      lost(next);
      return;
    }
    if (client !== next) return;
    failures = 0;
    listener?.connected();
  }

  function lost(which: Client): void {
    if (client !== which) return;
    client = null;
    which.end().catch(() => {});
    if (closed) return;
    failures += 1;
    again = setTimeout(() => void connect(), Math.random() * Math.min(50 * 2 ** failures, LONGEST_PAUSE_MS));
    again.unref();
  }

  return {
    longest: 7_900,
    async publish(text) {
      if (client === null) throw new Error("the bus is not connected");
      await client.query({ name: "parley_notify", text: `select pg_notify('${CHANNEL}', $1)`, values: [text] });
    },
    listen(added) {
      listener = added;
      void connect();
    },
    reconnect() {
      if (client !== null) lost(client);
    },
    async close() {
      closed = true;
      clearTimeout(again);
      await client?.end().catch(() => {});
    },
  };
}
