/** What a device has missed: planning it in one snapshot, reading it page by page. */
import { type SQL, sql } from "drizzle-orm";
import type { LogEntry, Message } from "../../engine/model.ts";
import type { BacklogPlan, BacklogRange } from "../../engine/store.ts";
import { all, type Operation, statement } from "../statement.ts";
import { conversations, deletedMessages, members, messages, userLog } from "../tables.ts";
import { recentContacts } from "./conversations.ts";
import { logState } from "./log.ts";
import { type EntryRow, entryColumns, messageColumns, toLogEntry } from "./rows.ts";
import { lastMessage } from "./timeline.ts";

type RangeParameters = {
  user: string;
  device: string;
  after: number;
  upTo: number;
  cutoff: number;
  now: number;
};

/** The messages of a range that are for this device and that its user has not put away. */
function rangeOf(p: { readonly [K in "user" | "device" | "after" | "upTo"]: unknown }): SQL {
  return sql`${userLog} l
    left join ${messages} m on m.conversation_id = l.conversation_id and m.seq = l.seq
    left join ${members} mb on mb.user_id = l.user_id
      and mb.peer_id = case when m.sender_id = l.user_id then m.recipient_id else m.sender_id end
    where l.user_id = ${p.user} and l.position > ${p.after} and l.position <= ${p.upTo}
      and (l.kind = 'received' or (l.kind = 'sent' and (l.origin is null or l.origin <> ${p.device})))
      and (mb.cleared_seq is null or l.seq > mb.cleared_seq)
      and not exists (select 1 from ${deletedMessages} d
        where d.conversation_id = l.conversation_id and d.seq = l.seq and d.user_id = l.user_id)`;
}

/** Whether a message of a range is still in the offline cache. */
function isCached(p: { readonly [K in "cutoff" | "now"]: unknown }): SQL {
  return sql`(l.at > ${p.cutoff} and m.sent_at is not null and (m.offline_until is null or m.offline_until > ${p.now}))`;
}

const selectBacklog = statement<RangeParameters & { limit: number }, EntryRow>(
  (p) => sql`select ${entryColumns}, ${messageColumns} from ${rangeOf(p)} and ${isCached(p)}
    order by l.position limit ${p.limit}`,
);

const countByConversation = statement<
  RangeParameters,
  { conversation_id: number; cached: number; expired: number; first_user: string; second_user: string }
>(
  (p) => sql`select c.id as conversation_id, c.first_user, c.second_user, t.cached, t.expired from (
      select l.conversation_id, sum(case when ${isCached(p)} then 1 else 0 end) as cached,
        sum(case when ${isCached(p)} then 0 else 1 end) as expired
      from ${rangeOf(p)} group by l.conversation_id
    ) t join ${conversations} c on c.id = t.conversation_id`,
);

const selectLeftOut = statement<RangeParameters & { rank: number }, { conversation_id: number; position: number }>(
  (p) => sql`select conversation_id, position from (
      select l.conversation_id, l.position,
        row_number() over (partition by l.conversation_id order by l.position desc) as newest
      from ${rangeOf(p)} and ${isCached(p)}
    ) t where newest = ${p.rank}`,
);

function parametersOf(range: BacklogRange, after: number, upTo: number): RangeParameters {
  return {
    user: range.userId,
    device: range.deviceId,
    after,
    upTo,
    cutoff: range.offlineCutoff,
    now: range.now,
  };
}

export function* backlog(
  range: BacklogRange,
  after: number,
  upTo: number,
  limit: number,
): Operation<readonly LogEntry[]> {
  const rows = yield* all(selectBacklog, { ...parametersOf(range, after, upTo), limit });
  return rows.map(toLogEntry);
}

/** All of it in one snapshot, so that nothing falls between the backlog, the recent contacts and what follows. */
export function* planBacklog(range: BacklogRange): Operation<BacklogPlan> {
  const { head } = yield* logState(range.userId, range.deviceId);
  const parameters = parametersOf(range, range.after, head);
  const groups = head > range.after ? yield* all(countByConversation, parameters) : [];
  const leftOut = new Map<number, number>();
  if (groups.some((group) => group.cached > range.perContact)) {
    for (const row of yield* all(selectLeftOut, { ...parameters, rank: range.perContact + 1 })) {
      leftOut.set(row.conversation_id, row.position);
    }
  }
  const expected = groups.reduce((sum, group) => sum + Math.min(group.cached, range.perContact), 0);
  const incompletePeers = groups
    .filter((group) => group.expired > 0 || leftOut.has(group.conversation_id))
    .map((group) => (group.first_user === range.userId ? group.second_user : group.first_user));

  const handedOver = new Set(groups.filter((group) => group.cached > 0).map((group) => group.conversation_id));
  const recent: Message[] = [];
  for (const member of yield* recentContacts(range.userId, range.recentLimit)) {
    if (handedOver.has(member.conversationId)) continue;
    const { userId, conversationId, clearedSeq } = member;
    const view = { userId, conversationId, clearedSeq, roamingCutoff: range.roamingCutoff };
    const message = yield* lastMessage(view);
    if (message !== null) recent.push(message);
  }
  return { head, expected, leftOut, incompletePeers, recent };
}
