/** One attempt at a push that is due: decided by what is so now, and settled by what the vendor says. */
import { type Core, erasuresNow } from "../core.ts";
import type { PushChannel, PushOutcome } from "./channel.ts";
import { decide, withdrawalOf } from "./decision.ts";
import type { Lane } from "./lane.ts";
import type { PendingPush, PushFacts, PushPreview, PushRecord, PushResult, PushStep } from "./model.ts";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;
/** Milliseconds that a conversation's next notification waits for after one that is on its way. */
const NEXT_MS = 2_000;
/** Times that it is tried to take something back. */
const MOST_WITHDRAWALS = 3;

/** Somewhere between nothing and all of it, so that what failed together is not tried again together. */
function jittered(ms: number): number {
  return Math.round(ms * (0.5 + Math.random() / 2));
}

interface Settled {
  readonly step: PushStep;
  readonly outcome: PushResult;
  readonly reason: string;
}

/** Tries one push, to the end. */
export type Attempt = (channel: PushChannel, lane: Lane, pending: PendingPush) => Promise<void>;

/** @param preview at most so much of messages is shown */
export function createAttempts(core: Core, preview: PushPreview): Attempt {
  const { store, clock, observer } = core;

  /** What an answer comes to, for what is to be shown. */
  function judge(pending: PendingPush, lane: Lane, outcome: PushOutcome, accepted: PushStep): Settled {
    const now = clock.now();
    const { reason } = outcome;
    const later = (ms: number, counts: boolean): Settled => {
      const dueAt = now + ms;
      // It would come too late to be of use, if the clock can be believed.
      if (core.timekeeper.earliest() + ms >= pending.expiresAt)
        return { step: { step: "dead" }, outcome: "dead", reason };
      return { step: { step: "later", dueAt, counts }, outcome: "delayed", reason };
    };
    const backoff = jittered(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(pending.attempts, 20)));
    switch (outcome.kind) {
      case "accepted":
        return { step: accepted, outcome: "sent", reason };
      case "token invalid":
        return { step: { step: "forget" }, outcome: "token invalid", reason };
      case "content rejected":
        return { step: { step: "dead" }, outcome: "dead", reason };
      case "misconfigured":
        if (lane.broke(reason)) observer.pushBroken(pending.vendor, reason);
        return later(lane.pauseMs(), false);
      case "throttled":
        lane.rest(Math.min(outcome.retryAfterMs ?? 1_000, 1_000));
        return later(Math.max(outcome.retryAfterMs ?? 0, backoff), true);
      case "quota exhausted":
        lane.rest(outcome.until - now);
        return later(outcome.until - now + jittered(60_000), false);
      case "failed":
        lane.failed();
        return later(Math.max(outcome.retryAfterMs ?? 0, backoff), true);
      default:
        return outcome satisfies never;
    }
  }

  function recordOf(pending: PendingPush, outcome: PushResult, reason: string): PushRecord {
    const { userId, deviceId, vendor, conversationId, seq } = pending;
    return { at: clock.now(), userId, deviceId, vendor, conversationId, seq, outcome, reason };
  }

  async function settle(pending: PendingPush, { step, outcome, reason }: Settled): Promise<void> {
    observer.pushed(pending.vendor, outcome, 1);
    const now = clock.now();
    await store.settlePush(pending, step, recordOf(pending, outcome, reason), now + NEXT_MS, now);
  }

  /** Notes an answer in its lane, and lets a token go that the vendor does not know. */
  async function heed(
    { userId }: PendingPush,
    { token }: PushFacts,
    lane: Lane,
    outcome: PushOutcome,
    askedAt: number,
  ): Promise<PushOutcome> {
    const isInvalid = outcome.kind === "token invalid";
    if (outcome.kind === "accepted" || isInvalid) {
      const believed = lane.believes(userId, isInvalid);
      if (isInvalid && !believed) {
        return { kind: "misconfigured", reason: `too many tokens are not known: ${outcome.reason}` };
      }
    }
    if (outcome.kind === "accepted" || outcome.kind === "content rejected" || isInvalid) lane.wentWell();
    if (isInvalid && token !== null) await store.dropInvalidToken(token, outcome.since ?? askedAt);
    return outcome;
  }

  async function show(channel: PushChannel, lane: Lane, pending: PendingPush, facts: PushFacts): Promise<void> {
    const decision = decide(pending, facts, preview, clock.now(), core.timekeeper.earliest());
    if ("skip" in decision || facts.token === null) {
      const reason = "skip" in decision ? decision.skip : "no token";
      // What could not be sent for as long as it was of use is kept, to be looked at.
      const isDead = reason === "expired" && pending.attempts > 0;
      const step = { step: isDead ? "dead" : "skip" } as const;
      await settle(pending, { step, outcome: isDead ? "dead" : "skipped", reason });
      return;
    }
    const askedAt = clock.now();
    const said = await channel.send(facts.token, decision.notification);
    const outcome = await heed(pending, facts, lane, said, askedAt);
    const shown: PushStep = { step: "shown", seq: decision.seq };
    await settle(pending, judge(pending, lane, outcome, channel.withdraw === null ? { step: "forget" } : shown));
  }

  async function withdraw(channel: PushChannel, lane: Lane, pending: PendingPush, facts: PushFacts): Promise<void> {
    const done: PushStep = { step: "forget" };
    if (channel.withdraw === null || facts.token === null || pending.expiresAt <= core.timekeeper.earliest()) {
      const now = clock.now();
      await store.settlePush(pending, done, null, now + NEXT_MS, now);
      return;
    }
    const askedAt = clock.now();
    const said = await channel.withdraw(facts.token, withdrawalOf(pending, facts.peerId, facts.badge));
    const heeded = await heed(pending, facts, lane, said, askedAt);
    // It may need a right of its own: that this is missing must not stop what is sent.
    const outcome =
      heeded.kind === "misconfigured" ? ({ kind: "content rejected", reason: heeded.reason } as const) : heeded;
    const judged = judge(pending, lane, outcome, done);
    const again = judged.step.step === "later" && pending.attempts < MOST_WITHDRAWALS;
    const accepted = outcome.kind === "accepted";
    await settle(pending, {
      step: again ? judged.step : done,
      outcome: accepted ? "withdrawn" : judged.outcome,
      reason: outcome.reason,
    });
  }

  return async (channel, lane, pending) => {
    const facts = await store.pushFacts(pending, erasuresNow(core).erased);
    await (pending.state === "withdrawing" ? withdraw : show)(channel, lane, pending, facts);
  };
}
