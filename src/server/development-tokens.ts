/**
 * Tokens for whoever tries the server on a machine of their own: `POST /development/token` with
 * `{ "user": "alice", "role": "user" }` gives `{ "token": "…", "expiresAt": "…" }`, so that the server's own pages can
 * sign in with a click. Whoever may ask can be anybody, admins included.
 *
 * It does not exist with `NODE_ENV=production`, nor with `PARLEY_JWKS`, nor behind a proxy (`PARLEY_TRUST_PROXY`).
 * Where it exists, these are kept out:
 *
 * - A page of another site in the same browser. It cannot post JSON without a preflight, which is never answered; and
 *   `Origin` must be the origin that was asked, `Sec-Fetch-Site`, where the browser says it, `same-origin`.
 * - A site whose name was made to resolve to this machine (DNS rebinding). It is its own origin and the browser takes
 *   the answer for its own, so `Host` must be a name of this machine that nobody else can hand out: a loopback name, or
 *   the address that the server listens on.
 * - Another machine, where the server listens on more than loopback: the connection must come from this one.
 * - Somebody behind a proxy that runs on this machine, as far as the proxy says so: any header with which proxies say
 *   for whom they ask is refused. One that hides it and rewrites `Host` cannot be told from a browser, and a server
 *   that can be reached in this way has to run with `NODE_ENV=production`.
 *
 * Other processes on this machine are not kept out: they can send what headers they like. Whoever shares the machine
 * with people that they do not trust sets `NODE_ENV=production`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../engine/clock.ts";
import { isUserId } from "../engine/ids.ts";
import { type Role, SYSTEM_USER } from "../engine/model.ts";
import { hasPlainBody, isJson, readBody } from "./body.ts";

export const DEVELOPMENT_TOKEN_PATH = "/development/token";

/** Milliseconds for which such a token is good; who stays asks again. */
const LIFETIME = 15 * 60_000;
const LONGEST_BODY = 1_024;
const PROXY_HEADERS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

export interface DevelopmentTokensOptions {
  readonly clock: Clock;
  /** The name or address that the server was told to listen on. */
  readonly host: string;
  readonly sign: (user: string, role: Role, expiresAt: number) => Promise<string>;
}

/** An address as a URL writes it, an IPv4 one that came over IPv6 as IPv4. */
function plainAddress(address: string | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:(?=\d)/, "");
  return plain.includes(":") ? `[${plain}]` : plain;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function hostnameOf(host: string): string | null {
  const url = `http://${host}`;
  return URL.canParse(url) && new URL(url).host === host.toLowerCase().replace(/:80$/, "")
    ? new URL(url).hostname
    : null;
}

/** Why this request does not come from a page of this server in a browser on this machine; null when it does. */
function whyForeign({ headers, socket }: IncomingMessage, listensOn: string): string | null {
  const local = plainAddress(socket.localAddress);
  const remote = plainAddress(socket.remoteAddress);
  if (!isLoopback(remote) && remote !== local) return "Tokens are only given to this machine.";
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return "Tokens are not given through a proxy.";
  const { host = "", origin } = headers;
  const hostname = hostnameOf(host);
  if (hostname === null || !(isLoopback(hostname) || hostname === local || hostname === listensOn)) {
    return "Open the page under a loopback name, such as http://localhost, or the address that the server listens on.";
  }
  if (origin !== `http://${host}`) return "Tokens are only given to pages of this server.";
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return "Tokens are only given to pages of this server.";
  return null;
}

interface Wish {
  readonly user: string;
  readonly role: Role;
}

function parseWish(body: string): Wish | null {
  let wish: unknown;
  try {
    wish = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof wish !== "object" || wish === null || !("user" in wish)) return null;
  const { user } = wish;
  const role = "role" in wish ? wish.role : "user";
  if (typeof user !== "string" || !isUserId(user) || user === SYSTEM_USER) return null;
  return role === "user" || role === "admin" ? { user, role } : null;
}

/** Answers at `DEVELOPMENT_TOKEN_PATH`; only to be made where such tokens may exist at all. */
export function createDevelopmentTokens({ clock, host, sign }: DevelopmentTokensOptions) {
  function say(response: ServerResponse, status: number, body: object): void {
    response
      .writeHead(status, {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        // What has not been read of a refused body is not read.
        ...(status === 200 ? {} : { Connection: "close" }),
      })
      .end(JSON.stringify(body));
  }

  return async function answerWithToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") return say(response, 405, { reason: "POST a user and a role as JSON." });
    const foreign = whyForeign(request, host);
    if (foreign !== null) return say(response, 403, { reason: foreign });
    if (!isJson(request)) return say(response, 415, { reason: "The body must be application/json." });
    if (!hasPlainBody(request, LONGEST_BODY)) {
      return say(response, 413, { reason: `The body must have a Content-Length of at most ${LONGEST_BODY}.` });
    }
    const body = await readBody(request);
    if (body === null) return;
    const wish = parseWish(body.toString());
    if (wish === null) {
      const reason = `\`user\` has 1 to 128 of A-Z a-z 0-9 _ - . @ + | and is not \`${SYSTEM_USER}\`; \`role\` is user or admin.`;
      return say(response, 400, { reason });
    }
    const expiresAt = clock.now() + LIFETIME;
    const token = await sign(wish.user, wish.role, expiresAt);
    say(response, 200, { token, expiresAt: new Date(expiresAt).toISOString() });
  };
}
