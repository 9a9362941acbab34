/** Pictures: their size, and smaller ones of them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { type Smaller, type SmallerName, UnfitMedia } from "../engine/media.ts";

/** Pixels that are decoded at most: a small file may say that it is a wall. */
const MOST_PIXELS = 50_000_000;
/** Pixels of the short side. */
const SIDES: Readonly<Record<SmallerName, number>> = { thumbnail: 198, large: 720 };
/** How many times the short side the long one of a smaller picture may be: of strips the middle is shown. */
const LONGEST = 20;
const QUALITY = 80;

sharp.cache(false);
sharp.concurrency(1);
// What is not asked for is not read: SVG, PDF, TIFF and whatever else the library knows.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: [
    "VipsForeignLoadJpeg",
    "VipsForeignLoadPng",
    "VipsForeignLoadNsgif",
    "VipsForeignLoadWebp",
    "VipsForeignLoadHeif",
  ],
});

export interface PictureFacts {
  /** Pixels, as it is shown. */
  readonly width: number;
  readonly height: number;
  readonly smaller: readonly Smaller[];
}

/** Of what moves, the first picture. */
function read(path: string) {
  return sharp(path, { limitInputPixels: MOST_PIXELS, failOn: "error", pages: 1 });
}

interface Made {
  readonly facts: Smaller;
  readonly bytes: Buffer;
}

async function shrink(path: string, name: SmallerName, long: number, isWide: boolean): Promise<Made> {
  const short = SIDES[name];
  const [width, height] = isWide ? [long, short] : [short, long];
  const mimeType = "image/webp";
  // Metadata, with where it was taken, is left behind.
  const { data, info } = await read(path)
    .autoOrient()
    .resize({ width, height, fit: "cover" })
    .toColourspace("srgb")
    .webp({ quality: QUALITY })
    .toBuffer({ resolveWithObject: true });
  return { facts: { name, width: info.width, height: info.height, size: info.size, mimeType }, bytes: data };
}

function explain(error: unknown): UnfitMedia {
  const text = error instanceof Error ? error.message : "";
  if (/pixel limit/i.test(text)) return new UnfitMedia(`It has more than ${MOST_PIXELS} pixels.`);
  return new UnfitMedia("This picture cannot be read: it is damaged, or not what it says.");
}

interface Seen {
  readonly width: number;
  readonly height: number;
  readonly smaller: readonly Made[];
}

async function look(path: string): Promise<Seen> {
  try {
    const { autoOrient } = await read(path).metadata();
    const { width, height } = autoOrient;
    const short = Math.min(width, height);
    const ratio = Math.min(Math.max(width, height) / short, LONGEST);
    const smaller: Made[] = [];
    for (const name of ["thumbnail", "large"] as const) {
      if (short <= SIDES[name]) continue;
      smaller.push(await shrink(path, name, Math.round(SIDES[name] * ratio), width > height));
    }
    // What is small already has not been read to its end.
    if (smaller.length === 0) await read(path).stats();
    return { width, height, smaller };
  } catch (error) {
    throw explain(error);
  }
}

/**
 * Reads a picture to its end, and writes smaller ones into the folder, where it is larger than they are.
 * @throws UnfitMedia where it cannot be read, or would be too large to
 * @throws Error where the smaller ones cannot be written
 */
export async function lookAtPicture(path: string, folder: string): Promise<PictureFacts> {
  const { width, height, smaller } = await look(path);
  for (const { facts, bytes } of smaller) await writeFile(join(folder, facts.name), bytes, { mode: 0o600 });
  return { width, height, smaller: smaller.map(({ facts }) => facts) };
}
