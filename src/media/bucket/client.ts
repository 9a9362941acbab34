/** A bucket of Amazon S3, or of a service that speaks its protocol, and what is asked of it in more than one place. */
import { Readable } from "node:stream";
import { S3, type S3ClientConfig, S3ServiceException } from "@aws-sdk/client-s3";
import { isStoredUploadId } from "../../engine/ids.ts";
import type { VariantName } from "../../engine/media.ts";

export interface BucketOptions {
  readonly name: string;
  /** What all keys begin with: empty, or with a slash at its end. Nothing else may be under it. */
  readonly prefix: string;
  /** URL of the service; null: Amazon's. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Whether the bucket's name stands in paths, rather than in the host's name. */
  readonly pathStyle: boolean;
  /** Whether links lead on to the bucket, for a while, rather than through this server. */
  readonly redirect: boolean;
}

/** What the rooms of a bucket share. */
export interface Bucket {
  readonly client: S3;
  readonly config: S3ClientConfig;
  readonly name: string;
  keyOf(id: string, variant?: VariantName): string;
}

/** Milliseconds in which the service must take a connection, and in which something must move on it. */
const CONNECT_MS = 5_000;
const SILENT_MS = 60_000;

export function openBucket({ name, prefix, endpoint, region, pathStyle }: BucketOptions): Bucket {
  const config: S3ClientConfig = {
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === null ? {} : { endpoint }),
    // Services that speak the protocol do not know the newer checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
  };
  return {
    client: new S3(config),
    config,
    name,
    keyOf(id, variant = "original") {
      if (!isStoredUploadId(id)) throw new Error("no id of an upload");
      return variant === "original" ? `${prefix}${id}` : `${prefix}${id}.${variant}`;
    },
  };
}

/** Keys that begin like this, some at a time. */
export async function* listKeys({ client, name }: Bucket, prefix: string): AsyncGenerator<readonly string[]> {
  for (let token: string | undefined; ; ) {
    const page = await client.listObjectsV2({ Bucket: name, Prefix: prefix, ContinuationToken: token });
    yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    token = page.NextContinuationToken;
    if (token === undefined) return;
  }
}

interface Unfinished {
  readonly key: string;
  readonly uploadId: string;
}

/** Multipart uploads under keys that begin like this, some at a time. */
export async function* listUnfinished({ client, name }: Bucket, prefix: string): AsyncGenerator<readonly Unfinished[]> {
  for (let place: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}; ; ) {
    const page = await client.listMultipartUploads({ Bucket: name, Prefix: prefix, ...place });
    yield (page.Uploads ?? []).flatMap(({ Key, UploadId }) =>
      Key === undefined || UploadId === undefined ? [] : { key: Key, uploadId: UploadId },
    );
    if (page.IsTruncated !== true) return;
    place = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

/** Removes all that there is of an upload: its facts first, so that what is left of it counts as nothing. */
export async function removeAll(bucket: Bucket, id: string): Promise<void> {
  const { client, name } = bucket;
  const key = bucket.keyOf(id);
  await client.deleteObject({ Bucket: name, Key: `${key}.info` });
  for await (const page of listUnfinished(bucket, key)) {
    for (const { key: Key, uploadId } of page) {
      await client.abortMultipartUpload({ Bucket: name, Key, UploadId: uploadId });
    }
  }
  for await (const page of listKeys(bucket, key)) {
    for (const Key of page) await client.deleteObject({ Bucket: name, Key });
  }
}

/** The body of an answer, which in Node is a stream. @throws Error where it is none */
export function bodyOf({ Body }: { readonly Body?: unknown }): Readable {
  if (Body instanceof Readable) return Body;
  throw new Error("the service answered without a body");
}

/** Whether this is the service's answer with this HTTP status. */
export function isStatus(error: unknown, status: number): error is S3ServiceException {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}
