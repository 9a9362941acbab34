/** Messages that come from elsewhere: stored as they were there, with nobody told. */
import { messageFrom } from "../../engine/draft.ts";
import { messageId } from "../../engine/ids.ts";
import { type AuditEntry, type Member, type Message, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type { ImportedDraft, ImportedMessage } from "../../engine/records/record-store.ts";
import { type Appended, type Logged, UserGone } from "../../engine/store.ts";
import { first, holdUsers, type Operation, run } from "../statement.ts";
import { insertMessage, nextSeq, noteActivity, releaseKey, startConversation } from "./append.ts";
import { recordAudit } from "./audit.ts";
import { member, moveReadMark, pairOf } from "./conversations.ts";
import { noteEvent } from "./events.ts";
import { appendEntry } from "./log.ts";
import { toMessage } from "./rows.ts";
import { insertMessageRun } from "./runs.ts";
import { selectByKey } from "./send-facts.ts";
import { claimUploads } from "./uploads.ts";

interface Place {
  readonly conversationId: number;
  readonly seq: number;
}

/** One side of a conversation, while messages are put into it. */
interface Side {
  readonly userId: UserId;
  readonly peerId: UserId;
  /** Whether a mark that moves to what comes next jumps over nothing that is unread. */
  readAll: boolean;
  /** Where the read mark has moved; null where it has not. */
  mark: number | null;
}

function hasReadAll(side: Member | null): boolean {
  return side === null || Math.max(side.readSeq, side.clearedSeq, side.lastOwnSeq) >= side.lastSeq;
}

/** The sides that messages are put into. All is read before anything is written: that is many times as fast. */
class Sides {
  readonly #sides = new Map<string, Side>();

  *open(userId: UserId, peerId: UserId): Operation<void> {
    // No user's id holds a space.
    const key = `${userId} ${peerId}`;
    if (this.#sides.has(key)) return;
    this.#sides.set(key, { userId, peerId, readAll: hasReadAll(yield* member(userId, peerId)), mark: null });
  }

  of(userId: UserId, peerId: UserId): Side {
    const side = this.#sides.get(`${userId} ${peerId}`);
    if (side === undefined) throw new Error("a side that was not read");
    return side;
  }

  *saveMarks(): Operation<void> {
    for (const { userId, peerId, mark } of this.#sides.values()) {
      if (mark !== null) yield* run(moveReadMark, { user: userId, peer: peerId, seq: mark });
    }
  }
}

/** Puts the message at the top of one side's recent contacts. */
function* moveSide(
  { userId, peerId }: Side,
  ownSeq: number,
  { conversationId, seq }: Place,
  sentAt: number,
  now: number,
): Operation<Appended> {
  const entry = yield* appendEntry({ userId, kind: "unsynced", conversationId, seq, at: now, origin: null });
  if (entry === null) throw new UserGone(userId);
  yield* run(noteActivity, {
    user: userId,
    peer: peerId,
    conversation: conversationId,
    ownSeq,
    seq,
    position: entry.position,
    at: sentAt,
    clearedTo: seq - 1,
  });
  return entry;
}

function* moveSides(draft: ImportedDraft, place: Place, sides: Sides, now: number): Operation<Appended[]> {
  const { senderId, recipientId, sentAt, read } = draft;
  const appended: Appended[] = [];
  if (recipientId !== senderId) {
    const side = sides.of(recipientId, senderId);
    appended.push(yield* moveSide(side, 0, place, sentAt, now));
    if (read && side.readAll) side.mark = place.seq;
    else side.readAll = false;
  }
  if (senderId !== SYSTEM_USER) {
    const side = sides.of(senderId, recipientId);
    if (!read) side.readAll = true;
    appended.push(yield* moveSide(side, side.readAll ? place.seq : 0, place, sentAt, now));
  }
  return appended;
}

function* importMessage(
  draft: ImportedDraft,
  sides: Sides,
  now: number,
): Operation<{ message: Message; entries: Appended[] }> {
  const { senderId, recipientId, sentAt } = draft;
  const wanted = { ...pairOf(senderId, recipientId), at: sentAt };
  const row = (yield* first(nextSeq, wanted)) ?? (yield* first(startConversation, wanted));
  if (row === undefined) throw new Error("a conversation could not be started");
  const place = { conversationId: row.id, seq: row.last_seq };
  if (row.run_seq === place.seq) {
    yield* run(insertMessageRun, { at: sentAt, conversation: place.conversationId, seq: place.seq });
  }
  const entries = yield* moveSides(draft, place, sides, now);
  const recipientPosition = recipientId === senderId ? null : 0;
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
    position: recipientPosition,
  });
  if (draft.uploads !== null) {
    const { owner, ids } = draft.uploads;
    yield* claimUploads(owner, ids, { conversation: place.conversationId, seq: place.seq }, now);
  }
  yield* noteEvent({ kind: "imported", at: now, userId: senderId, otherId: recipientId, place });
  const id = messageId(place.conversationId, place.seq);
  const message = messageFrom(
    {
      ...draft,
      push: null,
      keyFreeUpTo: null,
      replyTo: null,
      offlineUntil: null,
      hidden: false,
      syncToSender: false,
      origin: null,
      audit: null,
      pushes: null,
    },
    { id, ...place, recipientPosition },
  );
  return { message, entries };
}

