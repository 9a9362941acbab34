/** One WebSocket: text in and out, keep-alive, and a bound on what waits to be sent. */
import type { Duplex } from "node:stream";
import { CloseCode as ProtocolCloseCode } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { type CloseReason, closeCodeOf } from "./close-codes.ts";
import { corkForThisTurn } from "./cork.ts";
import type { CountRefusal, RefusalReason } from "./refusals.ts";

const KEEP_ALIVE_MS = 12_000;
/** What the protocol closes sockets for, as it is counted. */
const REASONS: ReadonlyMap<number, RefusalReason> = new Map([
  [ProtocolCloseCode.Unauthorized, "UNAUTHENTICATED"],
  [ProtocolCloseCode.Forbidden, "UNAUTHENTICATED"],
  [ProtocolCloseCode.ConnectionInitialisationTimeout, "init_timeout"],
  [ProtocolCloseCode.InternalServerError, "INTERNAL_SERVER_ERROR"],
]);

/** So much is handed to a socket without waiting until it has left: enough for what one turn brings. */
const EAGER_BYTES = 64 * 1024;

export interface ClientSocketOptions {
  readonly log: Logger;
  /** How long a client may keep silent, in milliseconds; 12 seconds where it is not given. */
  readonly keepAliveMs?: number | undefined;
  readonly refused: CountRefusal;
  /** What may wait for a client that asks, or pings, faster than it reads. */
  readonly unreadBytes: number;
  /** Called for a client that does not read what it asks for. */
  readonly onUnread: (socket: ClientSocket) => void;
}

export interface Listener {
  text(text: string): void;
  closed(): void;
}

export function closeFor(client: WebSocket, why: CloseReason): void {
  const { code, reason } = closeCodeOf(why);
  client.close(code, reason);
}

/** A class, since there are thousands of them at a time. */
export class ClientSocket {
  readonly #client: WebSocket;
  /** What the client's socket writes to. */
  readonly #transport: Duplex;
  readonly #options: ClientSocketOptions;
  #answered = true;

  constructor(client: WebSocket, transport: Duplex, options: ClientSocketOptions) {
    this.#client = client;
    this.#transport = transport;
    this.#options = options;
  }

  /** Hands over what comes from now on, and watches the client. To be called once. */
  listen(listener: Listener): void {
    const client = this.#client;
    const pinging = setInterval(() => this.#ping(), this.#options.keepAliveMs ?? KEEP_ALIVE_MS).unref();
    client.on("message", (data) => {
      if (this.#isReading()) listener.text(String(data));
    });
    client.on("ping", () => this.#isReading());
    client.on("pong", () => {
      this.#answered = true;
    });
    client.on("error", (error) => this.#broken(error));
    client.once("close", () => {
      clearInterval(pinging);
      listener.closed();
    });
  }

  get isOpen(): boolean {
    return this.#client.readyState === this.#client.OPEN;
  }

  /**
   * Sends, unless the socket is gone: its subscriptions end with it, so that is no error. Where much waits already,
   * it gives what resolves once this has left.
   */
  send(text: string): Promise<void> | undefined {
    const client = this.#client;
    if (!this.isOpen || !this.#isReading()) return undefined;
    corkForThisTurn(this.#transport);
    if (client.bufferedAmount >= EAGER_BYTES) return new Promise((resolve) => client.send(text, () => resolve()));
    client.send(text);
    return undefined;
  }

  /** Closes with a code of the protocol, and counts why; of one who has been told already, nothing counts any more. */
  refuse(code: number, reason: string): void {
    if (this.isOpen) this.#options.refused(REASONS.get(code) ?? "protocol");
    this.#client.close(code, reason);
  }

  /** Something went wrong that nobody foresaw. */
  fail(error: unknown): void {
    this.#options.log.error({ error: String(error) }, "a frame could not be handled");
    this.refuse(ProtocolCloseCode.InternalServerError, "Internal server error");
  }

  closeFor(reason: CloseReason): void {
    closeFor(this.#client, reason);
  }

  terminate(): void {
    this.#client.terminate();
  }

  /** Pings, and cuts off what has not answered by the next time. */
  #ping(): void {
    if (this.#answered) {
      this.#answered = false;
      this.#client.ping();
      return;
    }
    this.#options.refused("silent");
    this.#client.terminate();
  }

  #isReading(): boolean {
    if (this.#client.bufferedAmount <= this.#options.unreadBytes) return true;
    this.#options.onUnread(this);
    return false;
  }

  #broken(error: Error): void {
    const { refused, log } = this.#options;
    const isTooBig = "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    refused(isTooBig ? "frame_too_big" : "protocol");
    log.info({ reason: error.message }, "a socket broke the protocol");
  }
}
