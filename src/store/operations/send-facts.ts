/** What sending needs to know before it decides. */
import { sql } from "drizzle-orm";
import type { UserId } from "../../engine/model.ts";
import type { SendFacts } from "../../engine/store.ts";
import { first, type Operation, statement } from "../statement.ts";
import { messages } from "../tables.ts";
import { readUser } from "./people.ts";
import { relation } from "./relations.ts";
import { type MessageRow, messageColumns, toMessage } from "./rows.ts";

const selectByKey = statement<{ sender: string; key: string }, MessageRow & { fingerprint: string }>(
  (p) => sql`select ${messageColumns}, m.fingerprint from ${messages} m
    where m.sender_id = ${p.sender} and m.client_message_id = ${p.key}`,
);

export function* sendFacts(senderId: UserId, recipientId: UserId, key: string | null): Operation<SendFacts> {
  const same = key === null ? undefined : yield* first(selectByKey, { sender: senderId, key });
  return {
    sender: yield* readUser(senderId),
    recipient: yield* readUser(recipientId),
    relation: yield* relation(senderId, recipientId),
    sameKey: same === undefined ? null : { message: toMessage(same), fingerprint: same.fingerprint },
  };
}
