/** What servers that share a store ask of it about each other. */
import type { LogEntry, UserId } from "./model.ts";

/** What may have become of a user elsewhere. */
export interface Standing {
  readonly userId: UserId;
  /** From when on its tokens are good; null: any. */
  readonly tokensFrom: number | null;
  readonly erasedAt: number | null;
  /** Whether its data is being erased. */
  readonly erasing: boolean;
  /** Its devices, with the session that each has now; null where that has ended. */
  readonly sessions: ReadonlyMap<string, number | null>;
}

export interface ClusterStore {
  /** Whether other servers may use this store at the same time. */
  readonly shared: boolean;
  /** Of those of these users that there are. */
  standings(ids: readonly UserId[]): Promise<readonly Standing[]>;
  /** Positions of the newest entries of their logs, of those of these users that there are. */
  heads(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, number>>;
  /** Entries of all kinds behind a position, oldest first. */
  entriesBehind(userId: UserId, after: number, limit: number): Promise<readonly LogEntry[]>;

  /**
   * Says that a server runs, until an instant; forgets those that have not said so by `now`. Gives false where it is new,
   * or had been forgotten, and with it who is connected to it.
   */
  reportServer(id: string, now: number, until: number): Promise<boolean>;
  /** Notes who is connected to a server, and who is no more. */
  notePresences(serverId: string, arrived: readonly UserId[], left: readonly UserId[]): Promise<void>;
  /** Whether a user is connected to a server that runs, another one than this. */
  isPresent(userId: UserId, besides: string, now: number): Promise<boolean>;
  /** The server is going down: nobody is connected to it, and what it had leased is free. */
  signOff(serverId: string): Promise<void>;

  /** Takes a lease, or goes on with it; gives whether it is had. */
  takeLease(name: string, serverId: string, now: number, until: number): Promise<boolean>;
}
