/** Whether a device is pushed to, and what it is to show: by what is so at the moment when it is sent. */
import { hash } from "node:crypto";
import type { Content } from "../content.ts";
import { type Message, type PushOptions, SYSTEM_USER, type UserId } from "../model.ts";
import type { Notification, Slot, Withdrawal } from "./channel.ts";
import { type PendingPush, PUSH_PREVIEWS, type PushFacts, type PushPreview } from "./model.ts";
import { isQuiet } from "./quiet-hours.ts";
import { describe, wordsFor } from "./words.ts";

export interface Skip {
  readonly skip:
    | "expired"
    | "no token"
    | "read or recalled"
    | "acknowledged"
    | "conversation muted"
    | "notifications muted"
    | "quiet hours";
}

export interface Told {
  readonly notification: Notification;
  /** Of the message that it tells of. */
  readonly seq: number;
}

/** Whether a message is one that people are told of; a custom one is with a description alone. */
export function isPushed(content: Content | null, push: PushOptions | null): content is Content {
  if (content === null || push?.disabled === true) return false;
  return content.type !== "CUSTOM" || (content.description ?? "").trim() !== "" || push?.body != null;
}

function sha256(...parts: readonly (string | number)[]): Buffer {
  return Buffer.from(hash("sha256", JSON.stringify(parts), "hex"), "hex");
}

export function slotOf({ userId, conversationId }: Pick<PendingPush, "userId" | "conversationId">): Slot {
  const bytes = sha256("slot", userId, conversationId);
  return { tag: bytes.toString("base64url").slice(0, 32), number: bytes.readUInt32BE(24) & 0x7fffffff || 1 };
}

/** A UUID that is the same for the same parts. */
function uuidOf(...parts: readonly (string | number)[]): string {
  const hex = sha256(...parts).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The same for the same message on the same device. */
function idOf({ userId, deviceId, vendor }: PendingPush, what: string): string {
  return uuidOf("push", userId, deviceId, vendor, what);
}

/** One line, of which control characters are no part. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .toWellFormed();
}

/** The one that shows less. */
function stricter(a: PushPreview, b: PushPreview): PushPreview {
  return PUSH_PREVIEWS.indexOf(a) > PUSH_PREVIEWS.indexOf(b) ? a : b;
}

function nameOf({ senderId, senderProfile, content }: Message, system: string): string {
  if (senderId === SYSTEM_USER) return (content?.type === "NOTICE" ? content.title : null) ?? system;
  return senderProfile.nickname ?? senderId;
}

interface Shown {
  readonly title: string;
  readonly body: string;
  readonly sender: string;
  readonly data: string | null;
}

function show(
  message: Message,
  content: Content,
  push: PushOptions | null,
  preview: PushPreview,
  language: string | null,
): Shown {
  const words = wordsFor(language);
  const sender = oneLine(nameOf(message, words.notice)) || words.notice;
  switch (preview) {
    case "FULL": {
      const title = oneLine(push?.title ?? "") || sender;
      const body = oneLine(push?.body ?? describe(content, words)) || words.newMessage;
      const extension = content.type === "CUSTOM" ? content.extension : null;
      return { title, body, sender, data: push?.data ?? extension };
    }
    case "NAME_ONLY":
      return { title: sender, body: words.newMessage, sender, data: null };
    case "NONE":
      return { title: words.notice, body: words.newMessage, sender: words.notice, data: null };
    default:
      return preview satisfies never;
  }
}

/**
 * @param preview at most so much is shown, whatever the user wants
 * @param earliest what time it is at least: what has not expired by then is of use
 */
export function decide(
  pending: PendingPush,
  facts: PushFacts,
  preview: PushPreview,
  now: number,
  earliest: number,
): Skip | Told {
  const { preferences, token } = facts;
  if (pending.expiresAt <= earliest) return { skip: "expired" };
  if (token === null) return { skip: "no token" };
  const unread = facts.unread.filter(({ message, push }) => isPushed(message.content, push) && !isOver(message, now));
  if (unread.length === 0) return { skip: "read or recalled" };
  const newest = unread.find(({ message }) => (message.recipientPosition ?? 0) > facts.acknowledged);
  if (newest === undefined) return { skip: "acknowledged" };
  if (facts.muted) return { skip: "conversation muted" };
  if (preferences.mutedUntil !== null && preferences.mutedUntil > now) return { skip: "notifications muted" };
  if (preferences.quietHours !== null && isQuiet(preferences.quietHours, now)) return { skip: "quiet hours" };
  const { message, push } = newest;
  if (message.content === null) return { skip: "read or recalled" };
  const shown = show(message, message.content, push, stricter(preview, preferences.preview), token.language);
  return {
    seq: message.seq,
    notification: {
      id: idOf(pending, message.id),
      slot: slotOf(pending),
      ...shown,
      messageId: message.id,
      peerId: message.senderId,
      badge: facts.badge,
      expiresAt: Math.min(pending.expiresAt, message.offlineUntil ?? pending.expiresAt),
    },
  };
}

function isOver({ offlineUntil }: Message, now: number): boolean {
  return offlineUntil !== null && offlineUntil <= now;
}

/** @param peerId of the conversation */
export function withdrawalOf(pending: PendingPush, peerId: UserId, badge: number): Withdrawal {
  const { seq, expiresAt } = pending;
  return {
    id: idOf(pending, `withdraw ${pending.conversationId} ${seq}`),
    slot: slotOf(pending),
    peerId,
    badge,
    expiresAt,
  };
}

/** What a device shows when an admin tries it. */
export function testNotification(userId: UserId, deviceId: string, language: string | null, now: number): Notification {
  const words = wordsFor(language);
  return {
    id: uuidOf("test", userId, deviceId, now),
    slot: slotOf({ userId, conversationId: 0 }),
    title: words.notice,
    body: words.test,
    sender: words.notice,
    messageId: "",
    peerId: SYSTEM_USER,
    data: null,
    badge: null,
    expiresAt: now + 3_600_000,
  };
}
