/**
 * Ids as clients see them. A user's id is the app's own; all others hold a `:`, which no user id may hold, so
 * that ids are unique across types.
 */
import type { UserId } from "./model.ts";

const USER_ID = /^[A-Za-z0-9_.@+|-]{1,128}$/;
const MESSAGE_ID = /^m:([1-9]\d{0,15}):([1-9]\d{0,15})$/;
const UPLOAD_ID = /^u:([A-Za-z0-9_-]{22})$/;
const BROADCAST_ID = /^b:([1-9]\d{0,15})$/;
const CONVERSATION_ID = /^c:([1-9]\d{0,15}):(.+)$/;

/** Whether this can be a user's id: 1 to 128 bytes of `A-Z a-z 0-9 _ - . @ + |`. */
export function isUserId(id: string): id is UserId {
  return USER_ID.test(id);
}

export interface MessagePlace {
  readonly conversationId: number;
  readonly seq: number;
}

export function messageId(conversationId: number, seq: number): string {
  return `m:${conversationId}:${seq}`;
}

/** The id of a message that is never stored; it can be told apart and never be looked up. */
export function transientMessageId(unique: string): string {
  return `t:${unique}`;
}

/** Where the message with this id lies; null for an id that no stored message can have. */
export function parseMessageId(id: string): MessagePlace | null {
  const match = MESSAGE_ID.exec(id);
  if (match === null) return null;
  return { conversationId: Number(match[1]), seq: Number(match[2]) };
}

export function conversationId(conversation: number, side: UserId): string {
  return `c:${conversation}:${side}`;
}

export function parseConversationId(id: string): { conversationId: number; userId: UserId } | null {
  const match = CONVERSATION_ID.exec(id);
  if (match === null) return null;
  const [, conversation, userId = ""] = match;
  return isUserId(userId) ? { conversationId: Number(conversation), userId } : null;
}

export function broadcastId(number: number): string {
  return `b:${number}`;
}

/** Null for one that no broadcast can have. */
export function parseBroadcastId(id: string): number | null {
  const match = BROADCAST_ID.exec(id);
  return match === null ? null : Number(match[1]);
}

/** @param id as it is stored, and stands in links */
export function uploadId(id: string): string {
  return `u:${id}`;
}

/** Whether this can be an upload's id as it is stored: 22 characters that may stand in the name of a file or a key. */
export function isStoredUploadId(id: string): boolean {
  return parseUploadId(uploadId(id)) !== null;
}

/** The id as it is stored; null for one that no upload can have. */
export function parseUploadId(id: string): string | null {
  return UPLOAD_ID.exec(id)?.[1] ?? null;
}
