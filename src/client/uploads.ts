/** The files of messages that wait to be sent: uploaded side by side, gone on with after any break, also a reload. */
import { Backoff, type BackoffOptions, type Wait, wait } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { fromRefused, ParleyError, toParleyError } from "./errors.ts";
import { contentOfFiles, isUploading } from "./files.ts";
import { CreateUpload, DeleteUpload, UploadNow, type UploadState } from "./generated.ts";
import type { Local } from "./local.ts";
import { type Observable, Value } from "./observable.ts";
import type { Outgoing, OutgoingFile, UploadTicket } from "./store/store.ts";
import { sendBytes, UploadGone } from "./tus.ts";

/** How far the files of a message have come. */
export interface UploadProgress {
  /** Bytes. */
  readonly sent: number;
  readonly total: number;
}

/** Times that an upload begins anew. */
const MOST_TICKETS = 4;

/** One message's files while they are uploaded in this tab. */
interface Running {
  readonly stop: AbortController;
  pause: Wait | null;
  /** Nobody wants it any more. */
  cancelled: boolean;
}

export class Uploads {
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #backoff: BackoffOptions | undefined;
  readonly #progress = new Map<string, Value<UploadProgress>>();
  readonly #running = new Map<string, Running>();
  /** The files of a message are on the server, so that it can be sent. */
  onDone: () => void = () => {};
  onFailed: (outgoing: Outgoing, error: ParleyError) => Promise<void> = async () => {};
  /** Something went wrong that is no message's fault. */
  onTrouble: (error: unknown) => void = () => {};
  #closed = false;

  constructor(local: Local, connection: Connection, backoff: BackoffOptions | undefined) {
    this.#local = local;
    this.#connection = connection;
    this.#backoff = backoff;
  }

  /** How far the files of the message with this key have come. */
  progress(key: string): Observable<UploadProgress> {
    return this.#valueOf(key);
  }

