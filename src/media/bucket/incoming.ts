/** What comes into a bucket: multipart uploads, by the tus library's store for S3. */
import { type MetadataValue, S3Store } from "@tus/s3-store";
import { type KvStore, Upload } from "@tus/server";
import type { Incoming } from "../storage.ts";
import { type Bucket, isStatus } from "./client.ts";

/** Another server may have begun the upload anew meanwhile. */
const nothingRemembered: KvStore<MetadataValue> = {
  get: async () => undefined,
  set: async () => {},
  delete: async () => {},
};

/** @param remove removes all that there is of an upload */
export function createBucketIncoming(bucket: Bucket, remove: (id: string) => Promise<void>): Incoming {
  const { client, config, name } = bucket;
  const store = new S3Store({
    s3ClientConfig: { ...config, bucket: name },
    useTags: false,
    cache: nothingRemembered,
  });

  /** The library takes any trouble for an upload that is not there. */
  async function hasBegun(id: string): Promise<boolean> {
    try {
      await client.headObject({ Bucket: name, Key: `${bucket.keyOf(id)}.info` });
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  return {
    async begin(id, size) {
      await remove(id);
      await store.create(new Upload({ id: bucket.keyOf(id), size, offset: 0 }));
    },
    write: (id, offset, bytes) => store.write(bytes, bucket.keyOf(id), offset),
    async received(id) {
      return (await hasBegun(id)) ? (await store.getUpload(bucket.keyOf(id))).offset : null;
    },
    forget: remove,
  };
}
