/** Pushes that wait: taken when they are due, decided by what is so then, and settled. */
import { sql } from "drizzle-orm";
import type { AuditEntry, PushOptions } from "../../engine/model.ts";
import { PUSH_VENDORS, type PushVendor } from "../../engine/push/channel.ts";
import type { PendingPush, PushFacts, PushRecord, PushState, PushStep } from "../../engine/push/model.ts";
import type { PushCount } from "../../engine/push-store.ts";
import { all, first, hold, holdUsers, type Operation, run, statement } from "../statement.ts";
import { devices, members, messages, pushes } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { memberByConversation } from "./conversations.ts";
import { readPushPreferences } from "./push-preferences.ts";
import { recordPush } from "./push-records.ts";
import { type DevicePlace, selectToken, toToken } from "./push-tokens.ts";
import { oneOf, toMessage } from "./rows.ts";
import { unreadMessages } from "./timeline.ts";

const STATES = ["queued", "shown", "withdrawing", "dead"] as const satisfies readonly PushState[];
/** Messages that are looked at for one to tell of. */
const LOOKED_AT = 20;

type PushRow = {
  user_id: string;
  conversation_id: number;
  device_id: string;
  vendor: string;
  seq: number;
  shown_seq: number;
  state: string;
  attempts: number;
  created_at: number;
  expires_at: number;
};
const pushColumns = sql`user_id, conversation_id, device_id, vendor, seq, shown_seq, state, attempts,
  created_at, expires_at`;

