/**
 * How far the clock is believed. A machine's clock may be wrong: set by hand, off after a boot, put right by the
 * network. What is erased cannot be brought back, and what is stamped too early would be erased too early; so what is
 * kept goes by two times, which are one as long as the clock runs as time goes by:
 *
 * - the earliest that it can be decides what may be erased,
 * - the latest that it can be is written on what is stored.
 *
 * A clock that is more than an hour from where it should be is doubted: until it is back, or has stayed where it is for
 * a day. Answers go by the clock as it is, and order goes by no clock at all.
 */
import type { Clock } from "./clock.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** By how much the clock may differ from the time that has gone by. */
const TOLERANCE_MS = HOUR_MS;
/** How long a server may have been off before its clock is doubted, as one that was set wrong meanwhile would be. */
const LONGEST_REST_MS = DAY_MS;
/** After this long in one place a doubted clock is believed. */
const PROBATION_MS = DAY_MS;

export interface ClockObserver {
  /** The clock is this far ahead of where it should be, or behind where it is less than 0, in milliseconds. */
  clockDoubted(aheadMs: number): void;
  clockBelieved(): void;
}

export interface Timekeeper {
  /** The earliest that it can be: nothing is erased, and no key forgotten, that is not past its time by it. */
  earliest(): number;
  /** The latest that it can be: the instant to write on what is stored. */
  latest(): number;
  /** What to remember for the next start; null while the clock is doubted. */
  believed(): number | null;
}

interface Doubt {
  /** How far the clock is from the time that has gone by. */
  readonly offset: number;
  readonly since: number;
}

/** @param remembered what the clock said when it was last believed; null for a store that is new */
export function createTimekeeper(clock: Clock, remembered: number | null, observer: ClockObserver): Timekeeper {
  /** What the clock should have said at a moment: something between the two. */
  let expected = {
    from: remembered ?? clock.now(),
    to: remembered === null ? clock.now() : remembered + LONGEST_REST_MS,
    at: clock.monotonic(),
  };
  let doubt: Doubt | null = null;

  function believe(now: number, monotonic: number): void {
    if (doubt !== null) observer.clockBelieved();
    doubt = null;
    expected = { from: now, to: now, at: monotonic };
  }

  /** Looks at the clock; gives what it says, and what it should say at least. */
  function look(): { now: number; due: number } {
    const now = clock.now();
    const monotonic = clock.monotonic();
    const gone = monotonic - expected.at;
    const due = Math.floor(expected.from + gone);
    const offset = now - monotonic;
    if (now >= due - TOLERANCE_MS && now <= expected.to + gone + TOLERANCE_MS) {
      believe(now, monotonic);
    } else if (doubt === null || Math.abs(offset - doubt.offset) > TOLERANCE_MS) {
      doubt = { offset, since: monotonic };
      observer.clockDoubted(now - due);
    } else if (monotonic - doubt.since >= PROBATION_MS) {
      believe(now, monotonic);
    }
    return { now, due: doubt === null ? now : due };
  }

  return {
    earliest() {
      const { now, due } = look();
      return Math.min(now, due);
    },
    latest() {
      const { now, due } = look();
      return Math.max(now, due);
    },
    believed() {
      const { now } = look();
      return doubt === null ? now : null;
    },
  };
}
