/** What a device may have missed, and the messages of a log. */
import { sql } from "drizzle-orm";
import type { Message, UserId } from "../../engine/model.ts";
import type { BacklogOpening, BacklogRange, MissedMessage, TimelinePlace } from "../../engine/store.ts";
import { all, type Operation, statement } from "../statement.ts";
import { conversations, deletedMessages, members, messages, userLog } from "../tables.ts";
import { recentContacts } from "./conversations.ts";
import { headOf } from "./log.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";
import { lastMessage } from "./timeline.ts";

/** The head and the recent contacts as one snapshot, so that nothing falls between backlog, recent and live. */
export function* openBacklog(userId: UserId, recentLimit: number, roamingCutoff: number): Operation<BacklogOpening> {
  const head = yield* headOf(userId);
  const recent: TimelinePlace[] = [];
  for (const side of yield* recentContacts(userId, recentLimit)) {
    const { conversationId, clearedSeq, lastSeq } = side;
    const message = yield* lastMessage({ userId, conversationId, clearedSeq, roamingCutoff }, lastSeq);
    if (message !== null) recent.push({ conversationId, seq: message.seq });
  }
  return { head, recent };
}

type RangeParameters = { user: string; device: string; after: number; upTo: number; cutoff: number; now: number };
type MissedRow = { position: number; conversation_id: number; seq: number; peer_id: string; cached: number };

const selectMissed = statement<RangeParameters, MissedRow>(
  (p) => sql`select l.position, l.conversation_id, l.seq, mb.peer_id,
      case when l.at > ${p.cutoff} and m.sent_at is not null
        and (m.offline_until is null or m.offline_until > ${p.now}) then 1 else 0 end as cached
    from ${userLog} l
    join ${conversations} c on c.id = l.conversation_id
    join ${members} mb on mb.user_id = l.user_id
      and mb.peer_id = case when c.first_user = l.user_id then c.second_user else c.first_user end
    left join ${messages} m on m.conversation_id = l.conversation_id and m.seq = l.seq
    where l.user_id = ${p.user} and l.position > ${p.after} and l.position <= ${p.upTo}
      and l.kind in ('received', 'sent') and (l.origin is null or l.origin <> ${p.device}) and l.seq > mb.cleared_seq
      and not exists (select 1 from ${deletedMessages} d
        where d.conversation_id = l.conversation_id and d.seq = l.seq and d.user_id = l.user_id)
    order by l.position`,
);

export function* missed(range: BacklogRange): Operation<readonly MissedMessage[]> {
  const { userId, deviceId, after, upTo, offlineCutoff, now } = range;
  const rows = yield* all(selectMissed, { user: userId, device: deviceId, after, upTo, cutoff: offlineCutoff, now });
  return rows.map((row) => ({
    position: row.position,
    conversationId: row.conversation_id,
    seq: row.seq,
    peerId: row.peer_id,
    cached: row.cached === 1,
  }));
}

const selectMessages = statement<{ user: string; after: number; upTo: number }, MessageRow & { position: number }>(
  (p) => sql`select l.position, ${messageColumns} from ${userLog} l
    join ${messages} m on m.conversation_id = l.conversation_id and m.seq = l.seq
    where l.user_id = ${p.user} and l.position > ${p.after} and l.position <= ${p.upTo}
      and l.kind in ('received', 'sent')`,
);

export function* logMessages(userId: UserId, after: number, upTo: number): Operation<ReadonlyMap<number, Message>> {
  const rows = yield* all(selectMessages, { user: userId, after, upTo });
  return new Map(rows.map((row) => [row.position, toMessage(row)]));
}
