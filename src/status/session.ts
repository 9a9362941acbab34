/** The token that the page shows: pasted and kept until the tab is closed or, in development, given by the server. */

const KEY = "parley:status:token";
const GIVEN_TOKENS = "/development/token";
/** Whom development knows as an admin. */
const DEVELOPER = { user: "anna", role: "admin" };
/** A given token is asked for anew when it is good for less than this. */
const MARGIN_MS = 60_000;

interface Given {
  readonly token: string;
  readonly expiresAt: string;
}

let given: Given | null = null;

function isGiven(answer: unknown): answer is Given {
  return typeof answer === "object" && answer !== null && "token" in answer && "expiresAt" in answer;
}

/** Whether the server gives tokens to this page. */
export function isDevelopment(): boolean {
  return document.querySelector('meta[name="parley-development"]')?.getAttribute("content") === "tokens";
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token.trim().replace(/^Bearer\s+/i, ""));
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  given = null;
}

/** Null: somebody has to paste one. A server that cannot be reached throws. */
export async function currentToken(): Promise<string | null> {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null || !isDevelopment()) return kept;
  if (given !== null && Date.parse(given.expiresAt) - Date.now() > MARGIN_MS) return given.token;
  const response = await fetch(GIVEN_TOKENS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(DEVELOPER),
  });
  const answer: unknown = response.ok ? await response.json() : null;
  given = isGiven(answer) ? answer : null;
  return given?.token ?? null;
}
