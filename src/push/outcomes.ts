/** Outcomes in short, for the vendors' tables. */
import type { PushOutcome } from "../engine/push/channel.ts";

const LONGEST_REASON = 200;

function said(reason: string): string {
  return reason.length <= LONGEST_REASON ? reason : `${reason.slice(0, LONGEST_REASON - 1)}…`;
}

export const accepted = (reason: string): PushOutcome => ({ kind: "accepted", reason: said(reason) });
export const tokenInvalid = (reason: string, since: number | null = null): PushOutcome => ({
  kind: "token invalid",
  reason: said(reason),
  since,
});
export const contentRejected = (reason: string): PushOutcome => ({ kind: "content rejected", reason: said(reason) });
export const misconfigured = (reason: string): PushOutcome => ({ kind: "misconfigured", reason: said(reason) });
export const throttled = (reason: string, retryAfterMs: number | null = null): PushOutcome => ({
  kind: "throttled",
  reason: said(reason),
  retryAfterMs,
});
export const failed = (reason: string, retryAfterMs: number | null = null): PushOutcome => ({
  kind: "failed",
  reason: said(reason),
  retryAfterMs,
});

/** What an answer comes to that is not in the vendor's own words. */
export function unreadable(status: number, waitMs: number | null): PushOutcome {
  if (status === 429) return throttled("429", waitMs);
  return failed(status === 200 ? "200, unreadable" : String(status), waitMs);
}

/** Quotas of these vendors begin anew at midnight in China, which has no summer time. */
export function quotaExhausted(reason: string, now: number): PushOutcome {
  const day = 86_400_000;
  const offset = 8 * 3_600_000;
  const until = (Math.floor((now + offset) / day) + 1) * day - offset;
  return { kind: "quota exhausted", reason: said(reason), until };
}

/** What a request that got no answer comes to. */
export function unanswered(error: unknown): PushOutcome {
  const { name = "Error" } = error instanceof Error ? error : {};
  const code = error instanceof Error && "code" in error ? error.code : null;
  // A time limit has a number, which says nothing.
  return failed(`no answer: ${typeof code === "string" ? code : name}`);
}
