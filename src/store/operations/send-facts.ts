/** What sending needs to know before it decides. */
import { sql } from "drizzle-orm";
import type { UserId } from "../../engine/model.ts";
import type { SendFacts } from "../../engine/store.ts";
import { first, type Operation, statement } from "../statement.ts";
import { blocks, friendships, messages, users } from "../tables.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";

type FactsRow = {
  nickname: string | null;
  avatar_url: string | null;
  muted_until: number | null;
  recipient_id: string | null;
  friends: number;
  blocked_by: number;
  same_key: number | null;
};
/** With the place of the message that holds the key, where there is one: most keys are new. */
const selectFacts = statement<{ sender: string; recipient: string; key: string | null }, FactsRow>(
  (p) => sql`select s.nickname, s.avatar_url, s.muted_until, r.id as recipient_id,
      case when f.since is null then 0 else 1 end as friends,
      case when b.since is null then 0 else 1 end as blocked_by, m.seq as same_key
    from ${users} s
    left join ${users} r on r.id = ${p.recipient} and r.erased_at is null
    left join ${friendships} f on f.user_id = s.id and f.other_id = r.id
    left join ${blocks} b on b.user_id = r.id and b.other_id = s.id
    left join ${messages} m on m.sender_id = s.id and m.client_message_id = ${p.key}
    where s.id = ${p.sender} and s.erased_at is null`,
);
/** The message that holds a key. */
export const selectByKey = statement<{ sender: string; key: string }, MessageRow & { fingerprint: string }>(
  (p) => sql`select ${messageColumns}, m.fingerprint from ${messages} m
    where m.sender_id = ${p.sender} and m.client_message_id = ${p.key}`,
);

export function* sendFacts(senderId: UserId, recipientId: UserId, key: string | null): Operation<SendFacts> {
  const row = yield* first(selectFacts, { sender: senderId, recipient: recipientId, key });
  if (row === undefined) return { sender: null, recipientId: null, friends: false, blockedBy: false, sameKey: null };
  const { nickname, avatar_url: avatarUrl, muted_until: mutedUntil } = row;
  const isTaken = row.same_key !== null && key !== null;
  const same = isTaken ? yield* first(selectByKey, { sender: senderId, key }) : undefined;
  return {
    sender: { id: senderId, nickname, avatarUrl, mutedUntil },
    recipientId: row.recipient_id,
    friends: row.friends === 1,
    blockedBy: row.blocked_by === 1,
    sameKey: same === undefined ? null : { message: toMessage(same), fingerprint: same.fingerprint },
  };
}
