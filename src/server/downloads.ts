/** Media that somebody has a link to: in ranges, for caches, and so that nothing of it runs in the server's origin. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { create as contentDisposition } from "content-disposition";
import type { Engine } from "../engine/engine.ts";
import type { MediaStorage } from "../media/storage.ts";
import { allowOrigin } from "./cors.ts";
import type { SigningMediaKeys } from "./media-keys.ts";

/** What browsers show, and do not run. All else is saved. */
const SHOWN = /^(image\/(jpeg|png|gif|webp|avif)|video\/(mp4|webm|quicktime)|audio\/(mpeg|mp4|aac|ogg|wav|flac|webm))$/;
/** Headers that pages of other origins may read. */
const READABLE = "Content-Disposition, Content-Length, Content-Range, ETag";
const POLICY = "default-src 'none'; sandbox";

export interface DownloadsOptions {
  readonly engine: Engine;
  readonly storage: MediaStorage;
  readonly keys: SigningMediaKeys;
  readonly allowedOrigins: readonly string[] | null;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" })
    .end(`${text}\n`);
}

export type ServeMedia = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createDownloads({ engine, storage, keys, allowedOrigins }: DownloadsOptions): ServeMedia {
  return async (request, response) => {
    allowOrigin(request, response, allowedOrigins, READABLE);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Content-Security-Policy", POLICY);
    // Whoever has the link may show it on any page.
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return refuse(response, 405, "Media can be read: GET or HEAD.");
    }
    const linked = keys.readLink(request.url ?? "");
    if (linked === "wrong")
      return refuse(response, 403, "This link is not as it was given; ask for the message again.");
    if (linked === "expired") return refuse(response, 403, "This link has expired; ask for the message again.");
    const { id, variant, name, expiresAt } = linked;
    const upload = await engine.uploads.read(id);
    const small = upload?.facts?.smaller.find((each) => each.name === variant);
    const mimeType = variant === "original" ? upload?.facts?.mimeType : small?.mimeType;
    if (mimeType === undefined) return refuse(response, 404, "This is not here any more.");
    const type = SHOWN.test(mimeType) ? "inline" : "attachment";
    const contentType = type === "inline" ? mimeType : "application/octet-stream";
    const disposition = contentDisposition(name, { type });
    const maxAge = Math.floor((expiresAt - engine.clock.now()) / 1_000);
    response.setHeader("Content-Type", contentType);
    response.setHeader("Content-Disposition", disposition);
    response.setHeader("Cache-Control", `private, max-age=${maxAge}, immutable`);
    const served = await storage.serve(request, response, { id, variant, contentType, disposition, maxAge });
    if (served === "sent") return;
    response.removeHeader("Content-Disposition");
    if (served === "missing") refuse(response, 404, "This is not here any more.");
    else refuse(response, 416, "It has no such range.");
  };
}
