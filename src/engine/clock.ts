/**
 * Where the engine gets its time from. Tests hand in one that they move by hand.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC: what the machine's clock says, which may be set forward or back at any time. */
  now(): number;
  /** Milliseconds since some moment: it only goes forward, whatever is done to the machine's clock. */
  monotonic(): number;
  /**
   * Calls `task` once when the clock reaches `at` (milliseconds since 1970), never before; at once, but not
   * synchronously, where that has passed. A clock that jumps is noticed within a minute. The returned function cancels.
   */
  at(at: number, task: () => void): () => void;
  /** Calls `task` once when `ms` milliseconds have gone by, whatever the clock says. The returned function cancels. */
  after(ms: number, task: () => void): () => void;
}

/** How long a jump may go unnoticed. */
const LOOK_AGAIN_MS = 30_000;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  at: createAlarms(() => Date.now()),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Alarm {
  readonly at: number;
  readonly task: () => void;
}

/**
 * Alarms by a clock that may jump. Node's timers count time that goes by, so a clock set forward would make them late,
 * and one set back early: here one timer for all looks at the clock when the next is due, and at least twice a minute.
 */
function createAlarms(now: () => number): Clock["at"] {
  const alarms = new Set<Alarm>();
  let timer: NodeJS.Timeout | undefined;
  /** When the timer looks, if the clock does not jump. */
  let looksAt = Number.POSITIVE_INFINITY;

  function lookAt(at: number): void {
    clearTimeout(timer);
    looksAt = at;
    timer = setTimeout(look, Math.min(Math.max(at - now(), 0), LOOK_AGAIN_MS));
    timer.unref();
  }

  function look(): void {
    const time = now();
    let next = Number.POSITIVE_INFINITY;
    const due: Alarm[] = [];
    for (const alarm of alarms) {
      if (alarm.at <= time) due.push(alarm);
      else next = Math.min(next, alarm.at);
    }
    looksAt = next;
    if (next < Number.POSITIVE_INFINITY) lookAt(next);
    for (const alarm of due.sort((a, b) => a.at - b.at)) if (alarms.delete(alarm)) alarm.task();
  }

  return (at, task) => {
    const alarm = { at, task };
    alarms.add(alarm);
    if (at < looksAt) lookAt(at);
    return () => alarms.delete(alarm);
  };
}

/** Lets everything else that waits have its turn; for work that is done in pages. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
