/** Pushes that begin to wait: for what was sent, and for what is to be taken back. Within the change that causes them. */
import { sql } from "drizzle-orm";
import { first, type Operation, run, statement } from "../statement.ts";
import { pushes, pushTokens } from "../tables.ts";

type Queued = {
  user: string;
  conversation: number;
  seq: number;
  position: number;
  now: number;
  due: number;
  expires: number;
};
/** What waits already keeps its time: another message must not hurry a vendor that wants to be waited for. */
const insertPushes = statement<Queued>(
  (
    p,
  ) => sql`insert into ${pushes} as q (user_id, conversation_id, device_id, vendor, seq, position, state, created_at, due_at,
      expires_at)
    select user_id, cast(${p.conversation} as bigint), device_id, vendor, cast(${p.seq} as bigint),
      cast(${p.position} as bigint), 'queued', cast(${p.now} as bigint), cast(${p.due} as bigint),
      cast(${p.expires} as bigint)
    from ${pushTokens} where user_id = ${p.user}
    on conflict (user_id, conversation_id, device_id, vendor) do update set seq = excluded.seq,
      position = excluded.position, state = 'queued',
      expires_at = excluded.expires_at,
      attempts = case when q.state = 'queued' then q.attempts else 0 end,
      created_at = case when q.state = 'queued' then q.created_at else excluded.created_at end,
      due_at = case when q.state = 'queued' then q.due_at else excluded.due_at end`,
);

/** Queues a message for all devices of its recipient that can be pushed to. */
export function* queuePushes(queued: Queued): Operation<void> {
  yield* run(insertPushes, queued);
}

/** Milliseconds that a notification is looked for to be taken back. */
const WITHDRAWAL_MS = 86_400_000;
const isAny = statement<{ user: string; conversation: number }, { seq: number }>(
  (p) => sql`select seq from ${pushes} where user_id = ${p.user} and conversation_id = ${p.conversation} limit 1`,
);
type Taken = { user: string; conversation: number; seq: number; now: number; expires: number; origin: string };
const takeBack = statement<Taken>(
  (p) => sql`update ${pushes} set state = 'withdrawing', attempts = 0, due_at = ${p.now}, expires_at = ${p.expires}
    where user_id = ${p.user} and conversation_id = ${p.conversation} and state in ('shown', 'dead')
      and shown_seq > 0 and shown_seq <= ${p.seq} and device_id <> ${p.origin}`,
);
const forgetShown = statement<Omit<Taken, "now" | "expires">>(
  (p) => sql`delete from ${pushes}
    where user_id = ${p.user} and conversation_id = ${p.conversation} and state = 'shown' and seq <= ${p.seq}
      and device_id = ${p.origin}`,
);
const takeBackOne = statement<Omit<Taken, "origin">>(
  (p) => sql`update ${pushes} set state = 'withdrawing', attempts = 0, due_at = ${p.now}, expires_at = ${p.expires}
    where user_id = ${p.user} and conversation_id = ${p.conversation} and state in ('shown', 'dead')
      and shown_seq = ${p.seq}`,
);

/** A user has read this far: what other devices show of it goes. */
export function* withdrawRead(
  user: string,
  conversation: number,
  seq: number,
  now: number,
  device: string | null,
): Operation<void> {
  if ((yield* first(isAny, { user, conversation })) === undefined) return;
  // No device has an empty id, so that stands for none.
  const read = { user, conversation, seq, origin: device ?? "" };
  yield* run(takeBack, { ...read, now, expires: now + WITHDRAWAL_MS });
  yield* run(forgetShown, read);
}

/** A message was recalled: what devices show of it goes. */
export function* withdrawRecalled(user: string, conversation: number, seq: number, now: number): Operation<void> {
  yield* run(takeBackOne, { user, conversation, seq, now, expires: now + WITHDRAWAL_MS });
}
