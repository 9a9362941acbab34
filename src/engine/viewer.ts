/** Who asks, and whose view that gives. */
import { Refusal } from "./errors.ts";
import { isUserId } from "./ids.ts";
import type { Message, Role, UserId } from "./model.ts";

/** A caller with a valid token. */
export interface Viewer {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly role: Role;
  /** The session of a device that has logged in; null for a token that has not been through `login`. */
  readonly session: number | null;
  /** When the app signed the token, where it says so and there is no session. */
  readonly issuedAt: number | null;
  /** When the token runs out. */
  readonly expiresAt: number;
}

/** A message and the user through whose eyes it is shown. */
export interface MessageView {
  readonly message: Message;
  readonly viewedBy: UserId;
}

export function isAdmin(viewer: Viewer): boolean {
  return viewer.role === "admin";
}

/** @throws Refusal FORBIDDEN */
export function requireAdmin(viewer: Viewer, what: string): void {
  if (!isAdmin(viewer)) throw new Refusal("FORBIDDEN", `${what} is for admins: use a token with role "admin".`);
}

/**
 * Whose view is asked for: the viewer's own or, by an admin with `of`, another's.
 * @throws Refusal FORBIDDEN, or USER_NOT_FOUND for what can be no user's id
 */
export function subjectOf(viewer: Viewer, of: string | null | undefined): UserId {
  if (of == null || of === viewer.userId) return viewer.userId;
  requireAdmin(viewer, "`of`");
  if (!isUserId(of)) throw new Refusal("USER_NOT_FOUND", "`of` is no user's id.");
  return of;
}

/** The peer of `userId` in a message's conversation; null for somebody outside it. */
export function peerIn(message: Message, userId: UserId): UserId | null {
  if (message.senderId === userId) return message.recipientId;
  return message.recipientId === userId ? message.senderId : null;
}

/** The sender's idempotency key, for the sender and admins; else null. */
export function keySeenBy(viewer: Viewer, { message, viewedBy }: MessageView): string | null {
  return message.senderId === viewedBy || isAdmin(viewer) ? message.clientMessageId : null;
}

/** What this user sees as the message's content and time of edit. */
export function contentSeenBy(message: Message, userId: UserId): Pick<Message, "content" | "editedAt"> {
  if (message.editForSender !== null && message.senderId === userId) return message.editForSender;
  return { content: message.content, editedAt: message.editedAt };
}
