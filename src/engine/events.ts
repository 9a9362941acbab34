/** Going after what happens: a reader of the event feed is handed all of it, in order, at least once. */
import { systemClock } from "./clock.ts";
import type { Core } from "./core.ts";
import type { ReaderPosition, StoredEvent } from "./event-store.ts";

/** Who reads. A name is kept for good: what a reader has passed may be forgotten. */
export type ReaderName = "search" | "hooks" | "archives";

/** What became of events that were handed over. */
export type Handled =
  /** They need not be handed over again. */
  | "done"
  /** And the store has noted that already. */
  | "passed"
  /** Another server has been faster: the reader is elsewhere by now. */
  | "moved";

/** Milliseconds between two looks for what is there, and may not be handed over yet. */
const LONGEST_WAIT_MS = 250;

/** It is about the database, and so goes by the machine's clock. */
function shortly(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(ms, resolve);
  });
}

export interface FollowOptions {
  readonly name: ReaderName;
  /** Tells one from others of its name, where each server has one of its own. */
  readonly instance?: string;
  /** Milliseconds after a look in which it does not look again. */
  readonly restMs: number;
  /** Events at once. */
  readonly batch: number;
  /**
   * What it throws is observed, and they are handed over again, after a rest.
   * @param after where the reader was before them
   */
  handle(events: readonly StoredEvent[], after: number): Promise<Handled>;
}

export interface Follower {
  /** How far it was done, and how far there was something to read, when it began. */
  readonly begun: ReaderPosition;
  /** Something has happened: looks soon. */
  wake(): void;
  /** Looks now, and resolves once it is done with all that has happened. */
  catchUp(): Promise<void>;
  /** Resolves when nothing is being handled any more, and nothing will be. */
  close(): Promise<void>;
}

/** Begins to follow: with what comes next where the reader is new. */
export async function followEvents(core: Core, options: FollowOptions): Promise<Follower> {
  const { store, clock, observer } = core;
  const { name, instance, restMs, batch, handle } = options;
  const reader = instance === undefined ? name : `${name} ${instance}`;
  const begun = await store.openReader(reader);
  let { position } = begun;
  let closed = false;
  let cancel = () => {};
  let turn: Promise<void> = Promise.resolve();

  async function readOn(): Promise<void> {
    for (let idle = 0; !closed; ) {
      const events = await store.events(position, batch);
      const last = events.at(-1);
      if (last === undefined) {
        if (!store.shared || !(await store.hasEventsBehind(position))) return;
        // Something that is under way elsewhere may still come before it.
        idle += 1;
        await shortly(Math.min(5 * 2 ** idle, LONGEST_WAIT_MS));
        continue;
      }
      idle = 0;
      const handled = await handle(events, position);
      if (handled === "done") await store.moveReader(reader, last.id);
      position = handled === "moved" ? (await store.openReader(reader)).position : last.id;
    }
  }

  let queued: Promise<void> | null = null;

  /** After what is under way; once for all who ask meanwhile, since that may take long. */
  function look(): Promise<void> {
    if (queued !== null) return queued;
    const done = turn.then(() => {
      queued = null;
      return readOn();
    });
    queued = done;
    turn = done.catch((error: unknown) => observer.followingFailed(name, error));
    return done;
  }

  function schedule(): void {
    cancel = clock.after(restMs, () => {
      void look()
        .catch(() => {})
        .finally(() => {
          if (!closed) schedule();
        });
    });
  }

  let woken = false;
  /** Once for all that happens in a turn. */
  function wake(): void {
    if (woken || closed) return;
    woken = true;
    setImmediate(() => {
      woken = false;
      if (!closed) void look().catch(() => {});
    });
  }

  schedule();
  return {
    wake,
    begun,
    catchUp: look,
    async close() {
      closed = true;
      cancel();
      await turn;
    },
  };
}
