/** Reading a conversation's timeline, as one of its two sides may see it. */
import { type SQL, sql } from "drizzle-orm";
import type { Message, UserId } from "../../engine/model.ts";
import type { Page, PageRange } from "../../engine/pages.ts";
import type { TimelinePlace, TimelineView } from "../../engine/store.ts";
import { all, first, type Operation, statement } from "../statement.ts";
import { deletedMessages, members, messages } from "../tables.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";

type ViewParameters = { user: string; conversation: number; above: number; cutoff: number };

/**
 * Messages within retention that this side has neither put away nor is kept from seeing. There is one lower bound,
 * `above`: SQLite begins at the first that it is given, and would read all that lies between it and a second one.
 */
function visible(p: { readonly [K in keyof ViewParameters]: unknown }): SQL {
  return sql`${messages} m where m.conversation_id = ${p.conversation} and m.seq > ${p.above}
    and m.sent_at > ${p.cutoff} and (m.hidden = 0 or m.sender_id = ${p.user})
    and not exists (select 1 from ${deletedMessages} d
      where d.conversation_id = m.conversation_id and d.seq = m.seq and d.user_id = ${p.user})`;
}

type WindowParameters = ViewParameters & { before: number; limit: number };
const selectForward = statement<WindowParameters, MessageRow>(
  (p) => sql`select ${messageColumns} from ${visible(p)} and m.seq < ${p.before} order by m.seq limit ${p.limit}`,
);
const selectBackward = statement<WindowParameters, MessageRow>(
  (p) => sql`select ${messageColumns} from ${visible(p)} and m.seq < ${p.before} order by m.seq desc limit ${p.limit}`,
);
const probeBelow = statement<ViewParameters & { seq: number }, { seq: number }>(
  (p) => sql`select m.seq from ${visible(p)} and m.seq < ${p.seq} order by m.seq desc limit 1`,
);
const probeAbove = statement<ViewParameters, { seq: number }>(
  (p) => sql`select m.seq from ${visible(p)} order by m.seq limit 1`,
);
const selectLast = statement<ViewParameters & { upTo: number }, MessageRow>(
  (p) => sql`select ${messageColumns} from ${visible(p)} and m.seq <= ${p.upTo} order by m.seq desc limit 1`,
);
const countUnread = statement<ViewParameters & { upTo: number }, { unread: number }>(
  (p) => sql`select count(*) as unread from ${visible(p)} and m.seq <= ${p.upTo} and m.sender_id <> ${p.user}
    and m.recalled_at is null`,
);
const countMany = statement<ViewParameters & { upTo: number; limit: number }, { unread: number }>(
  (p) => sql`select count(*) as unread from (select 1 from ${visible(p)} and m.seq <= ${p.upTo}
    and m.sender_id <> ${p.user} and m.recalled_at is null limit ${p.limit}) t`,
);

const selectUnread = statement<ViewParameters & { upTo: number; limit: number }, MessageRow & { push: string | null }>(
  (p) => sql`select ${messageColumns}, m.push from ${visible(p)} and m.seq <= ${p.upTo} and m.sender_id <> ${p.user}
    and m.recalled_at is null order by m.seq desc limit ${p.limit}`,
);

const selectBehind = statement<{ conversation: number; seq: number; limit: number }, MessageRow>(
  (p) => sql`select ${messageColumns} from ${messages} m
    where (m.conversation_id, m.seq) > (${p.conversation}, ${p.seq})
    order by m.conversation_id, m.seq limit ${p.limit}`,
);
type PlaceParameters = { conversation: number; seq: number; cutoff: number };
const selectKept = statement<PlaceParameters, MessageRow>(
  (p) => sql`select ${messageColumns} from ${messages} m
    where m.conversation_id = ${p.conversation} and m.seq = ${p.seq} and m.sent_at > ${p.cutoff}`,
);
const selectSeen = statement<PlaceParameters & { user: string }, MessageRow>(
  (p) => sql`select ${messageColumns} from ${messages} m
    join ${members} s on s.user_id = ${p.user} and s.conversation_id = m.conversation_id
      and s.peer_id = case when m.sender_id = ${p.user} then m.recipient_id else m.sender_id end
    where m.conversation_id = ${p.conversation} and m.seq = ${p.seq} and m.sent_at > ${p.cutoff}
      and m.seq > s.cleared_seq and (m.hidden = 0 or m.sender_id = ${p.user})
      and not exists (select 1 from ${deletedMessages} d
        where d.conversation_id = m.conversation_id and d.seq = m.seq and d.user_id = ${p.user})`,
);

