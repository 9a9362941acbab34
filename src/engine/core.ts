/** What the engine's rooms share. */
import type { BackupObserver } from "./backups.ts";
import type { Clock } from "./clock.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Leases } from "./cluster/leases.ts";
import type { ConnectionLimits, Connections } from "./connections.ts";
import type { ReaderName } from "./events.ts";
import type { HookVerdict } from "./hooks/hook.ts";
import type { Fresh, Hub } from "./live/hub.ts";
import type { MediaFiles, MediaKeys } from "./media.ts";
import type { Platform, Role, UserId } from "./model.ts";
import type { PushVendor } from "./push/channel.ts";
import type { PushResult } from "./push/model.ts";
import type { Rates } from "./rates.ts";
import type { Revocations } from "./revocations.ts";
import { type Cutoffs, cutoffs, type Settings } from "./settings.ts";
import type { Logged, Store } from "./store.ts";
import type { ClockObserver, Timekeeper } from "./timekeeper.ts";
import type { UploadRoom } from "./upload-store.ts";

/** What a token says once its signature has been checked. */
export type TokenClaims =
  | {
      readonly kind: "app";
      readonly userId: UserId;
      readonly role: Role;
      readonly expiresAt: number;
      /** When the app signed it; null where it does not say. */
      readonly issuedAt: number | null;
    }
  | {
      readonly kind: "access";
      readonly userId: UserId;
      readonly role: Role;
      readonly expiresAt: number;
      readonly deviceId: string;
      readonly session: number;
    };

export interface Tokens {
  /** @throws Refusal UNAUTHENTICATED for anything but a valid, unexpired token */
  verify(token: string): Promise<TokenClaims>;
  issue(claims: Extract<TokenClaims, { kind: "access" }>): Promise<string>;
}

/** What can be told apart in the engine's metrics. */
export interface Observer extends ClockObserver, BackupObserver {
  sent(outcome: "stored" | "duplicate" | "transient" | "hidden"): void;
  delivered(source: "OFFLINE" | "RECENT" | "LIVE"): void;
  /** @param bytes of the upload */
  uploaded(outcome: "ready" | "refused", bytes: number): void;
  pushed(vendor: PushVendor, outcome: PushResult, count: number): void;
  /** A vendor refuses credentials, rights or settings: nothing goes through it until that is mended. */
  pushBroken(vendor: PushVendor, reason: string): void;
  pushFailed(error: unknown): void;
  broadcastFailed(id: number, error: unknown): void;
  erasureFailed(id: number, error: unknown): void;
  /** What the app's hook said to a message. */
  hookAsked(verdict: HookVerdict["verdict"] | "failed"): void;
  hookDelivered(hook: string, outcome: "taken" | "delayed" | "dead"): void;
  hookFailed(hook: string, reason: string): void;
  /** A reader of the event feed could not do its work; it tries again. */
  followingFailed(reader: ReaderName, error: unknown): void;
  /** What other servers have done could not be looked into; it is tried again. */
  clusterFailed(error: unknown): void;
  swept(rows: number): void;
  sweepFailed(error: unknown): void;
}

/** What one user may take from a server; admins have no rates. */
export interface UserLimits extends ConnectionLimits {
  /** Queries, and subscriptions that start, per second; 0: no limit. */
  readonly readRate: number;
  /** Logins per minute; 0: no limit. */
  readonly loginRate: number;
}

export interface MediaRules extends UploadRoom {
  /** Milliseconds that an upload may take, and that it waits to be sent. */
  readonly lifetimeMs: number;
  /** Bytes of the disk that are left free. */
  readonly freeBytes: number;
}

export interface Media {
  readonly files: MediaFiles;
  readonly keys: MediaKeys;
  readonly rules: MediaRules;
}

/** How messages are pushed. */
export interface PushPlan {
  /** Milliseconds that a device has to acknowledge a message before it is pushed to. */
  readonly delayMs: number;
  /** Milliseconds after which nobody needs a notification any more. */
  readonly lifetimeMs: number;
  /** Something will be due then. */
  expect(at: number): void;
}

export interface Core {
  readonly store: Store;
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly hub: Hub;
  readonly connections: Connections;
  readonly revocations: Revocations;
  /** Of sends, and of all else that reaches another user. */
  readonly rates: Rates;
  /** Of every other change. */
  readonly changeRates: Rates;
  /** Of queries and of subscriptions that start. */
  readonly readRates: Rates;
  readonly loginRates: Rates;
  readonly tokens: Tokens;
  readonly observer: Observer;
  /** Sessions that may live at the same time, per platform. */
  readonly sessionLimits: Readonly<Record<Platform, number>>;
  readonly media: Media;
  /** Null: nothing is pushed. */
  push: PushPlan | null;
  /** Users who are being erased. */
  readonly erasing: Set<UserId>;
  /** Users who were erased, as far as this process has seen them since. */
  readonly erased: Set<UserId>;
  /** Resolves once the search index holds nothing that was erased before. */
  forgotten: () => Promise<void>;
  /** The other servers on the same store; null where there can be none. */
  cluster: Cluster | null;
  /** Jobs that one server does for all. */
  leases: Leases;
  /** Something may have come into the event feed. */
  happened: () => void;
  /** The server is going down. */
  stopped: boolean;
  settings: Settings;
  /** Counts the recalls and edits that have been made: a message that was read before one may be out of date. */
  changes: number;
}

/** What may be erased and forgotten: never more than what answers leave out, and less while the clock is doubted. */
export function erasuresNow(core: Core): Cutoffs {
  return cutoffs(core.settings, core.timekeeper.earliest());
}

/** What answers go by. */
export function cutoffsNow(core: Core): Cutoffs {
  return cutoffs(core.settings, core.clock.now());
}

/** Tells the devices that a change concerns, and passes the change on. */
export function announced<T extends Logged>(core: Core, change: T, fresh: Fresh | null = null): T {
  core.hub.announce(change.appended, fresh);
  core.happened();
  return change;
}
