/** Lines of a file, plain or gzip, one at a time. */

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";

const GZIP = Buffer.from([0x1f, 0x8b]);

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.equals(GZIP);
  } finally {
    await file.close();
  }
}

export interface TextLine {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
}

/**
 * @param progress is told the bytes of the file that have been read
 * @throws Error where the file cannot be read, or is cut off
 */
export async function* linesOf(path: string, progress: (bytes: number) => void): AsyncGenerator<TextLine, void, void> {
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      progress(bytes);
      done(null, chunk);
    },
  });
  const file = createReadStream(path);
  // What breaks it ends what comes out of it, which throws.
  const text = (await isGzip(path)) ? pipeline(file, count, createGunzip(), () => {}) : pipeline(file, count, () => {});
  let number = 0;
  try {
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      yield { text: line, number };
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) throw error;
    throw new Error(`${path} is cut off or damaged, behind line ${number}.`, { cause: error });
  }
}
