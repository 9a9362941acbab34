/** Storing messages and changing what is stored: send, recall, edit, delete for oneself. */
import { sql } from "drizzle-orm";
import type { Content } from "../../engine/content.ts";
import { type MessageDraft, messageFrom } from "../../engine/draft.ts";
import { messageId } from "../../engine/ids.ts";
import type { AuditEntry } from "../../engine/model.ts";
import { type Message, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import { type Appended, type Logged, UserGone } from "../../engine/store.ts";
import { first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { conversations, deletedMessages, members, messages } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { member, pairOf } from "./conversations.ts";
import { noteEvent } from "./events.ts";
import { appendEntries, appendEntry } from "./log.ts";
import { queuePushes, withdrawRecalled } from "./push-queue.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";
import { insertMessageRun } from "./runs.ts";
import { claimUploads, releaseUploads } from "./uploads.ts";

const selectMessage = statement<{ conversation: number; seq: number }, MessageRow>(
  (p) =>
    sql`select ${messageColumns} from ${messages} m where m.conversation_id = ${p.conversation} and m.seq = ${p.seq}`,
);
export const releaseKey = statement<{ sender: string; key: string; upTo: number }>(
  (p) => sql`update ${messages} set client_message_id = null, fingerprint = null
    where sender_id = ${p.sender} and client_message_id = ${p.key} and sent_at <= ${p.upTo}`,
);
type SeqParameters = { first: string; second: string; at: number };
type SeqRow = { id: number; last_seq: number; last_at: number; run_seq: number };
/** Gives the message a seq; where `run_seq` is the same, the message starts a run. */
export const nextSeq = statement<SeqParameters, SeqRow>(
  (p) => sql`update ${conversations} set last_seq = last_seq + 1, last_at = ${p.at},
      run_seq = case when ${p.at} >= last_at then run_seq else last_seq + 1 end
    where first_user = ${p.first} and second_user = ${p.second} returning id, last_seq, last_at, run_seq`,
);
export const startConversation = statement<SeqParameters, SeqRow>(
  (p) => sql`insert into ${conversations} (first_user, second_user, last_seq, last_at, run_seq)
    values (${p.first}, ${p.second}, 1, ${p.at}, 1) returning id, last_seq, last_at, run_seq`,
);
type InsertParameters = {
  conversation: number;
  seq: number;
  sender: string;
  recipient: string;
  nickname: string | null;
  avatarUrl: string | null;
  content: string;
  customData: string | null;
  push: string | null;
  key: string | null;
  fingerprint: string | null;
  replyTo: number | null;
  sentAt: number;
  offlineUntil: number | null;
  hidden: number;
  position: number | null;
};
export const insertMessage = statement<InsertParameters>(
  (p) => sql`insert into ${messages} (conversation_id, seq, sender_id, recipient_id, nickname, avatar_url, content,
      custom_data, push, client_message_id, fingerprint, reply_to_seq, sent_at, offline_until, hidden,
      recipient_position)
    values (${p.conversation}, ${p.seq}, ${p.sender}, ${p.recipient}, ${p.nickname}, ${p.avatarUrl}, ${p.content},
      ${p.customData}, ${p.push}, ${p.key}, ${p.fingerprint}, ${p.replyTo}, ${p.sentAt}, ${p.offlineUntil},
      ${p.hidden}, ${p.position})`,
);
export type ActivityParameters = {
  user: string;
  peer: string;
  conversation: number;
  ownSeq: number;
  seq: number;
  position: number;
  at: number;
  /** What lies up to here is not this side's, where this is its first message: it was an erased person's. */
  clearedTo: number;
};
/** `ownSeq` is 0 for a message of the peer, which moves nothing there. */
export const noteActivity = statement<ActivityParameters>(
  (p) => sql`insert into ${members} (user_id, peer_id, conversation_id, last_own_seq, last_seq, last_position,
      last_activity_at, cleared_seq)
    values (${p.user}, ${p.peer}, ${p.conversation}, ${p.ownSeq}, ${p.seq}, ${p.position}, ${p.at}, ${p.clearedTo})
    on conflict (user_id, peer_id) do update set last_seq = excluded.last_seq, last_position = excluded.last_position,
      last_activity_at = excluded.last_activity_at,
      last_own_seq = case when excluded.last_own_seq > 0 then excluded.last_own_seq else members.last_own_seq end`,
);

/** Puts a message into the log and the recent contacts of one side. */
function* fanOutTo(
  { senderId, recipientId, sentAt: at, origin }: MessageDraft,
  place: { conversationId: number; seq: number },
  kind: "received" | "sent" | "unsynced",
): Operation<Appended> {
  const { conversationId, seq } = place;
  const received = kind === "received";
  const userId = received ? recipientId : senderId;
  const entry = yield* appendEntry({ userId, kind, conversationId, seq, at, origin: received ? null : origin });
  if (entry === null) throw new UserGone(userId);
  yield* run(noteActivity, {
    user: userId,
    peer: received ? senderId : recipientId,
    conversation: conversationId,
    ownSeq: received ? 0 : seq,
    seq,
    position: entry.position,
    at,
    clearedTo: seq - 1,
  });
  return entry;
}

/** Log entries and recent contacts of both sides, in the order of their ids, in which every operation changes users. */
function* fanOut(draft: MessageDraft, place: { conversationId: number; seq: number }): Operation<Appended[]> {
  const { senderId, recipientId } = draft;
  const toSelf = senderId === recipientId;
  const kinds: ("received" | "sent" | "unsynced")[] = [];
  if (!toSelf && !draft.hidden) kinds.push("received");
  if (senderId !== SYSTEM_USER) kinds.push(draft.syncToSender || toSelf ? "sent" : "unsynced");
  if (senderId < recipientId) kinds.reverse();
  const appended: Appended[] = [];
  for (const kind of kinds) appended.push(yield* fanOutTo(draft, place, kind));
  return appended;
}

/** The users whose logs a message's changes reach. */
function audienceOf(message: { senderId: UserId; recipientId: UserId; hidden: boolean }): UserId[] {
  const { senderId, recipientId, hidden } = message;
  const audience = new Set(hidden ? [senderId] : [recipientId, senderId]);
  audience.delete(SYSTEM_USER);
  return [...audience].sort();
}

/**
 * @throws UniqueViolation where the sender has used the clientMessageId
 * @throws UploadGone where an upload that it is made of is not there, UserGone where one of the two has been erased
 */
export function* append(draft: MessageDraft): Operation<Logged & { message: Message }> {
  const { senderId, recipientId } = draft;
  yield* holdUsers(senderId, recipientId);
  const pair = pairOf(senderId, recipientId);
  if (draft.keyFreeUpTo !== null && draft.clientMessageId !== null) {
    yield* run(releaseKey, { sender: senderId, key: draft.clientMessageId, upTo: draft.keyFreeUpTo });
  }
  const wanted = { ...pair, at: draft.sentAt };
  const place = (yield* first(nextSeq, wanted)) ?? (yield* first(startConversation, wanted));
  if (place === undefined) throw new Error("a conversation could not be started");
  const { id: conversationId, last_seq: seq, run_seq: runSeq } = place;
  if (runSeq === seq) yield* run(insertMessageRun, { at: draft.sentAt, conversation: conversationId, seq });
  const appended = yield* fanOut(draft, { conversationId, seq });
  const recipientPosition = appended.find(({ kind }) => kind === "received")?.position ?? null;
  yield* run(insertMessage, {
    conversation: conversationId,
    seq,
    sender: senderId,
    recipient: recipientId,
    nickname: draft.senderProfile.nickname,
    avatarUrl: draft.senderProfile.avatarUrl,
    content: JSON.stringify(draft.content),
    customData: draft.customData,
    push: draft.push === null ? null : JSON.stringify(draft.push),
    key: draft.clientMessageId,
    fingerprint: draft.fingerprint,
    replyTo: draft.replyTo?.seq ?? null,
    sentAt: draft.sentAt,
    offlineUntil: draft.offlineUntil,
    hidden: draft.hidden ? 1 : 0,
    position: recipientPosition,
  });
  if (draft.uploads !== null) {
    const { owner, ids } = draft.uploads;
    yield* claimUploads(owner, ids, { conversation: conversationId, seq }, draft.sentAt);
  }
  yield* noteEvent({
    kind: "sent",
    at: draft.sentAt,
    userId: senderId,
    otherId: recipientId,
    place: { conversationId, seq },
  });
  if (draft.pushes !== null && recipientPosition !== null) {
    const { dueAt: due, expiresAt: expires } = draft.pushes;
    const queued = { user: recipientId, conversation: conversationId, seq, position: recipientPosition };
    yield* queuePushes({ ...queued, now: draft.sentAt, due, expires });
  }
  const id = messageId(conversationId, seq);
  const message = messageFrom(draft, { id, conversationId, seq, recipientPosition });
  yield* recordAudit(draft.audit === null ? null : { ...draft.audit, subject: `${draft.audit.subject} ${message.id}` });
  return { appended, message };
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