/** The side's view of what lies above a place. */
function viewAbove(view: TimelineView, seq: number): ViewParameters {
  return {
    user: view.userId,
    conversation: view.conversationId,
    above: Math.max(view.clearedSeq, seq),
    cutoff: view.roamingCutoff,
  };
}

export function* timeline(view: TimelineView, range: PageRange<number>): Operation<Page<Message>> {
  const forward = range.from === "start";
  const rows = yield* all(forward ? selectForward : selectBackward, {
    ...viewAbove(view, range.after ?? 0),
    before: range.before ?? Number.MAX_SAFE_INTEGER,
    limit: range.limit,
  });
  const ordered = forward ? rows : rows.toReversed();
  const head = ordered[0];
  const tail = ordered.at(-1);
  const below =
    head !== undefined && (yield* first(probeBelow, { ...viewAbove(view, 0), seq: head.seq })) !== undefined;
  const above = tail !== undefined && (yield* first(probeAbove, viewAbove(view, tail.seq))) !== undefined;
  return {
    items: ordered.map(toMessage),
    hasPreviousPage: below,
    hasNextPage: above,
  };
}

/** All that is stored, one conversation after the other. */
export function* messagesFrom(after: TimelinePlace, limit: number): Operation<readonly Message[]> {
  return (yield* all(selectBehind, { conversation: after.conversationId, seq: after.seq, limit })).map(toMessage);
}

export function* visibleMessages(
  side: UserId | null,
  roamingCutoff: number,
  places: readonly TimelinePlace[],
): Operation<readonly Message[]> {
  const found: Message[] = [];
  for (const { conversationId: conversation, seq } of places) {
    const place = { conversation, seq, cutoff: roamingCutoff };
    const row = side === null ? yield* first(selectKept, place) : yield* first(selectSeen, { ...place, user: side });
    if (row !== undefined) found.push(toMessage(row));
  }
  return found;
}

/** What a side may see behind a place, oldest first. */
export function* visibleBehind(view: TimelineView, afterSeq: number, limit: number): Operation<readonly Message[]> {
  const range = { ...viewAbove(view, afterSeq), before: Number.MAX_SAFE_INTEGER, limit };
  return (yield* all(selectForward, range)).map(toMessage);
}

export function* lastMessage(view: TimelineView, upToSeq: number): Operation<Message | null> {
  const row = yield* first(selectLast, { ...viewAbove(view, 0), upTo: upToSeq });
  return row === undefined ? null : toMessage(row);
}

export function* unreadCount(view: TimelineView, afterSeq: number, upToSeq: number, limit: number): Operation<number> {
  const parameters = { ...viewAbove(view, afterSeq), upTo: upToSeq };
  // There are no more than there are numbers; where that is enough, counting without an end costs a fraction.
  const few = upToSeq - parameters.above <= limit;
  const row = few ? yield* first(countUnread, parameters) : yield* first(countMany, { ...parameters, limit });
  return row?.unread ?? 0;
}

/** The newest messages of the peer behind a place, with what their senders want notifications to say. */
export function* unreadMessages(
  view: TimelineView,
  afterSeq: number,
  upToSeq: number,
  limit: number,
): Operation<readonly (MessageRow & { readonly push: string | null })[]> {
  return yield* all(selectUnread, { ...viewAbove(view, afterSeq), upTo: upToSeq, limit });
}
