/** Messages and relations that come from elsewhere: stored as they were there, with nobody told. */
import { messageId } from "../../engine/ids.ts";
import { type AuditEntry, type Member, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type {
  ImportedDraft,
  ImportedMessage,
  ImportedRelation,
  RelationOutcome,
} from "../../engine/records/record-store.ts";
import type { Appended, Logged } from "../../engine/store.ts";
import { first, type Operation, run } from "../statement.ts";
import { recordAudit } from "./audit.ts";
import { member, moveReadMark, pairOf } from "./conversations.ts";
import { noteEvent } from "./events.ts";
import { appendEntry } from "./log.ts";
import { insertMessage, nextSeq, noteActivity, readMessage, releaseKey, startConversation } from "./messages.ts";
import { deleteFriend, deleteRequest, hideRequest, insertBlock, insertFriend, relation } from "./relations.ts";
import { toMessage } from "./rows.ts";
import { insertMessageRun } from "./runs.ts";
import { selectByKey } from "./send-facts.ts";
import { claimUploads } from "./uploads.ts";

interface Place {
  readonly conversationId: number;
  readonly seq: number;
}

/** Whether a mark that moves to what comes next jumps over nothing that is unread. */
function hasReadAll(side: Member | null): boolean {
  return side === null || Math.max(side.readSeq, side.clearedSeq, side.lastOwnSeq) >= side.lastSeq;
}

/** Puts the message at the top of one side's recent contacts. */
function* moveSide(
  userId: UserId,
  peerId: UserId,
  ownSeq: number,
  place: Place,
  sentAt: number,
  now: number,
): Operation<Appended> {
  const { conversationId, seq } = place;
  const entry = yield* appendEntry({ userId, kind: "unsynced", conversationId, seq, at: now, origin: null });
  yield* run(noteActivity, {
    user: userId,
    peer: peerId,
    conversation: conversationId,
    ownSeq,
    seq,
    position: entry.position,
    at: sentAt,
  });
  return entry;
}

function* moveSides(draft: ImportedDraft, place: Place, now: number): Operation<Appended[]> {
  const { senderId, recipientId, sentAt, read } = draft;
  const appended: Appended[] = [];
  if (recipientId !== senderId) {
    const marked = read && hasReadAll(yield* member(recipientId, senderId));
    appended.push(yield* moveSide(recipientId, senderId, 0, place, sentAt, now));
    if (marked) yield* run(moveReadMark, { user: recipientId, peer: senderId, seq: place.seq });
  }
  if (senderId !== SYSTEM_USER) {
    const ownSeq = !read || hasReadAll(yield* member(senderId, recipientId)) ? place.seq : 0;
    appended.push(yield* moveSide(senderId, recipientId, ownSeq, place, sentAt, now));
  }
  return appended;
}

function* importMessage(draft: ImportedDraft, now: number): Operation<{ place: Place; entries: Appended[] }> {
  const { senderId, recipientId, sentAt } = draft;
  const wanted = { ...pairOf(senderId, recipientId), at: sentAt };
  const row = (yield* first(nextSeq, wanted)) ?? (yield* first(startConversation, wanted));
  if (row === undefined) throw new Error("a conversation could not be started");
  const place = { conversationId: row.id, seq: row.last_seq };
  if (row.run_seq === place.seq) {
    yield* run(insertMessageRun, { at: sentAt, conversation: place.conversationId, seq: place.seq });
  }
  const entries = yield* moveSides(draft, place, now);
  yield* run(insertMessage, {
    conversation: place.conversationId,
    seq: place.seq,
    sender: senderId,
    recipient: recipientId,
    nickname: draft.senderProfile.nickname,
    avatarUrl: draft.senderProfile.avatarUrl,
    content: JSON.stringify(draft.content),
    customData: draft.customData,
    push: null,
    key: draft.clientMessageId,
    fingerprint: draft.fingerprint,
    replyTo: null,
    sentAt,
    offlineUntil: null,
    hidden: 0,
    position: recipientId === senderId ? null : 0,
  });
  if (draft.uploads !== null) {
    const { owner, ids } = draft.uploads;
    yield* claimUploads(owner, ids, { conversation: place.conversationId, seq: place.seq }, now);
  }
  yield* noteEvent({ kind: "imported", at: now, userId: senderId, otherId: recipientId, place });
  return { place, entries };
}

/** What has been imported from one user to another. */
interface Imported {
  readonly senderId: UserId;
  readonly recipientId: UserId;
  readonly ids: string[];
}

/** @throws UploadGone where an upload that one is made of is not there */
export function* importMessages(
  drafts: readonly ImportedDraft[],
  now: number,
  erased: number,
  audit: AuditEntry,
): Operation<Logged & { outcomes: ImportedMessage[] }> {
  const appended: Appended[] = [];
  const outcomes: ImportedMessage[] = [];
  const pairs = new Map<string, Imported>();
  for (const draft of drafts) {
    const { senderId, recipientId, clientMessageId: key } = draft;
    const same = yield* first(selectByKey, { sender: senderId, key });
    if (same !== undefined && same.sent_at > erased) {
      const isSame = same.fingerprint === draft.fingerprint;
      outcomes.push(isSame ? { outcome: "duplicate", message: toMessage(same) } : { outcome: "conflict" });
      continue;
    }
    if (same !== undefined) yield* run(releaseKey, { sender: senderId, key, upTo: erased });
    const { place, entries } = yield* importMessage(draft, now);
    appended.push(...entries);
    const message = yield* readMessage(place.conversationId, place.seq);
    if (message === null) throw new Error("a message that was just imported is not there");
    outcomes.push({ outcome: "imported", message });
    const pair = pairs.get(`${senderId} ${recipientId}`) ?? { senderId, recipientId, ids: [] };
    pair.ids.push(messageId(place.conversationId, place.seq));
    pairs.set(`${senderId} ${recipientId}`, pair);
  }
  for (const { senderId, recipientId, ids } of pairs.values()) {
    const which = ids.length === 1 ? ids[0] : `${ids[0]} to ${ids.at(-1)}`;
    yield* recordAudit({ ...audit, userId: senderId, subject: `to ${recipientId}, ${ids.length}: ${which}` });
  }
  return { appended, outcomes };
}

function* importFriendship({ userId, otherId, since }: ImportedRelation): Operation<RelationOutcome> {
  const { blocks, blockedBy } = yield* relation(userId, otherId);
  if (blocks || blockedBy) return "blocked";
  yield* first(deleteRequest, { user: userId, other: otherId });
  yield* first(deleteRequest, { user: otherId, other: userId });
  const added = yield* first(insertFriend, { user: userId, other: otherId, now: since });
  yield* first(insertFriend, { user: otherId, other: userId, now: since });
  return added === undefined ? "duplicate" : "imported";
}

function* importBlock({ userId, otherId, since }: ImportedRelation): Operation<RelationOutcome> {
  const added = yield* first(insertBlock, { user: userId, other: otherId, now: since });
  if (added === undefined) return "duplicate";
  yield* first(deleteFriend, { user: userId, other: otherId });
  yield* first(deleteFriend, { user: otherId, other: userId });
  yield* first(deleteRequest, { user: otherId, other: userId });
  yield* run(hideRequest, { user: userId, other: otherId });
  return "imported";
}

export function* importRelations(
  relations: readonly ImportedRelation[],
  audit: AuditEntry,
): Operation<RelationOutcome[]> {
  const outcomes: RelationOutcome[] = [];
  for (const one of relations) {
    const outcome = one.kind === "FRIENDS" ? yield* importFriendship(one) : yield* importBlock(one);
    outcomes.push(outcome);
    if (outcome !== "imported") continue;
    const { kind, userId, otherId } = one;
    yield* recordAudit({ ...audit, userId, subject: `${kind} ${otherId}` });
    if (kind === "FRIENDS") yield* recordAudit({ ...audit, userId: otherId, subject: `${kind} ${userId}` });
  }
  return outcomes;
}
