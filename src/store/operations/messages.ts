/** Reading a message, and changing what is stored: recall, edit, delete for oneself. */
import { sql } from "drizzle-orm";
import type { Content } from "../../engine/content.ts";
import type { AuditEntry } from "../../engine/model.ts";
import { type Message, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type { Appended, Logged } from "../../engine/store.ts";
import { first, holdUsers, type Operation, statement } from "../statement.ts";
import { deletedMessages, messages } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { member } from "./conversations.ts";
import { noteEvent } from "./events.ts";
import { appendEntries } from "./log.ts";
import { withdrawRecalled } from "./push-queue.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";
import { releaseUploads } from "./uploads.ts";

const selectMessage = statement<{ conversation: number; seq: number }, MessageRow>(
  (p) =>
    sql`select ${messageColumns} from ${messages} m where m.conversation_id = ${p.conversation} and m.seq = ${p.seq}`,
);
/** The users whose logs a message's changes reach. */
function audienceOf(message: { senderId: UserId; recipientId: UserId; hidden: boolean }): UserId[] {
  const { senderId, recipientId, hidden } = message;
  const audience = new Set(hidden ? [senderId] : [recipientId, senderId]);
  audience.delete(SYSTEM_USER);
  return [...audience].sort();
}

export function* readMessage(conversationId: number, seq: number): Operation<Message | null> {
  const row = yield* first(selectMessage, { conversation: conversationId, seq });
  return row === undefined ? null : toMessage(row);
}

const eraseContent = statement<{ conversation: number; seq: number; now: number }, { seq: number }>(
  (p) => sql`update ${messages} set content = null, edit_for_sender = null, custom_data = null, push = null,
      recalled_at = ${p.now}
    where conversation_id = ${p.conversation} and seq = ${p.seq} and recalled_at is null returning seq`,
);
const changeContent = statement<{ conversation: number; seq: number; now: number; content: string }, { seq: number }>(
  (p) => sql`update ${messages} set content = ${p.content}, edit_for_sender = null, edited_at = ${p.now}
    where conversation_id = ${p.conversation} and seq = ${p.seq} and recalled_at is null returning seq`,
);
const changeForSender = statement<{ conversation: number; seq: number; edit: string }, { seq: number }>(
  (p) => sql`update ${messages} set edit_for_sender = ${p.edit}
    where conversation_id = ${p.conversation} and seq = ${p.seq} and recalled_at is null returning seq`,
);

/** Tells both sides of a change to a message, so far as they can see the message, and who reads the events. */
function* announce(
  message: Message,
  kind: "recalled" | "edited",
  audience: UserId[],
  now: number,
): Operation<Appended[]> {
  const { conversationId, seq, senderId, recipientId } = message;
  yield* noteEvent({ kind, at: now, userId: senderId, otherId: recipientId, place: { conversationId, seq } });
  return yield* appendEntries(audience.map((userId) => ({ userId, kind, conversationId, seq, at: now, origin: null })));
}

export function* recall(
  message: Message,
  now: number,
  audit: AuditEntry | null,
): Operation<Logged & { message: Message | null }> {
  const { conversationId, seq } = message;
  yield* holdUsers(message.senderId, message.recipientId);
  yield* recordAudit(audit);
  const changed = yield* first(eraseContent, { conversation: conversationId, seq, now });
  if (changed === undefined) return { appended: [], message: null };
  yield* releaseUploads({ owner: conversationId, from: seq, to: seq });
  yield* withdrawRecalled(message.recipientId, conversationId, seq, now);
  const appended = yield* announce(message, "recalled", audienceOf(message), now);
  return { appended, message: yield* readMessage(conversationId, seq) };
}

export function* edit(
  message: Message,
  content: Content,
  now: number,
  onlyForSender: boolean,
): Operation<(Logged & { message: Message }) | null> {
  yield* holdUsers(message.senderId, message.recipientId);
  const place = { conversation: message.conversationId, seq: message.seq };
  const changed = onlyForSender
    ? yield* first(changeForSender, { ...place, edit: JSON.stringify({ content, editedAt: now }) })
    : yield* first(changeContent, { ...place, now, content: JSON.stringify(content) });
  if (changed === undefined) return null;
  const audience = audienceOf(onlyForSender ? { ...message, hidden: true } : message);
  const appended = yield* announce(message, "edited", audience, now);
  const edited = yield* readMessage(message.conversationId, message.seq);
  return edited === null ? null : { appended, message: edited };
}

const insertDeleted = statement<{ conversation: number; seq: number; user: string }, { seq: number }>(
  (p) => sql`insert into ${deletedMessages} (conversation_id, seq, user_id)
    values (${p.conversation}, ${p.seq}, ${p.user}) on conflict do nothing returning seq`,
);
const selectDeleted = statement<{ conversation: number; seq: number; user: string }, { seq: number }>(
  (p) => sql`select seq from ${deletedMessages}
    where conversation_id = ${p.conversation} and seq = ${p.seq} and user_id = ${p.user}`,
);

export function* deleteForUser(
  userId: UserId,
  list: readonly Message[],
  now: number,
  origin: string | null,
): Operation<Logged> {
  yield* holdUsers(userId);
  const appended: Appended[] = [];
  for (const { conversationId, seq } of list) {
    const inserted = yield* first(insertDeleted, { conversation: conversationId, seq, user: userId });
    if (inserted === undefined) continue;
    const entry = { userId, kind: "conversation", conversationId, seq, at: now, origin } as const;
    appended.push(...(yield* appendEntries([entry])));
  }
  return { appended };
}

export function* isPutAway(userId: UserId, message: Message): Operation<boolean> {
  const { conversationId, seq, senderId, recipientId } = message;
  if ((yield* first(selectDeleted, { conversation: conversationId, seq, user: userId })) !== undefined) return true;
  const side = yield* member(userId, senderId === userId ? recipientId : senderId);
  // Only the system has no side of what it wrote; an erased person has none any more, whoever has the id now.
  return side === null ? userId !== SYSTEM_USER : seq <= side.clearedSeq;
}
