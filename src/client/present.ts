/** From what is kept to what is shown. */
import { contentOf, previewOf } from "./content.ts";
import { ParleyError } from "./errors.ts";
import { isUploading, previewOfFile } from "./files.ts";
import type { MessageFragment } from "./generated.ts";
import type { Conversation, Message, MessageStatus } from "./model.ts";
import type { Outgoing, StoredConversation } from "./store/store.ts";

/** Who looks, and where the server is that links of its own are relative to. */
export interface Viewer {
  readonly id: string;
  readonly url: string;
}

/** The other side of its conversation; for a notice that an admin has sent, its recipient. */
export function peerOf({ sender, recipient }: MessageFragment, me: string): string {
  return recipient.id === me ? sender.id : recipient.id;
}

type Marks = Pick<StoredConversation, "peerReadSeq" | "peerDeliveredSeq">;

function statusOf(message: MessageFragment, { id: me }: Viewer, marks: Marks | null): MessageStatus {
  if (message.recipient.id === me) return message.sender.id === me ? "read" : "received";
  if (message.readByRecipient || (marks !== null && message.seq <= marks.peerReadSeq)) return "read";
  if (message.deliveredToRecipient || (marks !== null && message.seq <= marks.peerDeliveredSeq)) return "delivered";
  return "sent";
}

export function toMessage(message: MessageFragment, viewer: Viewer, marks: Marks | null, gapBefore = false): Message {
  const { replyTo } = message;
  return {
    // With lifetime 0 and without a key of the sender's, the id alone tells them apart.
    key: message.clientMessageId ?? message.id,
    id: message.id,
    seq: message.seq,
    peer: peerOf(message, viewer.id),
    sender: message.sender.id,
    mine: message.sender.id === viewer.id,
    status: statusOf(message, viewer, marks),
    error: null,
    content: message.content === null ? null : contentOf(message.content, viewer.url),
    file: null,
    uploading: false,
    customData: message.customData,
    sentAt: message.sentAt,
    editedAt: message.editedAt,
    recalledAt: message.recalledAt,
    senderProfile: message.senderProfile,
    replyTo:
      replyTo === null
        ? null
        : { id: replyTo.id, sender: replyTo.sender.id, summary: replyTo.content?.summary ?? null },
    gapBefore,
  };
}

export function toPendingMessage(outgoing: Outgoing, { id: me }: Viewer): Message {
  const [file] = outgoing.files;
  return {
    key: outgoing.clientMessageId,
    id: null,
    seq: null,
    peer: outgoing.peer,
    sender: me,
    mine: true,
    status: outgoing.failure === null ? "sending" : "failed",
    error: outgoing.failure === null ? null : ParleyError.from(outgoing.failure),
    content: file === undefined ? previewOf(outgoing.content) : previewOfFile(file),
    file: file?.blob ?? null,
    uploading: isUploading(outgoing),
    customData: outgoing.customData,
    sentAt: outgoing.createdAt,
    editedAt: null,
    recalledAt: null,
    senderProfile: { nickname: null, avatarUrl: null },
    replyTo: outgoing.replyTo,
    gapBefore: false,
  };
}

export function toConversation(
  stored: StoredConversation,
  viewer: Viewer,
  pending: Outgoing | undefined,
): Conversation {
  const { peer, nickname, avatarUrl, last, unreadCount, pinned, muted, readSeq, peerReadSeq } = stored;
  return {
    peer: { id: peer, nickname, avatarUrl },
    lastMessage:
      pending !== undefined ? toPendingMessage(pending, viewer) : last && toMessage(last.message, viewer, stored),
    unreadCount,
    pinned,
    muted,
    readSeq,
    peerReadSeq,
  };
}

/** The new list, with the old objects wherever nothing in them has changed. */
export function keepUnchanged<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  const merged = after.map((item) => {
    const old = known.get(keyOf(item));
    return old !== undefined && JSON.stringify(old) === JSON.stringify(item) ? old : item;
  });
  const same = merged.length === before.length && merged.every((item, index) => item === before[index]);
  return same ? before : merged;
}
