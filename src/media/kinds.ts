/** What each kind of upload may be, by its bytes. */
import { fileTypeFromFile } from "file-type";
import { type MediaKind, UnfitMedia } from "../engine/media.ts";

export interface Sniffed {
  readonly mimeType: string;
  /** A short name such as `jpeg`. */
  readonly format: string;
}

/** What every browser shows. */
const PICTURES = /^image\/(jpeg|png|gif|webp|avif)$/;
/** What would run, or be shown as more than what it is, in whatever opens it. */
const ACTIVE = /^(text\/|image\/svg|application\/(xml|xhtml|javascript|ecmascript|x-msdownload|x-sh))|html|script/;
const UNKNOWN: Sniffed = { mimeType: "application/octet-stream", format: "bin" };
/** Other names for the same. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  "audio/x-m4a": "audio/mp4",
  "audio/opus": "audio/ogg",
  "audio/vnd.wave": "audio/wav",
  "audio/x-wav": "audio/wav",
  "audio/x-flac": "audio/flac",
  "video/x-m4v": "video/mp4",
  "video/matroska": "video/x-matroska",
};
const FORMATS: Readonly<Record<string, string>> = { jpg: "jpeg" };

/** What a file is by its first bytes; unknown for text of all kinds, which has none that tell. */
export async function sniff(path: string): Promise<Sniffed> {
  const found = await fileTypeFromFile(path);
  if (found === undefined) return UNKNOWN;
  // Some names come with parameters, such as the codecs of Ogg.
  const plain = found.mime.split(";")[0] ?? found.mime;
  return { mimeType: MIME_TYPES[plain] ?? plain, format: FORMATS[found.ext] ?? found.ext };
}

/** @throws UnfitMedia for what is no picture that browsers show */
export function checkPicture({ mimeType }: Sniffed): void {
  if (PICTURES.test(mimeType)) return;
  if (/^image\/hei[cf]/.test(mimeType)) {
    throw new UnfitMedia("This is HEIC, which browsers do not show: send it as JPEG, or as a file.");
  }
  throw new UnfitMedia("This is no JPEG, PNG, GIF, WebP or AVIF: send it as a file.");
}

/** What a file of any type is served as: nothing that runs, or is taken for more than it is. */
export function harmless(sniffed: Sniffed): Sniffed {
  return ACTIVE.test(sniffed.mimeType) ? { ...sniffed, mimeType: UNKNOWN.mimeType } : sniffed;
}

/** The type of a recording, of whose container file signatures know that it may hold both. */
export function recordingType({ mimeType }: Sniffed, kind: Extract<MediaKind, "SOUND" | "VIDEO">): string {
  const [, subtype = ""] = mimeType.split("/");
  return `${kind === "SOUND" ? "audio" : "video"}/${subtype}`;
}
