/** What all channels get. */
import type { Clock } from "../engine/clock.ts";

export interface ChannelContext {
  readonly clock: Clock;
  /** Milliseconds that a vendor may take to answer; left out: 10,000. */
  readonly timeoutMs?: number | undefined;
}
