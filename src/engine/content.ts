/**
 * The nine kinds of content as they are stored, what clients send for each, and the line that stands for each in
 * a conversation list or a notification. Their rules are in `content-rules.ts`.
 */
import { unreachable } from "./errors.ts";
import type { VariantName } from "./media.ts";

/** Where media lies: elsewhere, or with Parley. */
export type MediaSource =
  | { readonly url: string }
  | {
      /** Without the prefix of ids that clients see. */
      readonly upload: string;
      readonly variant: VariantName;
      /** What the file is called. */
      readonly name: string;
    };

export type ImageVariant = MediaSource & {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bytes. */
  readonly size: number;
};

export interface TextContent {
  readonly type: "TEXT";
  readonly text: string;
}
export interface FaceContent {
  readonly type: "FACE";
  readonly index: number;
  readonly data: string | null;
}
export interface LocationContent {
  readonly type: "LOCATION";
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
}
export type ImageContent = MediaSource & {
  readonly type: "IMAGE";
  readonly width: number | null;
  readonly height: number | null;
  readonly size: number;
  readonly format: string;
  readonly thumbnail: ImageVariant | null;
  readonly large: ImageVariant | null;
};
export type SoundContent = MediaSource & {
  readonly type: "SOUND";
  readonly size: number;
  readonly durationMs: number;
};
export type FileContent = MediaSource & {
  readonly type: "FILE";
  readonly name: string;
  readonly size: number;
  readonly mimeType: string | null;
};
export type VideoContent = MediaSource & {
  readonly type: "VIDEO";
  readonly size: number;
  readonly durationMs: number;
  readonly format: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly cover: ImageVariant | null;
};
export interface CustomContent {
  readonly type: "CUSTOM";
  readonly data: string;
  readonly description: string | null;
  readonly extension: string | null;
}
export type NoticeKind = "CUSTOM" | "FRIEND_REQUESTED" | "FRIEND_ACCEPTED" | "FRIEND_REMOVED" | "BROADCAST";
export interface NoticeContent {
  readonly type: "NOTICE";
  readonly kind: NoticeKind;
  /** Id of the user whom a friend notice is about. */
  readonly subjectId: string | null;
  readonly title: string | null;
  readonly body: string;
  readonly data: string | null;
}

export type Content =
  | TextContent
  | FaceContent
  | LocationContent
  | ImageContent
  | SoundContent
  | FileContent
  | VideoContent
  | CustomContent
  | NoticeContent;
export type ContentType = Content["type"];

type Maybe<T> = T | null | undefined;

export interface ImageInput {
  upload?: Maybe<string>;
  url?: Maybe<string>;
  width?: Maybe<number>;
  height?: Maybe<number>;
  size?: Maybe<number>;
  format?: Maybe<string>;
}
export interface SoundInput {
  upload?: Maybe<string>;
  url?: Maybe<string>;
  size?: Maybe<number>;
  durationMs?: Maybe<number>;
}
export interface FileInput {
  upload?: Maybe<string>;
  url?: Maybe<string>;
  name?: Maybe<string>;
  size?: Maybe<number>;
  mimeType?: Maybe<string>;
}
export interface VideoInput {
  upload?: Maybe<string>;
  url?: Maybe<string>;
  size?: Maybe<number>;
  durationMs?: Maybe<number>;
  format?: Maybe<string>;
  width?: Maybe<number>;
  height?: Maybe<number>;
  cover?: Maybe<ImageInput>;
}

/** What a client sends: exactly one of the nine. */
export interface ContentInput {
  text?: Maybe<{ text: string }>;
  face?: Maybe<{ index: number; data?: Maybe<string> }>;
  location?: Maybe<{ name: string; latitude: number; longitude: number }>;
  image?: Maybe<ImageInput>;
  sound?: Maybe<SoundInput>;
  file?: Maybe<FileInput>;
  video?: Maybe<VideoInput>;
  custom?: Maybe<{ data: string; description?: Maybe<string>; extension?: Maybe<string> }>;
  notice?: Maybe<{ title?: Maybe<string>; body: string; data?: Maybe<string> }>;
}

const LONGEST_SUMMARY = 200;

function oneLine(text: string): string {
  const line = text.replace(/\s*[\r\n\u2028\u2029]\s*/g, " ").trim();
  if (line.length <= LONGEST_SUMMARY) return line;
  return `${line
    .slice(0, LONGEST_SUMMARY - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, "")}…`;
}

/** One line that stands for the content, at most 200 UTF-16 units: the text itself, or `[Image]` and the like. */
export function summaryOf(content: Content): string {
  switch (content.type) {
    case "TEXT":
      return oneLine(content.text);
    case "FACE":
      return "[Face]";
    case "LOCATION":
      return oneLine(`[Location] ${content.name}`);
    case "IMAGE":
      return "[Image]";
    case "SOUND":
      return "[Sound]";
    case "FILE":
      return oneLine(`[File] ${content.name}`);
    case "VIDEO":
      return "[Video]";
    case "CUSTOM":
      return oneLine(content.description ?? "") || "[Custom]";
    case "NOTICE":
      return oneLine(content.body);
    default:
      return unreachable(content);
  }
}
