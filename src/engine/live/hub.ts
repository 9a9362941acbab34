/**
 * Who is to be woken when a user's log grows, and what is handed to connected devices only. Wake-ups carry no
 * payload, so losing, doubling or reordering them harms nothing.
 */
import type { Message, UserId } from "../model.ts";

export interface Listener {
  wake(): void;
  /** A message that is not stored; dropped by a listener that has no room. */
  transient?(message: Message, origin: string | null): void;
  typing?(from: UserId, typing: boolean): void;
}

export interface Hub {
  /** Listens to a user; the returned function stops. */
  join(userId: UserId, listener: Listener): () => void;
  wake(userIds: readonly UserId[]): void;
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
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(userId) === set) listeners.delete(userId);
      };
    },
    wake(userIds) {
      for (const userId of userIds) for (const listener of of(userId)) listener.wake();
    },
    handTransient(userId, message, origin) {
      for (const listener of of(userId)) listener.transient?.(message, origin);
    },
    handTyping(userId, from, typing) {
      for (const listener of of(userId)) listener.typing?.(from, typing);
    },
  };
}
