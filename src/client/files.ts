/** Files that go with a message: what they are sent as, and what is shown of them before the server has them. */
import { previewOf } from "./content.ts";
import type { MediaKind, MessageContentInput } from "./generated.ts";
import type { MessageContent } from "./model.ts";
import type { Outgoing, OutgoingFile } from "./store/store.ts";

/** What a file is sent as. */
export type FileKind = "image" | "sound" | "video" | "file";

/** Pictures that every browser shows; others are sent as files. */
const PICTURE = /^image\/(jpeg|png|gif|webp|avif)$/;
/** The server's limit for pictures and sounds: what is larger can still be sent as a file. */
const LARGEST_PICTURE_OR_SOUND = 28 * 1024 * 1024;
const KINDS: Record<FileKind, MediaKind> = { image: "IMAGE", sound: "SOUND", video: "VIDEO", file: "FILE" };

/** What a file is sent as where nobody has said it. */
export function kindOf({ type, size }: Blob): FileKind {
  if (type.startsWith("video/")) return "video";
  if (size > LARGEST_PICTURE_OR_SOUND) return "file";
  if (PICTURE.test(type)) return "image";
  return type.startsWith("audio/") ? "sound" : "file";
}

const NAMES: Record<FileKind, string> = { image: "picture", sound: "sound", video: "video", file: "file" };

/** @param name empty: that of the file, where it has one */
export function toOutgoingFile(blob: Blob, kind: FileKind, part: OutgoingFile["part"], name = ""): OutgoingFile {
  const own = name !== "" ? name : "name" in blob && typeof blob.name === "string" ? blob.name : "";
  return { part, kind: KINDS[kind], name: own === "" ? NAMES[kind] : own, blob, ticket: null, done: false };
}

/** Whether its files are on their way. */
export function isUploading({ files, failure }: Outgoing): boolean {
  return failure === null && files.some(({ done }) => !done);
}

/** The content of a message whose files are all on the server. */
export function contentOfFiles(files: readonly OutgoingFile[]): MessageContentInput {
  const upload = files.find(({ part }) => part === "content")?.ticket?.id;
  const cover = files.find(({ part }) => part === "cover")?.ticket?.id;
  const kind = files[0]?.kind ?? "FILE";
  switch (kind) {
    case "IMAGE":
      return { image: { upload } };
    case "SOUND":
      return { sound: { upload } };
    case "VIDEO":
      return { video: { upload, ...(cover === undefined ? {} : { cover: { upload: cover } }) } };
    case "FILE":
      return { file: { upload } };
    default:
      return kind satisfies never;
  }
}

/** What is known of it before the server has looked into it; its `url` is empty. */
export function previewOfFile({ kind, name, blob }: OutgoingFile): MessageContent | null {
  const { size, type } = blob;
  const format = type.split("/")[1] ?? "";
  switch (kind) {
    case "IMAGE":
      return previewOf({ image: { size, format } });
    case "SOUND":
      return previewOf({ sound: { size } });
    case "VIDEO":
      return previewOf({ video: { size, format } });
    case "FILE":
      return previewOf({ file: { size, name, mimeType: type || null } });
    default:
      return kind satisfies never;
  }
}
