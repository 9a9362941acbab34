/** Sending: kept before it is tried, tried in order until there is an answer, and never twice for good. */
import { Backoff, type BackoffOptions, type Wait, wait } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { toInput } from "./content.ts";
import type { Emitter } from "./emitter.ts";
import { fromRefused, ParleyError, toParleyError } from "./errors.ts";
import { contentOfFiles, isUploading, kindOf, toOutgoingFile } from "./files.ts";
import { type MessageContentInput, type MessageFragment, SendMessage, type SendMessageInput } from "./generated.ts";
import { newId } from "./ids.ts";
import type { Local } from "./local.ts";
import type { ChatEvents, ContentInput, Message, Reply, SendFileOptions, SendOptions } from "./model.ts";
import { toMessage, toPendingMessage } from "./present.ts";
import type { Outgoing, OutgoingFile } from "./store/store.ts";
import type { Uploads } from "./uploads.ts";

/** What `sendMessage` gives at once. */
export interface Sending {
  /** As it is shown from now on, with status `sending`. */
  readonly message: Message;
  /** The message when it is sent or has failed; it never rejects. */
  readonly settled: Promise<Message>;
}

/** After that many answers that the server does not understand itself the message has failed. */
const MOST_ATTEMPTS = 5;
/** A mute or a rate that lasts longer is the user's to wait for. */
const LONGEST_PATIENCE = 60_000;

function toSendInput(outgoing: Outgoing): SendMessageInput {
  const { clientMessageId, peer, content, replyTo, customData, push, lifetimeSeconds } = outgoing;
  return { to: peer, clientMessageId, content, replyTo: replyTo?.id ?? null, customData, push, lifetimeSeconds };
}

function replyOf({ id, sender, content }: Message): Reply {
  if (id === null) throw new ParleyError("MESSAGE_NOT_FOUND", "What has not been sent yet cannot be answered.");
  return { id, sender, summary: content?.summary ?? null };
}

function isToBeSent(outgoing: Outgoing): boolean {
  return outgoing.failure === null && !isUploading(outgoing);
}

export class Outbox {
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #uploads: Uploads;
  readonly #events: Emitter<ChatEvents>;
  readonly #backoff: BackoffOptions | undefined;
  readonly #settling = new Map<string, (message: Message) => void>();
  readonly #pauses = new Set<Wait>();
  readonly #busy = new Map<string, "busy" | "look again">();
  #closed = false;
  /** Messages on their way into the store, in order. */
  #entering: Promise<unknown> = Promise.resolve();

  constructor(
    local: Local,
    connection: Connection,
    uploads: Uploads,
    events: Emitter<ChatEvents>,
    backoff: BackoffOptions | undefined,
  ) {
    this.#local = local;
    this.#uploads = uploads;
    this.#connection = connection;
    this.#events = events;
    this.#backoff = backoff;
    local.onSent = (message) => this.#settle(message);
    uploads.onDone = () => this.kick();
    uploads.onFailed = (outgoing, error) => this.#fail(outgoing, error);
    uploads.onTrouble = (error) => this.#tell(error);
  }

  send(peer: string, content: ContentInput, options: SendOptions): Sending {
    return this.#take(peer, toInput(content), [], options);
  }

  /** Uploads the file, and then sends it. */
  sendFile(peer: string, file: Blob, { kind = kindOf(file), name, cover, ...options }: SendFileOptions): Sending {
    const files = [toOutgoingFile(file, kind, "content", name)];
    if (cover !== undefined) files.push(toOutgoingFile(cover, "image", "cover"));
    return this.#take(peer, contentOfFiles(files), files, options);
  }

