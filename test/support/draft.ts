/** A message on its way into the store, for tests that go through the store's door. */
import type { MessageDraft } from "../../src/engine/draft.ts";

/** A text with nothing about it but what is given. */
export function draftOf(
  given: Pick<MessageDraft, "senderId" | "recipientId" | "sentAt"> & Partial<MessageDraft>,
): MessageDraft {
  return {
    senderProfile: { nickname: null, avatarUrl: null },
    content: { type: "TEXT", text: "hello" },
    customData: null,
    push: null,
    clientMessageId: null,
    fingerprint: null,
    keyFreeUpTo: null,
    replyTo: null,
    offlineUntil: null,
    hidden: false,
    syncToSender: true,
    origin: null,
    audit: null,
    pushes: null,
    uploads: null,
    ...given,
  };
}
