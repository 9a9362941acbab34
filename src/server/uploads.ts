/**
 * Uploads over tus (tus.io), by the library; who may, how much, and what becomes of it is the engine's. A ticket is for
 * one upload, whose id is that of the tus resource.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { EXPOSED_HEADERS, Server } from "@tus/server";
import type { Engine } from "../engine/engine.ts";
import { Refusal } from "../engine/errors.ts";
import { LARGEST_MEDIA_BYTES, type Upload } from "../engine/media.ts";
import type { Incoming } from "../media/storage.ts";
import { allowOrigin, isAllowedOrigin } from "./cors.ts";
import { GONE, IncomingStore, isTusError, tusError, WHOLE } from "./incoming-store.ts";
import { type SigningMediaKeys, UPLOADS_PATH } from "./media-keys.ts";
import { pathOf } from "./path.ts";
import type { PresentError } from "./present-errors.ts";

/** Milliseconds that the answer to the last bytes waits for what is found in them. */
const LOOK_MS = 30_000;
const LARGEST = Math.max(...Object.values(LARGEST_MEDIA_BYTES));

export interface UploadsOptions {
  readonly engine: Engine;
  readonly keys: SigningMediaKeys;
  /** What they come into. */
  readonly incoming: Incoming;
  readonly allowedOrigins: readonly string[] | null;
  readonly presentError: PresentError;
}

const FULL = tusError(507, "The server has no room for media now; try again later.");
/** What is wrong with the server is for its log. */
const FAILED = tusError(500, "This could not be served; try again later.");

function isFull(code: unknown): boolean {
  return code === "ENOSPC" || code === "EDQUOT";
}

function bearer({ headers }: IncomingMessage): string {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Tus-Resumable": "1.0.0", ...headers })
    .end(text === "" ? "" : `${text}\n`);
}

export type ServeUploads = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function isOfUploads(path: string): boolean {
  return path === UPLOADS_PATH || path.startsWith(`${UPLOADS_PATH}/`);
}

export function createUploadServer(options: UploadsOptions): ServeUploads {
  const { engine, keys, incoming, allowedOrigins, presentError } = options;
  /** The tickets' uploads, by the requests that showed them. */
  const allowed = new WeakMap<object, string>();

  /** What became of it, as soon as that is known; null where it is not for now. */
  async function finished(id: string): Promise<Upload | null> {
    let cancel = () => {};
    const late = new Promise<null>((resolve) => {
      cancel = engine.clock.after(LOOK_MS, () => resolve(null));
    });
    try {
      return await Promise.race([engine.uploads.finish(id), late]);
    } finally {
      cancel();
    }
  }

  const tus = new Server({
    path: UPLOADS_PATH,
    datastore: new IncomingStore(incoming, engine),
    relativeLocation: true,
    maxSize: LARGEST,
    allowedHeaders: ["Authorization"],
    allowedOrigins: (origin) => isAllowedOrigin(origin, allowedOrigins),
    namingFunction: (request) => allowed.get(request.runtime?.node?.req ?? request) ?? "",
    async onUploadCreate(_request, { id, size }) {
      const upload = await engine.uploads.read(id);
      if (upload === null) throw GONE;
      if (size !== upload.size) {
        throw tusError(size !== undefined && size > upload.size ? 413 : 400, `It was to have ${upload.size} bytes.`);
      }
      try {
        await engine.uploads.checkRoom(upload.size);
      } catch (error) {
        if (error instanceof Refusal) throw tusError(507, error.message);
        throw error;
      }
      return {};
    },
    async onUploadFinish(_request, { id }) {
      const upload = await finished(id);
      if (upload?.state === "REFUSED") throw tusError(422, upload.refusal ?? "It was refused.");
      return {};
    },
    onResponseError(_request, error) {
      if (isTusError(error)) return error;
      if (isFull("code" in error ? error.code : undefined)) return FULL;
      presentError(error);
      return FAILED;
    },
  });

  /** What is not under way any more is not the library's to answer. @returns whether it was answered */
  async function answerEnded(request: IncomingMessage, response: ServerResponse, id: string): Promise<boolean> {
    const now = await engine.uploads.read(id);
    if (now?.state === "UPLOADING") return false;
    const upload = now?.state === "PROCESSING" ? ((await finished(id)) ?? now) : now;
    if (upload === null) answer(response, 404, GONE.body.trim());
    else if (upload.state === "REFUSED") answer(response, 422, upload.refusal ?? "It was refused.");
    else if (request.method === "HEAD") {
      // Whoever has missed the last answer hears that there is nothing left to do.
      const size = String(upload.size);
      answer(response, 200, "", { "Upload-Offset": size, "Upload-Length": size, "Cache-Control": "no-store" });
    } else answer(response, 409, WHOLE.body.trim());
    return true;
  }

  return async (request, response) => {
    allowOrigin(request, response, allowedOrigins, EXPOSED_HEADERS);
    if (request.method === "OPTIONS") {
      await tus.handle(request, response);
      return;
    }
    if (!["POST", "HEAD", "PATCH", "DELETE"].includes(request.method ?? "")) {
      answer(response, 405, "This is for tus clients: POST, HEAD, PATCH, DELETE.", {
        Allow: "POST, HEAD, PATCH, DELETE",
      });
      return;
    }
    const id = await keys.uploadOf(bearer(request));
    if (id === null) {
      answer(response, 401, "Send the ticket that `createUpload` gave: `Authorization: Bearer <ticket>`.");
      return;
    }
    const path = pathOf(request.url);
    const wanted = request.method === "POST" ? UPLOADS_PATH : `${UPLOADS_PATH}/${id}`;
    if (path !== wanted) {
      answer(response, 404, "This ticket is for another upload.");
      return;
    }
    if (await answerEnded(request, response, id)) return;
    allowed.set(request, id);
    await tus.handle(request, response);
    if (request.method === "DELETE" && response.statusCode === 204) await engine.uploads.giveUp(id);
    await engine.uploads.tidy(id);
  };
}
