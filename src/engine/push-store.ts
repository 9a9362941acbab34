/** The store's interface for pushes. What is queued is written with the message that it tells of. */
import type { AuditEntry, UserId } from "./model.ts";
import type { PushVendor } from "./push/channel.ts";
import type {
  PendingPush,
  PushFacts,
  PushPreferences,
  PushRecord,
  PushState,
  PushStep,
  PushToken,
} from "./push/model.ts";

/** How many pushes there are. */
export interface PushCount {
  readonly vendor: PushVendor;
  readonly state: PushState;
  readonly count: number;
  /** Instant of the oldest. */
  readonly oldestAt: number;
}

export interface PushStore {
  /** Keeps a device's token of a vendor, and takes it from whoever had it before. @param key short, and the token's alone */
  savePushToken(token: PushToken, key: string): Promise<void>;
  /** Forgets a device's tokens, or those of all of a user's, of one vendor or of all, and what was queued for them. */
  deletePushTokens(userId: UserId, deviceId: string | null, vendor: PushVendor | null): Promise<void>;
  pushTokens(userId: UserId, deviceId: string | null): Promise<readonly PushToken[]>;
  /** Forgets a token that its vendor does not know any more, unless the device has registered since then. */
  dropInvalidToken(token: PushToken, before: number): Promise<void>;

  /**
   * Takes pushes of a vendor that are due, so that nobody else does before `leaseUntil`; the longest due first.
   * @returns them, and how many others are not needed, as their devices have acknowledged the message
   */
  claimPushes(
    vendor: PushVendor,
    now: number,
    leaseUntil: number,
    limit: number,
  ): Promise<{ readonly taken: readonly PendingPush[]; readonly acknowledged: number }>;
  /** Takes from whoever had begun: of an earlier process nobody is left. */
  releasePushes(): Promise<void>;
  pushFacts(push: PendingPush, cutoff: number): Promise<PushFacts>;
  /** Notes what became of a push. Where something newer has been queued meanwhile, that stays, due at `againAt`. */
  settlePush(push: PendingPush, step: PushStep, record: PushRecord | null, againAt: number, now: number): Promise<void>;
  /** When the next push of these vendors is due that nobody is at; null where there is none. */
  nextPushAt(vendors: readonly PushVendor[], now: number): Promise<number | null>;
  /** Queues again what is dead. @returns how many */
  revivePushes(vendor: PushVendor | null, now: number, expiresAt: number, audit: AuditEntry): Promise<number>;
  pushRecords(userId: UserId, limit: number): Promise<readonly PushRecord[]>;
  countPushes(): Promise<readonly PushCount[]>;

  pushPreferences(userId: UserId): Promise<PushPreferences>;
  /** Changes what is given. @returns what the user wants then */
  changePushPreferences(userId: UserId, change: Partial<PushPreferences>): Promise<PushPreferences>;
}
