/**
 * Archives in a folder: each a file, and beside it another that says what it is. What is written has a name of its own
 * until it is on disk; there is an archive once both have theirs.
 */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline as connected, Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { type Archive, type ArchiveFiles, hourInName } from "../../engine/records/archive-files.ts";

/** Of files that are not finished: what a process that was killed has left is removed. */
const UNFINISHED = ".part";
const FACTS = ".json";

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens a folder of archives, and makes it where it is missing. */
export async function openArchiveFolder(folder: string): Promise<ArchiveFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder))
    if (name.endsWith(UNFINISHED)) await rm(join(folder, name), { force: true });

  function unfinished(): string {
    return join(folder, `${randomBytes(12).toString("hex")}${UNFINISHED}`);
  }

  async function note(archive: Archive): Promise<void> {
    const facts = unfinished();
    await writeFile(facts, `${JSON.stringify(archive)}\n`, { mode: 0o600, flush: true });
    await rename(facts, join(folder, `${archive.name}${FACTS}`));
    await sync(folder);
  }

  async function publish(data: string, archive: Archive): Promise<void> {
    await rename(data, join(folder, archive.name));
    await note(archive);
  }

  return {
    async list(from, to) {
      const archives: Archive[] = [];
      for (const name of await readdir(folder)) {
        const hour = name.endsWith(FACTS) ? hourInName(name.slice(0, -FACTS.length)) : null;
        if (hour === null || hour < from || hour >= to) continue;
        const text = await readFile(join(folder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
          // It was removed meanwhile.
          if (error.code === "ENOENT") return null;
          throw error;
        });
        if (text !== null) archives.push(JSON.parse(text) as Archive);
      }
      return archives.sort((a, b) => a.hour - b.hour || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
    },

    async write(text) {
      const path = unfinished();
      const hash = createHash("sha256");
      let size = 0;
      const measure = new Transform({
        transform(chunk: Buffer, _, done) {
          hash.update(chunk);
          size += chunk.length;
          done(null, chunk);
        },
      });
      const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
      try {
        await pipeline(Readable.from(text, { highWaterMark: 1 }), createGzip(), measure, file);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return {
        size,
        sha256: hash.digest("hex"),
        publish: (archive) => publish(path, archive),
        discard: () => rm(path, { force: true }),
      };
    },

    async *read({ name }) {
      const file = createReadStream(join(folder, name));
      // What breaks the one ends the other, which throws.
      yield* createInterface({ input: connected(file, createGunzip(), () => {}) });
    },

    note,

    async remove({ name }) {
      await rm(join(folder, `${name}${FACTS}`), { force: true });
      await rm(join(folder, name), { force: true });
    },
  };
}
