/**
 * Messages of a user's log, read some at a time by a feed that hands over many. Each says from when it is, so that one
 * that was recalled or edited since is read again.
 */
import type { Core } from "../core.ts";
import type { Message, UserId } from "../model.ts";
import type { Fresh } from "./hub.ts";

/** Positions of the log that are read at a time; the most that is held in memory. */
const AHEAD = 50;

export interface ReadAhead {
  /** The message at this position as it was not long ago; null where there is none. */
  at(position: number): Promise<Fresh | null>;
}

export function createReadAhead(core: Core, userId: UserId): ReadAhead {
  let messages = new Map<number, Message>();
  let asOf = 0;

  return {
    async at(position) {
      if (!messages.has(position)) {
        const { changes } = core;
        messages = new Map(await core.store.logMessages(userId, position - 1, position + AHEAD - 1));
        asOf = changes;
      }
      const message = messages.get(position);
      messages.delete(position);
      return message === undefined ? null : { message, asOf };
    },
  };
}
