/** Built-in notices. */
import { SYSTEM_USER } from "../../engine/model.ts";
import type { Appended, Notice } from "../../engine/store.ts";
import type { Operation } from "../statement.ts";
import { append } from "./append.ts";

/** A built-in notice from the system, inside the transaction of what it tells of. */
export function* appendNotice(notice: Notice): Operation<readonly Appended[]> {
  if (notice.content === null) return [];
  const { appended } = yield* append({
    senderId: SYSTEM_USER,
    recipientId: notice.to,
    senderProfile: { nickname: null, avatarUrl: null },
    content: notice.content,
    customData: null,
    push: null,
    clientMessageId: null,
    fingerprint: null,
    keyFreeUpTo: null,
    replyTo: null,
    sentAt: notice.at,
    offlineUntil: null,
    hidden: false,
    syncToSender: false,
    origin: null,
    audit: null,
    pushes: notice.pushes,
    uploads: null,
  });
  return appended;
}
