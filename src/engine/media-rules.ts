/**
 * The rules of media: what lies elsewhere has to say what it is, what was uploaded is what its bytes say. Each check
 * names the input at fault by its path, as clients wrote it.
 */
import type { Content, ContentInput, FileInput, ImageInput, ImageVariant, SoundInput, VideoInput } from "./content.ts";
import { checkString, invalid, isWebUrl, LONGEST_URL_BYTES } from "./content-checks.ts";
import { Refusal } from "./errors.ts";
import { LARGEST_MEDIA_BYTES, type MediaFacts, type MediaKind, type SmallerName, type Upload } from "./media.ts";

const LONGEST_FILE_NAME = 255;
const FORMAT = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,31}$/;
const MIME_TYPE = /^[A-Za-z0-9!#$&^_.+-]{1,63}\/[A-Za-z0-9!#$&^_.+-]{1,63}$/;

/** An upload whose bytes have been looked into. */
export interface ReadyUpload extends Upload {
  readonly facts: MediaFacts;
}

/** Ids of the uploads that an input names. */
export function uploadsIn({ image, sound, file, video }: ContentInput): readonly string[] {
  const named = [image?.upload, sound?.upload, file?.upload, video?.upload, video?.cover?.upload];
  return named.filter((id) => id != null);
}

/** The uploads that content is made of, without the prefix of ids that clients see. */
export function uploadsOf(content: Content): readonly string[] {
  const sources: object[] = content.type === "VIDEO" && content.cover !== null ? [content, content.cover] : [content];
  return sources.flatMap((source) => ("upload" in source && typeof source.upload === "string" ? [source.upload] : []));
}

/** An upload of the sender's that is ready. @throws Refusal UPLOAD_NOT_FOUND, UPLOAD_NOT_READY, UPLOAD_REFUSED */
export type FindUpload = (id: string, kind: MediaKind, field: string) => ReadyUpload;

/** For content in which there can be none. */
export const noUploads: FindUpload = (_id, _kind, field) => {
  throw invalid(field, "An upload cannot be used here.");
};

/** The upload that stands for this content; null where its media lies elsewhere. */
function uploadOf(
  input: { upload?: string | null | undefined; url?: string | null | undefined },
  kind: MediaKind,
  path: string,
  find: FindUpload,
): ReadyUpload | null {
  if (input.upload == null) return null;
  const field = `${path}.upload`;
  if (input.url != null) throw invalid(field, "Give either `upload` or `url`.");
  return find(input.upload, kind, field);
}

/** One of the sizes of an uploaded image. */
function smallerOf({ id, name, facts }: ReadyUpload, variant: SmallerName): ImageVariant | null {
  const found = facts.smaller.find((smaller) => smaller.name === variant);
  if (found === undefined) return null;
  const { width, height, size } = found;
  return { upload: id, variant, name, width, height, size };
}

function required<T>(value: T | null | undefined, field: string): T {
  if (value == null) {
    const reason = "Give an `upload`, or a `url` with this fact: nothing is fetched from elsewhere to find it out.";
    throw invalid(field, reason);
  }
  return value;
}

function url(input: { url?: string | null | undefined }, path: string): string {
  const value = required(input.url, `${path}.url`);
  checkString(value, `${path}.url`);
  if (!isWebUrl(value)) {
    throw invalid(`${path}.url`, `It must be an http or https URL of at most ${LONGEST_URL_BYTES} bytes.`);
  }
  return value;
}

function bytes(value: number | null | undefined, limit: number, field: string): number {
  const size = required(value, field);
  if (size < 1) throw invalid(field, "The size in bytes must be 1 or more.");
  if (size > limit) {
    throw new Refusal("CONTENT_TOO_LARGE", `It is ${size} bytes; at most ${limit} are allowed.`, { field });
  }
  return size;
}

function pixels(value: number, field: string): number {
  if (value < 1 || value > 1_000_000) throw invalid(field, "It is a number of pixels, from 1 to 1,000,000.");
  return value;
}

function optionalPixels(value: number | null | undefined, field: string): number | null {
  return value == null ? null : pixels(value, field);
}

function duration(value: number | null | undefined, field: string): number {
  const ms = required(value, field);
  if (ms < 0) throw invalid(field, "A duration in milliseconds cannot be negative.");
  return ms;
}

function format(value: string | null | undefined, field: string): string {
  const name = required(value, field);
  if (!FORMAT.test(name)) throw invalid(field, 'It must be a short name such as "jpeg" or "mp4".');
  return name;
}

export function imageContent(input: ImageInput, path: string, find: FindUpload): Content {
  const upload = uploadOf(input, "IMAGE", path, find);
  if (upload !== null) {
    const { id, name, size, facts } = upload;
    const { width, height, format } = facts;
    const smaller = { thumbnail: smallerOf(upload, "thumbnail"), large: smallerOf(upload, "large") };
    return { type: "IMAGE", upload: id, variant: "original", name, width, height, size, format, ...smaller };
  }
  return {
    type: "IMAGE",
    url: url(input, path),
    width: pixels(required(input.width, `${path}.width`), `${path}.width`),
    height: pixels(required(input.height, `${path}.height`), `${path}.height`),
    size: bytes(input.size, LARGEST_MEDIA_BYTES.IMAGE, `${path}.size`),
    format: format(input.format, `${path}.format`),
    thumbnail: null,
    large: null,
  };
}

function cover(input: ImageInput, path: string, find: FindUpload): ImageVariant {
  const upload = uploadOf(input, "IMAGE", path, find);
  if (upload !== null) {
    const { id, name, size, facts } = upload;
    const { width, height } = facts;
    return (
      smallerOf(upload, "large") ?? {
        upload: id,
        variant: "original",
        name,
        width: width ?? 0,
        height: height ?? 0,
        size,
      }
    );
  }
  if (input.format != null) format(input.format, `${path}.format`);
  return {
    url: url(input, path),
    width: pixels(required(input.width, `${path}.width`), `${path}.width`),
    height: pixels(required(input.height, `${path}.height`), `${path}.height`),
    size: bytes(input.size, LARGEST_MEDIA_BYTES.IMAGE, `${path}.size`),
  };
}

export function soundContent(input: SoundInput, path: string, find: FindUpload): Content {
  const upload = uploadOf(input, "SOUND", path, find);
  if (upload !== null) {
    const { id, name, size, facts } = upload;
    return { type: "SOUND", upload: id, variant: "original", name, size, durationMs: facts.durationMs ?? 0 };
  }
  return {
    type: "SOUND",
    url: url(input, path),
    size: bytes(input.size, LARGEST_MEDIA_BYTES.SOUND, `${path}.size`),
    durationMs: duration(input.durationMs, `${path}.durationMs`),
  };
}

/** @throws Refusal INVALID_CONTENT */
export function checkFileName(name: string, field: string): string {
  if (checkString(name, field).trim() === "" || name.length > LONGEST_FILE_NAME) {
    throw invalid(field, `A file name has 1 to ${LONGEST_FILE_NAME} characters.`);
  }
  return name;
}

export function fileContent(input: FileInput, path: string, find: FindUpload): Content {
  const upload = uploadOf(input, "FILE", path, find);
  if (upload !== null) {
    const { id, size, facts } = upload;
    const name = input.name == null ? upload.name : checkFileName(input.name, `${path}.name`);
    return { type: "FILE", upload: id, variant: "original", name, size, mimeType: facts.mimeType };
  }
  const address = url(input, path);
  const name = checkFileName(required(input.name, `${path}.name`), `${path}.name`);
  if (input.mimeType != null && !MIME_TYPE.test(input.mimeType)) {
    throw invalid(`${path}.mimeType`, 'It must be a media type such as "application/pdf".');
  }
  const size = bytes(input.size, LARGEST_MEDIA_BYTES.FILE, `${path}.size`);
  return { type: "FILE", url: address, name, size, mimeType: input.mimeType ?? null };
}

export function videoContent(input: VideoInput, path: string, find: FindUpload): Content {
  const shown = input.cover == null ? null : cover(input.cover, `${path}.cover`, find);
  const upload = uploadOf(input, "VIDEO", path, find);
  if (upload !== null) {
    const { id, name, size, facts } = upload;
    const { format, width, height } = facts;
    const durationMs = facts.durationMs ?? 0;
    const source = { upload: id, variant: "original", name } as const;
    return { type: "VIDEO", ...source, size, durationMs, format, width, height, cover: shown };
  }
  return {
    type: "VIDEO",
    url: url(input, path),
    size: bytes(input.size, LARGEST_MEDIA_BYTES.VIDEO, `${path}.size`),
    durationMs: duration(input.durationMs, `${path}.durationMs`),
    format: format(input.format, `${path}.format`),
    width: optionalPixels(input.width, `${path}.width`),
    height: optionalPixels(input.height, `${path}.height`),
    cover: shown,
  };
}