function toPush(row: PushRow): PendingPush {
  return {
    userId: row.user_id,
    conversationId: row.conversation_id,
    deviceId: row.device_id,
    vendor: oneOf(PUSH_VENDORS, row.vendor),
    seq: row.seq,
    shownSeq: row.shown_seq,
    state: oneOf(STATES, row.state),
    attempts: row.attempts,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** Of so many that are due it is seen at once whether the device has the message. */
const LOOKED_THROUGH = 200;
const dropAcknowledged = statement<{ vendor: string; now: number; limit: number }, { seq: number }>(
  (p) => sql`delete from ${pushes}
    where (user_id, conversation_id, device_id, vendor) in
      (select user_id, conversation_id, device_id, vendor from ${pushes}
        where vendor = ${p.vendor} and state in ('queued', 'withdrawing') and due_at <= ${p.now}
          and lease_until <= ${p.now}
        order by due_at limit ${p.limit})
      and state = 'queued' and shown_seq = 0 and exists (select 1 from ${devices} d where d.user_id = ${pushes}.user_id
        and d.device_id = ${pushes}.device_id and d.acked_messages >= ${pushes}.position)
    returning seq`,
);
const claim = statement<{ vendor: string; now: number; lease: number; limit: number }, PushRow>(
  (p) => sql`update ${pushes} set lease_until = ${p.lease}
    where (user_id, conversation_id, device_id, vendor) in
      (select user_id, conversation_id, device_id, vendor from ${pushes}
        where vendor = ${p.vendor} and state in ('queued', 'withdrawing') and due_at <= ${p.now}
          and lease_until <= ${p.now}
        order by due_at limit ${p.limit})
    returning ${pushColumns}`,
);
const selectNext = statement<{ vendor: string; now: number }, { due_at: number }>(
  (p) => sql`select due_at from ${pushes} where vendor = ${p.vendor} and state in ('queued', 'withdrawing')
    and lease_until <= ${p.now} order by due_at limit 1`,
);

export function* claimPushes(
  vendor: PushVendor,
  now: number,
  lease: number,
  limit: number,
): Operation<{ taken: readonly PendingPush[]; acknowledged: number }> {
  yield* hold(`pushes ${vendor}`);
  const dropped = yield* all(dropAcknowledged, { vendor, now, limit: LOOKED_THROUGH });
  // What comes behind them is likely to be the same.
  const taken = dropped.length === LOOKED_THROUGH ? [] : yield* all(claim, { vendor, now, lease, limit });
  return { taken: taken.map(toPush), acknowledged: dropped.length };
}

export function* nextPushAt(vendors: readonly PushVendor[], now: number): Operation<number | null> {
  let next: number | null = null;
  for (const vendor of vendors) {
    const row = yield* first(selectNext, { vendor, now });
    if (row !== undefined && (next === null || row.due_at < next)) next = row.due_at;
  }
  return next;
}

const release = statement<Record<never, never>>(() => sql`update ${pushes} set lease_until = 0 where lease_until > 0`);

export function* releasePushes(): Operation<void> {
  yield* run(release, {});
}

const selectAcknowledged = statement<DevicePlace, { acked_messages: number }>(
  (p) => sql`select acked_messages from ${devices} where user_id = ${p.user} and device_id = ${p.device}`,
);
/** Up to as many as a badge can show. */
const countBadge = statement<{ user: string; cutoff: number; limit: number }, { unread: number }>(
  (p) => sql`select count(*) as unread from (select 1 from ${members} b join ${messages} m
    on m.conversation_id = b.conversation_id and m.seq > b.read_seq
    where b.user_id = ${p.user} and b.muted = 0 and b.last_seq > b.read_seq and m.seq <= b.last_seq
      and m.seq > b.cleared_seq and m.seq > b.last_own_seq and m.sender_id <> ${p.user} and m.hidden = 0
      and m.recalled_at is null and m.sent_at > ${p.cutoff} limit ${p.limit}) t`,
);
const MOST_ON_A_BADGE = 999;

export function* pushFacts(push: PendingPush, cutoff: number): Operation<PushFacts> {
  const { userId: user, deviceId: device, vendor, conversationId, seq } = push;
  const token = yield* first(selectToken, { user, device, vendor });
  const member = yield* memberByConversation(user, conversationId);
  const rows =
    member === null
      ? []
      : yield* unreadMessages(
          { userId: user, conversationId, clearedSeq: member.clearedSeq, roamingCutoff: cutoff },
          Math.max(member.readSeq, member.lastOwnSeq),
          seq,
          LOOKED_AT,
        );
  return {
    token: token === undefined ? null : toToken(token),
    acknowledged: (yield* first(selectAcknowledged, { user, device }))?.acked_messages ?? 0,
    unread: rows.map((row) => ({
      message: toMessage(row),
      push: row.push === null ? null : (JSON.parse(row.push) as PushOptions),
    })),
    muted: member?.muted ?? false,
    peerId: member?.peerId ?? "",
    preferences: yield* readPushPreferences(user),
    badge: (yield* first(countBadge, { user, cutoff, limit: MOST_ON_A_BADGE }))?.unread ?? 0,
  };
}

type Place = { user: string; conversation: number; device: string; vendor: string; seq: number };
const forget = statement<Place, { seq: number }>(
  (p) => sql`delete from ${pushes} where user_id = ${p.user} and conversation_id = ${p.conversation}
    and device_id = ${p.device} and vendor = ${p.vendor} and seq = ${p.seq} returning seq`,
);
type Moved = Place & { told: number; shown: number; state: string; attempts: number; due: number; expires: number };
const move = statement<Moved, { seq: number }>(
  (
    p,
  ) => sql`update ${pushes} set seq = ${p.told}, shown_seq = ${p.shown}, state = ${p.state}, attempts = ${p.attempts}, due_at = ${p.due}, lease_until = 0,
      expires_at = ${p.expires}
    where user_id = ${p.user} and conversation_id = ${p.conversation} and device_id = ${p.device}
      and vendor = ${p.vendor} and seq = ${p.seq} returning seq`,
);
const goOn = statement<Omit<Place, "seq"> & { due: number; shown: number }>(
  (p) => sql`update ${pushes} set lease_until = 0, due_at = ${p.due}, shown_seq = ${p.shown}
    where user_id = ${p.user} and conversation_id = ${p.conversation} and device_id = ${p.device}
      and vendor = ${p.vendor}`,
);
const isOver = statement<{ user: string; conversation: number; seq: number }, { seq: number }>(
  (p) => sql`select m.seq from ${messages} m join ${members} b
      on b.user_id = ${p.user} and b.peer_id = m.sender_id
    where m.conversation_id = ${p.conversation} and m.seq = ${p.seq}
      and (b.read_seq >= m.seq or m.recalled_at is not null)`,
);

function* takeStep(push: PendingPush, place: Place, step: PushStep, now: number): Operation<boolean> {
  const { attempts, expiresAt: expires, state, shownSeq: shown } = push;
  switch (step.step) {
    case "forget":
      return (yield* first(forget, place)) !== undefined;
    case "skip": {
      if (shown === 0) return (yield* first(forget, place)) !== undefined;
      return yield* leaveShown(push, place, shown, now);
    }
    case "shown":
      return yield* leaveShown(push, place, step.seq, now);
    case "later": {
      const later = { state, attempts: attempts + (step.counts ? 1 : 0), due: step.dueAt, expires };
      return (yield* first(move, { ...place, told: place.seq, shown, ...later })) !== undefined;
    }
    case "dead": {
      // What is on the screen goes first; what the vendor would not have is no loss beside it.
      if (shown > 0 && (yield* isShownOver(place, shown))) return yield* leaveShown(push, place, shown, now);
      const dead = { state: "dead", attempts: attempts + 1, due: now, expires: now };
      return (yield* first(move, { ...place, told: place.seq, shown, ...dead })) !== undefined;
    }
    default:
      return step satisfies never;
  }
}

/** Whether what is on the screen has been read, or recalled. */
function* isShownOver(place: Place, told: number): Operation<boolean> {
  return (yield* first(isOver, { ...place, seq: told })) !== undefined;
}

/** A message is on the screen: until it is over, which it may be by now. */
function* leaveShown({ expiresAt: expires }: PendingPush, place: Place, told: number, now: number): Operation<boolean> {
  const over = yield* isShownOver(place, told);
  const shown = { told, shown: told, state: over ? "withdrawing" : "shown", attempts: 0, due: now, expires };
  return (yield* first(move, { ...place, ...shown })) !== undefined;
}

export function* settlePush(
  push: PendingPush,
  step: PushStep,
  record: PushRecord | null,
  againAt: number,
  now: number,
): Operation<void> {
  const { userId: user, conversationId: conversation, deviceId: device, vendor, seq } = push;
  yield* holdUsers(user);
  const place = { user, conversation, device, vendor, seq };
  if (!(yield* takeStep(push, place, step, now))) {
    const shown = step.step === "shown" ? step.seq : step.step === "forget" ? 0 : push.shownSeq;
    yield* run(goOn, { user, conversation, device, vendor, due: againAt, shown });
  }
  if (record !== null) yield* recordPush(record);
}

const revive = statement<{ vendor: string | null; now: number; expires: number }, { seq: number }>(
  (p) => sql`update ${pushes} set state = 'queued', attempts = 0, due_at = ${p.now}, expires_at = ${p.expires}
    where state = 'dead' and vendor = coalesce(${p.vendor}, vendor) returning seq`,
);

export function* revivePushes(
  vendor: PushVendor | null,
  now: number,
  expires: number,
  audit: AuditEntry,
): Operation<number> {
  yield* recordAudit(audit);
  return (yield* all(revive, { vendor, now, expires })).length;
}

const selectCounts = statement<Record<never, never>, { vendor: string; state: string; count: number; oldest: number }>(
  () => sql`select vendor, state, count(*) as count, min(created_at) as oldest from ${pushes} group by vendor, state`,
);

export function* countPushes(): Operation<readonly PushCount[]> {
  return (yield* all(selectCounts, {})).map((row) => ({
    vendor: oneOf(PUSH_VENDORS, row.vendor),
    state: oneOf(STATES, row.state),
    count: row.count,
    oldestAt: row.oldest,
  }));
}
