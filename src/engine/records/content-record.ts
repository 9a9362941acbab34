/** Content as records hold it: in the form in which it is sent, with links to media that lies here. */
import type { Content, ImageVariant, MediaSource } from "../content.ts";
import { unreachable } from "../errors.ts";
import { uploadId } from "../ids.ts";

/** Where media can be had, for a while. */
export type LinkTo = (source: MediaSource) => string;

function source(media: MediaSource, linkTo: LinkTo): object {
  if ("url" in media) return { url: media.url };
  return { url: linkTo(media), upload: uploadId(media.upload) };
}

function picture(image: ImageVariant, linkTo: LinkTo): object {
  return { ...source(image, linkTo), width: image.width, height: image.height, size: image.size };
}

/** One key that names the kind, and under it what `MessageContentInput` has there; null is left out when it is written. */
export function contentRecord(content: Content, linkTo: LinkTo): object {
  switch (content.type) {
    case "TEXT":
      return { text: { text: content.text } };
    case "FACE":
      return { face: { index: content.index, data: content.data } };
    case "LOCATION": {
      const { name, latitude, longitude } = content;
      return { location: { name, latitude, longitude } };
    }
    case "IMAGE": {
      const { width, height, size, format } = content;
      return { image: { ...source(content, linkTo), width, height, size, format } };
    }
    case "SOUND": {
      const { size, durationMs } = content;
      return { sound: { ...source(content, linkTo), size, durationMs } };
    }
    case "FILE": {
      const { name, size, mimeType } = content;
      return { file: { ...source(content, linkTo), name, size, mimeType } };
    }
    case "VIDEO": {
      const { size, durationMs, format, width, height } = content;
      const cover = content.cover === null ? null : picture(content.cover, linkTo);
      return { video: { ...source(content, linkTo), size, durationMs, format, width, height, cover } };
    }
    case "CUSTOM": {
      const { data, description, extension } = content;
      return { custom: { data, description, extension } };
    }
    case "NOTICE": {
      const { kind, subjectId, title, body, data } = content;
      return { notice: { kind, subject: subjectId, title, body, data } };
    }
    default:
      return unreachable(content);
  }
}
