/** GraphiQL from its package, served as it is: no request leaves for anywhere else. */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { DEVELOPMENT_TOKEN_PATH } from "./development-tokens.ts";
import { DEVELOPER, examplesFor } from "./graphiql-examples.ts";

interface Page {
  readonly html: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
  readonly policy: string;
}

/** Where tokens for development are given, the page signs in by itself, and again before its token runs out. */
const SIGN_IN = `
  async function signIn() {
    if (known === null || Date.parse(known.expiresAt) - Date.now() < 60000) {
      const response = await send(${JSON.stringify(DEVELOPMENT_TOKEN_PATH)}, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: ${JSON.stringify(JSON.stringify(DEVELOPER))},
      });
      known = response.ok ? await response.json() : null;
    }
    return known && "Bearer " + known.token;
  }`;
const NO_SIGN_IN = `
  const signIn = () => null;`;

/**
 * Each tab of GraphiQL has headers of its own. So that a token is pasted once, a tab that gives none sends the last
 * one that was taken; it is forgotten with the browser's tab.
 */
function shareToken(developmentTokens: boolean): string {
  return `{
  const key = "parley:authorization";
  const send = window.fetch;
  let known = null;${developmentTokens ? SIGN_IN : NO_SIGN_IN}
  window.fetch = async (resource, options = {}) => {
    const headers = new Headers(options.headers);
    const pasted = headers.get("authorization") || sessionStorage.getItem(key);
    const token = pasted || (await signIn());
    if (!token) return send(resource, options);
    headers.set("authorization", token);
    const response = await send(resource, { ...options, headers });
    if (response.status === 401) {
      sessionStorage.removeItem(key);
      known = null;
    } else if (pasted) sessionStorage.setItem(key, token);
    return response;
  };
}`;
}

/**
 * Tabs can be dragged, and one that was never dragged jumps to the end of the row when it is pressed, so that the
 * first click on it misses. Here they stay where they are.
 */
const TABS_STAY = `
<style>.graphiql-tab { transform: none !important; }</style>`;
const NO_DRAGGING = `
addEventListener("pointerdown", (event) => {
  if (event.target instanceof Element && event.target.closest(".graphiql-tab")) event.stopPropagation();
}, true);`;

/** Made at the first request and kept: the package is large, and most servers are never asked. */
async function makePage(developmentTokens: boolean): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const script = shareToken(developmentTokens) + NO_DRAGGING;
  const nonce = randomBytes(16).toString("base64");
  const html = renderGraphiQL({
    title: "Parley",
    // Empty counts as none: the schema can be read before there is a token.
    headers: JSON.stringify({ Authorization: "" }, null, 2),
    defaultTabs: examplesFor(developmentTokens),
    shouldPersistHeaders: true,
    defaultEditorToolsVisibility: "headers",
    subscriptionsProtocol: "SSE",
    // The default icon lies on another host.
    favicon: "data:,",
  })
    .replace("</head>", `${TABS_STAY}</head>`)
    .replace(/<script(?=[ >])/, `<script nonce="${nonce}">${script}</script>$& nonce="${nonce}"`);
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
    "connect-src 'self'",
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const body = Buffer.from(html);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { html: body, gzip: gzipSync(body), etag, policy };
}

/** Whether a browser asks for a page. GraphiQL keeps its query in the URL, so a query there means nothing. */
export function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && (headers.accept ?? "").includes("text/html");
}

/** @param developmentTokens whether the page may sign in by itself */
export function createGraphiql(developmentTokens: boolean) {
  let page: Promise<Page> | null = null;

  return async function serveGraphiql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    page ??= makePage(developmentTokens);
    const { html, gzip, etag, policy } = await page;
    response.setHeader("ETag", etag);
    response.setHeader("Cache-Control", "no-cache");
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Vary", "Accept, Accept-Encoding");
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304).end();
      return;
    }
    const zipped = (request.headers["accept-encoding"] ?? "").includes("gzip");
    if (zipped) response.setHeader("Content-Encoding", "gzip");
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(zipped ? gzip : html);
  };
}
