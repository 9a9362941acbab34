/**
 * Who is to be told when a user's log grows, and what is handed to connected devices only. Whoever is told looks into
 * the log itself; what comes with it saves the look, where it continues what has been read. So losing, doubling or
 * reordering it harms nothing.
 */
import type { LogEntry, Message, UserId } from "../model.ts";
import type { Appended } from "../store.ts";

/** A message that has just been stored, at hand. */
export interface Fresh {
  readonly message: Message;
  /** The core's count of recalls and edits from before it was stored: with another count it may be out of date. */
  readonly asOf: number;
}

export interface Listener {
  /** The log has grown by this. */
  appended?(entry: LogEntry, fresh: Fresh | null): void;
  /** The log may have grown by more than it was told of: up to this position. */
  behind?(head: number): void;
  /** A message that is not stored; dropped by a listener that has no room. */
  transient?(message: Message, origin: string | null): void;
  typing?(from: UserId, typing: boolean): void;
}

export interface Hub {
  /** Listens to a user until it leaves. */
  join(userId: UserId, listener: Listener): void;
  leave(userId: UserId, listener: Listener): void;
  /** Tells of what has been committed. */
  announce(appended: readonly Appended[], fresh: Fresh | null): void;
  /** @param origin the user's own device that must not get it */
  handTransient(userId: UserId, message: Message, origin: string | null): void;
  handTyping(userId: UserId, from: UserId, typing: boolean): void;
}

export function createHub(): Hub {
  const listeners = new Map<UserId, Set<Listener>>();
  const of = (userId: UserId): Iterable<Listener> => listeners.get(userId) ?? [];

  return {
    join(userId, listener) {
      const set = listeners.get(userId) ?? new Set();
      set.add(listener);
      listeners.set(userId, set);
    },
    leave(userId, listener) {
      const set = listeners.get(userId);
      set?.delete(listener);
      if (set?.size === 0) listeners.delete(userId);
    },
    announce(appended, fresh) {
      for (const entry of appended) {
        for (const listener of of(entry.userId)) listener.appended?.(entry, fresh);
      }
    },
    handTransient(userId, message, origin) {
      for (const listener of of(userId)) listener.transient?.(message, origin);
    },
    handTyping(userId, from, typing) {
      for (const listener of of(userId)) listener.typing?.(from, typing);
    },
  };
}
