/** What a message says before the server has it: the same shape as after. */
import type { ContentFragment, ImageInput, MessageContentInput } from "./generated.ts";
import type { ContentInput, MessageContent } from "./model.ts";

const LONGEST_SUMMARY = 200;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= LONGEST_SUMMARY ? line : `${line.slice(0, LONGEST_SUMMARY - 1)}…`;
}

export function toInput(content: ContentInput): MessageContentInput {
  return typeof content === "string" ? { text: { text: content } } : content;
}

function variant({ url, width, height, size }: ImageInput) {
  return { url: url ?? "", width: width ?? 0, height: height ?? 0, size: size ?? 0 };
}

/** The content as it will come back, as far as that is known. */
export function previewOf(input: MessageContentInput): MessageContent | null {
  if (input.text) return { type: "TEXT", summary: oneLine(input.text.text), text: input.text.text };
  if (input.face) return { type: "FACE", summary: "[Face]", index: input.face.index, data: input.face.data ?? null };
  if (input.location) {
    return { type: "LOCATION", summary: oneLine(`[Location] ${input.location.name}`), ...input.location };
  }
  if (input.image) {
    const { width = null, height = null, format } = input.image;
    const { url, size } = variant(input.image);
    const picture = { url, size, width, height, format: format ?? "", thumbnail: null, large: null };
    return { type: "IMAGE", summary: "[Image]", ...picture };
  }
  if (input.sound) {
    const { url, size, durationMs } = input.sound;
    return { type: "SOUND", summary: "[Sound]", url: url ?? "", size: size ?? 0, durationMs: durationMs ?? 0 };
  }
  if (input.file) {
    const { url, name, size, mimeType = null } = input.file;
    const summary = oneLine(`[File] ${name ?? ""}`);
    return { type: "FILE", summary, url: url ?? "", name: name ?? "", size: size ?? 0, mimeType };
  }
  if (input.video) {
    const { url, size, durationMs, format, width = null, height = null, cover } = input.video;
    const facts = { url: url ?? "", size: size ?? 0, durationMs: durationMs ?? 0, format: format ?? "", width, height };
    return { type: "VIDEO", summary: "[Video]", ...facts, cover: cover ? variant(cover) : null };
  }
  if (input.custom) {
    const { data, description = null, extension = null } = input.custom;
    return { type: "CUSTOM", summary: oneLine(description ?? "") || "[Custom]", data, description, extension };
  }
  if (input.notice) {
    const { title = null, body, data = null } = input.notice;
    return { type: "NOTICE", summary: oneLine(body), kind: "CUSTOM", title, body, data, subject: null };
  }
  return null;
}

/** Links of the server's own are paths on it. @param base the server's URL */
function resolve<Linked extends { readonly url: string }>(linked: Linked, base: string): Linked {
  return URL.canParse(linked.url, base) ? { ...linked, url: new URL(linked.url, base).href } : linked;
}

/** @param base the URL of the server that said it */
export function contentOf(content: ContentFragment, base: string): MessageContent {
  const variantOf = <Variant extends { readonly url: string }>(variant: Variant | null) =>
    variant === null ? null : resolve(variant, base);
  switch (content.__typename) {
    case "TextContent":
      return { ...content, type: "TEXT" };
    case "FaceContent":
      return { ...content, type: "FACE" };
    case "LocationContent":
      return { ...content, type: "LOCATION" };
    case "ImageContent":
      return {
        ...resolve(content, base),
        type: "IMAGE",
        thumbnail: variantOf(content.thumbnail),
        large: variantOf(content.large),
      };
    case "SoundContent":
      return { ...resolve(content, base), type: "SOUND" };
    case "FileContent":
      return { ...resolve(content, base), type: "FILE" };
    case "VideoContent":
      return { ...resolve(content, base), type: "VIDEO", cover: variantOf(content.cover) };
    case "CustomContent":
      return { ...content, type: "CUSTOM" };
    case "NoticeContent":
      return { ...content, type: "NOTICE" };
    default:
      // A kind of a later server: its summary and its type are there all the same.
      return content satisfies never;
  }
}
