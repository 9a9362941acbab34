/**
 * The rules of each kind of content. Each check names the input at fault by its path, as clients wrote it.
 * The sizes are those of the service whose product Parley matches: 12 KiB for a message, 28 MiB for an image or a
 * sound, 100 MiB for a file or a video.
 */
import type { Content, ContentInput, FileInput, ImageInput, ImageVariant, SoundInput, VideoInput } from "./content.ts";
import { Refusal } from "./errors.ts";

export const LARGEST_MESSAGE_BYTES = 12 * 1024;
export const LARGEST_CUSTOM_DATA_BYTES = 4 * 1024;
export const LARGEST_IMAGE_BYTES = 28 * 1024 * 1024;
export const LARGEST_SOUND_BYTES = 28 * 1024 * 1024;
export const LARGEST_FILE_BYTES = 100 * 1024 * 1024;
export const LARGEST_VIDEO_BYTES = 100 * 1024 * 1024;
const LONGEST_URL_BYTES = 2_048;
const LONGEST_FILE_NAME = 255;
const FORMAT = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,31}$/;
const MIME_TYPE = /^[A-Za-z0-9!#$&^_.+-]{1,63}\/[A-Za-z0-9!#$&^_.+-]{1,63}$/;

function invalid(field: string, reason: string): Refusal {
  return new Refusal("INVALID_CONTENT", reason, { field });
}

/** @throws Refusal INVALID_CONTENT for text that no store and no JSON can carry: NUL, or half of a surrogate pair. */
export function checkString(value: string, field: string): string {
  if (value.includes("\0")) throw invalid(field, "It holds a NUL character; remove it.");
  if (!value.isWellFormed()) throw invalid(field, "It holds half of a surrogate pair; send whole characters.");
  return value;
}

/** Whether this is an http or https URL of a length that we keep. */
export function isWebUrl(value: string): boolean {
  if (Buffer.byteLength(value) > LONGEST_URL_BYTES || !URL.canParse(value)) return false;
  return /^https?:\/\//i.test(value);
}

function required<T>(value: T | null | undefined, field: string): T {
  if (value == null) throw invalid(field, "With `url`, this fact is required: nothing is fetched to find it out.");
  return value;
}

function url(input: { upload?: string | null | undefined; url?: string | null | undefined }, path: string): string {
  if (input.upload != null) {
    throw invalid(`${path}.upload`, "This server takes no uploads yet; give the `url` of media that lies elsewhere.");
  }
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

function image(input: ImageInput, path: string): Content {
  return {
    type: "IMAGE",
    url: url(input, path),
    width: pixels(required(input.width, `${path}.width`), `${path}.width`),
    height: pixels(required(input.height, `${path}.height`), `${path}.height`),
    size: bytes(input.size, LARGEST_IMAGE_BYTES, `${path}.size`),
    format: format(input.format, `${path}.format`),
    thumbnail: null,
    large: null,
  };
}

function cover(input: ImageInput, path: string): ImageVariant {
  if (input.format != null) format(input.format, `${path}.format`);
  return {
    url: url(input, path),
    width: pixels(required(input.width, `${path}.width`), `${path}.width`),
    height: pixels(required(input.height, `${path}.height`), `${path}.height`),
    size: bytes(input.size, LARGEST_IMAGE_BYTES, `${path}.size`),
  };
}

function sound(input: SoundInput, path: string): Content {
  return {
    type: "SOUND",
    url: url(input, path),
    size: bytes(input.size, LARGEST_SOUND_BYTES, `${path}.size`),
    durationMs: duration(input.durationMs, `${path}.durationMs`),
  };
}

function file(input: FileInput, path: string): Content {
  const address = url(input, path);
  const name = checkString(required(input.name, `${path}.name`), `${path}.name`);
  if (name.trim() === "" || name.length > LONGEST_FILE_NAME) {
    throw invalid(`${path}.name`, `A file name has 1 to ${LONGEST_FILE_NAME} characters.`);
  }
  if (input.mimeType != null && !MIME_TYPE.test(input.mimeType)) {
    throw invalid(`${path}.mimeType`, 'It must be a media type such as "application/pdf".');
  }
  const size = bytes(input.size, LARGEST_FILE_BYTES, `${path}.size`);
  return { type: "FILE", url: address, name, size, mimeType: input.mimeType ?? null };
}

function video(input: VideoInput, path: string): Content {
  return {
    type: "VIDEO",
    url: url(input, path),
    size: bytes(input.size, LARGEST_VIDEO_BYTES, `${path}.size`),
    durationMs: duration(input.durationMs, `${path}.durationMs`),
    format: format(input.format, `${path}.format`),
    width: optionalPixels(input.width, `${path}.width`),
    height: optionalPixels(input.height, `${path}.height`),
    cover: input.cover == null ? null : cover(input.cover, `${path}.cover`),
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

function contentOf(input: ContentInput): Content {
  if (input.text != null) return { type: "TEXT", text: filledString(input.text.text, "content.text.text") };
  if (input.face != null) {
    const { index, data } = input.face;
    if (index < 0) throw invalid("content.face.index", "The index of a face is 0 or more.");
    return { type: "FACE", index, data: optionalString(data, "content.face.data") };
  }
  if (input.location != null) return location(input.location, "content.location");
  if (input.image != null) return image(input.image, "content.image");
  if (input.sound != null) return sound(input.sound, "content.sound");
  if (input.file != null) return file(input.file, "content.file");
  if (input.video != null) return video(input.video, "content.video");
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
): { content: Content; customData: string | null } {
  const content = contentOf(input);
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
