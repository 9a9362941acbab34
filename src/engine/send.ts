/** Sending: the rules in their order, then the store. */
import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import { auditEntry, recordLook } from "./audit.ts";
import type { Content, ContentInput, NoticeKind } from "./content.ts";
import { invalid } from "./content-checks.ts";
import { readContent } from "./content-rules.ts";
import { announced, type Core, cutoffsNow, erasuresNow } from "./core.ts";
import { type MessageDraft, messageFrom } from "./draft.ts";
import { Refusal } from "./errors.ts";
import type { BeforeSend } from "./hooks/before-send.ts";
import { parseMessageId, transientMessageId } from "./ids.ts";
import { noUploads, uploadsIn, uploadsOf } from "./media-rules.ts";
import { fingerprintOf, readKey } from "./message-key.ts";
import { type Message, SYSTEM_USER, type UserId } from "./model.ts";
import { checkMute, limitChanges, mayReach, recipientOf } from "./permissions.ts";
import { type PushInput, readPush } from "./push/options.ts";
import { pushTimes } from "./push/times.ts";
import { type Sender, type SendFacts, UserGone } from "./store.ts";
import { UploadGone } from "./upload-store.ts";
import type { Uploads } from "./uploads.ts";
import { isAdmin, type MessageView, peerIn, requireAdmin, type Viewer } from "./viewer.ts";

/** Keys of messages with lifetime 0 that are remembered, best effort. */
const REMEMBERED_TRANSIENTS = 1_000;

export interface SendInput {
  readonly to: string;
  readonly content: ContentInput;
  readonly clientMessageId?: string | null | undefined;
  readonly customData?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly lifetimeSeconds?: number | null | undefined;
  readonly syncToSender?: boolean | undefined;
  readonly push?: PushInput | null | undefined;
  readonly sendAs?: string | null | undefined;
  /** What a notice is, where it is not one of an admin's to one user. */
  readonly noticeKind?: NoticeKind | undefined;
}

export interface SendSuccess extends MessageView {
  readonly duplicate: boolean;
}

function asNotice(content: Content, kind: NoticeKind | undefined): Content {
  return content.type === "NOTICE" && kind !== undefined ? { ...content, kind } : content;
}

/** What was there when it was looked at, and is not any more. */
function explain(error: unknown, { senderId }: Pick<MessageDraft, "senderId">): never {
  if (error instanceof UploadGone) {
    throw new Refusal("UPLOAD_NOT_FOUND", "The upload is not there any more; upload it again.", { field: "content" });
  }
  if (!(error instanceof UserGone)) throw error;
  if (error.userId === senderId) throw new Refusal("SENDER_NOT_FOUND", "The sender is not there any more.");
  throw new Refusal("RECIPIENT_NOT_FOUND", "There is no such recipient.", { field: "to" });
}

