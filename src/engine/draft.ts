/** A message that has passed the rules and is about to be stored, or handed over. */

import type { Content } from "./content.ts";
import type { MessagePlace } from "./ids.ts";
import type { AuditEntry, Message, Profile, PushOptions, UserId } from "./model.ts";
import type { PushTimes } from "./push/model.ts";

export interface MessageDraft {
  readonly senderId: UserId;
  readonly recipientId: UserId;
  readonly senderProfile: Profile;
  readonly content: Content;
  readonly customData: string | null;
  readonly push: PushOptions | null;
  readonly clientMessageId: string | null;
  readonly fingerprint: string | null;
  /** Where an expired, not yet erased message holds the key: what was sent at or before this instant gives it up. */
  readonly keyFreeUpTo: number | null;
  /** Where the message that it answers lies. */
  readonly replyTo: MessagePlace | null;
  readonly sentAt: number;
  readonly offlineUntil: number | null;
  readonly hidden: boolean;
  readonly syncToSender: boolean;
  /** The sender's own device that sent it; null where an admin or the system did. */
  readonly origin: string | null;
  readonly audit: AuditEntry | null;
  /** When the recipient's devices are pushed to that do not have it then, and until when; null: they are not. */
  readonly pushes: PushTimes | null;
  /** What its content is made of, and whose that must be; null where it is made of none. */
  readonly uploads: { readonly owner: UserId; readonly ids: readonly string[] } | null;
}

/** Where a message has found its place. */
export type MessagePlacement = Pick<Message, "id" | "conversationId" | "seq" | "recipientPosition">;

/** The message that a draft becomes. Written out: a spread of so many fields costs as much as storing them. */
export function messageFrom(draft: MessageDraft, placement: MessagePlacement): Message {
  return {
    id: placement.id,
    conversationId: placement.conversationId,
    seq: placement.seq,
    senderId: draft.senderId,
    recipientId: draft.recipientId,
    senderProfile: draft.senderProfile,
    content: draft.content,
    editForSender: null,
    customData: draft.customData,
    clientMessageId: draft.clientMessageId,
    replyToSeq: draft.replyTo?.seq ?? null,
    sentAt: draft.sentAt,
    editedAt: null,
    recalledAt: null,
    erasedAt: null,
    offlineUntil: draft.offlineUntil,
    hidden: draft.hidden,
    recipientPosition: placement.recipientPosition,
  };
}
