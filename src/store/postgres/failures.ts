/** What PostgreSQL's errors mean for whoever asked. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import { DatabaseError } from "pg";

/**
 * - `taken`: a unique index is against it.
 * - `again`: nothing has happened, and the same once more may succeed at once.
 * - `away`: the server cannot be reached, or has let go of the connection.
 * - `refused`: the server could not do it, such as on a full disk or in the time that it has; nothing has happened.
 * - `fault`: a mistake of ours.
 */
export type Failure = "taken" | "again" | "away" | "refused" | "fault";

const TAKEN = "23505";
/** Serialization failure, deadlock, a lock that was waited for too long. */
const AGAIN = new Set(["40001", "40P01", "55P03"]);
/**
 * Shutdown, crash, starting up, too many connections, idle in a transaction, a server that only reads; and a connection
 * that has forgotten what was prepared on it, or on which that has become another thing: a newer release has added a
 * column.
 */
const AWAY = new Set(["57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25006", "26000", "0A000"]);
/** Disk full, out of memory, statement timeout. */
const REFUSED = new Set(["53100", "53200", "57014"]);
/** Of the operating system; ENOENT of a socket in a folder, whose server is away. */
const UNREACHABLE = /^E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NETDOWN|AI_AGAIN|NOTFOUND|NOENT)$/;
/** What the driver says without a code. */
const LET_GO = /terminated|timeout|not queryable|closed/i;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (error instanceof DatabaseError) {
    // It ends with all that is under way, whatever the reason.
    if (error.severity === "PANIC") return "away";
    if (code === TAKEN) return "taken";
    if (AGAIN.has(code)) return "again";
    if (AWAY.has(code) || code.startsWith("08")) return "away";
    return REFUSED.has(code) ? "refused" : "fault";
  }
  if (UNREACHABLE.test(code)) return "away";
  // Several addresses were tried.
  if (error instanceof AggregateError && error.errors.some((one) => failureOf(one) === "away")) return "away";
  return error instanceof Error && code === "" && LET_GO.test(error.message) ? "away" : "fault";
}
