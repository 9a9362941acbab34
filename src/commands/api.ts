/** Asking the running server, for commands. */
import { z } from "zod";

export interface RunningApi {
  /** Of the running server's endpoint. */
  readonly url: string;
  /** A token of an admin, made anew for each request: a command may take longer than one is good. */
  readonly token: () => Promise<string>;
}

const envelope = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() }))
    .optional(),
});

/** The server said no. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}

/** No server answered, or one that is going down: it may be tried again. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

const PASSING: readonly (string | null)[] = ["UNAVAILABLE", "SHUTTING_DOWN", "RATE_LIMITED"];

/**
 * Asks once.
 * @param shape of the answer's data
 * @throws ApiRefusal, Unreachable
 */
export async function ask<T>(api: RunningApi, query: string, variables: object, shape: z.ZodType<T>): Promise<T> {
  let answered: Response;
  try {
    answered = await fetch(api.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await api.token()}` },
      body: JSON.stringify({ query, variables }),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Unreachable(`No server answers on ${api.url}.`, { cause: error });
  }
  const read = envelope.safeParse(await answered.json().catch(() => null));
  if (!read.success) {
    if (answered.status >= 500) throw new Unreachable(`The server on ${api.url} answers with ${answered.status}.`);
    throw new ApiRefusal(`What answers on ${api.url} is no Parley.`, null);
  }
  const [error] = read.data.errors ?? [];
  if (error !== undefined) {
    const code = error.extensions?.code ?? null;
    throw PASSING.includes(code) ? new Unreachable(error.message) : new ApiRefusal(error.message, code);
  }
  const data = shape.safeParse(read.data.data);
  if (!data.success) throw new ApiRefusal(`What answers on ${api.url} is another version of Parley.`, null);
  return data.data;
}
