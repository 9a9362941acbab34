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

/** The library reads buffers in Node, and blobs in browsers. */
async function readable(blob: Blob): Promise<Blob> {
  const { Buffer } = globalThis as unknown as { readonly Buffer?: { readonly from: (bytes: ArrayBuffer) => Blob } };
  return Buffer === undefined ? blob : Buffer.from(await blob.arrayBuffer());
}

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
  const source = await readable(blob);
  if (signal.aborted) throw new ParleyError("OFFLINE", "The upload was stopped.");
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(source, {
      endpoint,
      uploadUrl: url,
      headers: { Authorization: `Bearer ${token}` },
      chunkSize: CHUNK,
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
    signal.addEventListener("abort", () => {
      void upload.abort();
      reject(new ParleyError("OFFLINE", "The upload was stopped."));
    });
    upload.start();
  });
}
