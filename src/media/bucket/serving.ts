/** What goes out of a bucket: through this server, or by a link to the bucket that is good for a while. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, type GetObjectCommandInput, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { systemClock } from "../../engine/clock.ts";
import type { MediaStorage, Served, Wanted } from "../storage.ts";
import { type Bucket, bodyOf, isStatus } from "./client.ts";

const HOUR = 3_600;

/** What a client asks for, in the service's words. A range of what was there before is left out where it has changed. */
function conditionsOf(headers: IncomingHttpHeaders): Partial<GetObjectCommandInput> {
  const { range, "if-none-match": known, "if-modified-since": since } = headers;
  // Node joins headers of this name, of which its types know nothing.
  const ifRange = headers["if-range"]?.toString();
  const asked: Partial<GetObjectCommandInput> = {};
  if (known !== undefined) asked.IfNoneMatch = known;
  else if (since !== undefined && !Number.isNaN(Date.parse(since))) asked.IfModifiedSince = new Date(since);
  const isTag = ifRange?.startsWith('"') ?? false;
  if (range !== undefined && (ifRange === undefined || isTag)) asked.Range = range;
  if (asked.Range !== undefined && ifRange !== undefined) asked.IfMatch = ifRange;
  return asked;
}

function headersOf(object: Omit<GetObjectCommandOutput, "Body">): Record<string, string> {
  const { ContentLength, ContentRange, ETag, LastModified } = object;
  return {
    "Accept-Ranges": "bytes",
    ...(ContentLength === undefined ? {} : { "Content-Length": String(ContentLength) }),
    ...(ContentRange === undefined ? {} : { "Content-Range": ContentRange }),
    ...(ETag === undefined ? {} : { ETag }),
    ...(LastModified === undefined ? {} : { "Last-Modified": LastModified.toUTCString() }),
  };
}

export function createBucketServing(bucket: Bucket, redirect: boolean): MediaStorage["serve"] {
  const { client, name } = bucket;

  async function ask(request: IncomingMessage, wanted: Partial<GetObjectCommandInput>, key: string, gone: AbortSignal) {
    const input = { Bucket: name, Key: key, ...wanted };
    const options = { abortSignal: gone };
    try {
      return request.method === "HEAD"
        ? { ...(await client.headObject(input, options)), Body: undefined }
        : await client.getObject(input, options);
    } catch (error) {
      if (input.IfMatch === undefined || !isStatus(error, 412)) throw error;
      const { Range: _, IfMatch: __, ...whole } = wanted;
      return ask(request, whole, key, gone);
    }
  }

  async function passOn(request: IncomingMessage, response: ServerResponse, { id, variant }: Wanted): Promise<Served> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const object = await ask(request, conditionsOf(request.headers), bucket.keyOf(id, variant), gone.signal);
      response.writeHead(object.$metadata.httpStatusCode ?? 200, headersOf(object));
      if (request.method === "HEAD") response.end();
      else await pipeline(bodyOf(object), response);
      return "sent";
    } catch (error) {
      if (gone.signal.aborted) return "sent";
      if (isStatus(error, 304)) {
        response.writeHead(304, { ETag: error.$response?.headers.etag ?? "" }).end();
        return "sent";
      }
      if (isStatus(error, 404)) return "missing";
      if (isStatus(error, 416)) return "no such range";
      throw error;
    }
  }

  /** The same link for an hour, so that caches find what is behind it. */
  async function leadOn(response: ServerResponse, wanted: Wanted): Promise<Served> {
    const hour = Math.floor(systemClock.now() / 1_000 / HOUR) * HOUR;
    const command = new GetObjectCommand({
      Bucket: name,
      Key: bucket.keyOf(wanted.id, wanted.variant),
      ResponseContentType: wanted.contentType,
      ResponseContentDisposition: wanted.disposition,
      ResponseCacheControl: `private, max-age=${wanted.maxAge}, immutable`,
    });
    const url = await getSignedUrl(client, command, { expiresIn: 2 * HOUR, signingDate: new Date(hour * 1_000) });
    response
      .writeHead(302, { Location: url, "Cache-Control": `private, max-age=${Math.min(wanted.maxAge, HOUR)}` })
      .end();
    return "sent";
  }

  return (request, response, wanted) => (redirect ? leadOn(response, wanted) : passOn(request, response, wanted));
}
