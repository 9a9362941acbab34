/** Erasing what is past its time, in batches small enough not to be felt. */
import { type SQL, sql } from "drizzle-orm";
import { DEFAULT_DEVICE, type LogKind, type Stream, streamOf } from "../../engine/model.ts";
import { PUSH_VENDORS } from "../../engine/push/channel.ts";
import type { Cutoffs } from "../../engine/settings.ts";
import { all, hold, type Operation, run, type Statement, statement } from "../statement.ts";
import { audit, devices, pushes, pushLog, users } from "../tables.ts";
import { sweepBroadcasts } from "./broadcasts.ts";
import { sweepErasures } from "./erasures.ts";
import { sweepEvents } from "./events.ts";
import { sweepDeliveries } from "./hook-deliveries.ts";
import { deletePushTokens } from "./push-tokens.ts";
import { conversationTimelines, eraseExpired, type LogEntry, SWEEPING, userLogs } from "./runs.ts";

/**
 * How long the rows of a table live: until this cutoff has passed them, or as long as what they are bound to, of which
 * each has at most so many. No table grows without an end, and none is without its line here.
 */
export type Lifetime =
  | { readonly until: keyof Cutoffs }
  /** Until an instant of their own, which is there unless something uses them. */
  | { readonly untilExpiry: true }
  | {
      readonly atMost: number;
      readonly per:
        | "store"
        | "user"
        | "device"
        | "pair of users"
        | "conversation"
        | "message"
        | "setting"
        | "server"
        | "user and server";
    };

export const LIFETIMES = {
  storeInfo: { atMost: 1, per: "store" },
  settings: { atMost: 1, per: "setting" },
  users: { atMost: 1, per: "user" },
  friendships: { atMost: 2, per: "pair of users" },
  friendRequests: { atMost: 2, per: "pair of users" },
  blocks: { atMost: 2, per: "pair of users" },
  conversations: { atMost: 1, per: "pair of users" },
  members: { atMost: 2, per: "conversation" },
  messages: { until: "erased" },
  messageRuns: { until: "erased" },
  deletedMessages: { atMost: 2, per: "message" },
  // A video and its cover.
  mediaUses: { atMost: 2, per: "message" },
  uploads: { untilExpiry: true },
  userLog: { until: "offline" },
  logRuns: { until: "offline" },
  // But the device `default`, one of each user.
  devices: { until: "offline" },
  pushTokens: { atMost: PUSH_VENDORS.length, per: "device" },
  pushes: { until: "offline" },
  pushLog: { until: "offline" },
  // Or until every reader has passed it. The newest stays.
  events: { until: "erased" },
  erasures: { until: "audit" },
  // While it runs, also longer.
  broadcasts: { until: "erased" },
  hookDeliveries: { until: "offline" },
  servers: { atMost: 1, per: "server" },
  leases: { atMost: 100, per: "store" },
  presences: { atMost: 1, per: "user and server" },
  eventReaders: { atMost: 10, per: "store" },
  pushPreferences: { atMost: 1, per: "user" },
  audit: { until: "audit" },
} as const satisfies Record<keyof typeof import("../tables.ts"), Lifetime>;

/** Devices whose session ended so long ago that nothing waits for them. */
const eraseDevices = statement<
  { cutoff: number; exempt: string; batch: number },
  { user_id: string; device_id: string }
>(
  (p) => sql`delete from ${devices} where (user_id, device_id) in
      (select user_id, device_id from ${devices} where expires_at <= ${p.cutoff} and device_id <> ${p.exempt}
        limit ${p.batch})
    returning user_id, device_id`,
);

