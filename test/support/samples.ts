/** Media made on the spot. */
import sharp from "sharp";

/** A JPEG of one colour. */
export function pictureOf(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: "#3366aa" } })
    .jpeg()
    .toBuffer();
}

const SAMPLES_PER_SECOND = 8_000;

/** A WAV with nothing to hear, of so many milliseconds. */
export function soundOf(ms: number): Buffer {
  const samples = Buffer.alloc((SAMPLES_PER_SECOND * ms) / 1_000, 128);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  // PCM, one channel, of bytes.
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  head.writeUInt32LE(SAMPLES_PER_SECOND, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** A PNG of exactly so many bytes, most of which are a chunk that nobody reads. */
export async function pictureOfBytes(bytes: number): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  const png = await sharp({ create: { width: 1_600, height: 1_200, channels: 3, background: "#3366aa", noise } })
    .png()
    .toBuffer();
  // Before the last chunk, IEND, of 12 bytes.
  const [body, end] = [png.subarray(0, -12), png.subarray(-12)];
  const filler = Buffer.alloc(bytes - png.length);
  filler.writeUInt32BE(filler.length - 12, 0);
  filler.write("prVt", 4);
  filler.writeUInt32BE(crcOf(filler.subarray(4, -4)), filler.length - 4);
  return Buffer.concat([body, filler, end]);
}

/** As PNG has it (ISO 3309). */
function crcOf(bytes: Buffer): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
