/** How many messages were taken, minute by minute. It is kept in memory, and begins anew with the server. */
import type { Clock } from "../clock.ts";
import type { Observer } from "../core.ts";

const MINUTES = 60;
const MINUTE_MS = 60_000;

export interface Traffic {
  /** To be told of each send, as an observer is. */
  readonly sent: Observer["sent"];
  /** Messages of each of the last 60 minutes; the last number is of the one that is not over. */
  perMinute(): readonly number[];
  /** Messages that were stored since the start. */
  readonly stored: number;
}

/** Minutes are counted from the start, by the time that has gone by: a clock that is set makes none of them longer. */
export function createTraffic(clock: Clock): Traffic {
  const start = clock.monotonic();
  /** Of the minutes that are over. */
  let over: readonly number[] = Array.from({ length: MINUTES - 1 }, () => 0);
  let newest = 0;
  let running = 0;
  let stored = 0;

  /** Moves on to the minute that it is. */
  function turn(): void {
    const minute = Math.floor((clock.monotonic() - start) / MINUTE_MS);
    if (minute === newest) return;
    const idle = Math.min(minute - newest, MINUTES) - 1;
    over = [...over, running, ...Array.from({ length: idle }, () => 0)].slice(1 - MINUTES);
    running = 0;
    newest = minute;
  }

  return {
    sent(outcome) {
      if (outcome === "duplicate") return;
      turn();
      running += 1;
      if (outcome !== "transient") stored += 1;
    },
    perMinute() {
      turn();
      return [...over, running];
    },
    get stored() {
      return stored;
    },
  };
}
