import type { MessageContent } from "../../../client/index.ts";

const FEW = 3;
const EMOJI = /^(?:\p{RGI_Emoji})+$/v;

/** One to three emoji and nothing else: shown large, as they are meant. */
export function isFewEmoji(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.length <= 24 && EMOJI.test(trimmed) && [...new Intl.Segmenter().segment(trimmed)].length <= FEW;
}

/** Whether it stands without a bubble. */
export function isBare(content: MessageContent): boolean {
  return content.type === "FACE" || (content.type === "TEXT" && isFewEmoji(content.text));
}
