/**
 * Where the tus library puts what comes in: a file for each upload, of which it knows what the engine knows. The
 * library's own store of files keeps facts in files beside them, empties a file in place, and removes finished ones.
 */
import { createWriteStream } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DataStore, Upload as TusUpload } from "@tus/server";
import type { Engine } from "../engine/engine.ts";

/** What the library answers with as it is. */
export interface TusError {
  readonly status_code: number;
  readonly body: string;
}

export function tusError(status: number, text: string): TusError {
  return { status_code: status, body: `${text}\n` };
}

export function isTusError(error: object): error is TusError {
  return "status_code" in error && typeof error.status_code === "number" && "body" in error;
}

export const GONE = tusError(404, "There is no such upload; create another.");
export const WHOLE = tusError(409, "All of it has come.");

export class IncomingStore extends DataStore {
  readonly #folder: string;
  readonly #uploads: Engine["uploads"];

  /** @param folder which is there */
  constructor(folder: string, { uploads }: Pick<Engine, "uploads">) {
    super();
    this.#folder = folder;
    this.#uploads = uploads;
    this.extensions = ["creation", "creation-with-upload", "termination"];
  }

  #pathOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Within the upload's lock: who begins again must not empty what another has just finished. */
  override async create(file: TusUpload): Promise<TusUpload> {
    const upload = await this.#uploads.read(file.id);
    if (upload === null) throw GONE;
    if (upload.state !== "UPLOADING" || (await this.#uploads.received(file.id)) === upload.size) throw WHOLE;
    // What a request that was cut off still writes goes into the file that is gone: in an emptied one it would leave a
    // hole, behind which the next would go on.
    await this.remove(file.id);
    await writeFile(this.#pathOf(file.id), "", { flag: "wx", mode: 0o600 });
    return file;
  }

  /** @returns the bytes that have come; what came before it broke off is kept */
  override async write(bytes: Readable, id: string, offset: number): Promise<number> {
    const file = createWriteStream(this.#pathOf(id), { flags: "r+", start: offset });
    await pipeline(bytes, file);
    return offset + file.bytesWritten;
  }

  override async getUpload(id: string): Promise<TusUpload> {
    const upload = await this.#uploads.read(id);
    const file = await stat(this.#pathOf(id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    // Or it was never begun.
    if (upload?.state !== "UPLOADING" || file === null) throw GONE;
    return new TusUpload({ id, size: upload.size, offset: file.size });
  }

  override async remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  override async declareUploadLength(): Promise<void> {
    throw tusError(400, "The length is said at the beginning.");
  }

  override async deleteExpired(): Promise<number> {
    throw new Error("what expires is the engine's");
  }

  /** None that the library needs to know of. */
  override getExpiration(): number {
    return 0;
  }
}
