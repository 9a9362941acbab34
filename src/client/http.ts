/** One operation over HTTP: for what comes before there is a connection. */
import { fromGraphql, type GraphqlError, ParleyError, toParleyError } from "./errors.ts";
import type { Operation } from "./operation.ts";

const TIMEOUT = 15_000;

interface Answer<Result> {
  readonly data?: Result | null | undefined;
  readonly errors?: readonly GraphqlError[] | undefined;
}

/** @throws ParleyError OFFLINE where there is no answer of the server's, else its code */
export async function post<Result, Variables>(
  url: string,
  token: string,
  { text }: Operation<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  let answer: Answer<Result>;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: text, variables }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    answer = await response.json();
  } catch (error) {
    throw toParleyError(error, "OFFLINE");
  }
  return dataOf(answer);
}

/** @throws ParleyError with the code of the first error */
export function dataOf<Result>({ data, errors }: Answer<Result>): NonNullable<Result> {
  const [error] = errors ?? [];
  if (error !== undefined) throw fromGraphql(error);
  if (data == null) throw new ParleyError("UNKNOWN", "What answered is no Parley server; check the url.");
  return data;
}
