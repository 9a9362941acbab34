/** The store and the hub as a scheduler wants them: every order of answers can come about. */
import { createHub, type Hub, type Listener } from "../../src/engine/live/hub.ts";
import type { Store } from "../../src/engine/store.ts";

/** Who says when something may go on. */
export interface Turns {
  /** Resolves when the turn of this call has come to begin. */
  begin(call: string): Promise<void>;
  /** Resolves when the answer is there and its turn has come to be handed over. */
  handOver(call: string, answer: Promise<unknown>): Promise<void>;
}

export interface ScheduledStore {
  readonly store: Store;
  /** Calls that have been asked for and not been answered. */
  readonly pending: () => number;
}

type Method = (...parameters: unknown[]) => Promise<unknown>;

/** The same store; each of its calls waits for its turn to begin, and once more before its answer is handed over. */
export function scheduledStore(store: Store, turns: () => Turns): ScheduledStore {
  let pending = 0;

  function scheduled(name: string, method: Method): Method {
    return async (...parameters) => {
      pending += 1;
      try {
        const { begin, handOver } = turns();
        await begin(name);
        const answer = method(...parameters);
        await handOver(name, answer);
        return await answer;
      } finally {
        pending -= 1;
      }
    };
  }

  const members = Object.entries(store).map(([name, member]) => [
    name,
    typeof member === "function" ? scheduled(name, member as Method) : member,
  ]);
  return { store: Object.fromEntries(members) as Store, pending: () => pending };
}

export interface CountingHub {
  readonly hub: Hub;
  /** Listeners that have joined and not left. */
  readonly listeners: () => number;
}

/** A hub that wakes several times, since any number of wake-ups must mean the same. */
export function repeatingHub(copies: () => number): CountingHub {
  const hub = createHub();
  const listeners = new Set<Listener>();
  return {
    hub: {
      ...hub,
      join(userId, listener) {
        hub.join(userId, listener);
        listeners.add(listener);
      },
      leave(userId, listener) {
        hub.leave(userId, listener);
        listeners.delete(listener);
      },
      announce(appended, fresh) {
        for (let copy = copies(); copy > 0; copy -= 1) hub.announce(appended, fresh);
      },
    },
    listeners: () => listeners.size,
  };
}
