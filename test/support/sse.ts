/** A client of server-sent events, written out so that tests see every event. */
import { onTestFinished } from "vitest";
import type { Person } from "./app.ts";
import type { Data } from "./socket.ts";

export interface SseEvent {
  event: string;
  data: Data | null;
}

export class SseStream {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response, abort: AbortController) {
    if (response.body === null) throw new Error("the answer has no body");
    this.response = response;
    this.#abort = abort;
    this.#reader = response.body.getReader();
  }

  /** The next event, past comments; null once the server has ended the stream. */
  async next(): Promise<SseEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end === -1) {
        const { done, value } = await this.#reader.read();
        if (done) return null;
        this.#text += this.#decoder.decode(value, { stream: true });
        continue;
      }
      const lines = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      const event = lines.find((line) => line.startsWith("event: "))?.slice("event: ".length);
      if (event === undefined) continue;
      const data = lines.find((line) => line.startsWith("data: "))?.slice("data: ".length) ?? "";
      return { event, data: data === "" ? null : JSON.parse(data) };
    }
  }

  /** Hangs up. */
  abort(): void {
    this.#abort.abort();
  }
}

/** Sends an operation over HTTP that is to be answered with server-sent events. */
export async function openSse(person: Person, query: string, variables: object = {}): Promise<SseStream> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(person.app.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      authorization: `Bearer ${person.token}`,
    },
    body: JSON.stringify({ query, variables }),
    signal: abort.signal,
  });
  return new SseStream(response, abort);
}