const erasePushes = statement<{ cutoff: number; batch: number }, { seq: number }>(
  (p) => sql`delete from ${pushes} where (user_id, conversation_id, device_id, vendor) in
      (select user_id, conversation_id, device_id, vendor from ${pushes} where expires_at <= ${p.cutoff}
        order by expires_at limit ${p.batch})
    returning seq`,
);
const erasePushLog = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${pushLog} where id in
      (select id from ${pushLog} where at <= ${p.cutoff} order by at limit ${p.batch})
    returning id`,
);

const eraseAudit = statement<{ cutoff: number; batch: number }, { id: number }>(
  (p) => sql`delete from ${audit} where id in
      (select id from ${audit} where at <= ${p.cutoff} order by at limit ${p.batch})
    returning id`,
);

type Loss = { user: string; position: number; origin: string };
interface LossStatements {
  readonly raiseFloor: Statement<Loss, never>;
  readonly noteLoss: Statement<Loss, never>;
}
function lossOf(floor: SQL, lost: SQL, acked: SQL): LossStatements {
  return {
    raiseFloor: statement(
      (p) => sql`update ${users} set ${floor} = ${p.position}
      where id = ${p.user} and ${floor} < ${p.position}`,
    ),
    noteLoss: statement(
      (p) => sql`update ${devices} set ${lost} = ${p.position}
      where user_id = ${p.user} and device_id <> ${p.origin} and ${acked} < ${p.position} and ${lost} < ${p.position}`,
    ),
  };
}
const lossStatements: Record<Stream, LossStatements> = {
  messages: lossOf(sql`floor_messages`, sql`lost_messages`, sql`acked_messages`),
  updates: lossOf(sql`floor_updates`, sql`lost_updates`, sql`acked_updates`),
  conversations: lossOf(sql`floor_conversations`, sql`lost_conversations`, sql`acked_conversations`),
};

/** The highest position that went, per user, stream and the device that need not hear of it. */
function lossesIn(
  entries: readonly (LogEntry & { readonly owner: string })[],
): ReadonlyMap<string, Loss & { readonly stream: Stream }> {
  const losses = new Map<string, Loss & { stream: Stream }>();
  for (const { owner: user, place: position, kind, origin } of entries) {
    const stream = streamOf(kind as LogKind);
    if (stream === null) continue;
    const key = JSON.stringify([user, stream, origin]);
    const known = losses.get(key)?.position ?? 0;
    // No device has an empty id, so that stands for none.
    losses.set(key, { user, stream, origin: origin ?? "", position: Math.max(position, known) });
  }
  return losses;
}

export function* sweep(cutoffs: Cutoffs, batch: number): Operation<number> {
  yield* hold(SWEEPING);
  // Each message stands in two logs.
  const entries = yield* eraseExpired(userLogs, cutoffs.offline, 2 * batch);
  for (const { stream, ...loss } of lossesIn(entries).values()) {
    yield* run(lossStatements[stream].raiseFloor, loss);
    yield* run(lossStatements[stream].noteLoss, loss);
  }
  const messages = yield* eraseExpired(conversationTimelines, cutoffs.erased, batch);
  const swept = entries.length + messages.length;
  // These are few; to look for them each time would cost as much as the rest.
  if (swept > 0) return swept;
  const gone = yield* all(eraseDevices, { cutoff: cutoffs.offline, exempt: DEFAULT_DEVICE, batch });
  for (const { user_id: user, device_id: device } of gone) yield* deletePushTokens(user, device, null);
  const forgotten = yield* all(eraseAudit, { cutoff: cutoffs.audit, batch });
  const pushed = yield* all(erasePushes, { cutoff: cutoffs.offline, batch });
  const told = yield* all(erasePushLog, { cutoff: cutoffs.offline, batch });
  // Nothing that waits is so old; a hook that is no more has nobody who says so.
  const undelivered = yield* sweepDeliveries(cutoffs.offline, batch, cutoffs.offline);
  const ended = yield* sweepBroadcasts(cutoffs.erased, batch);
  const erased = yield* sweepErasures(cutoffs.audit, batch);
  const passed = yield* sweepEvents(cutoffs.erased, batch);
  return gone.length + forgotten.length + pushed.length + told.length + undelivered + ended + erased + passed;
}
