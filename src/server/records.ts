/** Records that somebody has a link to: exports, which are made while they are sent, and archives, which are files. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { create as contentDisposition } from "content-disposition";
import send from "send";
import type { Engine } from "../engine/engine.ts";
import { Refusal } from "../engine/errors.ts";
import type { ExportScope } from "../engine/records/export-parts.ts";
import type { ExportPlace } from "../engine/records/exports.ts";
import { allowOrigin } from "./cors.ts";
import type { SigningRecordLinks } from "./record-links.ts";

/** Exports that are sent at the same time, and of these those of users of their own. */
const MOST_EXPORTS = 8;
const MOST_OWN_EXPORTS = 4;
const MOST_OF_ONE_USER = 2;
const RETRY_AFTER_SECONDS = 10;

export interface RecordServerOptions {
  readonly engine: Engine;
  readonly links: SigningRecordLinks;
  readonly allowedOrigins: readonly string[] | null;
  /** Null: there are no archives. */
  readonly archiveFolder: string | null;
}

export type ServeRecords = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function refuse(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" })
    .end(`${text}\n`);
}

function scopeOf([of, userId, peerId, ...more]: readonly string[]): ExportScope | null {
  if (userId === undefined || more.length > 0) return null;
  if (of === "conversation" && peerId !== undefined) return { of, userId, peerId };
  return (of === "own" || of === "user") && peerId === undefined ? { of, userId } : null;
}

/** @returns null for the beginning, "wrong" for what is no place */
function placeOf(query: URLSearchParams): ExportPlace | null | "wrong" {
  const after = query.get("after");
  if (after === null) return null;
  const [lines, sum] = [query.get("lines") ?? "0", query.get("sum") ?? ""];
  if (!/^\d{1,15}$/.test(lines) || !/^([0-9a-f]{64})?$/.test(sum)) return "wrong";
  return { after, lines: Number(lines), sum };
}

/** Whoever asked has gone: nobody needs to hear of it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** @returns whether there is such a file */
function sendFile(request: IncomingMessage, response: ServerResponse, root: string, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    response.once("close", () => resolve(true));
    send(request, name, { root, cacheControl: false })
      .on("error", ({ status }: { readonly status?: number }) => {
        if (status === 416) refuse(response, 416, "It has no such range.");
        else resolve(false);
      })
      .pipe(response);
  });
}

export function createRecordServer({
  engine,
  links,
  allowedOrigins,
  archiveFolder,
}: RecordServerOptions): ServeRecords {
  let exporting = 0;
  /** Whose own they are, each as often as it is sent. */
  const owners: string[] = [];

  /** Admins are not kept waiting by users, nor users by one another. */
  function isBusy({ of, userId }: ExportScope): boolean {
    if (exporting >= MOST_EXPORTS) return true;
    const ofOne = owners.filter((owner) => owner === userId).length;
    return of === "own" && (owners.length >= MOST_OWN_EXPORTS || ofOne >= MOST_OF_ONE_USER);
  }

  async function serveExport(
    request: IncomingMessage,
    response: ServerResponse,
    scope: ExportScope,
    place: ExportPlace | null,
  ): Promise<void> {
    const name = scope.of === "conversation" ? `${scope.userId} ${scope.peerId}` : scope.userId;
    response.setHeader("Content-Disposition", contentDisposition(`${name}.jsonl.gz`));
    response.setHeader("Content-Type", "application/gzip");
    response.setHeader("Cache-Control", "no-store");
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const lines = engine.readExport(scope, place);
    // A place that is none is refused before the first byte.
    const begun = await lines.next();
    async function* text(): AsyncGenerator<string, void, void> {
      if (begun.done !== true) yield begun.value;
      yield* lines;
    }
    await pipeline(Readable.from(text(), { highWaterMark: 1 }), createGzip(), response);
  }

  async function serveArchive(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    response.setHeader("Content-Type", "application/gzip");
    response.setHeader("Content-Disposition", contentDisposition(name));
    response.setHeader("Cache-Control", "private, max-age=3600, immutable");
    const isThere = archiveFolder !== null && (await sendFile(request, response, archiveFolder, name));
    if (isThere) return;
    response.removeHeader("Content-Disposition");
    refuse(response, 404, "This is not here any more.");
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allowOrigin(request, response, allowedOrigins, "Content-Disposition, Content-Length, Content-Range, ETag");
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return refuse(response, 405, "Records can be read: GET or HEAD.");
    }
    const linked = links.read(request.url ?? "");
    if (linked === "wrong") return refuse(response, 403, "This link is not as it was given; ask for another.");
    if (linked === "expired") return refuse(response, 403, "This link has expired; ask for another.");
    const [of, name, ...more] = linked.path;
    if (of === "archive" && name !== undefined && more.length === 0) return serveArchive(request, response, name);
    const scope = scopeOf(linked.path);
    if (scope === null) return refuse(response, 404, "There is nothing here.");
    const place = placeOf(linked.query);
    if (place === "wrong") return refuse(response, 400, "`lines` is a number and `sum` 64 hexadecimal digits.");
    if (isBusy(scope)) {
      response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
      return refuse(response, 503, "There are too many exports at the moment; try again.");
    }
    exporting += 1;
    if (scope.of === "own") owners.push(scope.userId);
    try {
      await serveExport(request, response, scope, place);
    } finally {
      exporting -= 1;
      if (scope.of === "own") owners.splice(owners.indexOf(scope.userId), 1);
    }
  }

  return async (request, response) => {
    try {
      await serve(request, response);
    } catch (error) {
      if (error instanceof Refusal && !response.headersSent) {
        response.removeHeader("Content-Disposition");
        return refuse(response, error.code === "USER_NOT_FOUND" ? 404 : 400, error.message);
      }
      if (!isGone(error)) throw error;
    }
  };
}
