/** `parley backup`: has the running server back itself up, and waits until that is over. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

const FIELDS = "name state startedAt seconds sizeBytes failure";
const BEGIN = `mutation BackUp($name: String) { backUp(input: { name: $name }) { backup { ${FIELDS} } } }`;
const FOLLOW = `query Backups($name: String!) { backups(name: $name) { ${FIELDS} } }`;

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

const backup = z.object({
  name: z.string(),
  state: z.enum(["COPYING", "VERIFYING", "DONE", "FAILED"]),
  startedAt: z.string(),
  seconds: z.number(),
  sizeBytes: z.number(),
  failure: z.string().nullable(),
});
type Backup = z.infer<typeof backup>;

const answer = z.object({
  data: z.object({ backUp: z.object({ backup }).nullish(), backups: z.array(backup).nullish() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

export interface BackupOptions {
  /** Of the running server's endpoint. */
  readonly url: string;
  /** A token of an admin, made anew for each request: a backup may take longer than one is good. */
  readonly token: () => Promise<string>;
  /** Null: the server finds one. */
  readonly name: string | null;
}

/** Where a server that listens on this address is reached from the same machine. */
export function urlOfServer(host: string, port: number): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}/graphql`;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.cause instanceof Error;
}

/**
 * Begins a backup, and resolves when it is done.
 * @returns a line that says so
 * @throws Error with what is wrong, where no server answers, it refuses, or the backup fails
 */
export async function backUp({ url, token, name }: BackupOptions): Promise<string> {
  async function ask(query: string, variables: object): Promise<Backup | null> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await token()}` },
      body: JSON.stringify({ query, variables }),
    });
    const read = answer.safeParse(await response.json().catch(() => null));
    if (!read.success) throw new Error(`What answers on ${url} is no Parley that makes backups.`);
    const { data, errors } = read.data;
    if (errors?.[0] !== undefined) throw new Error(errors[0].message);
    return data?.backUp?.backup ?? data?.backups?.[0] ?? null;
  }

  const begun = await ask(BEGIN, { name }).catch((error: unknown) => {
    if (!isUnreachable(error)) throw error;
    throw new Error(`No server answers on ${url}. While none runs, a plain copy of its data folder is a backup.`);
  });
  if (begun === null) throw new Error(`What answers on ${url} is no Parley that makes backups.`);
  let current: Backup | null = begun;
  for (let waitMs = FIRST_WAIT_MS; current.state !== "DONE"; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    if (current.state === "FAILED") throw new Error(current.failure ?? "The backup failed.");
    await pause(waitMs);
    current = await ask(FOLLOW, { name: begun.name }).catch((error: unknown) => {
      if (isUnreachable(error)) return null;
      throw error;
    });
    if (current === null || current.startedAt !== begun.startedAt) {
      throw new Error(`The server was stopped: ${begun.name} was not made, unless it is there.`);
    }
  }
  return `${current.name}: ${current.sizeBytes} bytes in ${current.seconds.toFixed(1)} s, verified`;
}
