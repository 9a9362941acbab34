import { WebSocket } from "ws";

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; field?: string; retryAfterMs?: number; closeCode?: number };
}
// The shape of answers is what the tests check, so their type says nothing.
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type Data = Record<string, any>;
export interface Result {
  data?: Data | null;
  errors?: GraphqlError[];
}

interface Waiting {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/** The events of one subscription, in the order of their arrival. */
export class Stream {
  #events: Result[] = [];
  #waiting: Waiting[] = [];
  #over: Error | null = null;
  readonly #stop: () => void;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  push(event: Result): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#events.push(event);
    else waiting.resolve(event);
  }

  finish(why: string): void {
    this.#over = new Error(why);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#over);
  }

  /** The next result, errors included; rejects once the stream is over. */
  async result(): Promise<Result> {
    const event = this.#events.shift();
    if (event !== undefined) return event;
    if (this.#over !== null) throw this.#over;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The next event: the value of the subscription's one field. */
  async next(): Promise<Data> {
    const { data, errors } = await this.result();
    if (data == null) throw new Error(`the subscription answered ${JSON.stringify(errors)}`);
    return Object.values(data)[0];
  }

  async take(count: number): Promise<Data[]> {
    const events: Data[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** Events that have arrived and that nobody has asked for. */
  get waiting(): readonly Result[] {
    return this.#events;
  }

  /** Resolves when the stream is over. */
  async over(): Promise<string> {
    for (;;) {
      try {
        await this.result();
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }
  }

  stop(): void {
    this.#stop();
  }
}

/** A client of graphql-transport-ws, written out so that tests see every frame and close code. */
export class Socket {
  readonly #socket: WebSocket;
  readonly #streams = new Map<string, Stream>();
  #nextId = 1;
  /** All frames of operations in the order in which they came: [operation id, payload]. */
  readonly frames: { id: string; type: string; payload: unknown }[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(
    url: string,
    connectionParams: Record<string, unknown> | undefined,
    headers: Record<string, string> = {},
  ) {
    this.#socket = new WebSocket(url.replace(/^http/, "ws"), "graphql-transport-ws", { headers });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.on("open", () => this.#send({ type: "connection_init", payload: connectionParams }));
      this.#socket.on("error", reject);
      this.#socket.on("close", (code) => reject(new Error(`closed with ${code}`)));
      this.#socket.on("message", (text) => {
        const frame = JSON.parse(String(text));
        if (frame.type === "connection_ack") resolve();
        else this.#receive(frame);
      });
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.#socket.on("close", (code, reason) => {
        for (const stream of this.#streams.values()) stream.finish(`closed with ${code}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  #send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame: { id: string; type: string; payload: unknown }): void {
    if (frame.type === "ping") this.#send({ type: "pong" });
    if (frame.id === undefined) return;
    this.frames.push(frame);
    const stream = this.#streams.get(frame.id);
    if (frame.type === "next") stream?.push(frame.payload as Result);
    if (frame.type === "error") stream?.push({ errors: frame.payload as GraphqlError[] });
    if (frame.type === "error" || frame.type === "complete") stream?.finish("completed");
  }

  /** Starts an operation of any kind. */
  subscribe(query: string, variables: object = {}): Stream {
    const id = String(this.#nextId++);
    const stream = new Stream(() => this.#send({ id, type: "complete" }));
    this.#streams.set(id, stream);
    this.#send({ id, type: "subscribe", payload: { query, variables } });
    return stream;
  }

  /** Runs a query or mutation over this socket. */
  ask(query: string, variables: object = {}): Promise<Result> {
    return this.subscribe(query, variables).result();
  }

  /** Sends text as it is. */
  raw(text: string): void {
    this.#socket.send(text);
  }

  /** Stops reading from the network, as a stuck client does. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** Drops the connection without a word. */
  async cut(): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }
}