  #valueOf(key: string): Value<UploadProgress> {
    const known = this.#progress.get(key);
    if (known !== undefined) return known;
    const value = new Value<UploadProgress>({ sent: 0, total: 0 });
    this.#progress.set(key, value);
    return value;
  }

  /** There may be something to upload, or a connection again. @param waiting all messages that are not sent yet */
  kick(waiting: readonly Outgoing[]): void {
    for (const { pause } of this.#running.values()) pause?.end();
    for (const outgoing of waiting) {
      if (isUploading(outgoing) && !this.#closed) this.#start(outgoing.clientMessageId).catch(this.onTrouble);
    }
  }

  async #start(key: string): Promise<void> {
    if (this.#running.has(key)) return;
    const running: Running = { stop: new AbortController(), pause: null, cancelled: false };
    this.#running.set(key, running);
    try {
      await this.#local.alone(`upload:${key}`, () => this.#uploadAll(key, running));
    } catch (error) {
      // What was stopped goes on another time, or never.
      if (!running.stop.signal.aborted) await this.#fail(key, toParleyError(error, "UNKNOWN"));
    } finally {
      this.#running.delete(key);
    }
  }

  async #fail(key: string, error: ParleyError): Promise<void> {
    const outgoing = await this.#outgoing(key);
    if (outgoing !== null) await this.onFailed(outgoing, error);
  }

  async #outgoing(key: string): Promise<Outgoing | null> {
    const all = await this.#local.read((transaction) => transaction.outgoing());
    return all.find(({ clientMessageId }) => clientMessageId === key) ?? null;
  }

  async #uploadAll(key: string, running: Running): Promise<void> {
    for (;;) {
      const outgoing = await this.#outgoing(key);
      if (outgoing === null || !isUploading(outgoing) || running.stop.signal.aborted) return;
      const index = outgoing.files.findIndex(({ done }) => !done);
      const file = outgoing.files[index];
      if (file === undefined) return;
      await this.#uploadOne(outgoing, index, file, running);
    }
  }

  async #uploadOne(outgoing: Outgoing, index: number, file: OutgoingFile, running: Running): Promise<void> {
    const { clientMessageId: key, files } = outgoing;
    const { signal } = running.stop;
    const backoff = new Backoff(this.#backoff);
    const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
    const before = files.slice(0, index).reduce((sum, { blob }) => sum + blob.size, 0);
    let ticket = file.ticket;
    for (let tickets = 0; ; ) {
      try {
        if (ticket === null) {
          tickets += 1;
          ticket = await this.#newTicket(file);
          if (running.cancelled) this.#forget(ticket);
          await this.#note(key, index, { ticket });
        } else if ((await this.#stateOf(ticket.id)) === "READY") {
          // The last answer was lost.
          await this.#note(key, index, { done: true });
          return;
        }
        const held = ticket;
        const watch = {
          onUrl: (url: string) => {
            // Where it broke off it goes on, also in this loop.
            ticket = { ...held, url };
            return this.#note(key, index, { ticket });
          },
          onProgress: (sent: number) => {
            this.#valueOf(key).set({ sent: before + sent, total });
            backoff.reset();
          },
        };
        await sendBytes(file.blob, held, watch, signal);
        await this.#untilReady(held.id, backoff, running);
        await this.#note(key, index, { done: true });
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof UploadGone) {
          if (tickets >= MOST_TICKETS) throw new ParleyError("UPLOAD_REFUSED", error.message);
          ticket = null;
          continue;
        }
        const failure = toParleyError(error, "UNKNOWN");
        if (!failure.passing && failure.code !== "RATE_LIMITED") throw failure;
        await this.#pause(backoff.next(failure.retryAfterMs ?? 0), running);
      }
    }
  }

  async #pause(ms: number, running: Running): Promise<void> {
    running.pause = wait(ms);
    await running.pause.over;
    running.pause = null;
    if (running.stop.signal.aborted) throw new ParleyError("OFFLINE", "The upload was stopped.");
  }

  async #newTicket({ kind, name, blob }: OutgoingFile): Promise<UploadTicket> {
    const input = { kind, name, size: blob.size, mimeType: blob.type || null };
    const { createUpload } = await this.#connection.ask(CreateUpload, { input });
    if (createUpload === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
    if (!("ticket" in createUpload)) throw fromRefused(createUpload);
    const { endpoint, ticket, upload } = createUpload;
    return { id: upload.id, endpoint: new URL(endpoint, this.#local.viewer.url).href, token: ticket, url: null };
  }

  /** The server looks into what it was given before it says that it is ready. */
  async #untilReady(id: string, backoff: Backoff, running: Running): Promise<void> {
    while ((await this.#stateOf(id)) !== "READY") await this.#pause(backoff.next(), running);
  }

  async #stateOf(id: string): Promise<UploadState> {
    const { upload } = await this.#connection.ask(UploadNow, { id });
    if (upload === null) throw new UploadGone("The server does not have this upload any more.");
    if (upload.state === "REFUSED") throw new ParleyError("UPLOAD_REFUSED", upload.refusal ?? "It was refused.");
    return upload.state;
  }

  /** Keeps how far a file has come; with the last one the message may be sent, behind what waits. */
  async #note(key: string, index: number, change: Partial<Pick<OutgoingFile, "ticket" | "done">>): Promise<void> {
    const isLast = await this.#local.change(async (batch, transaction) => {
      const waiting = await transaction.outgoing();
      const outgoing = waiting.find(({ clientMessageId }) => clientMessageId === key);
      // Cancelled meanwhile.
      if (outgoing === undefined) return false;
      const files = outgoing.files.with(index, { ...(outgoing.files[index] ?? fail()), ...change });
      const isLast = files.every(({ done }) => done);
      const order = isLast ? (waiting.at(-1)?.order ?? 0) + 1 : outgoing.order;
      const content = isLast ? contentOfFiles(files) : outgoing.content;
      await transaction.putOutgoing({ ...outgoing, files, content, order });
      await batch.conversation(outgoing.peer);
      return isLast;
    });
    if (!isLast) return;
    this.#progress.delete(key);
    this.onDone();
  }

  /** Stops uploading a message's files, and has the server forget them. */
  cancel({ clientMessageId: key, files }: Outgoing): void {
    const running = this.#running.get(key);
    if (running !== undefined) running.cancelled = true;
    this.#stop(key);
    this.#progress.delete(key);
    for (const { ticket } of files) if (ticket !== null) this.#forget(ticket);
  }

  /** Without an answer the server forgets it by itself, later. */
  #forget({ id }: UploadTicket): void {
    void this.#connection.ask(DeleteUpload, { id }).catch(() => {});
  }

  #stop(key: string): void {
    const running = this.#running.get(key);
    running?.stop.abort();
    running?.pause?.end();
  }

  close(): void {
    this.#closed = true;
    for (const key of this.#running.keys()) this.#stop(key);
  }
}

function fail(): never {
  throw new Error("a file that the message does not have");
}
