/** The store's interface for uploads. The bytes lie elsewhere: `MediaFiles`. */
import type { MediaFacts, Upload } from "./media.ts";

/** How much one user may have. */
export interface UploadRoom {
  /** Bytes of all uploads, begun ones included; 0: no limit. */
  readonly bytes: number;
  /** Uploads that have begun and are not ready. */
  readonly unfinished: number;
}

export type ProcessingOutcome =
  | { readonly facts: MediaFacts; readonly refusal: null }
  | { readonly facts: null; readonly refusal: string };

export interface UploadStore {
  uploads(ids: readonly string[]): Promise<ReadonlyMap<string, Upload>>;
  /** Keeps a new upload, unless its owner has too much; gives what was in its way. */
  createUpload(upload: Upload, room: UploadRoom): Promise<"created" | "too many" | "too much">;
  /** All bytes have come: from UPLOADING on it is PROCESSING. @returns whether it is to be looked into */
  beginProcessing(id: string): Promise<boolean>;
  /** Ends PROCESSING: READY with facts, until `expiresAt` unless it is used, or REFUSED. False where it was given up. */
  endProcessing(id: string, outcome: ProcessingOutcome, expiresAt: number): Promise<boolean>;
  /** Lets an upload go that no message uses; false where one does. */
  dropUpload(id: string): Promise<boolean>;
  /** Uploads whose bytes may all have come, and that nobody may have looked into; behind an id, in their order. */
  unfinishedUploads(after: string, limit: number): Promise<readonly Upload[]>;
  /** Decides for good that uploads go that expired up to `until`, and gives their ids. */
  expiredUploads(until: number, limit: number): Promise<readonly string[]>;
  /** Forgets uploads whose bytes are gone. */
  forgetUploads(ids: readonly string[]): Promise<void>;
}

/** An upload that a message is to be made of is not there any more, or not its sender's: nothing was stored. */
export class UploadGone extends Error {
  override readonly name = "UploadGone";
}
