/** Erasing what is past its time, in batches small enough not to be felt. */
import { sql } from "drizzle-orm";
import { all, type Operation, run, statement } from "../statement.ts";
import { deletedMessages, messages, userLog, users } from "../tables.ts";

const eraseLog = statement<{ cutoff: number; batch: number }, { user_id: string; position: number }>(
  (p) => sql`delete from ${userLog} where (user_id, position) in
      (select user_id, position from ${userLog} where at <= ${p.cutoff} order by at limit ${p.batch})
    returning user_id, position`,
);
const raiseFloor = statement<{ user: string; floor: number }>(
  (p) => sql`update ${users} set floor = ${p.floor} where id = ${p.user} and floor < ${p.floor}`,
);
const eraseMessages = statement<{ cutoff: number; batch: number }, { conversation_id: number; seq: number }>(
  (p) => sql`delete from ${messages} where (conversation_id, seq) in
      (select conversation_id, seq from ${messages} where sent_at <= ${p.cutoff} order by sent_at limit ${p.batch})
    returning conversation_id, seq`,
);
const eraseDeletions = statement<{ conversation: number; seq: number }>(
  (p) => sql`delete from ${deletedMessages} where conversation_id = ${p.conversation} and seq = ${p.seq}`,
);

export function* sweep(offlineCutoff: number, erasedCutoff: number, batch: number): Operation<number> {
  const entries = yield* all(eraseLog, { cutoff: offlineCutoff, batch });
  const floors = new Map<string, number>();
  for (const { user_id, position } of entries) {
    floors.set(user_id, Math.max(position, floors.get(user_id) ?? 0));
  }
  for (const [user, floor] of floors) yield* run(raiseFloor, { user, floor });

  const erased = yield* all(eraseMessages, { cutoff: erasedCutoff, batch });
  for (const { conversation_id, seq } of erased) yield* run(eraseDeletions, { conversation: conversation_id, seq });
  return entries.length + erased.length;
}
