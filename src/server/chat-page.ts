/**
 * The chat page: the files that the build has put into `dist/chat`, served from memory. It is a client like any other;
 * all that it knows of this server comes by GraphQL, but for one mark in its head.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The same from `src/server` and from `dist/server`. */
const FOLDER = fileURLToPath(new URL("../../dist/chat", import.meta.url));
const ASSETS = "/assets/";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/**
 * Nothing runs but the page's own files, and they talk to this server alone. Pictures, sounds and videos are sent by
 * URL and may lie anywhere; the page asks before it loads one from another host.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob: https: http:",
  "media-src 'self' blob: https: http:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface File {
  readonly body: Buffer;
  readonly gzip: Buffer;
  readonly type: string;
  readonly etag: string;
}

function toFile(path: string, body: Buffer): File {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, gzip: gzipSync(body), type: TYPES[extname(path)] ?? "application/octet-stream", etag };
}

/** All files by their path in a URL; none where the page has not been built. */
async function readFiles(developmentTokens: boolean): Promise<Map<string, File>> {
  const names = await readdir(FOLDER, { recursive: true }).catch(() => []);
  const files = new Map<string, File>();
  for (const name of names.filter((name) => extname(name) in TYPES)) {
    const path = name.split(sep).join("/");
    const body = await readFile(join(FOLDER, name));
    if (path === "index.html") {
      // Whether the page may ask for tokens; it must not try and fail.
      const html = body.toString().replace('content="no-tokens"', developmentTokens ? 'content="tokens"' : "$&");
      files.set("/", toFile(path, Buffer.from(html)));
    } else files.set(`/${path}`, toFile(path, body));
  }
  return files;
}

/** Whether the chat page answers at this path; the rest of the server's paths are not its own. */
export function isOfChatPage(method: string | undefined, path: string): boolean {
  return (method === "GET" || method === "HEAD") && (path === "/" || path.startsWith(ASSETS));
}

/**
 * Serves the page and its assets.
 * @param developmentTokens whether the page may offer to sign in as anybody
 */
export function createChatPage(developmentTokens: boolean) {
  let reading: Promise<Map<string, File>> | null = null;

  return async function serveChatPage(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    reading ??= readFiles(developmentTokens);
    const file = (await reading).get(path);
    if (file === undefined) {
      // It may be built while the server runs.
      if (path === "/") reading = null;
      const text = path === "/" ? "The chat page has not been built: npm run build.\n" : "There is no such file.\n";
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
      return;
    }
    response.setHeader("ETag", file.etag);
    // The names of assets change with what is in them.
    response.setHeader("Cache-Control", path.startsWith(ASSETS) ? "public, max-age=31536000, immutable" : "no-cache");
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader("Vary", "Accept-Encoding");
    if (request.headers["if-none-match"] === file.etag) {
      response.writeHead(304).end();
      return;
    }
    const zipped = (request.headers["accept-encoding"] ?? "").includes("gzip");
    if (zipped) response.setHeader("Content-Encoding", "gzip");
    const body = zipped ? file.gzip : file.body;
    response.writeHead(200, { "Content-Type": file.type, "Content-Length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  };
}
