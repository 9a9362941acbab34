/** The store's interface for broadcasts. */
import type { AuditEntry, UserId } from "../model.ts";
import type { Broadcast, BroadcastProgress, NewBroadcast } from "./model.ts";

export interface BroadcastStore {
  /** Keeps a new one, or gives the one that has its key. @returns also the hash of what was first asked under the key */
  startBroadcast(
    broadcast: NewBroadcast,
    audit: AuditEntry,
  ): Promise<{ readonly broadcast: Broadcast; readonly fingerprint: string }>;
  broadcast(id: number): Promise<Broadcast | null>;
  /** The newest first. */
  broadcasts(limit: number): Promise<readonly Broadcast[]>;
  runningBroadcasts(): Promise<readonly Broadcast[]>;
  /** Gives whether it still runs; else nothing is saved. */
  saveProgress(id: number, progress: BroadcastProgress): Promise<boolean>;
  /** Ends one that runs. @returns whether it did */
  endBroadcast(id: number, state: "DONE" | "CANCELLED", now: number, audit: AuditEntry | null): Promise<boolean>;
  /** Users behind an id, but for the sender, who were there at an instant and still are, in the order of their ids. */
  audienceBehind(after: UserId, createdUpTo: number, sender: UserId | null, limit: number): Promise<readonly UserId[]>;
}
