/**
 * The nouns of the product, as the engine speaks of them. Instants are milliseconds since 1970, UTC.
 */
import type { Content } from "./content.ts";

export type UserId = string;
export type Role = "user" | "admin";
export type FriendPolicy = "ANYONE" | "ASK" | "NOBODY";
export type FriendshipStatus = "NONE" | "REQUESTED" | "RECEIVED" | "FRIENDS";
export type Platform = "WEB" | "IOS" | "ANDROID" | "DESKTOP" | "OTHER";
export const PLATFORMS: readonly Platform[] = ["WEB", "IOS", "ANDROID", "DESKTOP", "OTHER"];

export interface Profile {
  readonly nickname: string | null;
  readonly avatarUrl: string | null;
}

export interface User extends Profile {
  readonly id: UserId;
  readonly friendPolicy: FriendPolicy;
  /** May not send before this instant; null: not muted. */
  readonly mutedUntil: number | null;
  /** Tokens that the app signed before this instant are revoked; null: none is. */
  readonly tokensFrom: number | null;
  /** When the person was erased; null: it was not, or its id has come back. */
  readonly erasedAt: number | null;
  /** The highest position of the user's log that any device of the user has acknowledged. */
  readonly deliveredPosition: number;
}

/** What stands between two users, seen from the first. */
export interface Relation {
  readonly friends: boolean;
  readonly blocks: boolean;
  readonly blockedBy: boolean;
  readonly requested: boolean;
  readonly received: boolean;
}

/** What the sender wants a notification to say; kept with the message until it is recalled. */
export interface PushOptions {
  readonly disabled: boolean;
  readonly title: string | null;
  readonly body: string | null;
  readonly data: string | null;
}

/** A message as it is stored, or, with seq 0, as it is handed to connected devices and forgotten. */
export interface Message {
  readonly id: string;
  readonly conversationId: number;
  readonly seq: number;
  readonly senderId: UserId;
  readonly recipientId: UserId;
  readonly senderProfile: Profile;
  /** null once recalled. */
  readonly content: Content | null;
  /** An edit made while the recipient blocked the sender: only the sender sees it. */
  readonly editForSender: { readonly content: Content; readonly editedAt: number } | null;
  readonly customData: string | null;
  readonly clientMessageId: string | null;
  readonly replyToSeq: number | null;
  readonly sentAt: number;
  readonly editedAt: number | null;
  readonly recalledAt: number | null;
  /** When its sender was erased, and it with it; it counts as recalled. */
  readonly erasedAt: number | null;
  /** When it leaves the offline cache before its time; null: with the retention. */
  readonly offlineUntil: number | null;
  /** Looks sent to its sender; nobody else ever sees it. */
  readonly hidden: boolean;
  /** Its position in the recipient's log; null where it is in none; 0 where it had come before it was imported. */
  readonly recipientPosition: number | null;
}

/** One side's view of a conversation. */
export interface Member {
  readonly userId: UserId;
  readonly peerId: UserId;
  readonly conversationId: number;
  readonly readSeq: number;
  readonly clearedSeq: number;
  readonly lastOwnSeq: number;
  /** Its newest message that this side may see. */
  readonly lastSeq: number;
  /** Position of its last message in the user's log: what recent contacts are sorted by. */
  readonly lastPosition: number;
  readonly lastActivityAt: number;
  readonly pinned: boolean;
  readonly muted: boolean;
}

/**
 * What can happen in a user's log. `received` and `sent` are messages, `unsynced` one that
 * devices are not told of: an own one, or one that was imported; `recalled`, `edited`, `read` and
 * `delivered` speak of messages; `conversation` of the user's own view of a conversation:
 * with the seq of a message that was deleted from it, or 0.
 */
export type LogKind = "received" | "sent" | "unsynced" | "recalled" | "edited" | "read" | "delivered" | "conversation";

export interface LogEntry {
  readonly position: number;
  readonly kind: LogKind;
  readonly conversationId: number;
  readonly seq: number;
  readonly at: number;
  /** The device that caused it, where that was one of the user's own. */
  readonly origin: string | null;
}

export interface Device {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly platform: Platform;
  readonly session: number;
  readonly signedInAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
}

/** The subscriptions that have an acknowledged place of their own. */
export type Stream = "messages" | "updates" | "conversations";

/** The subscription that an entry may concern; null: none. */
export function streamOf(kind: LogKind): Stream | null {
  switch (kind) {
    case "received":
    case "sent":
      return "messages";
    case "recalled":
    case "edited":
    case "read":
    case "delivered":
      return "updates";
    case "conversation":
      return "conversations";
    case "unsynced":
      return null;
    default:
      return kind satisfies never;
  }
}

/**
 * An entry of the audit trail: a change is recorded in its own transaction, a look before its answer goes out. It
 * never holds what a message says.
 */
export interface AuditEntry {
  readonly at: number;
  /** The admin, and the device that it used. */
  readonly actorId: UserId;
  readonly deviceId: string;
  /** The operation, or the field that only an admin may read. */
  readonly action: string;
  /** Whom it concerned: in whose name, or at whose data; null where it concerned no single user. */
  readonly userId: UserId | null;
  /** What more there is to say: a peer and the range of `seq`, ids, the new settings. */
  readonly subject: string;
}

/** An entry as it is kept. */
export interface AuditRecord extends AuditEntry {
  /** Counts up. */
  readonly id: number;
}

/** The reserved sender of notices: nobody signs in as it, writes to it, or blocks it. */
export const SYSTEM_USER: UserId = "system";
/** The device that a token speaks for that has not been through `login`. */
export const DEFAULT_DEVICE = "default";
