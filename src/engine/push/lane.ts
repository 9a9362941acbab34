/**
 * How much of a vendor's is tried at the same time: all that it takes while it goes well; less, and later, while it
 * does not; nothing for a while where an operator has to do something first.
 */
import type { Clock } from "../clock.ts";
import type { UserId } from "../model.ts";

/** Milliseconds for which nothing is tried after a vendor has refused credentials, rights or settings. */
const BROKEN_MS = 600_000;
const LONGEST_PAUSE_MS = 60_000;
/** Of the last so many answers, those of so many users say that tokens are not known: then it is not the tokens. */
const WATCHED = 50;
const SUSPICIOUS = 10;

export interface Lane {
  /** How many more may be tried now. */
  free(): number;
  /** Milliseconds until something may be tried again. */
  pauseMs(): number;
  begin(): void;
  end(): void;
  /** An answer came, whatever it said. */
  wentWell(): void;
  failed(): void;
  /** Nothing is tried for so long. */
  rest(ms: number): void;
  /** @returns whether this has become known just now */
  broke(reason: string): boolean;
  /** Notes whether a user's token was not known. @returns false where so many are not that it cannot be believed */
  believes(userId: UserId, invalid: boolean): boolean;
  /** Why nothing is tried; null where something is. */
  readonly broken: string | null;
}

export function createLane(clock: Clock, concurrency: number): Lane {
  let running = 0;
  let failures = 0;
  let restsUntil = 0;
  let broken: string | null = null;
  const verdicts: { readonly userId: UserId; readonly invalid: boolean }[] = [];

  const isResting = () => restsUntil > clock.monotonic();
  const rest = (ms: number) => {
    restsUntil = Math.max(restsUntil, clock.monotonic() + ms);
  };

  return {
    free() {
      if (isResting()) return 0;
      // One tells whether it goes again.
      const most = broken === null ? concurrency >> Math.min(failures, 10) : 1;
      return Math.max(0, Math.max(1, most) - running);
    },
    pauseMs: () => Math.max(0, restsUntil - clock.monotonic()),
    begin() {
      running += 1;
    },
    end() {
      running -= 1;
    },
    wentWell() {
      failures = 0;
      broken = null;
    },
    failed() {
      failures += 1;
      if (failures > 3) rest(Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** (failures - 4)));
    },
    rest,
    broke(reason) {
      const isNews = broken === null;
      broken = reason;
      rest(BROKEN_MS);
      return isNews;
    },
    believes(userId, invalid) {
      verdicts.push({ userId, invalid });
      if (verdicts.length > WATCHED) verdicts.shift();
      // Each user counts once, or one with many bad tokens could stop it for all.
      const bad = new Set(verdicts.flatMap((verdict) => (verdict.invalid ? [verdict.userId] : []))).size;
      return bad < SUSPICIOUS || bad * 5 < verdicts.length;
    },
    get broken() {
      return broken;
    },
  };
}
