/** "This device has kept everything up to here": said once for many, and again where more is kept meanwhile. */
import type { Connection } from "./connection.ts";
import { Acknowledge } from "./generated.ts";
import type { StreamName } from "./store/store.ts";

export class Acknowledger {
  readonly #connection: Connection;
  /** Of each stream that is being acknowledged, the newest cursor. */
  readonly #running = new Map<StreamName, { latest: string }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  acknowledge(stream: StreamName, cursor: string): void {
    const running = this.#running.get(stream);
    if (running !== undefined) {
      running.latest = cursor;
      return;
    }
    const run = { latest: cursor };
    this.#running.set(stream, run);
    void this.#untilDone(stream, run);
  }

  async #untilDone(stream: StreamName, run: { latest: string }): Promise<void> {
    for (let done: string | null = null; done !== run.latest; ) {
      const { latest } = run;
      try {
        await this.#connection.socket?.ask(Acknowledge, { cursor: latest });
      } catch {
        // Whatever it was: what was not acknowledged is handed over again, and acknowledged then.
      }
      done = latest;
    }
    this.#running.delete(stream);
  }
}
