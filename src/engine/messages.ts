/** Messages that are there: finding, recalling, editing, deleting for oneself. */

import { auditEntry, recordLook } from "./audit.ts";
import type { Content, ContentInput } from "./content.ts";
import { readContent } from "./content-rules.ts";
import { announced, type Core, cutoffsNow } from "./core.ts";
import { Refusal } from "./errors.ts";
import type { BeforeSend } from "./hooks/before-send.ts";
import { parseMessageId } from "./ids.ts";
import { noUploads, uploadsOf } from "./media-rules.ts";
import type { Message, UserId } from "./model.ts";
import { checkMute, limitChanges, mayReach } from "./permissions.ts";
import type { Uploads } from "./uploads.ts";
import { isAdmin, type MessageView, peerIn, type Viewer } from "./viewer.ts";

const MOST_DELETED_AT_ONCE = 100;
const EDITABLE: readonly Content["type"][] = ["TEXT", "FACE", "LOCATION", "CUSTOM"];

export interface EditInput {
  readonly id: string;
  readonly content: ContentInput;
}

export function createMessages(core: Core, uploads: Pick<Uploads, "removeSoon">, beforeSend: BeforeSend) {
  const { store, clock, timekeeper } = core;

  /** Whether this user may see a message within roaming retention: on either side, not hidden, not put away. */
  async function isSeenBy(userId: UserId, message: Message): Promise<boolean> {
    if (peerIn(message, userId) === null) return false;
    if (message.hidden && message.senderId !== userId) return false;
    return !(await store.isPutAway(userId, message));
  }

  /** On what ground the viewer may see a message now; null: it may not. */
  async function groundToSee(viewer: Viewer, message: Message): Promise<"as its side" | "as admin" | null> {
    if (message.sentAt <= cutoffsNow(core).roaming) return null;
    if (await isSeenBy(viewer.userId, message)) return "as its side";
    return isAdmin(viewer) ? "as admin" : null;
  }

  async function stored(id: string): Promise<Message | null> {
    const place = parseMessageId(id);
    return place === null ? null : store.message(place.conversationId, place.seq);
  }

  /** The message with this id, if the viewer may see it; admins see any. */
  async function find(viewer: Viewer, id: string): Promise<MessageView | null> {
    const message = await stored(id);
    const ground = message === null ? null : await groundToSee(viewer, message);
    if (message === null || ground === null) return null;
    // No side's look: it may be hidden from the one and put away by the other.
    if (ground === "as admin") await recordLook(core, viewer, "message", null, message.id);
    return { message, viewedBy: viewer.userId };
  }

  /** The message with this id while anything of it is kept, whoever asks. */
  async function kept(id: string): Promise<Message | null> {
    const message = await stored(id);
    return message === null || message.sentAt <= cutoffsNow(core).erased ? null : message;
  }

  function notFound(reason = "There is no such message."): Refusal {
    return new Refusal("MESSAGE_NOT_FOUND", reason, { field: "id" });
  }

  /** The viewer's own message, as long as a device may still be handed it. */
  async function keptOwn(viewer: Viewer, id: string, what: string): Promise<Message> {
    const message = await kept(id);
    if (message?.senderId === viewer.userId) return message;
    if (message === null || (await groundToSee(viewer, message)) === null) throw notFound();
    throw new Refusal("FORBIDDEN", `Only its sender may ${what} a message.`);
  }

  /** The message that a view replies to, if it is still there to see. */
  async function repliedTo(viewer: Viewer, { message, viewedBy }: MessageView): Promise<MessageView | null> {
    if (message.replyToSeq === null) return null;
    const original = await store.message(message.conversationId, message.replyToSeq);
    if (original === null || original.sentAt <= cutoffsNow(core).roaming) return null;
    const outside = peerIn(original, viewedBy) === null;
    if (outside ? !isAdmin(viewer) : !(await isSeenBy(viewedBy, original))) return null;
    await recordLook(core, viewer, "message", outside ? null : viewedBy, original.id);
    return { message: original, viewedBy };
  }

  /**
   * Recalls a message: the sender within the window, an admin any and at any time. Once more changes nothing.
   * @throws Refusal MESSAGE_NOT_FOUND, FORBIDDEN, RECALL_WINDOW_PASSED, RATE_LIMITED
   */
  async function recall(viewer: Viewer, id: string): Promise<MessageView> {
    limitChanges(core, viewer);
    const message = isAdmin(viewer) ? await kept(id) : await keptOwn(viewer, id, "recall");
    if (message === null) throw notFound();
    const unchanged = { message, viewedBy: viewer.userId };
    if (message.recalledAt !== null) {
      // Whoever recalled it may not have been answered yet.
      core.changes += 1;
      await recordLook(core, viewer, "recallMessage", message.senderId, message.id);
      return unchanged;
    }
    const windowMs = core.settings.recallWindowSeconds * 1_000;
    if (!isAdmin(viewer) && clock.now() - message.sentAt > windowMs) {
      const reason = `A message can be recalled for ${core.settings.recallWindowSeconds} seconds after it was sent.`;
      throw new Refusal("RECALL_WINDOW_PASSED", reason);
    }
    const { senderId } = message;
    const audit = senderId === viewer.userId ? null : auditEntry(core, viewer, "recallMessage", senderId, message.id);
    const recalled = announced(core, await store.recall(message, timekeeper.latest(), audit));
    if (message.content !== null && uploadsOf(message.content).length > 0) uploads.removeSoon();
    core.push?.expect(core.clock.now());
    core.changes += 1;
    if (recalled.message !== null) return { message: recalled.message, viewedBy: viewer.userId };
    return { message: (await store.message(message.conversationId, message.seq)) ?? message, viewedBy: viewer.userId };
  }

  /**
   * Puts other content of the same kind (text, face, location, custom) in the place of the sender's own. It is a
   * way of writing to the peer, so the rules of sending hold.
   * @throws Refusal MESSAGE_NOT_FOUND, FORBIDDEN, INVALID_CONTENT, CONTENT_TOO_LARGE, MUTED, RATE_LIMITED,
   * BLOCKED, NOT_FRIENDS, REFUSED_BY_HOOK, UNAVAILABLE where the app wants to be asked and does not answer
   */
  async function edit(viewer: Viewer, input: EditInput): Promise<MessageView> {
    limitChanges(core, viewer);
    const message = await keptOwn(viewer, input.id, "edit");
    if (message.content === null) throw notFound("The message has been recalled.");
    const facts = await store.sendFacts(message.senderId, message.recipientId, null);
    checkMute(core, viewer, facts.sender);
    const { content } = readContent(input.content, message.customData, noUploads);
    if (content.type !== message.content.type || !EDITABLE.includes(content.type)) {
      const reason = "Text, a face, a location or custom content can be edited, each into its own kind.";
      throw new Refusal("INVALID_CONTENT", reason, { field: "content" });
    }
    if (!isAdmin(viewer)) core.rates.take(`send:${viewer.userId}`);
    const reach = mayReach(core, viewer, facts);
    const { senderId, recipientId, customData, clientMessageId } = message;
    const question = { senderId, recipientId, content, customData, push: null, clientMessageId, editOf: message.id };
    const judged = await beforeSend(viewer, reach, question);
    const onlyForSender = message.hidden ? false : judged.reach === "sender only";
    const edited = await store.edit(message, judged.content, timekeeper.latest(), onlyForSender);
    core.changes += 1;
    if (edited === null) throw notFound("The message has been recalled.");
    return { message: announced(core, edited).message, viewedBy: viewer.userId };
  }

  /**
   * Deletes messages for the viewer alone; ids that it cannot see are passed over.
   * @returns the ids that are deleted now
   * @throws Refusal INVALID_CONTENT for more than 100, RATE_LIMITED
   */
  async function deleteForViewer(viewer: Viewer, ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length > MOST_DELETED_AT_ONCE) {
      const reason = `At most ${MOST_DELETED_AT_ONCE} messages can be deleted at once.`;
      throw new Refusal("INVALID_CONTENT", reason, { field: "ids" });
    }
    limitChanges(core, viewer);
    const found: Message[] = [];
    for (const id of new Set(ids)) {
      const message = await stored(id);
      if (message === null || peerIn(message, viewer.userId) === null) continue;
      if ((await groundToSee(viewer, message)) !== null) found.push(message);
    }
    announced(core, await store.deleteForUser(viewer.userId, found, timekeeper.latest(), viewer.deviceId));
    return found.map((message) => message.id);
  }

  /** How far the message has got; a hidden one gets nowhere, a note to oneself is there at once. */
  async function reception(message: Message): Promise<{ delivered: boolean; read: boolean }> {
    if (message.senderId === message.recipientId) return { delivered: true, read: true };
    if (message.hidden || message.recipientPosition === null) return { delivered: false, read: false };
    const recipient = (await store.users([message.recipientId])).get(message.recipientId);
    const member = await store.member(message.recipientId, message.senderId);
    return {
      delivered: recipient !== undefined && recipient.deliveredPosition >= message.recipientPosition,
      read: member !== null && member.readSeq >= message.seq,
    };
  }

  return { find, repliedTo, recall, edit, deleteForViewer, reception };
}
