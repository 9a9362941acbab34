/** When a message is pushed, if it is. */
import type { Content } from "../content.ts";
import type { Core } from "../core.ts";
import type { PushOptions } from "../model.ts";
import { isPushed } from "./decision.ts";
import type { PushTimes } from "./model.ts";

/**
 * A device that has the message by then is not pushed to, so a little time goes by first.
 * @param offlineUntil when the message leaves the offline cache before its time
 */
export function pushTimes(
  { push, clock }: Pick<Core, "push" | "clock">,
  content: Content,
  options: PushOptions | null,
  offlineUntil: number | null,
): PushTimes | null {
  if (push === null || !isPushed(content, options)) return null;
  const now = clock.now();
  const dueAt = now + push.delayMs;
  const expiresAt = Math.min(now + push.lifetimeMs, offlineUntil ?? Number.POSITIVE_INFINITY);
  return dueAt < expiresAt ? { dueAt, expiresAt } : null;
}
