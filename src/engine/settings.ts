/** What an admin may change while the server runs. */
import { Refusal } from "./errors.ts";

export interface Settings {
  readonly friendsOnly: boolean;
  readonly showBlocked: boolean;
  readonly friendNotices: boolean;
  readonly recallWindowSeconds: number;
  readonly offlineRetentionDays: number;
  readonly roamingRetentionDays: number;
  readonly recentContactsLimit: number;
  readonly offlineMessagesPerContact: number;
  readonly auditRetentionDays: number;
}

export const DEFAULT_SETTINGS: Settings = {
  friendsOnly: false,
  showBlocked: false,
  friendNotices: true,
  recallWindowSeconds: 120,
  offlineRetentionDays: 7,
  roamingRetentionDays: 7,
  recentContactsLimit: 100,
  offlineMessagesPerContact: 100,
  auditRetentionDays: 365,
};

const RANGES = {
  recallWindowSeconds: [0, 31_536_000],
  offlineRetentionDays: [1, 3_650],
  roamingRetentionDays: [1, 3_650],
  recentContactsLimit: [1, 10_000],
  offlineMessagesPerContact: [1, 1_000_000],
  // So that no admin can make its own trail go away at once.
  auditRetentionDays: [30, 3_650],
} as const satisfies Partial<Record<keyof Settings, readonly [number, number]>>;

const DAY_MS = 86_400_000;

export type SettingsChange = { readonly [K in keyof Settings]?: Settings[K] | null | undefined };

/**
 * What a change gives; the settings that it leaves out stay as they are.
 * @throws Refusal BAD_USER_INPUT for null or a number out of its range
 */
export function readChange(change: SettingsChange): Partial<Settings> {
  const given: Partial<Settings> = {};
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (value === null) {
      throw new Refusal("BAD_USER_INPUT", `\`${name}\` cannot be null; leave it out to keep it as it is.`);
    }
    if (name in RANGES) {
      const [low, high] = RANGES[name as keyof typeof RANGES];
      if (typeof value !== "number" || value < low || value > high) {
        throw new Refusal("BAD_USER_INPUT", `\`${name}\` is ${value}; it must be from ${low} to ${high}.`);
      }
    }
    Object.assign(given, { [name]: value });
  }
  return given;
}

/** What is of these instants or before has left the offline cache, the roaming history, the disk, the audit trail. */
export interface Cutoffs {
  readonly offline: number;
  readonly roaming: number;
  readonly erased: number;
  readonly audit: number;
}

/** A message is kept while it is younger than its retention: at exactly seven days it is gone. */
export function cutoffs(settings: Settings, now: number): Cutoffs {
  const offline = now - settings.offlineRetentionDays * DAY_MS;
  const roaming = now - settings.roamingRetentionDays * DAY_MS;
  const audit = now - settings.auditRetentionDays * DAY_MS;
  return { offline, roaming, erased: Math.min(offline, roaming), audit };
}
