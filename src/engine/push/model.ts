/** What is known of pushes: where they go, which wait, and what people want to be shown. */
import type { Message, PushOptions, UserId } from "../model.ts";
import type { PushEnvironment, PushVendor } from "./channel.ts";

/** Where a device is reached while its app is closed. */
export interface PushToken {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly vendor: PushVendor;
  readonly token: string;
  readonly environment: PushEnvironment;
  /** Of the device, as BCP 47 has it; null: the server's. */
  readonly language: string | null;
  readonly registeredAt: number;
}

/**
 * What waits to be sent is `queued`; what was sent and may be taken back is `shown`, and waits to be that as
 * `withdrawing`; `dead` is what was tried in vain.
 */
export type PushState = "queued" | "shown" | "withdrawing" | "dead";

/** One conversation's notification on one device, through one vendor: there is never more than one. */
export interface PendingPush {
  readonly userId: UserId;
  readonly conversationId: number;
  readonly deviceId: string;
  readonly vendor: PushVendor;
  /** The newest message that it is to tell of. */
  readonly seq: number;
  /** The message that is on the screen and could be taken back; 0: none. */
  readonly shownSeq: number;
  readonly state: PushState;
  readonly attempts: number;
  readonly createdAt: number;
  /** After which nobody needs it any more. */
  readonly expiresAt: number;
}

/** When a message is pushed. */
export interface PushTimes {
  readonly dueAt: number;
  readonly expiresAt: number;
}

export const PUSH_PREVIEWS = ["FULL", "NAME_ONLY", "NONE"] as const;
/** How much of a message a notification shows. */
export type PushPreview = (typeof PUSH_PREVIEWS)[number];

/** Minutes of the day, in a time zone; where `from` is later than `to` it goes over midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  /** An IANA name such as `Asia/Seoul`. */
  readonly timeZone: string;
}

/** What a user wants of notifications, on all devices. */
export interface PushPreferences {
  readonly preview: PushPreview;
  readonly quietHours: QuietHours | null;
  /** No notifications before this instant; null: they come. */
  readonly mutedUntil: number | null;
}

export const DEFAULT_PREFERENCES: PushPreferences = { preview: "FULL", quietHours: null, mutedUntil: null };

/** A message, and what its sender wants a notification to say. */
export interface PushedMessage {
  readonly message: Message;
  readonly push: PushOptions | null;
}

/** All that a push is decided by, read at once when it is due. */
export interface PushFacts {
  /** Null where the device has none any more. */
  readonly token: PushToken | null;
  /** Up to where in the user's log the device has acknowledged messages. */
  readonly acknowledged: number;
  /** Messages that the user has not read, of which this may tell: the newest first, a few. */
  readonly unread: readonly PushedMessage[];
  readonly muted: boolean;
  readonly peerId: UserId;
  readonly preferences: PushPreferences;
  /** Unread messages of all conversations that are not muted. */
  readonly badge: number;
}

/** What can become of a push that was due. */
export const PUSH_RESULTS = ["sent", "skipped", "withdrawn", "delayed", "dead", "token invalid"] as const;
export type PushResult = (typeof PUSH_RESULTS)[number];

/** What became of a push, for admins. */
export interface PushRecord {
  readonly at: number;
  readonly userId: UserId;
  readonly deviceId: string;
  readonly vendor: PushVendor;
  readonly conversationId: number;
  readonly seq: number;
  readonly outcome: PushResult;
  /** Why: a reason of the engine's, or the vendor's code. */
  readonly reason: string;
}

/** What is done with a push that was tried. */
export type PushStep =
  | { readonly step: "forget" }
  /** It is not told; what an earlier one has put on the screen stays there, or goes if it is over. */
  | { readonly step: "skip" }
  /** The message with this seq is on the screen, until somebody reads it or it is recalled. */
  | { readonly step: "shown"; readonly seq: number }
  | { readonly step: "later"; readonly dueAt: number; readonly counts: boolean }
  | { readonly step: "dead" };
