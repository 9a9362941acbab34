/** Asking the server for its numbers. */
import { QUERY, type ServerStats } from "../numbers/query.ts";

/** How long an answer may take. */
const TIMEOUT_MS = 15_000;

export type Answer =
  | { readonly kind: "numbers"; readonly stats: ServerStats }
  /** The token is not taken, or is no admin's. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It does not answer, or not now. */
  | { readonly kind: "away" };

interface Result {
  readonly data?: { readonly serverStats: ServerStats | null } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

const REASONS: Readonly<Record<string, string>> = {
  FORBIDDEN: "This token is no admin's: the status is for admins.",
  UNAUTHENTICATED: "The server does not take this token: it may have run out.",
};

/** Never throws: what goes wrong is an answer. */
export async function ask(token: string): Promise<Answer> {
  if (!/^[!-~]+$/.test(token))
    return { kind: "refused", reason: "This is no token: one has no spaces, and letters of ASCII alone." };
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: QUERY }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { data, errors }: Result = await response.json();
    const stats = data?.serverStats ?? null;
    if (stats !== null) return { kind: "numbers", stats };
    const reason = REASONS[errors?.[0]?.extensions?.code ?? ""];
    return reason === undefined ? { kind: "away" } : { kind: "refused", reason };
  } catch {
    return { kind: "away" };
  }
}
