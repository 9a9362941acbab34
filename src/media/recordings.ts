/** Sounds and videos: how long they are, and how large. */
import { open } from "node:fs/promises";
import { ALL_FORMATS, FilePathSource, Input } from "mediabunny";
import { UnfitMedia } from "../engine/media.ts";

export interface RecordingFacts {
  readonly durationMs: number;
  /** Pixels, as it is shown; null for a sound. */
  readonly width: number | null;
  readonly height: number | null;
}

const AMR = Buffer.from("#!AMR\n");
/** Bytes of a frame by its type, header included (RFC 4867, section 5; 3GPP TS 26.101); of those not named, 1. */
const AMR_FRAMES = [13, 14, 16, 18, 20, 21, 27, 32, 6];
const AMR_FRAME_MS = 20;

/** Voice notes of older phones. Null for what is none. @throws UnfitMedia where it breaks off */
async function durationOfAmr(path: string): Promise<number | null> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(AMR.length), 0, AMR.length, 0);
    if (bytesRead < AMR.length || !buffer.equals(AMR)) return null;
    const bytes = await file.readFile();
    let frames = 0;
    let at = AMR.length;
    for (; at < bytes.length; frames += 1) at += AMR_FRAMES[((bytes[at] ?? 0) >> 3) & 15] ?? 1;
    if (at > bytes.length) throw new UnfitMedia("This recording breaks off.");
    return frames * AMR_FRAME_MS;
  } finally {
    await file.close();
  }
}

/** @throws UnfitMedia where it cannot be read, has nothing to hear or to see, or is of the other kind */
export async function lookAtRecording(path: string, kind: "SOUND" | "VIDEO"): Promise<RecordingFacts> {
  const spoken = await durationOfAmr(path);
  if (spoken !== null) {
    if (kind === "VIDEO") throw new UnfitMedia("There is nothing to see in it: send it as a sound.");
    return { durationMs: spoken, width: null, height: null };
  }
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS });
  try {
    const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
    if (kind === "SOUND" && video !== null)
      throw new UnfitMedia("There is something to see in it: send it as a video.");
    if (kind === "SOUND" && audio === null) throw new UnfitMedia("There is nothing to hear in it: send it as a file.");
    if (kind === "VIDEO" && video === null) throw new UnfitMedia("There is nothing to see in it: send it as a sound.");
    const durationMs = Math.round((await input.computeDuration()) * 1_000);
    if (!(durationMs > 0)) throw new UnfitMedia("This recording is damaged: it has no length.");
    if (video === null) return { durationMs, width: null, height: null };
    return { durationMs, width: await video.getDisplayWidth(), height: await video.getDisplayHeight() };
  } catch (error) {
    if (error instanceof UnfitMedia) throw error;
    throw new UnfitMedia("This recording cannot be read: it is damaged, or of a kind that is not known.");
  } finally {
    input.dispose();
  }
}
