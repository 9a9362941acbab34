/**
 * Media that lies with Parley: what is known of it, and who finds that out. The engine sees names and facts; the
 * bytes are behind the interfaces here.
 */
import { LARGEST_FILE_BYTES, LARGEST_IMAGE_BYTES, LARGEST_SOUND_BYTES, LARGEST_VIDEO_BYTES } from "./content-rules.ts";

export const MEDIA_KINDS = ["IMAGE", "SOUND", "FILE", "VIDEO"] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** Bytes, by the service whose product Parley matches. */
export const LARGEST_MEDIA_BYTES: Readonly<Record<MediaKind, number>> = {
  IMAGE: LARGEST_IMAGE_BYTES,
  SOUND: LARGEST_SOUND_BYTES,
  FILE: LARGEST_FILE_BYTES,
  VIDEO: LARGEST_VIDEO_BYTES,
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
