/** What a deployment decides about media. */
import type { MediaRules } from "../engine/core.ts";
import type { BucketOptions } from "../media/bucket/client.ts";

export interface MediaOptions {
  /** Where it goes, a folder or a bucket; left out: into the data folder. */
  readonly place?: string | BucketOptions | undefined;
  /** Origin that is put before links; null: they are paths on the server. */
  readonly publicUrl: string | null;
  /** Milliseconds that a link is good at most; half of it at least. */
  readonly linkMs: number;
  readonly rules: MediaRules;
  /** Bytes that are free in the folder; left out: as the file system says. */
  readonly free?: ((folder: string) => Promise<number>) | undefined;
}

const HOUR = 3_600_000;
const MIB = 1024 * 1024;

export const DEFAULT_MEDIA: MediaOptions = {
  publicUrl: null,
  linkMs: 24 * HOUR,
  rules: { bytes: 2_048 * MIB, unfinished: 20, lifetimeMs: 24 * HOUR, freeBytes: 1_024 * MIB },
};
