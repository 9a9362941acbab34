/** What of a message can be searched for, and how texts are compared. */
import type { Content, ContentType } from "../content.ts";
import { unreachable } from "../errors.ts";
import type { Message } from "../model.ts";

/** The words that people see; data that only apps read is not searched. */
function textOf(content: Content): string {
  switch (content.type) {
    case "TEXT":
      return content.text;
    case "LOCATION":
    case "FILE":
      return content.name;
    case "CUSTOM":
      return content.description ?? "";
    case "NOTICE":
      return content.title === null ? content.body : `${content.title}\n${content.body}`;
    case "FACE":
    case "IMAGE":
    case "SOUND":
    case "VIDEO":
      return "";
    default:
      return unreachable(content);
  }
}

/**
 * The form in which texts are compared: compatibility forms are one (NFKC: full width and half width, ligatures,
 * composed and decomposed Hangul), letters are small.
 */
export function comparable(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** What a search compares of a content, as somebody sees it. */
export function searchable(content: Content | null): string {
  return content === null ? "" : comparable(textOf(content));
}

/** A message as an index holds it. */
export interface IndexedMessage {
  readonly conversationId: number;
  readonly seq: number;
  readonly sentAt: number;
  readonly type: ContentType;
  readonly senderId: string;
  readonly recipientId: string;
  /** Only the sender may see it. */
  readonly hidden: boolean;
  /** All that somebody may see of it. */
  readonly text: string;
}

/** Null for what is not to be found: it was recalled, or erased. */
export function indexed(message: Message): IndexedMessage | null {
  const { conversationId, seq, sentAt, content, editForSender, senderId, recipientId, hidden } = message;
  if (content === null) return null;
  const texts = [searchable(content), searchable(editForSender?.content ?? null)].filter((text) => text !== "");
  return { conversationId, seq, sentAt, type: content.type, senderId, recipientId, hidden, text: texts.join("\n") };
}
