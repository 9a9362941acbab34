/**
 * Media in a bucket: `<prefix><id>` is the original, with `.thumbnail` and `.large` beside it, and `.info` and `.part`
 * while it comes.
 */
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isStoredUploadId } from "../../engine/ids.ts";
import type { MediaFacts, MediaInspector, MediaKind } from "../../engine/media.ts";
import type { MediaStorage } from "../storage.ts";
import { type Bucket, type BucketOptions, bodyOf, listKeys, listUnfinished, openBucket, removeAll } from "./client.ts";
import { createBucketIncoming } from "./incoming.ts";
import { createBucketServing } from "./serving.ts";

async function keep(bucket: Bucket, inspector: MediaInspector, id: string, kind: MediaKind): Promise<MediaFacts> {
  const { client, name } = bucket;
  const folder = await mkdtemp(join(tmpdir(), "parley-media-"));
  try {
    const original = join(folder, "original");
    const answer = await client.getObject({ Bucket: name, Key: bucket.keyOf(id) });
    await pipeline(bodyOf(answer), createWriteStream(original, { mode: 0o600 }));
    const facts = await inspector.inspect(original, kind, folder);
    for (const { name: variant, mimeType } of facts.smaller) {
      const Body = await readFile(join(folder, variant));
      await client.putObject({ Bucket: name, Key: bucket.keyOf(id, variant), Body, ContentType: mimeType });
    }
    await client.deleteObject({ Bucket: name, Key: `${bucket.keyOf(id)}.info` });
    return facts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Opens a bucket, which must be there. Who this is, the environment says, as it does for all of Amazon's tools.
 * @throws Error where it cannot be used
 */
export async function openMediaBucket(options: BucketOptions, inspector: MediaInspector): Promise<MediaStorage> {
  const bucket = openBucket(options);
  const { prefix } = options;
  try {
    await bucket.client.headBucket({ Bucket: bucket.name });
  } catch (error) {
    const why = error instanceof Error ? error.name : "unknown";
    throw new Error(`the bucket ${bucket.name} cannot be used (${why}): is it there, and may this server use it?`, {
      cause: error,
    });
  }
  const remove = (id: string) => removeAll(bucket, id);
  const incoming = createBucketIncoming(bucket, remove);

  function idsIn(keys: readonly string[]): readonly string[] {
    const heads = keys.map((key) => key.slice(prefix.length).split(".", 1)[0] ?? "");
    return [...new Set(heads)].filter(isStoredUploadId);
  }

  return {
    incoming,
    serve: createBucketServing(bucket, options.redirect),
    // Of what a bucket can hold nobody has seen the end.
    free: async () => Number.POSITIVE_INFINITY,
    received: async (id) => (await incoming.received(id)) ?? 0,
    keep: (id, kind) => keep(bucket, inspector, id, kind),
    remove,
    async *ids() {
      for await (const keys of listKeys(bucket, prefix)) yield idsIn(keys);
      for await (const page of listUnfinished(bucket, prefix)) yield idsIn(page.map(({ key }) => key));
    },
  };
}
