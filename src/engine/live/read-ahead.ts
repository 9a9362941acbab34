/**
 * Messages of a user's log, read some at a time by a feed that hands over many. Each says from when it is, so that one
 * that was recalled or edited since is read again.
 */
import type { Core } from "../core.ts";
import type { Message, UserId } from "../model.ts";
import type { Fresh } from "./hub.ts";

/** Positions of the log that are read at a time; the most that is held in memory. */
const AHEAD = 50;

export class ReadAhead {
  readonly #core: Core;
  readonly #userId: UserId;
  #messages: Map<number, Message> | null = null;
  #asOf = 0;

  constructor(core: Core, userId: UserId) {
    this.#core = core;
    this.#userId = userId;
  }

  /** The message at this position as it was not long ago; null where there is none. */
  async at(position: number): Promise<Fresh | null> {
    let messages = this.#messages;
    if (messages?.has(position) !== true) {
      const { changes, store } = this.#core;
      messages = new Map(await store.logMessages(this.#userId, position - 1, position + AHEAD - 1));
      this.#messages = messages;
      this.#asOf = changes;
    }
    const message = messages.get(position);
    messages.delete(position);
    return message === undefined ? null : { message, asOf: this.#asOf };
  }
}
