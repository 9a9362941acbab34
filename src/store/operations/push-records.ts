/** What became of pushes, for admins. */
import { sql } from "drizzle-orm";
import { PUSH_VENDORS } from "../../engine/push/channel.ts";
import { PUSH_RESULTS, type PushRecord } from "../../engine/push/model.ts";
import { all, type Operation, run, statement } from "../statement.ts";
import { pushLog } from "../tables.ts";
import { oneOf } from "./rows.ts";

const insertRecord = statement<{
  at: number;
  user: string;
  device: string;
  vendor: string;
  conversation: number;
  seq: number;
  outcome: string;
  reason: string;
}>(
  (p) => sql`insert into ${pushLog} (at, user_id, device_id, vendor, conversation_id, seq, outcome, reason)
    values (${p.at}, ${p.user}, ${p.device}, ${p.vendor}, ${p.conversation}, ${p.seq}, ${p.outcome}, ${p.reason})`,
);

export function* recordPush(record: PushRecord): Operation<void> {
  const { at, userId: user, deviceId: device, vendor, conversationId: conversation, seq, outcome, reason } = record;
  yield* run(insertRecord, { at, user, device, vendor, conversation, seq, outcome, reason });
}

type RecordRow = {
  at: number;
  user_id: string;
  device_id: string;
  vendor: string;
  conversation_id: number;
  seq: number;
  outcome: string;
  reason: string;
};
const selectRecords = statement<{ user: string; limit: number }, RecordRow>(
  (p) => sql`select at, user_id, device_id, vendor, conversation_id, seq, outcome, reason from ${pushLog}
    where user_id = ${p.user} order by id desc limit ${p.limit}`,
);

export function* pushRecords(userId: string, limit: number): Operation<readonly PushRecord[]> {
  const rows = yield* all(selectRecords, { user: userId, limit });
  return rows.map((row) => ({
    at: row.at,
    userId: row.user_id,
    deviceId: row.device_id,
    vendor: oneOf(PUSH_VENDORS, row.vendor),
    conversationId: row.conversation_id,
    seq: row.seq,
    outcome: oneOf(PUSH_RESULTS, row.outcome),
    reason: row.reason,
  }));
}
