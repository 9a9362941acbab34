/** Sends what is to be imported to the running server, some at a time, and counts what became of it. */
import { z } from "zod";
import { ApiRefusal, ask, type RunningApi } from "../api.ts";
import { createPatience } from "../patience.ts";
import { type Item, SYSTEM } from "./item.ts";

/** As many as the server takes at once, in a request that it reads. */
const MOST_ITEMS = 100;
const MOST_BYTES = 128 * 1024;
/** Users of whom it is known whether they are there. */
const MOST_REMEMBERED = 100_000;

export interface Tally {
  users: number;
  imported: number;
  duplicates: number;
  expired: number;
  refused: number;
}

interface Waiting {
  readonly item: Item;
  /** Where it stands, for people. */
  readonly where: string;
}

const result = z.object({
  outcome: z.enum(["IMPORTED", "DUPLICATE", "EXPIRED", "REFUSED"]),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  field: z.string().nullable(),
});
const found = z.object({ erasedAt: z.string().nullable() }).nullable();
const results = z.object({ done: z.object({ results: z.array(result) }) });

const QUERIES = {
  user: "mutation Users($inputs: [ImportUserInput!]!) { done: importUsers(input: { users: $inputs }) { users { id } } }",
  relation: `mutation Relations($inputs: [ImportRelationInput!]!) {
    done: importRelations(input: { relations: $inputs }) { results { outcome code reason field } } }`,
  message: `mutation Messages($inputs: [ImportMessageInput!]!) {
    done: importMessages(input: { messages: $inputs }) { results { outcome code reason field } } }`,
} as const;

/** What one input can be at fault for, and all others with it. */
const AT_FAULT: readonly (string | null)[] = ["BAD_USER_INPUT", "INVALID_CONTENT", "CONTENT_TOO_LARGE"];

/** @param complain is told what was refused, and where it stands */
export function createBatches(api: RunningApi, complain: (where: string, why: string) => void) {
  const tally: Tally = { users: 0, imported: 0, duplicates: 0, expired: 0, refused: 0 };
  const patience = createPatience();
  const known = new Map<string, "there" | "missing" | "erased">();
  let waiting: Waiting[] = [];
  let bytes = 0;

  async function send<T>(query: string, variables: object, shape: z.ZodType<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask(api, query, variables, shape);
        patience.progress();
        return answer;
      } catch (error) {
        await patience.after(error);
      }
    }
  }

  function refuse(where: string, why: string): void {
    tally.refused += 1;
    complain(where, why);
  }

  function count({ where }: Waiting, { outcome, code, reason, field }: z.infer<typeof result>): void {
    if (outcome === "IMPORTED") tally.imported += 1;
    else if (outcome === "DUPLICATE") tally.duplicates += 1;
    else if (outcome === "EXPIRED") tally.expired += 1;
    else refuse(where, `${code}${field === null ? "" : ` (${field})`}: ${reason}`);
  }

  /** Where the server takes none of them, because of one, each is sent by itself. */
  async function sendAll(batch: readonly Waiting[]): Promise<void> {
    const [one] = batch;
    if (one === undefined) return;
    const { kind } = one.item;
    const inputs = batch.map(({ item }) => item.input);
    try {
      if (kind === "user") {
        await send(QUERIES.user, { inputs }, z.unknown());
        tally.users += batch.length;
        return;
      }
      const { done } = await send(QUERIES[kind], { inputs }, results);
      for (const [index, each] of batch.entries()) {
        const became = done.results[index];
        if (became !== undefined) count(each, became);
      }
    } catch (error) {
      if (!(error instanceof ApiRefusal) || !AT_FAULT.includes(error.code)) throw error;
      if (batch.length === 1) refuse(one.where, `${error.code}: ${error.message}`);
      else for (const each of batch) await sendAll([each]);
    }
  }

  /** Finds out which users there are, and which were erased: to import one of those would bring it back. */
  async function lookUp(ids: readonly string[]): Promise<void> {
    const names = ids.map((_, at) => `$u${at}: ID!`).join(", ");
    const fields = ids.map((_, at) => `u${at}: user(id: $u${at}) { erasedAt }`).join(" ");
    const variables = Object.fromEntries(ids.map((id, at) => [`u${at}`, id]));
    const answer = await send(`query Users(${names}) { ${fields} }`, variables, z.record(z.string(), found));
    if (known.size > MOST_REMEMBERED) known.clear();
    for (const [at, id] of ids.entries()) {
      const user = answer[`u${at}`] ?? null;
      known.set(id, user === null ? "missing" : user.erasedAt === null ? "there" : "erased");
    }
  }

  /** The users that an item speaks of. */
  function usersOf({ item }: Waiting): readonly string[] {
    if (item.kind === "message") return [item.input.from, item.input.to];
    return item.kind === "relation" ? [item.input.user, item.input.other] : [item.input.id];
  }

  /** Creates the users that items speak of, where they never were; profiles stay as they are. */
  async function ensureUsers(batch: readonly Waiting[]): Promise<void> {
    const named = [...new Set(batch.flatMap(usersOf))].filter((id) => id !== SYSTEM);
    const unknown = named.filter((id) => !known.has(id));
    for (let from = 0; from < unknown.length; from += MOST_ITEMS) await lookUp(unknown.slice(from, from + MOST_ITEMS));
    const missing = named.filter((id) => known.get(id) === "missing");
    for (let from = 0; from < missing.length; from += MOST_ITEMS) {
      const ids = missing.slice(from, from + MOST_ITEMS);
      await send(QUERIES.user, { inputs: ids.map((id) => ({ id })) }, z.unknown());
      for (const id of ids) known.set(id, "there");
    }
  }

  /** Those that speak of nobody who was erased; the others are refused. */
  function withoutErased(batch: readonly Waiting[]): readonly Waiting[] {
    return batch.filter((each) => {
      const erased = usersOf(each).find((id) => known.get(id) === "erased");
      if (erased !== undefined) refuse(each.where, `${erased} was erased; importUsers alone brings it back`);
      return erased === undefined;
    });
  }

  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    bytes = 0;
    await ensureUsers(batch);
    await sendAll(withoutErased(batch));
  }

  return {
    tally,
    refuse,
    /** Takes one more; sends those that wait where they are enough, or of another kind. */
    async add(item: Item, where: string): Promise<void> {
      const size = Buffer.byteLength(JSON.stringify(item.input));
      const isOther = waiting[0] !== undefined && waiting[0].item.kind !== item.kind;
      if (isOther || waiting.length >= MOST_ITEMS || (bytes > 0 && bytes + size > MOST_BYTES)) await flush();
      waiting.push({ item, where });
      bytes += size;
    },
    flush,
  };
}
