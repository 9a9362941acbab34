/** One upload over the wire, by the tus protocol. The library is loaded when the first file is sent. */
import { ParleyError } from "./errors.ts";
import type { UploadTicket } from "./store/store.ts";

/** Bytes of a request: what has come of one that breaks off is kept too. */
const CHUNK = 8 * 1024 * 1024;

export interface UploadWatch {
  /** The upload has an address, at which it can be gone on with. */
  onUrl(url: string): Promise<void>;
  onProgress(sent: number): void;
}

/** Its ticket is not good any more, or the server has given it up: it needs another one. */
export class UploadGone extends Error {
  override readonly name = "UploadGone";
}

function toError(status: number, reason: string): Error {
  if ([401, 403, 404, 410].includes(status)) return new UploadGone(reason);
  if (status === 507) return new ParleyError("STORAGE_FULL", reason);
  if ([400, 413, 415, 422].includes(status)) return new ParleyError("UPLOAD_REFUSED", reason);
  // Also 409 and 423: what came of the attempt before is still being written, and the next one sees how much that is.
  return new ParleyError("OFFLINE", reason);
}

/** Whether a request's body can be a blob, which a browser reads by itself, and faster. */
const sendsBlobs = typeof XMLHttpRequest !== "undefined";

/** The library's own readers know blobs in browsers alone. */
const fileReader = {
  openFile: async (blob: Blob) => ({
    size: blob.size,
    async slice(start: number, end: number) {
      const part = blob.slice(start, end);
      const done = end >= blob.size;
      if (sendsBlobs) return { value: part, done };
      const bytes = new Uint8Array(await part.arrayBuffer());
      return { value: Object.assign(bytes, { size: bytes.length }), done };
    },
    close() {},
  }),
};

/**
 * Sends what the server does not have yet, to the end.
 * @throws ParleyError OFFLINE where it broke off, UPLOAD_REFUSED, STORAGE_FULL
 * @throws UploadGone where it has to begin with another ticket
 */
export async function sendBytes(
  blob: Blob,
  { endpoint, token, url }: UploadTicket,
  watch: UploadWatch,
  signal: AbortSignal,
): Promise<void> {
  const { DetailedError, Upload } = await import("tus-js-client");
  if (signal.aborted) throw new ParleyError("OFFLINE", "The upload was stopped.");
  const done = new AbortController();
  const sending = new Promise<void>((resolve, reject) => {
    const upload = new Upload(blob, {
      endpoint,
      uploadUrl: url,
      headers: { Authorization: `Bearer ${token}` },
      chunkSize: CHUNK,
      fileReader,
      // When and how often is decided by whoever knows of the connection.
      retryDelays: null,
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => {
        if (upload.url !== null && upload.url !== url) watch.onUrl(upload.url).catch(reject);
      },
      onProgress: (sent) => watch.onProgress(sent),
      onSuccess: () => resolve(),
      onError: (error) => {
        const answer = error instanceof DetailedError ? error.originalResponse : null;
        if (answer === null) reject(new ParleyError("OFFLINE", error.message, { cause: error }));
        else reject(toError(answer.getStatus(), answer.getBody() || error.message));
      },
    });
    const stop = () => {
      void upload.abort();
      reject(new ParleyError("OFFLINE", "The upload was stopped."));
    };
    signal.addEventListener("abort", stop, { signal: done.signal });
    upload.start();
  });
  await sending.finally(() => done.abort());
}
