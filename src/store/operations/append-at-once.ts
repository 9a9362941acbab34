/**
 * All that storing a message does step by step, in one statement, for PostgreSQL: there each step is a way to the database
 * and back. It is for a conversation that is there; the first message of one goes step by step, and so does everything on
 * SQLite. `append.ts` has the steps, and is what this is held to.
 */
import { sql } from "drizzle-orm";
import type { MessageDraft } from "../../engine/draft.ts";
import { SYSTEM_USER } from "../../engine/model.ts";
import { type Appended, UserGone } from "../../engine/store.ts";
import { type Operation, postgresStatement, shortcut } from "../statement.ts";
import { conversations, events, logRuns, members, messageRuns, messages, userLog, users } from "../tables.ts";
import type { InsertParameters, Stored } from "./append.ts";

type Parameters = Omit<InsertParameters, "conversation" | "seq" | "position"> & {
  first: string;
  second: string;
  /** In whose logs it is noted; null: in none. */
  receiver: string | null;
  author: string | null;
  /** What it is in the author's. */
  kind: string;
  origin: string | null;
};
type StoredRow = { id: number; seq: number; received: number | null; sent: number | null };

const storeMessage = postgresStatement<Parameters, StoredRow>(
  (p) => sql`with place as (
      update ${conversations} set last_seq = last_seq + 1, last_at = ${p.sentAt},
        run_seq = case when ${p.sentAt} >= last_at then run_seq else last_seq + 1 end
      where first_user = ${p.first} and second_user = ${p.second} returning id, last_seq as seq, run_seq),
    message_run as (
      insert into ${messageRuns} (oldest_at, conversation_id, first_seq)
      select ${p.sentAt}, id, seq from place where run_seq = seq),
    side as (
      update ${users} u set head = head + 1, head_at = ${p.sentAt},
        run_position = case when ${p.sentAt} >= head_at then run_position else head + 1 end
      from place where u.id in (${p.receiver}, ${p.author}) and u.erased_at is null
      returning u.id, u.head, u.run_position, place.id as conversation, place.seq, u.id = ${p.receiver} as received),
    log_run as (
      insert into ${logRuns} (oldest_at, user_id, first_position)
      select ${p.sentAt}, id, head from side where run_position = head),
    entry as (
      insert into ${userLog} (user_id, position, kind, conversation_id, seq, at, origin)
      select id, head, case when received then 'received' else ${p.kind} end, conversation, seq, ${p.sentAt},
        case when received then null else ${p.origin} end from side),
    member as (
      insert into ${members} (user_id, peer_id, conversation_id, last_own_seq, last_seq, last_position,
        last_activity_at, cleared_seq)
      select id, case when received then ${p.sender} else ${p.recipient} end, conversation,
        case when received then 0 else seq end, seq, head, ${p.sentAt}, seq - 1 from side
      on conflict (user_id, peer_id) do update set last_seq = excluded.last_seq, last_position = excluded.last_position,
        last_activity_at = excluded.last_activity_at,
        last_own_seq = case when excluded.last_own_seq > 0 then excluded.last_own_seq else members.last_own_seq end),
    event as (
      insert into ${events} (kind, at, user_id, other_id, conversation_id, seq)
      select 'sent', ${p.sentAt}, ${p.sender}, ${p.recipient}, id, seq from place),
    message as (
      insert into ${messages} (conversation_id, seq, sender_id, recipient_id, nickname, avatar_url, content, custom_data,
        push, client_message_id, fingerprint, reply_to_seq, sent_at, offline_until, hidden, recipient_position)
      select id, seq, ${p.sender}, ${p.recipient}, ${p.nickname}, ${p.avatarUrl}, ${p.content}, ${p.customData},
        ${p.push}, ${p.key}, ${p.fingerprint}, cast(${p.replyTo} as bigint), ${p.sentAt},
        cast(${p.offlineUntil} as bigint), cast(${p.hidden} as bigint), (select head from side where received)
      from place)
    select id, seq, (select head from side where received) as received,
      (select head from side where not coalesce(received, false)) as sent from place`,
);

/** @returns null where it is to be done step by step */
export function* storeAtOnce(
  draft: MessageDraft,
  pair: { first: string; second: string },
  columns: Omit<InsertParameters, "conversation" | "seq" | "position">,
): Operation<Stored | null> {
  const { senderId, recipientId, sentAt: at, origin } = draft;
  const toSelf = senderId === recipientId;
  const receiver = toSelf || draft.hidden ? null : recipientId;
  const author = senderId === SYSTEM_USER ? null : senderId;
  const kind = draft.syncToSender || toSelf ? "sent" : "unsynced";
  const row = yield* shortcut(storeMessage, { ...columns, ...pair, receiver, author, kind, origin });
  if (row === undefined) return null;
  const { id: conversationId, seq, received, sent } = row;
  if (receiver !== null && received === null) throw new UserGone(receiver);
  if (author !== null && sent === null) throw new UserGone(author);
  const appended: Appended[] = [];
  const entry = { conversationId, seq, at };
  if (receiver !== null && received !== null) {
    appended.push({ ...entry, userId: receiver, position: received, kind: "received", origin: null });
  }
  if (author !== null && sent !== null) appended.push({ ...entry, userId: author, position: sent, kind, origin });
  return { conversationId, seq, appended: appended.sort((a, b) => (a.userId < b.userId ? -1 : 1)) };
}
