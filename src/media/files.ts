/**
 * Media on disk: `incoming/<id>` while it comes, `files/<first two characters>/<id>/` with `original` and the smaller
 * pictures once all has come. No name of a client's stands in a path.
 */
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { MediaFiles, MediaInspector, VariantName } from "../engine/media.ts";

const ID = /^[A-Za-z0-9_-]{22}$/;

export interface MediaFolder extends MediaFiles {
  /** Where uploads come in. */
  readonly incoming: string;
  /** Where this lies once it is kept. */
  path(id: string, variant: VariantName): string;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** What is in a file, or which files are in a folder, is on disk when this resolves. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

/**
 * Opens a folder of media, and makes it where it is missing.
 * @param free bytes that are free there; left out: as the file system says
 */
export async function openMediaFolder(
  folder: string,
  inspector: MediaInspector,
  free: (folder: string) => Promise<number> = freeBytes,
): Promise<MediaFolder> {
  const incoming = join(folder, "incoming");
  const files = join(folder, "files");
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await mkdir(files, { recursive: true, mode: 0o700 });

  /** @throws Error for what is no id: it would be part of a path */
  function checked(id: string): string {
    if (!ID.test(id)) throw new Error("no id of an upload");
    return id;
  }
  const incomingOf = (id: string) => join(incoming, checked(id));
  const folderOf = (id: string) => join(files, checked(id).slice(0, 2), id);

  return {
    incoming,
    path: (id, variant) => join(folderOf(id), variant),
    free: () => free(folder),
    received: async (id) => (await sizeOf(incomingOf(id))) ?? 0,
    async keep(id, kind) {
      const own = folderOf(id);
      const original = join(own, "original");
      await mkdir(own, { recursive: true, mode: 0o700 });
      if ((await sizeOf(incomingOf(id))) !== null) {
        await sync(incomingOf(id));
        await rename(incomingOf(id), original);
      }
      const facts = await inspector.inspect(original, kind, own);
      for (const { name } of facts.smaller) await sync(join(own, name));
      for (const place of [own, join(own, ".."), files]) await sync(place);
      return facts;
    },
    async remove(id) {
      await rm(incomingOf(id), { force: true });
      await rm(folderOf(id), { recursive: true, force: true });
    },
    async *ids() {
      yield (await namesIn(incoming)).filter((name) => ID.test(name));
      for (const part of await namesIn(files)) {
        yield (await namesIn(join(files, part))).filter((name) => ID.test(name));
      }
    },
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
