/**
 * The rules of each kind of content. Each check names the input at fault by its path, as clients wrote it.
 * The sizes are those of the service whose product Parley matches: 12 KiB for a message; those of media are in
 * `media.ts`.
 */
import type { Content, ContentInput, FileInput, ImageInput, ImageVariant, SoundInput, VideoInput } from "./content.ts";
import { Refusal } from "./errors.ts";
import { LARGEST_MEDIA_BYTES, type MediaFacts, type MediaKind, type SmallerName, type Upload } from "./media.ts";

export const LARGEST_MESSAGE_BYTES = 12 * 1024;
export const LARGEST_CUSTOM_DATA_BYTES = 4 * 1024;
const LONGEST_URL_BYTES = 2_048;
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

function invalid(field: string, reason: string): Refusal {
  return new Refusal("INVALID_CONTENT", reason, { field });
}

/** @throws Refusal INVALID_CONTENT for text that no store and no JSON can carry: NUL, or half of a surrogate pair. */
export function checkString(value: string, field: string): string {
  if (value.includes("\0")) throw invalid(field, "It holds a NUL character; remove it.");
  if (!value.isWellFormed()) throw invalid(field, "It holds half of a surrogate pair; send whole characters.");
  return value;
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

/** Whether this is an http or https URL of a length that we keep. */
export function isWebUrl(value: string): boolean {
  if (Buffer.byteLength(value) > LONGEST_URL_BYTES || !URL.canParse(value)) return false;
  return /^https?:\/\//i.test(value);
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

function optionalString(value: string | null | undefined, field: string): string | null {
  return value == null ? null : checkString(value, field);
}

function image(input: ImageInput, path: string, find: FindUpload): Content {
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
    // Some pictures cannot be measured here; of what was shown smaller the size is known.
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

function sound(input: SoundInput, path: string, find: FindUpload): Content {
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

function file(input: FileInput, path: string, find: FindUpload): Content {
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

function video(input: VideoInput, path: string, find: FindUpload): Content {
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

function location(input: { name: string; latitude: number; longitude: number }, path: string): Content {
  const { latitude, longitude } = input;
  if (!(Math.abs(latitude) <= 90)) throw invalid(`${path}.latitude`, "A latitude is from -90 to 90 degrees.");
  if (!(Math.abs(longitude) <= 180)) throw invalid(`${path}.longitude`, "A longitude is from -180 to 180 degrees.");
  return { type: "LOCATION", name: checkString(input.name, `${path}.name`), latitude, longitude };
}

function filledString(value: string, field: string): string {
  if (checkString(value, field).trim() === "") throw invalid(field, "It is empty; write something.");
  return value;
}

function contentOf(input: ContentInput, find: FindUpload): Content {
  if (input.text != null) return { type: "TEXT", text: filledString(input.text.text, "content.text.text") };
  if (input.face != null) {
    const { index, data } = input.face;
    if (index < 0) throw invalid("content.face.index", "The index of a face is 0 or more.");
    return { type: "FACE", index, data: optionalString(data, "content.face.data") };
  }
  if (input.location != null) return location(input.location, "content.location");
  if (input.image != null) return image(input.image, "content.image", find);
  if (input.sound != null) return sound(input.sound, "content.sound", find);
  if (input.file != null) return file(input.file, "content.file", find);
  if (input.video != null) return video(input.video, "content.video", find);
  if (input.custom != null) {
    return {
      type: "CUSTOM",
      data: checkString(input.custom.data, "content.custom.data"),
      description: optionalString(input.custom.description, "content.custom.description"),
      extension: optionalString(input.custom.extension, "content.custom.extension"),
    };
  }
  if (input.notice != null) {
    return {
      type: "NOTICE",
      kind: "CUSTOM",
      subjectId: null,
      title: optionalString(input.notice.title, "content.notice.title"),
      body: filledString(input.notice.body, "content.notice.body"),
      data: optionalString(input.notice.data, "content.notice.data"),
    };
  }
  throw invalid("content", "Give exactly one kind of content.");
}

/** UTF-8 bytes of all strings in a value. */
function stringBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + stringBytes(part), 0);
}

/**
 * Reads what a client sent.
 * @returns the content, and the sender's own data beside it
 * @throws Refusal INVALID_CONTENT (with `field`) or CONTENT_TOO_LARGE
 */
export function readContent(
  input: ContentInput,
  customDataInput: string | null | undefined,
  find: FindUpload,
): { content: Content; customData: string | null } {
  const content = contentOf(input, find);
  const customData = optionalString(customDataInput, "customData");
  const { type: _, ...strings } = content;
  const size = stringBytes(strings) + stringBytes(customData);
  if (size > LARGEST_MESSAGE_BYTES) {
    const reason = `All strings of content and customData together are ${size} bytes in UTF-8; at most ${LARGEST_MESSAGE_BYTES} are allowed.`;
    throw new Refusal("CONTENT_TOO_LARGE", reason, { field: "content" });
  }
  if (stringBytes(customData) > LARGEST_CUSTOM_DATA_BYTES) {
    throw invalid("customData", `It is over ${LARGEST_CUSTOM_DATA_BYTES} bytes in UTF-8.`);
  }
  return { content, customData };
}
