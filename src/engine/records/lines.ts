/** What records say, one JSON object a line. Names and instants are as in the API; what is null is left out. */
import { hash } from "node:crypto";
import { messageId, uploadId } from "../ids.ts";
import type { Upload } from "../media.ts";
import type { Device, Member, Message, User } from "../model.ts";
import type { PushPreferences, PushToken } from "../push/model.ts";
import { contentSeenBy } from "../viewer.ts";
import { contentRecord, type LinkTo } from "./content-record.ts";

/** Of the format: another one where a reader of this one would be wrong. */
export const RECORDS_VERSION = 1;

function withoutNull(_: string, value: unknown): unknown {
  return value === null ? undefined : value;
}

/** A line without its end. */
export function lineOf(record: object): string {
  return JSON.stringify(record, withoutNull);
}

/** The sum over lines: of the sum before and the line, so that one can go on from any line. */
export function sumWith(sum: string, line: string): string {
  return hash("sha256", sum + line);
}

export function instant(ms: number): string;
export function instant(ms: number | null): string | null;
export function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

export function userRecord({ id, nickname, avatarUrl, friendPolicy, mutedUntil }: User): object {
  return { type: "user", id, nickname, avatarUrl, friendPolicy, mutedUntil: instant(mutedUntil) };
}

export function pushPreferencesRecord(user: string, { preview, quietHours, mutedUntil }: PushPreferences): object {
  return { type: "pushPreferences", user, preview, quietHours, mutedUntil: instant(mutedUntil) };
}

/** A token itself is a secret of the phone's: that there is one is told. */
export function deviceRecord(
  { deviceId, platform, signedInAt, expiresAt, endedAt }: Device,
  tokens: readonly PushToken[],
): object {
  return {
    type: "device",
    id: deviceId,
    platform,
    signedInAt: instant(signedInAt),
    expiresAt: instant(expiresAt),
    endedAt: instant(endedAt),
    pushTokens: tokens.map(({ vendor, environment, language, registeredAt }) => {
      return { vendor, environment, language, registeredAt: instant(registeredAt) };
    }),
  };
}

export function uploadRecord(upload: Upload, linkTo: LinkTo): object {
  const { id, kind, name, size, state, createdAt, expiresAt, facts } = upload;
  return {
    type: "upload",
    id: uploadId(id),
    kind,
    name,
    size,
    state,
    mimeType: facts?.mimeType ?? null,
    createdAt: instant(createdAt),
    expiresAt: instant(expiresAt),
    url: state === "READY" ? linkTo({ upload: id, variant: "original", name }) : null,
  };
}

/** One side's view of a conversation. */
export function conversationRecord(side: Member): object {
  const { userId, peerId, readSeq, clearedSeq, lastActivityAt, pinned, muted } = side;
  const updatedAt = instant(lastActivityAt);
  return { type: "conversation", user: userId, peer: peerId, readSeq, clearedSeq, pinned, muted, updatedAt };
}

/** Facts of a message that lie elsewhere. */
export interface Besides {
  /** Up to where its recipient has read. */
  readonly readSeq: number;
  /** Who has deleted it for themselves; null where that is not to be seen. */
  readonly deletedBy: readonly string[] | null;
  readonly imported?: boolean;
}

/** @param viewedBy whose view it is; null: all that is stored of it */
export function messageRecord(message: Message, viewedBy: string | null, besides: Besides, linkTo: LinkTo): object {
  const { content, editedAt } = viewedBy === null ? message : contentSeenBy(message, viewedBy);
  const { conversationId, seq, senderId, recipientId, senderProfile, replyToSeq, editForSender } = message;
  const whole = viewedBy === null;
  const unseen = whole && editForSender !== null ? contentRecord(editForSender.content, linkTo) : null;
  return {
    type: "message",
    id: message.id,
    seq,
    from: senderId,
    to: recipientId,
    sentAt: instant(message.sentAt),
    content: content === null ? null : contentRecord(content, linkTo),
    customData: message.customData,
    clientMessageId: whole || viewedBy === senderId ? message.clientMessageId : null,
    nickname: senderProfile.nickname,
    avatarUrl: senderProfile.avatarUrl,
    replyTo: replyToSeq === null ? null : messageId(conversationId, replyToSeq),
    editedAt: instant(editedAt),
    recalledAt: instant(message.recalledAt),
    erasedAt: instant(message.erasedAt),
    read: senderId === recipientId || (!message.hidden && seq <= besides.readSeq),
    hidden: whole && message.hidden ? true : null,
    editForSender: unseen,
    deletedBy: besides.deletedBy?.length ? besides.deletedBy : null,
    imported: besides.imported === true ? true : null,
  };
}
