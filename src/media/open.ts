/** Opens where media lies: a folder, or a bucket. */
import type { MediaInspector } from "../engine/media.ts";
import type { BucketOptions } from "./bucket/client.ts";
import { openMediaFolder } from "./folder.ts";
import type { MediaStorage } from "./storage.ts";

/**
 * @param free bytes that are free in the folder; left out: as the file system says
 * @throws Error where it cannot be used
 */
export async function openMedia(
  place: string | BucketOptions,
  inspector: MediaInspector,
  free?: (folder: string) => Promise<number>,
): Promise<MediaStorage> {
  if (typeof place === "string") return openMediaFolder(place, inspector, free);
  // Amazon's library is large, and most servers do without it.
  const { openMediaBucket } = await import("./bucket/storage.ts");
  return openMediaBucket(place, inspector);
}
