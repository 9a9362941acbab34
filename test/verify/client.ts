/** A client as an app would ship it: it retries, reconnects, and writes down what it saw. */
import type { Data, Result } from "../support/socket.ts";

/** How long a client waits for an answer before it takes the server for gone. */
const PATIENCE_MS = 5_000;

/** No answer that says anything: the server is down, going down, cut off, or cannot write now. */
export class Unanswered extends Error {
  /** Whether the server says that nothing has happened. */
  get nothingHappened(): boolean {
    return this.message === "UNAVAILABLE";
  }
}

/** The server refused, with this code. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface Address {
  readonly url: string;
}

export class Client {
  readonly #server: Address;
  readonly token: string;

  constructor(server: Address, token: string) {
    this.#server = server;
    this.token = token;
  }

  /**
   * Asks over HTTP.
   * @throws Unanswered, Refused
   */
  async ask(query: string, variables: object = {}): Promise<Data> {
    let result: Result;
    try {
      const response = await fetch(this.#server.url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      result = (await response.json()) as Result;
    } catch (error) {
      throw new Unanswered("no answer", { cause: error });
    }
    const [error] = result.errors ?? [];
    if (error === undefined && result.data != null) return result.data;
    const code = error?.extensions?.code ?? "none";
    if (code === "SHUTTING_DOWN" || code === "UNAVAILABLE") throw new Unanswered(code);
    throw new Refused(code, error?.message ?? "");
  }

  /** Asks until there is an answer. */
  async insist(query: string, variables: object = {}): Promise<Data> {
    for (;;) {
      try {
        return await this.ask(query, variables);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        await pause();
      }
    }
  }
}

/** What a client waits before it tries again. */
export function pause(ms = 20 + Math.random() * 60): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
