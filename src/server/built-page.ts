/**
 * A page that the build has put into a folder of `dist`, served from memory. It is a client like any other; all that it
 * knows of this server comes by GraphQL, but for one mark in its head.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The same from `src/server` and from `dist/server`. */
const BUILT = fileURLToPath(new URL("../../dist/", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

export interface BuiltPageOptions {
  /** Below `dist`. */
  readonly folder: string;
  /** As it is called when it is not there. */
  readonly name: string;
  /** Where the page is. */
  readonly path: string;
  /** What the paths of its other files begin with, behind which they lie as in `assets` of its folder. */
  readonly assets: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
  /** Whether the page may ask for tokens for development. */
  readonly developmentTokens: boolean;
}

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
async function readFiles({ folder, path, assets, developmentTokens }: BuiltPageOptions): Promise<Map<string, File>> {
  const place = join(BUILT, folder);
  const names = await readdir(place, { recursive: true }).catch(() => []);
  const files = new Map<string, File>();
  for (const name of names.filter((name) => extname(name) in TYPES)) {
    const inFolder = name.split(sep).join("/");
    const body = await readFile(join(place, name));
    if (inFolder === "index.html") {
      // Whether the page may ask for tokens; it must not try and fail.
      const html = body.toString().replace('content="no-tokens"', developmentTokens ? 'content="tokens"' : "$&");
      files.set(path, toFile(inFolder, Buffer.from(html)));
    } else files.set(inFolder.replace(/^assets\//, assets), toFile(inFolder, body));
  }
  return files;
}

export type ServePage = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

export interface BuiltPage {
  /** Whether the page answers at this path; the rest of the server's paths are not its own. */
  isOf(method: string | undefined, path: string): boolean;
  /** Serves the page and its assets. */
  readonly serve: ServePage;
}

/** A page, read at the first request. */
export function createBuiltPage(options: BuiltPageOptions): BuiltPage {
  const { name, path: home, assets, policy } = options;
  let reading: Promise<Map<string, File>> | null = null;

  async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    reading ??= readFiles(options);
    const file = (await reading).get(path);
    if (file === undefined) {
      // It may be built while the server runs.
      if (path === home) reading = null;
      const text = path === home ? `The ${name} page has not been built: npm run build.\n` : "There is no such file.\n";
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
      return;
    }
    response.setHeader("ETag", file.etag);
    // The names of assets change with what is in them.
    response.setHeader("Cache-Control", path.startsWith(assets) ? "public, max-age=31536000, immutable" : "no-cache");
    response.setHeader("Content-Security-Policy", policy);
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
  }

  return {
    isOf: (method, path) => (method === "GET" || method === "HEAD") && (path === home || path.startsWith(assets)),
    serve,
  };
}
