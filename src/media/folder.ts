/**
 * Media on disk: `incoming/<id>` while it comes, `files/<first two characters>/<id>/` with `original` and the smaller
 * pictures once all has come. No name of a client's stands in a path.
 */
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import send from "send";
import { isStoredUploadId } from "../engine/ids.ts";
import type { MediaInspector, VariantName } from "../engine/media.ts";
import type { Incoming, MediaStorage, Served } from "./storage.ts";

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

/** @throws Error for what is no id: it would be part of a path */
function checked(id: string): string {
  if (!isStoredUploadId(id)) throw new Error("no id of an upload");
  return id;
}

function incomingIn(folder: string): Incoming {
  const pathOf = (id: string) => join(folder, checked(id));
  const forget = (id: string) => rm(pathOf(id), { force: true });
  return {
    async begin(id) {
      // What a request that was cut off still writes goes into the file that is gone: in an emptied one it would leave a
      // hole, behind which the next would go on.
      await forget(id);
      await writeFile(pathOf(id), "", { flag: "wx", mode: 0o600 });
    },
    async write(id, offset, bytes) {
      const file = createWriteStream(pathOf(id), { flags: "r+", start: offset });
      await pipeline(bytes, file);
      return offset + file.bytesWritten;
    },
    received: (id) => sizeOf(pathOf(id)),
    forget,
  };
}

function sendFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<Served> {
  return new Promise((resolve) => {
    response.once("close", () => resolve("sent"));
    send(request, path, { dotfiles: "allow", cacheControl: false })
      .on("error", ({ status }: { readonly status?: number }) => {
        resolve(status === 416 ? "no such range" : "missing");
      })
      .pipe(response);
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
): Promise<MediaStorage> {
  const coming = join(folder, "incoming");
  const files = join(folder, "files");
  await mkdir(coming, { recursive: true, mode: 0o700 });
  await mkdir(files, { recursive: true, mode: 0o700 });
  const incoming = incomingIn(coming);

  const incomingOf = (id: string) => join(coming, checked(id));
  const folderOf = (id: string) => join(files, checked(id).slice(0, 2), id);
  const pathOf = (id: string, variant: VariantName) => join(folderOf(id), variant);

  return {
    incoming,
    serve: (request, response, { id, variant }) => sendFile(request, response, pathOf(id, variant)),
    free: () => free(folder),
    received: async (id) => (await incoming.received(id)) ?? 0,
    async keep(id, kind) {
      const own = folderOf(id);
      const original = pathOf(id, "original");
      await mkdir(own, { recursive: true, mode: 0o700 });
      if ((await incoming.received(id)) !== null) {
        await sync(incomingOf(id));
        await rename(incomingOf(id), original);
      }
      const facts = await inspector.inspect(original, kind, own);
      for (const { name } of facts.smaller) await sync(join(own, name));
      for (const place of [own, join(own, ".."), files]) await sync(place);
      return facts;
    },
    async remove(id) {
      await incoming.forget(id);
      await rm(folderOf(id), { recursive: true, force: true });
    },
    async *ids() {
      yield (await namesIn(coming)).filter(isStoredUploadId);
      for (const part of await namesIn(files)) {
        yield (await namesIn(join(files, part))).filter(isStoredUploadId);
      }
    },
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
