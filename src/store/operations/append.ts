/** Storing a message: its seq, its places in the logs of both sides, and what else goes with it. */
import { sql } from "drizzle-orm";
import { type MessageDraft, messageFrom } from "../../engine/draft.ts";
import { messageId } from "../../engine/ids.ts";
import { type Message, SYSTEM_USER } from "../../engine/model.ts";
import { type Appended, type Logged, UserGone } from "../../engine/store.ts";
import { first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { conversations, members, messages } from "../tables.ts";
import { storeAtOnce } from "./append-at-once.ts";
import { recordAudit } from "./audit.ts";
import { pairOf } from "./conversations.ts";
import { noteEvent } from "./events.ts";
import { appendEntry } from "./log.ts";
import { queuePushes } from "./push-queue.ts";
import { insertMessageRun } from "./runs.ts";
import { claimUploads } from "./uploads.ts";

type Pair = ReturnType<typeof pairOf>;

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
export type InsertParameters = {
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

/** What of a draft stands in its row. */
export function columnsOf(draft: MessageDraft): Omit<InsertParameters, "conversation" | "seq" | "position"> {
  return {
    sender: draft.senderId,
    recipient: draft.recipientId,
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
  };
}

/** A message in its place, and what that has appended to logs. */
export interface Stored {
  readonly conversationId: number;
  readonly seq: number;
  readonly appended: readonly Appended[];
}

function* storeStepByStep(draft: MessageDraft, pair: Pair): Operation<Stored> {
  const wanted = { ...pair, at: draft.sentAt };
  const place = (yield* first(nextSeq, wanted)) ?? (yield* first(startConversation, wanted));
  if (place === undefined) throw new Error("a conversation could not be started");
  const { id: conversationId, last_seq: seq, run_seq: runSeq } = place;
  if (runSeq === seq) yield* run(insertMessageRun, { at: draft.sentAt, conversation: conversationId, seq });
  const appended = yield* fanOut(draft, { conversationId, seq });
  const position = appended.find(({ kind }) => kind === "received")?.position ?? null;
  yield* run(insertMessage, { ...columnsOf(draft), conversation: conversationId, seq, position });
  yield* noteEvent({
    kind: "sent",
    at: draft.sentAt,
    userId: draft.senderId,
    otherId: draft.recipientId,
    place: { conversationId, seq },
  });
  return { conversationId, seq, appended };
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
  const { appended, ...place } =
    (yield* storeAtOnce(draft, pair, columnsOf(draft))) ?? (yield* storeStepByStep(draft, pair));
  const { conversationId, seq } = place;
  const recipientPosition = appended.find(({ kind }) => kind === "received")?.position ?? null;
  if (draft.uploads !== null) {
    const { owner, ids } = draft.uploads;
    yield* claimUploads(owner, ids, { conversation: conversationId, seq }, draft.sentAt);
  }
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
