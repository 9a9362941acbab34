/**
 * The rules of each kind of content. Each check names the input at fault by its path, as clients wrote it.
 * The sizes are those of the service whose product Parley matches: 12 KiB for a message; those of media are in
 * `media-rules.ts`.
 */
import type { Content, ContentInput } from "./content.ts";
import { checkString, invalid, optionalString } from "./content-checks.ts";
import { Refusal } from "./errors.ts";
import { type FindUpload, fileContent, imageContent, soundContent, videoContent } from "./media-rules.ts";

export const LARGEST_MESSAGE_BYTES = 12 * 1024;
export const LARGEST_CUSTOM_DATA_BYTES = 4 * 1024;

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
  if (input.image != null) return imageContent(input.image, "content.image", find);
  if (input.sound != null) return soundContent(input.sound, "content.sound", find);
  if (input.file != null) return fileContent(input.file, "content.file", find);
  if (input.video != null) return videoContent(input.video, "content.video", find);
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
