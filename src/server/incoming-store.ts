/** What the tus library puts into a store, and asks of it: it knows of uploads what the engine knows. */
import type { Readable } from "node:stream";
import { DataStore, Upload as TusUpload } from "@tus/server";
import type { Engine } from "../engine/engine.ts";
import type { Incoming } from "../media/storage.ts";

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
  readonly #incoming: Incoming;
  readonly #uploads: Engine["uploads"];

  constructor(incoming: Incoming, { uploads }: Pick<Engine, "uploads">) {
    super();
    this.#incoming = incoming;
    this.#uploads = uploads;
    this.extensions = ["creation", "creation-with-upload", "termination"];
  }

  /** Within the upload's lock: who begins again must not empty what another has just finished. */
  override async create(file: TusUpload): Promise<TusUpload> {
    const upload = await this.#uploads.read(file.id);
    if (upload === null) throw GONE;
    if (upload.state !== "UPLOADING" || (await this.#incoming.received(file.id)) === upload.size) throw WHOLE;
    await this.#incoming.begin(file.id, upload.size);
    return file;
  }

  /** @returns the bytes that have come; what came before it broke off is kept */
  override write(bytes: Readable, id: string, offset: number): Promise<number> {
    return this.#incoming.write(id, offset, bytes);
  }

  override async getUpload(id: string): Promise<TusUpload> {
    const upload = await this.#uploads.read(id);
    const offset = await this.#incoming.received(id);
    // Or it was never begun.
    if (upload?.state !== "UPLOADING" || offset === null) throw GONE;
    return new TusUpload({ id, size: upload.size, offset });
  }

  override remove(id: string): Promise<void> {
    return this.#incoming.forget(id);
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
