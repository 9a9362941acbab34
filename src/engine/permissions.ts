/** Who may write to whom: one place, for messages, edits, friend requests and typing alike. */
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import { SYSTEM_USER, type UserId } from "./model.ts";
import type { Sender, SendFacts } from "./store.ts";
import { isAdmin, type Viewer } from "./viewer.ts";

/** @throws Refusal MUTED */
export function checkMute(core: Core, viewer: Viewer, sender: Sender | null): void {
  const mutedUntil = sender?.mutedUntil ?? null;
  if (isAdmin(viewer) || mutedUntil === null) return;
  const retryAfterMs = mutedUntil - core.clock.now();
  if (retryAfterMs <= 0) return;
  const until = new Date(mutedUntil).toISOString();
  throw new Refusal("MUTED", `An admin has muted this sender until ${until}.`, { retryAfterMs });
}

/**
 * What may write: ten times as much of it is allowed as of sends. A send counts here too, since one that is refused
 * or repeated has no other rate.
 * @throws Refusal RATE_LIMITED
 */
export function limitChanges(core: Core, viewer: Viewer): void {
  if (!isAdmin(viewer)) core.changeRates.take(viewer.userId);
}

/**
 * A query, or a subscription that starts.
 * @throws Refusal RATE_LIMITED
 */
export function limitReads(core: Core, viewer: Viewer): void {
  if (!isAdmin(viewer)) core.readRates.take(viewer.userId);
}

/** @throws Refusal RATE_LIMITED */
export function limitLogins(core: Core, viewer: Viewer): void {
  if (!isAdmin(viewer)) core.loginRates.take(viewer.userId);
}

/** @throws Refusal RECIPIENT_NOT_FOUND */
export function recipientOf({ recipientId }: Pick<SendFacts, "recipientId">): UserId {
  if (recipientId === null || recipientId === SYSTEM_USER) {
    const reason = "There is no such recipient. A user appears with its first token, or with `importUsers`.";
    throw new Refusal("RECIPIENT_NOT_FOUND", reason, { field: "to" });
  }
  return recipientId;
}

export type Reach = "everybody" | "sender only";

/**
 * Whom a write reaches: everybody, or only the sender who must not notice that it is blocked. The blacklist comes
 * before friends-only; admins pass both, and so does a note to oneself.
 * @throws Refusal MUTED, BLOCKED, NOT_FRIENDS
 */
export function mayReach(core: Core, viewer: Viewer, facts: SendFacts): Reach {
  checkMute(core, viewer, facts.sender);
  if (isAdmin(viewer) || facts.sender?.id === facts.recipientId) return "everybody";
  if (facts.blockedBy) {
    if (!core.settings.showBlocked) return "sender only";
    throw new Refusal("BLOCKED", "The recipient does not take messages from this sender.");
  }
  if (core.settings.friendsOnly && !facts.friends) {
    throw new Refusal("NOT_FRIENDS", "Only friends may write to each other here; ask for friendship first.");
  }
  return "everybody";
}
