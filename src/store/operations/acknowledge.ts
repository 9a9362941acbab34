/** Acknowledged places: a device's own, and the first delivery that its user's peers hear of. */
import { type SQL, sql } from "drizzle-orm";
import { type Stream, SYSTEM_USER, type UserId } from "../../engine/model.ts";
import type { Appended, Logged } from "../../engine/store.ts";
import { all, first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { conversations, devices, userLog, users } from "../tables.ts";
import { appendEntries, logState } from "./log.ts";

/** A device of whose login nothing is known. */
export const ensureDevice = statement<{ user: string; device: string; now: number }>(
  (p) => sql`insert into ${devices} (user_id, device_id, platform, signed_in_at, expires_at, ended_at,
      lost_messages, lost_updates, lost_conversations)
    select id, ${p.device}, 'OTHER', cast(${p.now} as bigint), cast(${p.now} as bigint), cast(${p.now} as bigint), floor_messages, floor_updates, floor_conversations
    from ${users} where id = ${p.user} on conflict do nothing`,
);

type Mark = { user: string; device: string; position: number };
const moveMark: Record<Stream, ReturnType<typeof statement<Mark>>> = {
  messages: statement((p) => moveMarkText(sql`acked_messages`, p)),
  updates: statement((p) => moveMarkText(sql`acked_updates`, p)),
  conversations: statement((p) => moveMarkText(sql`acked_conversations`, p)),
};
function moveMarkText(column: SQL, p: { readonly [K in keyof Mark]: unknown }): SQL {
  return sql`update ${devices} set ${column} = ${p.position}
    where user_id = ${p.user} and device_id = ${p.device} and ${column} < ${p.position}`;
}

const selectDelivered = statement<{ user: string }, { delivered_position: number }>(
  (p) => sql`select delivered_position from ${users} where id = ${p.user}`,
);
const moveDelivered = statement<{ user: string; position: number }>(
  (p) => sql`update ${users} set delivered_position = ${p.position} where id = ${p.user}`,
);
const selectFirstDelivered = statement<
  { user: string; from: number; to: number },
  { conversation_id: number; seq: number; first_user: string; second_user: string }
>(
  (p) => sql`select l.conversation_id, max(l.seq) as seq, c.first_user, c.second_user
    from ${userLog} l join ${conversations} c on c.id = l.conversation_id
    where l.user_id = ${p.user} and l.position > ${p.from} and l.position <= ${p.to} and l.kind = 'received'
    group by l.conversation_id, c.first_user, c.second_user order by l.conversation_id`,
);

/** Tells each sender and the other devices, once per conversation, that a first device now has its messages. */
function* noteDelivery(userId: UserId, deviceId: string, position: number, now: number): Operation<Appended[]> {
  const delivered = (yield* first(selectDelivered, { user: userId }))?.delivered_position ?? 0;
  if (position <= delivered) return [];
  const wanted: Omit<Appended, "position">[] = [];
  for (const row of yield* all(selectFirstDelivered, { user: userId, from: delivered, to: position })) {
    const sender = row.first_user === userId ? row.second_user : row.first_user;
    if (sender === SYSTEM_USER) continue;
    const entry = { kind: "delivered", conversationId: row.conversation_id, seq: row.seq, at: now } as const;
    wanted.push({ ...entry, userId: sender, origin: null }, { ...entry, userId, origin: deviceId });
  }
  // Senders are not held; in the order of their ids, as everywhere, nobody waits in a circle.
  const inOrder = wanted.sort((a, b) => (a.userId === b.userId ? 0 : a.userId < b.userId ? -1 : 1));
  const appended = yield* appendEntries(inOrder);
  yield* run(moveDelivered, { user: userId, position });
  return appended;
}

export function* acknowledge(
  userId: UserId,
  deviceId: string,
  stream: Stream,
  position: number,
  now: number,
): Operation<Logged & { position: number }> {
  yield* holdUsers(userId);
  yield* run(ensureDevice, { user: userId, device: deviceId, now });
  yield* run(moveMark[stream], { user: userId, device: deviceId, position });
  const appended = stream === "messages" ? yield* noteDelivery(userId, deviceId, position, now) : [];
  const state = yield* logState(userId, deviceId);
  return { appended, position: state.acknowledged[stream] };
}
