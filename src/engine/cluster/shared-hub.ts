/**
 * The hub of a server that has others beside it. What happens here is told to them; what has happened there is read from
 * the log, once for all who listen to a user here, and told as if it had happened here. A listener goes by its own place
 * in the log, so whatever is told twice or too late harms nothing.
 */
import { createHub, type Hub, type Listener } from "../live/hub.ts";
import type { LogEntry, UserId } from "../model.ts";
import type { Store } from "../store.ts";
import type { Bus } from "./bus.ts";

/** Entries that are read at a time; where there are more, each listener reads for itself. */
const PAGE = 100;

/** Somebody who is listened to here. */
interface Followed {
  readonly listeners: Set<Listener>;
  /** Up to where the log has been told to all who listen; null until that is known. */
  position: number | null;
  reading: boolean;
  /** It has grown again since it began to be read. */
  again: boolean;
}

export interface SharedHub extends Hub {
  /** As `handTransient` and `handTyping`, of what another server tells. */
  readonly receiveTransient: Hub["handTransient"];
  readonly receiveTyping: Hub["handTyping"];
  /** Their logs have grown elsewhere. */
  grown(ids: readonly UserId[]): void;
  /** How far logs go now: what goes further than what was told here is told. */
  compare(heads: ReadonlyMap<UserId, number>): void;
  /** Whether something could not be read since this was last asked. */
  takeFailure(): boolean;
  /** Who is listened to here. */
  followed(): readonly UserId[];
  /** Resolves when nothing is being read. */
  settled(): Promise<void>;
}

export interface SharedHubOptions {
  readonly store: Pick<Store, "entriesBehind" | "heads">;
  readonly bus: Pick<Bus, "tell">;
  /** Content has been recalled or edited elsewhere: what was read before may be out of date. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
}

export function createSharedHub({ store, bus, changed, failed }: SharedHubOptions): SharedHub {
  const local = createHub();
  const users = new Map<UserId, Followed>();
  const reads = new Set<Promise<void>>();

  let hasFailed = false;

  /** From a position on that nobody has told: each listener goes by its own place. */
  function begin(user: Followed, head: number): void {
    user.position = head;
    for (const listener of user.listeners) listener.behind?.(head);
  }

  function tell(entries: readonly LogEntry[], { listeners }: Followed): void {
    for (const entry of entries) {
      if (entry.kind === "recalled" || entry.kind === "edited") changed();
      for (const listener of listeners) listener.appended?.(entry, null);
    }
  }

  async function readOn(userId: UserId, user: Followed): Promise<void> {
    const { position } = user;
    if (position === null) {
      const head = (await store.heads([userId])).get(userId) ?? 0;
      changed();
      return begin(user, head);
    }
    const entries = await store.entriesBehind(userId, position, PAGE);
    user.position = Math.max(user.position ?? 0, entries.at(-1)?.position ?? 0);
    if (entries.length < PAGE) return tell(entries, user);
    user.position = null;
    user.again = true;
  }

  /** Reads what is new of a log, as often as it grows meanwhile. */
  async function read(userId: UserId, user: Followed): Promise<void> {
    user.reading = true;
    try {
      do {
        user.again = false;
        await readOn(userId, user);
      } while (user.again);
    } catch (error) {
      // Whoever looks at heads later finds that it is behind.
      hasFailed = true;
      failed(error);
    } finally {
      user.reading = false;
    }
  }

  function grown(ids: readonly UserId[]): void {
    for (const id of ids) {
      const user = users.get(id);
      if (user === undefined) continue;
      user.again = true;
      if (user.reading) continue;
      const done = read(id, user).finally(() => reads.delete(done));
      reads.add(done);
    }
  }

  return {
    join(userId, listener) {
      local.join(userId, listener);
      const user = users.get(userId) ?? { listeners: new Set(), position: null, reading: false, again: false };
      user.listeners.add(listener);
      users.set(userId, user);
    },
    leave(userId, listener) {
      local.leave(userId, listener);
      const user = users.get(userId);
      user?.listeners.delete(listener);
      if (user?.listeners.size === 0) users.delete(userId);
    },
    announce(appended, fresh) {
      for (const { userId, position } of appended) {
        const user = users.get(userId);
        if (user?.position === position - 1) user.position = position;
      }
      local.announce(appended, fresh);
      const ids = new Set(appended.map(({ userId }) => userId));
      if (ids.size > 0) bus.tell({ kind: "logs", ids: [...ids] });
    },
    handTransient(userId, message, origin) {
      local.handTransient(userId, message, origin);
      bus.tell({ kind: "transient", to: userId, message, origin });
    },
    handTyping(userId, from, typing) {
      local.handTyping(userId, from, typing);
      bus.tell({ kind: "typing", to: userId, from, typing });
    },
    receiveTransient: local.handTransient,
    receiveTyping: local.handTyping,

    grown,
    compare(heads) {
      let hasBegun = false;
      for (const [id, head] of heads) {
        const user = users.get(id);
        if (user === undefined) continue;
        if (user.position === null) {
          hasBegun = true;
          begin(user, head);
        } else if (head > user.position) grown([id]);
      }
      // What was read of theirs before may have been recalled meanwhile.
      if (hasBegun) changed();
    },
    takeFailure() {
      const has = hasFailed;
      hasFailed = false;
      return has;
    },
    followed: () => [...users.keys()],
    async settled() {
      while (reads.size > 0) await Promise.all(reads);
    },
  };
}
