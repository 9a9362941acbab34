/** A picture of a video to show before it plays: made here, since the server decodes none. */

/** Milliseconds that a video may take to show something. */
const PATIENCE = 4_000;
/** Seconds from its beginning: the first frame of many is black. */
const AT = 0.1;
/** Pixels of its long side. */
const LONGEST = 960;

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => reject(new Error("The video showed nothing in time.")));
    target.addEventListener("error", () => reject(new Error("The video cannot be played here.")), { signal });
  });
}

/** Undefined where the browser cannot play it: it is sent without. */
export async function coverOf(video: Blob): Promise<Blob | undefined> {
  const url = URL.createObjectURL(video);
  const signal = AbortSignal.timeout(PATIENCE);
  try {
    const element = document.createElement("video");
    element.muted = true;
    element.preload = "auto";
    element.src = url;
    await once(element, "loadeddata", signal);
    const sought = once(element, "seeked", signal);
    element.currentTime = Math.min(AT, element.duration / 2 || 0);
    await sought;
    const scale = Math.min(1, LONGEST / Math.max(element.videoWidth, element.videoHeight, 1));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(element.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(element.videoHeight * scale));
    canvas.getContext("2d")?.drawImage(element, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    return picture ?? undefined;
  } catch {
    return undefined;
  } finally {
    URL.revokeObjectURL(url);
  }
}
