/** How rows become the engine's nouns. */
import { type SQL, sql } from "drizzle-orm";
import type { Content } from "../../engine/content.ts";
import { messageId } from "../../engine/ids.ts";
import type { Device, FriendPolicy, LogEntry, LogKind, Member, Message, Platform, User } from "../../engine/model.ts";

export type UserRow = {
  id: string;
  nickname: string | null;
  avatar_url: string | null;
  friend_policy: string;
  muted_until: number | null;
  tokens_from: number | null;
  erased_at: number | null;
  delivered_position: number;
};

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    nickname: row.nickname,
    avatarUrl: row.avatar_url,
    friendPolicy: row.friend_policy as FriendPolicy,
    mutedUntil: row.muted_until,
    tokensFrom: row.tokens_from,
    erasedAt: row.erased_at,
    deliveredPosition: row.delivered_position,
  };
}

export type MessageRow = {
  conversation_id: number;
  seq: number;
  sender_id: string;
  recipient_id: string;
  nickname: string | null;
  avatar_url: string | null;
  content: string | null;
  edit_for_sender: string | null;
  custom_data: string | null;
  client_message_id: string | null;
  reply_to_seq: number | null;
  sent_at: number;
  edited_at: number | null;
  recalled_at: number | null;
  erased_at: number | null;
  offline_until: number | null;
  hidden: number;
  recipient_position: number | null;
};

/** A word of a list, out of a column that holds no other. */
export function oneOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((each) => each === text);
  if (word === undefined) throw new Error(`a column that must hold one of ${words.join(", ")} holds ${text}`);
  return word;
}

/** What every statement that reads messages selects; the table must go by the name `m`. */
export const messageColumns: SQL = sql`m.conversation_id, m.seq, m.sender_id, m.recipient_id, m.nickname, m.avatar_url,
  m.content, m.edit_for_sender, m.custom_data, m.client_message_id, m.reply_to_seq, m.sent_at, m.edited_at,
  m.recalled_at, m.erased_at, m.offline_until, m.hidden, m.recipient_position`;

export function toMessage(row: MessageRow): Message {
  return {
    id: messageId(row.conversation_id, row.seq),
    conversationId: row.conversation_id,
    seq: row.seq,
    senderId: row.sender_id,
    recipientId: row.recipient_id,
    senderProfile: { nickname: row.nickname, avatarUrl: row.avatar_url },
    content: row.content === null ? null : (JSON.parse(row.content) as Content),
    editForSender: row.edit_for_sender === null ? null : (JSON.parse(row.edit_for_sender) as Message["editForSender"]),
    customData: row.custom_data,
    clientMessageId: row.client_message_id,
    replyToSeq: row.reply_to_seq,
    sentAt: row.sent_at,
    editedAt: row.edited_at,
    recalledAt: row.recalled_at,
    erasedAt: row.erased_at,
    offlineUntil: row.offline_until,
    hidden: row.hidden === 1,
    recipientPosition: row.recipient_position,
  };
}

export type MemberRow = {
  user_id: string;
  peer_id: string;
  conversation_id: number;
  read_seq: number;
  cleared_seq: number;
  last_own_seq: number;
  last_seq: number;
  last_position: number;
  last_activity_at: number;
  pinned: number;
  muted: number;
};

export function toMember(row: MemberRow): Member {
  return {
    userId: row.user_id,
    peerId: row.peer_id,
    conversationId: row.conversation_id,
    readSeq: row.read_seq,
    clearedSeq: row.cleared_seq,
    lastOwnSeq: row.last_own_seq,
    lastSeq: row.last_seq,
    lastPosition: row.last_position,
    lastActivityAt: row.last_activity_at,
    pinned: row.pinned === 1,
    muted: row.muted === 1,
  };
}

export type EntryRow = {
  position: number;
  kind: string;
  conversation_id: number;
  seq: number;
  at: number;
  origin: string | null;
};

export function toLogEntry(row: EntryRow): LogEntry {
  return {
    position: row.position,
    kind: row.kind as LogKind,
    conversationId: row.conversation_id,
    seq: row.seq,
    at: row.at,
    origin: row.origin,
  };
}

export type DeviceRow = {
  user_id: string;
  device_id: string;
  platform: string;
  session: number;
  signed_in_at: number;
  expires_at: number;
  ended_at: number | null;
};

export function toDevice(row: DeviceRow): Device {
  return {
    userId: row.user_id,
    deviceId: row.device_id,
    platform: row.platform as Platform,
    session: row.session,
    signedInAt: row.signed_in_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  };
}
