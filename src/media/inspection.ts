/** The process that looks into what others have sent: whatever that does to it, the server goes on. */
import { type MediaFacts, type MediaKind, UnfitMedia } from "../engine/media.ts";
import { checkPicture, harmless, recordingType, sniff } from "./kinds.ts";
import { lookAtPicture } from "./pictures.ts";
import { lookAtRecording } from "./recordings.ts";

/** What it is asked. */
export interface Question {
  readonly path: string;
  readonly kind: MediaKind;
  /** Where smaller pictures go. */
  readonly folder: string;
}

export type Answer =
  | { readonly facts: MediaFacts }
  /** It is not what it was said to be. */
  | { readonly unfit: string }
  /** It could not be looked at. */
  | { readonly failed: string };

async function look({ path, kind, folder }: Question): Promise<MediaFacts> {
  const sniffed = await sniff(path);
  switch (kind) {
    case "IMAGE": {
      checkPicture(sniffed);
      return { ...sniffed, durationMs: null, ...(await lookAtPicture(path, folder)) };
    }
    case "SOUND":
    case "VIDEO": {
      const facts = await lookAtRecording(path, kind);
      return { ...sniffed, mimeType: recordingType(sniffed, kind), ...facts, smaller: [] };
    }
    case "FILE":
      return { ...harmless(sniffed), width: null, height: null, durationMs: null, smaller: [] };
    default:
      return kind satisfies never;
  }
}

async function answer(question: Question): Promise<Answer> {
  try {
    return { facts: await look(question) };
  } catch (error) {
    if (error instanceof UnfitMedia) return { unfit: error.message };
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (question: Question) => {
  void answer(question).then((said) => process.send?.(said));
});
// Whoever asks is gone.
process.on("disconnect", () => process.exit());
