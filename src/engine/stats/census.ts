/**
 * How much is stored. To count it all at once would have everybody wait, so it is counted a slice at a time, with rests
 * in between, when somebody asks, and what was found is good for ten minutes.
 */
import { nextTurn } from "../clock.ts";
import type { Core } from "../core.ts";
import type { Counted, SlicePlace } from "../stats-store.ts";
import type { Traffic } from "./traffic.ts";

const GOOD_FOR_MS = 10 * 60_000;
/** Rows in a slice: it takes a few milliseconds at most. Each conversation is looked into. */
const SLICE: Readonly<Record<Counted, number>> = { users: 1_000, conversations: 200, uploads: 1_000 };
/** So many slices follow each other without a rest, and whoever asks waits for them: most servers hold no more. */
const AT_ONCE = 24;
/** How long it rests after each slice then, in times of what that took. */
const REST = 4;

export interface Census {
  /** When it was begun. */
  readonly countedAt: number;
  readonly users: number;
  readonly conversations: number;
  /** Kept messages, with those that were stored since it was begun. */
  readonly messages: number;
  readonly uploads: number;
  readonly uploadBytes: number;
}

export interface Counting {
  /** What is known; null while it is counted for the first time and that takes a while. */
  read(): Promise<Census | null>;
}

export function createCounting(core: Core, traffic: Traffic): Counting {
  const { store, clock } = core;
  let known: (Census & { readonly begun: number; readonly storedBefore: number }) | null = null;
  let counting: Promise<void> | null = null;
  /** Resolves when the first slices of the count that is under way are over. */
  let firstSlices: Promise<void> = Promise.resolve();

  async function count(atOnceOver: () => void): Promise<void> {
    const begun = { begun: clock.monotonic(), countedAt: clock.now(), storedBefore: traffic.stored };
    let slices = 0;

    async function countAll(what: Counted): Promise<{ count: number; total: number }> {
      const sum = { count: 0, total: 0 };
      for (let place: SlicePlace | null = null; !core.stopped; ) {
        const before = clock.monotonic();
        const slice = await store.countSlice(what, place, SLICE[what]);
        const took = clock.monotonic() - before;
        sum.count += slice.count;
        sum.total += slice.total;
        if (slice.last === null) break;
        place = slice.last;
        slices += 1;
        if (slices <= AT_ONCE) await nextTurn();
        else {
          atOnceOver();
          await new Promise<void>((resolve) => {
            clock.after(took * REST, resolve);
          });
        }
      }
      return sum;
    }

    const users = await countAll("users");
    const conversations = await countAll("conversations");
    const uploads = await countAll("uploads");
    if (core.stopped) return;
    known = {
      ...begun,
      users: users.total,
      conversations: conversations.count,
      messages: conversations.total,
      uploads: uploads.count,
      uploadBytes: uploads.total,
    };
  }

  function begin(): void {
    let over = () => {};
    firstSlices = new Promise((resolve) => {
      over = resolve;
    });
    counting = count(over).finally(() => {
      counting = null;
      over();
    });
    // Whoever waits for it is told; nobody may.
    counting.catch(() => {});
  }

  return {
    async read() {
      const isOld = known === null || clock.monotonic() - known.begun >= GOOD_FOR_MS;
      if (isOld && counting === null) begin();
      if (known === null) await Promise.race([counting, firstSlices]);
      if (known === null) return null;
      const { begun: _, storedBefore, ...census } = known;
      return { ...census, messages: census.messages + traffic.stored - storedBefore };
    },
  };
}