  #take(peer: string, content: MessageContentInput, files: readonly OutgoingFile[], options: SendOptions): Sending {
    const outgoing: Outgoing = {
      clientMessageId: newId(),
      peer,
      order: 0,
      createdAt: new Date().toISOString(),
      content,
      files,
      replyTo: options.replyTo === undefined ? null : replyOf(options.replyTo),
      customData: options.customData ?? null,
      push: options.push ?? null,
      lifetimeSeconds: options.lifetimeSeconds ?? null,
      failure: null,
    };
    const settled = new Promise<Message>((resolve) => this.#settling.set(outgoing.clientMessageId, resolve));
    void this.#enter(outgoing);
    return { message: toPendingMessage(outgoing, this.#local.viewer), settled };
  }

  async #enter(outgoing: Outgoing): Promise<void> {
    const entered = this.#entering.then(() => this.#put(outgoing));
    this.#entering = entered.catch(() => {});
    try {
      await entered;
      this.kick();
    } catch (error) {
      this.#failed({ ...outgoing, failure: toParleyError(error, "STORE_FAILED").facts });
    }
  }

  /** Puts it behind all that waits. */
  #put(outgoing: Outgoing): Promise<void> {
    return this.#local.change(async (batch, transaction) => {
      const waiting = await transaction.outgoing();
      await transaction.putOutgoing({ ...outgoing, order: (waiting.at(-1)?.order ?? 0) + 1 });
      await batch.touch(outgoing.peer);
    });
  }

  /** Tries a failed message again, behind what waits. */
  async retry(key: string): Promise<void> {
    const failed = await this.#waitingWith(key);
    if (failed === undefined || failed.failure === null) return;
    // What the server would not have, or has given up, begins anew.
    const anew = failed.failure.code.startsWith("UPLOAD_");
    const files = anew ? failed.files.map((file) => ({ ...file, ticket: null, done: false })) : failed.files;
    await this.#put({ ...failed, files, failure: null });
    this.kick();
  }

  /** Takes a message away that has failed, or whose file is on its way. */
  async discard(key: string): Promise<void> {
    const waiting = await this.#waitingWith(key);
    if (waiting === undefined || (waiting.failure === null && !isUploading(waiting))) return;
    await this.#local.change(async (batch, transaction) => {
      await transaction.removeOutgoing(key);
      await batch.conversation(waiting.peer);
    });
    const failure = { code: "DISCARDED", reason: "It was taken away before it was sent." } as const;
    this.#settling.get(key)?.(
      toPendingMessage({ ...waiting, failure: { ...failure, field: null, retryAfterMs: null } }, this.#local.viewer),
    );
    this.#settling.delete(key);
    this.#uploads.cancel(waiting);
  }

  async #waitingWith(key: string): Promise<Outgoing | undefined> {
    const waiting = await this.#local.read((transaction) => transaction.outgoing());
    return waiting.find(({ clientMessageId }) => clientMessageId === key);
  }

  /** There is a connection again. */
  connected(): void {
    for (const pause of this.#pauses) pause.end();
    this.kick();
  }

  /** There may be something to send. */
  kick(): void {
    void this.#startAll().catch((error) => this.#tell(error));
  }

  #tell(error: unknown): void {
    if (!this.#closed) this.#events.emit("error", toParleyError(error, "STORE_FAILED"));
  }

  /** Conversations side by side, one after the other in each. */
  async #startAll(): Promise<void> {
    const all = await this.#local.read((transaction) => transaction.outgoing());
    this.#uploads.kick(all);
    const peers = new Set(all.filter(isToBeSent).map(({ peer }) => peer));
    await Promise.all([...peers].map((peer) => this.#start(peer)));
  }

  async #start(peer: string): Promise<void> {
    if (this.#busy.has(peer)) {
      this.#busy.set(peer, "look again");
      return;
    }
    try {
      do {
        this.#busy.set(peer, "busy");
        await this.#local.alone(`outbox:${peer}`, () => this.#sendTo(peer));
      } while (this.#busy.get(peer) === "look again");
    } finally {
      this.#busy.delete(peer);
    }
  }

  async #sendTo(peer: string): Promise<void> {
    const backoff = new Backoff(this.#backoff);
    for (let attempts = 1; !this.#closed; attempts += 1) {
      const all = await this.#local.read((transaction) => transaction.outgoing());
      const next = all.find((outgoing) => outgoing.peer === peer && isToBeSent(outgoing));
      // Without a connection the next one kicks.
      if (next === undefined || this.#connection.socket === null) return;
      try {
        await this.#sent(next, await this.#ask(next));
        backoff.reset();
        attempts = 0;
      } catch (error) {
        const failure = toParleyError(error, "UNKNOWN");
        if (this.#closed || failure.code === "STORE_FAILED") throw failure;
        const waitMs = backoff.next(failure.retryAfterMs ?? 0);
        const again = failure.retryable && waitMs <= LONGEST_PATIENCE && attempts < MOST_ATTEMPTS;
        if (failure.passing) attempts = 0;
        else if (!again) {
          await this.#fail(next, failure);
          attempts = 0;
          continue;
        }
        if (this.#connection.socket === null) return;
        const pause = wait(waitMs);
        this.#pauses.add(pause);
        await pause.over;
        this.#pauses.delete(pause);
      }
    }
  }

  async #ask(outgoing: Outgoing): Promise<MessageFragment> {
    const { socket } = this.#connection;
    if (socket === null) throw new ParleyError("OFFLINE", "There is no connection.");
    const { sendMessage } = await socket.ask(SendMessage, { input: toSendInput(outgoing) });
    if (sendMessage === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
    if ("message" in sendMessage) return sendMessage.message;
    throw fromRefused(sendMessage);
  }

  async #sent(outgoing: Outgoing, message: MessageFragment): Promise<void> {
    await this.#local.change(async (batch, transaction) => {
      if (await transaction.removeOutgoing(outgoing.clientMessageId)) batch.sent.push(message);
      // With lifetime 0 it is kept nowhere, and a notice is of another conversation.
      const kept = message.seq > 0 && message.sender.id === this.#local.viewer.id;
      if (kept) await batch.put(message, "sent");
      await batch.conversation(outgoing.peer);
    });
  }

  /** A message is on the server, by its answer or by whatever told of it first. */
  #settle(message: MessageFragment): void {
    const shown = toMessage(message, this.#local.viewer, null);
    const key = shown.key;
    this.#settling.get(key)?.(shown);
    this.#settling.delete(key);
    this.#events.emit("messageSent", { message: shown });
  }

  async #fail(outgoing: Outgoing, error: ParleyError): Promise<void> {
    const failed = { ...outgoing, failure: error.facts };
    await this.#local.change(async (batch, transaction) => {
      await transaction.putOutgoing(failed);
      await batch.conversation(outgoing.peer);
    });
    this.#failed(failed);
  }

  #failed(outgoing: Outgoing): void {
    const message = toPendingMessage(outgoing, this.#local.viewer);
    this.#settling.get(outgoing.clientMessageId)?.(message);
    this.#settling.delete(outgoing.clientMessageId);
    if (message.error !== null) this.#events.emit("messageFailed", { message, error: message.error });
  }

  close(): void {
    this.#closed = true;
    this.#uploads.close();
    for (const pause of this.#pauses) pause.end();
  }
}
