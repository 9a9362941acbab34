/**
 * Who uses this window. It is kept with the window alone, so that two windows can be two people; it survives a reload.
 */
export type Identity =
  /** The server gives tokens to its own page. */
  | { readonly by: "development"; readonly user: string }
  | { readonly by: "token"; readonly user: string; readonly token: string };

const KEY = "parley:identity";

export function readIdentity(): Identity | null {
  try {
    const kept: Identity | null = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return kept;
  } catch {
    return null;
  }
}

export function keepIdentity(identity: Identity | null): void {
  if (identity === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, JSON.stringify(identity));
}

/** Whether the server gives tokens to this page. */
export function hasDevelopmentTokens(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name="parley-development"]')?.content === "tokens";
}

/** @throws Error with the server's reason */
async function developmentToken(user: string): Promise<string> {
  const response = await fetch("/development/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user, role: "user" }),
  });
  const answer: { readonly token?: string; readonly reason?: string } = await response.json();
  if (answer.token === undefined) throw new Error(answer.reason ?? response.statusText);
  return answer.token;
}

/** Gives a fresh token, as the SDK asks for one. */
export function tokenFor(identity: Identity): () => Promise<string> {
  return async () => (identity.by === "token" ? identity.token : developmentToken(identity.user));
}

/** Whose token this is, by what it says itself; the server decides whether to believe it. Null for what is none. */
export function userOf(token: string): string | null {
  const [, payload] = token.split(".");
  if (payload === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    const { sub }: { readonly sub?: unknown } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof sub === "string" && sub !== "" ? sub : null;
  } catch {
    return null;
  }
}
