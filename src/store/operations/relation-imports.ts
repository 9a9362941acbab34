/** Friendships and blacklists that come from elsewhere: stored as they were there, with nobody told. */
import type { AuditEntry } from "../../engine/model.ts";
import type { ImportedRelation, RelationOutcome } from "../../engine/records/record-store.ts";
import { first, holdUsers, type Operation, run } from "../statement.ts";
import { recordAudit } from "./audit.ts";
import { deleteFriend, deleteRequest, hideRequest, insertBlock, insertFriend, relation } from "./relations.ts";

function* importFriendship({ userId, otherId, since }: ImportedRelation): Operation<RelationOutcome> {
  const { blocks, blockedBy } = yield* relation(userId, otherId);
  if (blocks || blockedBy) return "blocked";
  yield* first(deleteRequest, { user: userId, other: otherId });
  yield* first(deleteRequest, { user: otherId, other: userId });
  const added = yield* first(insertFriend, { user: userId, other: otherId, now: since });
  yield* first(insertFriend, { user: otherId, other: userId, now: since });
  return added === undefined ? "duplicate" : "imported";
}

function* importBlock({ userId, otherId, since }: ImportedRelation): Operation<RelationOutcome> {
  const added = yield* first(insertBlock, { user: userId, other: otherId, now: since });
  if (added === undefined) return "duplicate";
  yield* first(deleteFriend, { user: userId, other: otherId });
  yield* first(deleteFriend, { user: otherId, other: userId });
  yield* first(deleteRequest, { user: otherId, other: userId });
  yield* run(hideRequest, { user: userId, other: otherId });
  return "imported";
}

export function* importRelations(
  relations: readonly ImportedRelation[],
  audit: AuditEntry,
): Operation<RelationOutcome[]> {
  yield* holdUsers(...relations.flatMap(({ userId, otherId }) => [userId, otherId]));
  const outcomes: RelationOutcome[] = [];
  for (const one of relations) {
    const outcome = one.kind === "FRIENDS" ? yield* importFriendship(one) : yield* importBlock(one);
    outcomes.push(outcome);
    if (outcome !== "imported") continue;
    const { kind, userId, otherId } = one;
    yield* recordAudit({ ...audit, userId, subject: `${kind} ${otherId}` });
    if (kind === "FRIENDS") yield* recordAudit({ ...audit, userId: otherId, subject: `${kind} ${userId}` });
  }
  return outcomes;
}
