/** The store's interface for erasing a person. */
import type { AuditEntry, Device, UserId } from "./model.ts";
import type { Logged } from "./store.ts";

/** A person whose data goes. */
export interface Erasure {
  readonly id: number;
  readonly userId: UserId;
  readonly startedBy: UserId;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** Messages that are placeholders now. */
  readonly messages: number;
}

export interface ErasureStore {
  /**
   * Begins, or gives the one that runs for this user: its profile goes, its sessions end, what the app signed for it
   * before `tokensFrom` is revoked, and nobody can write to it any more.
   */
  beginErasure(
    userId: UserId,
    tokensFrom: number,
    audit: AuditEntry,
  ): Promise<{ readonly erasure: Erasure; readonly ended: readonly Device[] }>;
  /** Erases one batch more. The last one finishes it. @param batch messages at most */
  eraseMore(erasure: Erasure, batch: number, now: number): Promise<Logged & { readonly erasure: Erasure }>;
  runningErasures(): Promise<readonly Erasure[]>;
  erasure(id: number): Promise<Erasure | null>;
  /** The newest first. */
  erasures(limit: number): Promise<readonly Erasure[]>;
  /** The id is somebody's again, of whom nothing is known. */
  comeBack(userId: UserId): Promise<void>;
}
