/** Which pages of other origins may read answers that do not come from GraphQL. */
import type { IncomingMessage, ServerResponse } from "node:http";

export function isAllowedOrigin(origin: string | undefined, allowed: readonly string[] | null): boolean {
  return origin !== undefined && allowed !== null && (allowed.includes("*") || allowed.includes(origin));
}

/** @param exposed names of headers that such pages may read beside the usual ones */
export function allowOrigin(
  { headers }: IncomingMessage,
  response: ServerResponse,
  allowed: readonly string[] | null,
  exposed: string,
): void {
  response.setHeader("Vary", "Origin");
  const { origin } = headers;
  if (origin !== undefined && isAllowedOrigin(origin, allowed)) {
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Expose-Headers", exposed);
  }
}
