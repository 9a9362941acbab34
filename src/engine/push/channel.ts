/** What the engine asks of a push service, and what it hears: one channel for each vendor, whatever that speaks. */

export const PUSH_VENDORS = [
  "APNS",
  "FCM",
  "HUAWEI",
  "HARMONY",
  "HONOR",
  "XIAOMI",
  "OPPO",
  "VIVO",
  "MEIZU",
  "WEB_PUSH",
] as const;
export type PushVendor = (typeof PUSH_VENDORS)[number];

export type PushEnvironment = "PRODUCTION" | "SANDBOX";

/** A device, as its vendor knows it. */
export interface PushTarget {
  readonly token: string;
  /** Of Apple's services; others have one. */
  readonly environment: PushEnvironment;
}

/** What stays the same for all notifications of a conversation on a device: a newer one takes an older one's place. */
export interface Slot {
  /** 32 characters of base64url. */
  readonly tag: string;
  /** The same as a number from 1 to 2^31 - 1. */
  readonly number: number;
}

/** What a device is to show. */
export interface Notification {
  /** A UUID: the same however often the same is sent, so that a vendor that can drops the second. */
  readonly id: string;
  readonly slot: Slot;
  /** One line each, without control characters, of any length: what a vendor does not take is cut off. */
  readonly title: string;
  readonly body: string;
  /** Whom it is from, in a template's words. */
  readonly sender: string;
  /** For the app, which asks the server for the rest: ids as clients see them, and the sender's own `push.data`. */
  readonly messageId: string;
  readonly peerId: string;
  readonly data: string | null;
  /** Unread messages in all; null: the badge stays as it is. */
  readonly badge: number | null;
  /** Milliseconds since 1970, after which nobody needs it any more. */
  readonly expiresAt: number;
}

/** A notification is to go again: its message was recalled, or has been read elsewhere. */
export interface Withdrawal {
  readonly id: string;
  readonly slot: Slot;
  readonly peerId: string;
  readonly badge: number | null;
  readonly expiresAt: number;
}

/** What became of it. `reason` is for operators: the vendor's code and words, never a token or what was written. */
export type PushOutcome =
  | { readonly kind: "accepted"; readonly reason: string }
  /**
   * The vendor does not know this token any more. `since`: milliseconds since 1970 from when on that is so, where it
   * says; a device that registered later is not meant.
   */
  | { readonly kind: "token invalid"; readonly reason: string; readonly since: number | null }
  /** It would be refused again. */
  | { readonly kind: "content rejected"; readonly reason: string }
  /** Credentials, rights or settings: nothing goes through until an operator has done something. */
  | { readonly kind: "misconfigured"; readonly reason: string }
  /** Too many, or too fast. `retryAfterMs`: as the vendor says; null where it does not. */
  | { readonly kind: "throttled"; readonly reason: string; readonly retryAfterMs: number | null }
  /** No more today. `until`: milliseconds since 1970. */
  | { readonly kind: "quota exhausted"; readonly reason: string; readonly until: number }
  /** The network, a time limit, trouble of the vendor's own, or an answer that nobody knows. */
  | { readonly kind: "failed"; readonly reason: string; readonly retryAfterMs: number | null };

export interface PushChannel {
  readonly vendor: PushVendor;
  /** Whether this can be a token of the vendor's; left out: anything can. */
  accepts?(token: string): boolean;
  /** How many at the same time. */
  readonly concurrency: number;
  /** Never rejects: whatever goes wrong is an outcome. */
  send(target: PushTarget, notification: Notification): Promise<PushOutcome>;
  /** Takes a notification back; null where the vendor cannot. Never rejects. */
  readonly withdraw: ((target: PushTarget, withdrawal: Withdrawal) => Promise<PushOutcome>) | null;
  close(): Promise<void>;
}
