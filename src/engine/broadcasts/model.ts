/** A message to everybody, or to a long list, as it is stored while it goes out. */
import type { RefusalCode } from "../errors.ts";
import type { UserId } from "../model.ts";
import type { SendManyInput } from "../send-many.ts";

export const BROADCAST_STATES = ["RUNNING", "DONE", "CANCELLED"] as const;
export type BroadcastState = (typeof BROADCAST_STATES)[number];

/** What each recipient is sent. */
export type BroadcastMessage = Omit<SendManyInput, "to" | "clientMessageId">;

export interface Broadcast {
  readonly id: number;
  readonly state: BroadcastState;
  readonly startedBy: UserId;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly message: BroadcastMessage;
  /** Whom it goes to; null: to everybody who was there when it began. */
  readonly to: readonly UserId[] | null;
  readonly perSecond: number;
  /** How many it goes to. */
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  /** How many failed, by why. */
  readonly failures: Readonly<Partial<Record<RefusalCode, number>>>;
  /** The last recipient that it is done with; recipients go in the order of their ids. */
  readonly position: UserId;
}

/** What a new one is. */
export type NewBroadcast = Pick<Broadcast, "startedBy" | "startedAt" | "message" | "to" | "perSecond"> & {
  /** Idempotency key, unique among those that are kept, and the hash of what was first asked under it. */
  readonly key: string | null;
  readonly fingerprint: string;
};

export type BroadcastProgress = Pick<Broadcast, "position" | "sent" | "failed" | "failures">;