/** The message that holds a key. */
interface Holder {
  readonly fingerprint: string;
  readonly message: Message;
}

/** What holds the keys of drafts now; what is past its time gives its key up. */
function* holdersOf(drafts: readonly ImportedDraft[], erased: number): Operation<Map<string, Holder>> {
  const holders = new Map<string, Holder>();
  for (const { senderId: sender, clientMessageId: key } of drafts) {
    const same = yield* first(selectByKey, { sender, key });
    if (same === undefined) continue;
    if (same.sent_at > erased) {
      holders.set(`${sender} ${key}`, { fingerprint: same.fingerprint, message: toMessage(same) });
    } else yield* run(releaseKey, { sender, key, upTo: erased });
  }
  return holders;
}

/** What was imported from one user to another. */
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
  yield* holdUsers(...drafts.flatMap(({ senderId, recipientId }) => [senderId, recipientId]));
  const holders = yield* holdersOf(drafts, erased);
  const sides = new Sides();
  for (const { senderId, recipientId } of drafts) {
    yield* sides.open(recipientId, senderId);
    yield* sides.open(senderId, recipientId);
  }
  const appended: Appended[] = [];
  const outcomes: ImportedMessage[] = [];
  const pairs = new Map<string, Imported>();
  for (const draft of drafts) {
    const { senderId, recipientId, clientMessageId: key, fingerprint } = draft;
    const holder = holders.get(`${senderId} ${key}`);
    if (holder !== undefined) {
      const isSame = holder.fingerprint === fingerprint;
      outcomes.push(isSame ? { outcome: "duplicate", message: holder.message } : { outcome: "conflict" });
      continue;
    }
    const { message, entries } = yield* importMessage(draft, sides, now);
    appended.push(...entries);
    outcomes.push({ outcome: "imported", message });
    holders.set(`${senderId} ${key}`, { fingerprint, message });
    const pair = pairs.get(`${senderId} ${recipientId}`) ?? { senderId, recipientId, ids: [] };
    pair.ids.push(message.id);
    pairs.set(`${senderId} ${recipientId}`, pair);
  }
  yield* sides.saveMarks();
  for (const { senderId, recipientId, ids } of pairs.values()) {
    const which = ids.length === 1 ? ids[0] : `${ids[0]} to ${ids.at(-1)}`;
    yield* recordAudit({ ...audit, userId: senderId, subject: `to ${recipientId}, ${ids.length}: ${which}` });
  }
  return { appended, outcomes };
}