export function createSending(core: Core, uploads: Pick<Uploads, "finderFor">, beforeSend: BeforeSend) {
  const { store, hub } = core;
  const transientKeys = new LRUCache<string, { message: Message; fingerprint: string }>({ max: REMEMBERED_TRANSIENTS });

  function senderOf(viewer: Viewer, input: Omit<SendInput, "to">): UserId {
    if (input.sendAs != null) requireAdmin(viewer, "`sendAs`");
    if (input.content.notice != null) requireAdmin(viewer, "A notice");
    return input.sendAs ?? (input.content.notice != null ? SYSTEM_USER : viewer.userId);
  }

  /** The message that this key already stands for; null where it stands for none. */
  function sameKey(senderId: UserId, key: string | null, facts: SendFacts) {
    if (key === null) return null;
    const stored = facts.sameKey;
    if (stored !== null && stored.message.sentAt > erasuresNow(core).erased) return stored;
    return transientKeys.get(`${senderId}:${key}`) ?? null;
  }

  async function readReply(replyTo: string, senderId: UserId, recipientId: UserId) {
    const place = parseMessageId(replyTo);
    const message = place === null ? null : await store.message(place.conversationId, place.seq);
    const visible =
      message !== null &&
      peerIn(message, senderId) === recipientId &&
      (!message.hidden || message.senderId === senderId) &&
      message.sentAt > cutoffsNow(core).roaming &&
      !(await store.isPutAway(senderId, message));
    if (!visible) throw invalid("replyTo", "There is no such message in this conversation.");
    return { conversationId: message.conversationId, seq: message.seq };
  }

  function checkLifetime(seconds: number | null | undefined): void {
    if (seconds != null && seconds < 0) throw invalid("lifetimeSeconds", "It is 0 or more seconds.");
  }

  /** When the message leaves the offline cache, where that is before its time. */
  function offlineEnd(seconds: number | null | undefined, now: number): number | null {
    const { offlineRetentionDays } = core.settings;
    return seconds != null && seconds < offlineRetentionDays * 86_400 ? now + seconds * 1_000 : null;
  }

  /** Hands a message of lifetime 0 to connected devices; nothing of it is kept. */
  function handOver(draft: MessageDraft): Message {
    const { senderId, recipientId, origin } = draft;
    const id = transientMessageId(randomUUID());
    const conversationId = draft.replyTo?.conversationId ?? 0;
    const message = messageFrom(draft, { id, conversationId, seq: 0, recipientPosition: null });
    if (!draft.hidden && recipientId !== senderId) hub.handTransient(recipientId, message, null);
    if (draft.syncToSender || recipientId === senderId) hub.handTransient(senderId, message, origin);
    if (draft.clientMessageId !== null && draft.fingerprint !== null) {
      const key = `${senderId}:${draft.clientMessageId}`;
      transientKeys.set(key, { message, fingerprint: draft.fingerprint });
    }
    core.observer.sent(draft.hidden ? "hidden" : "transient");
    return message;
  }

  async function repeat(
    viewer: Viewer,
    known: { message: Message; fingerprint: string },
    input: SendInput,
  ): Promise<SendSuccess> {
    if (known.fingerprint !== fingerprintOf(input)) {
      const reason = "This clientMessageId was used for another message; give each message a key of its own.";
      throw new Refusal("IDEMPOTENCY_CONFLICT", reason, { field: "clientMessageId" });
    }
    const { senderId, content, id } = known.message;
    await recordLook(core, viewer, actionOf(content), senderId, `again ${id}`);
    core.observer.sent("duplicate");
    return { message: known.message, viewedBy: viewer.userId, duplicate: true };
  }

  async function draftOf(viewer: Viewer, sender: Sender, input: SendInput, key: string | null, facts: SendFacts) {
    checkMute(core, viewer, sender);
    const recipientId = recipientOf(facts);
    const named = uploadsIn(input.content);
    const findUpload = named.length === 0 ? noUploads : await uploads.finderFor(viewer.userId, named);
    const given = readContent(input.content, input.customData, findUpload);
    const parts = uploadsOf(given.content);
    if (parts.length > 0 && input.lifetimeSeconds === 0) {
      throw invalid("lifetimeSeconds", "An upload is kept as long as its message, and this would not be kept.");
    }
    const replyTo = input.replyTo == null ? null : await readReply(input.replyTo, sender.id, recipientId);
    checkLifetime(input.lifetimeSeconds);
    const asked = { ...given, content: asNotice(given.content, input.noticeKind), push: readPush(input.push) };
    if (!isAdmin(viewer)) core.rates.take(`send:${viewer.userId}`);
    const reach = mayReach(core, viewer, facts);
    const between = { senderId: sender.id, recipientId };
    const judged = await beforeSend(viewer, reach, { ...asked, ...between, clientMessageId: key, editOf: null });
    const { content, customData, push } = judged;
    const now = core.timekeeper.latest();
    const offlineUntil = offlineEnd(input.lifetimeSeconds, now);
    const ownName = sender.id === viewer.userId;
    const draft: MessageDraft = {
      senderId: sender.id,
      recipientId,
      senderProfile: { nickname: sender.nickname, avatarUrl: sender.avatarUrl },
      content,
      customData,
      push,
      clientMessageId: key,
      fingerprint: key === null ? null : fingerprintOf(input),
      keyFreeUpTo: facts.sameKey === null ? null : erasuresNow(core).erased,
      replyTo,
      sentAt: now,
      offlineUntil,
      hidden: judged.reach === "sender only",
      syncToSender: input.syncToSender ?? true,
      origin: ownName ? viewer.deviceId : null,
      audit: ownName ? null : auditEntry(core, viewer, actionOf(content), sender.id, `to ${recipientId}`),
      pushes: pushTimes(core, content, push, offlineUntil),
      uploads: parts.length === 0 ? null : { owner: viewer.userId, ids: parts },
    };
    return draft;
  }

  function actionOf(content: Content | null): string {
    return content?.type === "NOTICE" ? "sendNotice" : "sendAs";
  }

  /**
   * Sends a message. It answers once the message is on disk.
   * @throws Refusal FORBIDDEN, SENDER_NOT_FOUND, IDEMPOTENCY_CONFLICT, MUTED, RECIPIENT_NOT_FOUND,
   * UPLOAD_NOT_FOUND, UPLOAD_REFUSED, UPLOAD_NOT_READY, INVALID_CONTENT, CONTENT_TOO_LARGE, RATE_LIMITED, BLOCKED,
   * NOT_FRIENDS, REFUSED_BY_HOOK, or UNAVAILABLE where the app wants to be asked and does not answer: in this order, and
   * nothing is left;
   * RATE_LIMITED before all others where even attempts are too many
   * @throws OutcomeUnknown where the disk failed; the same clientMessageId again tells
   */
  async function send(viewer: Viewer, input: SendInput): Promise<SendSuccess> {
    limitChanges(core, viewer);
    const senderId = senderOf(viewer, input);
    const key = readKey(input.clientMessageId);
    const facts = await store.sendFacts(senderId, input.to, key);
    if (facts.sender === null) {
      throw new Refusal("SENDER_NOT_FOUND", "`sendAs` names no user.", { field: "sendAs" });
    }
    const known = sameKey(senderId, key, facts);
    if (known !== null) return repeat(viewer, known, input);
    const draft = await draftOf(viewer, facts.sender, input, key, facts);
    if (input.lifetimeSeconds === 0) {
      if (draft.audit !== null) await store.recordAudit(draft.audit);
      return { message: handOver(draft), viewedBy: viewer.userId, duplicate: false };
    }
    const asOf = core.changes;
    const appended = await store.append(draft).catch((error: unknown) => explain(error, draft));
    if (appended === null) {
      // The same key, sent twice at once: the other one was first. Or it was this one, whose commit was not answered:
      // then nobody has told of it.
      const again = await store.sendFacts(senderId, input.to, key);
      if (again.sameKey === null) throw new Error("a key is taken that no message has");
      core.cluster?.logsGrown([senderId, input.to]);
      if (draft.pushes !== null) core.push?.expect(draft.pushes.dueAt);
      core.happened();
      return repeat(viewer, again.sameKey, input);
    }
    core.observer.sent(draft.hidden ? "hidden" : "stored");
    if (draft.pushes !== null) core.push?.expect(draft.pushes.dueAt);
    const { message } = announced(core, appended, { message: appended.message, asOf });
    return { message, viewedBy: viewer.userId, duplicate: false };
  }

  /** What of a message can be said to be wrong before its recipients are known. @throws Refusal FORBIDDEN, INVALID_CONTENT, CONTENT_TOO_LARGE */
  function check(viewer: Viewer, input: Omit<SendInput, "to">): void {
    senderOf(viewer, input);
    if (uploadsIn(input.content).length === 0) readContent(input.content, input.customData, noUploads);
    readPush(input.push);
    checkLifetime(input.lifetimeSeconds);
  }

  return { send, check };
}

export type Send = ReturnType<typeof createSending>["send"];
