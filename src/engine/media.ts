/**
 * Media that lies with Parley: what is known of it, and who finds that out. The engine sees names and facts; the
 * bytes are behind the interfaces here.
 */
import type { UserId } from "./model.ts";

export const MEDIA_KINDS = ["IMAGE", "SOUND", "FILE", "VIDEO"] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

const MIB = 1024 * 1024;
/** Those of the service whose product Parley matches. */
export const LARGEST_MEDIA_BYTES: Readonly<Record<MediaKind, number>> = {
  IMAGE: 28 * MIB,
  SOUND: 28 * MIB,
  FILE: 100 * MIB,
  VIDEO: 100 * MIB,
};

/** A smaller picture of an image: 198 and 720 pixels on the short side. */
export type SmallerName = "thumbnail" | "large";
export type VariantName = "original" | SmallerName;

export interface Smaller {
  readonly name: SmallerName;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bytes. */
  readonly size: number;
  readonly mimeType: string;
}

export type UploadState = "UPLOADING" | "PROCESSING" | "READY" | "REFUSED";

/** A file that its owner brings to Parley, or has brought. */
export interface Upload {
  /** Without the prefix of ids that clients see. */
  readonly id: string;
  readonly ownerId: UserId;
  readonly kind: MediaKind;
  readonly name: string;
  /** Bytes: as was said first, which is what must come. */
  readonly size: number;
  readonly state: UploadState;
  readonly createdAt: number;
  /** When it goes, with its bytes; null while a message uses it. */
  readonly expiresAt: number | null;
  /** Null until it is READY. */
  readonly facts: MediaFacts | null;
  /** Why it is REFUSED, for people; else null. */
  readonly refusal: string | null;
}

/** What the bytes say of themselves. */
export interface MediaFacts {
  /** By content; `application/octet-stream` for what is not recognised, or had better not be. */
  readonly mimeType: string;
  /** A short name such as `jpeg`, `mp4` or `pdf`; `bin` for what is not recognised. */
  readonly format: string;
  /** Pixels, as it is to be shown: after its orientation. Null where it has none, or they cannot be found. */
  readonly width: number | null;
  readonly height: number | null;
  /** Of sounds and videos. */
  readonly durationMs: number | null;
  /** Of images, each where the original is larger than it. */
  readonly smaller: readonly Smaller[];
}

/** The bytes are not of the kind that was said, or cannot be read. Its message tells the uploader why. */
export class UnfitMedia extends Error {
  override readonly name = "UnfitMedia";
}

/** Where the bytes lie. */
export interface MediaFiles {
  /** Bytes that are free where they go. */
  free(): Promise<number>;
  /** Bytes that have come of an upload. */
  received(id: string): Promise<number>;
  /**
   * Looks into all that has come of an upload, and puts it where it is served from. Doing it again gives the same.
   * @throws UnfitMedia where it is not of this kind
   */
  keep(id: string, kind: MediaKind): Promise<MediaFacts>;
  /** Removes all of an upload that there is. */
  remove(id: string): Promise<void>;
  /** Of all uploads that there is anything of, some at a time. */
  ids(): AsyncIterable<readonly string[]>;
}

/** What lets others in, for a while. */
export interface MediaKeys {
  /** Where uploads begin. */
  readonly endpoint: string;
  /** A token to bring this upload with. */
  ticket(id: string, expiresAt: number): Promise<string>;
  /** Where this can be had, by anybody who knows it, for some hours. */
  link(id: string, variant: VariantName, name: string): string;
}

export interface MediaInspector {
  /**
   * Reads a file's facts out of its bytes, and writes the smaller pictures of an image into the folder, each under its
   * name, with no extension.
   * @throws UnfitMedia where it is not of this kind
   * @throws Error where it could not be looked at; it may be tried again
   */
  inspect(path: string, kind: MediaKind, folder: string): Promise<MediaFacts>;
  close(): Promise<void>;
}
