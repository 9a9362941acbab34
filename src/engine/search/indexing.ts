/**
 * Keeps the search index in step with the store, behind the sends: what has happened is read from the event feed, and a
 * new index is filled with what was there before. It works for some milliseconds at a time and rests for many times as
 * long, so that under load it falls behind rather than hold anybody up.
 */
import { nextTurn } from "../clock.ts";
import { type Core, erasuresNow } from "../core.ts";
import type { StoredEvent } from "../event-store.ts";
import { type Follower, followEvents } from "../events.ts";
import type { Message } from "../model.ts";
import { createRests } from "../rests.ts";
import type { TimelinePlace } from "../store.ts";
import type { SearchIndex } from "./search-index.ts";
import { type IndexedMessage, indexed } from "./text.ts";

/** Milliseconds between two looks for what has happened. */
const LOOK_EVERY_MS = 1_000;
/** Messages that are put in at once. */
const BATCH = 16;
/** How long it rests after each batch, in times of what that took. */
const REST = 9;
const FORGET_BATCH = 256;
/** Milliseconds that a search waits for what was just sent. */
const PATIENCE_MS = 200;

export interface Indexing {
  /** Resolves once the index holds all that has been committed, or after a fifth of a second, whichever is first. */
  catchUp(): Promise<void>;
  /** Resolves once the index holds nothing that was erased before, nor its file. */
  settle(): Promise<void>;
  /** Forgets what is past its time. @returns how many messages */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

function isAboutContent({ kind }: StoredEvent): boolean {
  return kind === "sent" || kind === "imported" || kind === "edited" || kind === "recalled";
}

function present(messages: readonly (Message | null)[], erased: number): IndexedMessage[] {
  return messages.flatMap((message) => {
    if (message === null || message.sentAt <= erased) return [];
    return indexed(message) ?? [];
  });
}

export async function startIndexing(core: Core, index: SearchIndex): Promise<Indexing> {
  const { store, clock } = core;
  let closed = false;
  const rests = createRests(clock);
  /** Until when somebody waits for it. */
  let hurriedUntil = Number.NEGATIVE_INFINITY;

  /** In proportion to what was just done, unless somebody waits. */
  async function restAfter(ms: number): Promise<void> {
    if (closed || clock.monotonic() < hurriedUntil) await nextTurn();
    else await rests.rest(ms * REST);
  }

  async function putIn(
    places: readonly TimelinePlace[],
    messages: readonly (Message | null)[],
    mark: Parameters<SearchIndex["update"]>[2],
  ): Promise<void> {
    const begun = clock.monotonic();
    index.update(places, present(messages, erasuresNow(core).erased), mark);
    await restAfter(clock.monotonic() - begun);
  }

  async function handle(events: readonly StoredEvent[]): Promise<"done"> {
    const last = events.at(-1);
    // What the index holds already came before a crash between its commit and the store's.
    if (last === undefined || last.id <= (index.position ?? 0)) return "done";
    const named = events.filter(isAboutContent).flatMap(({ place }) => place ?? []);
    const places = [...new Map(named.map((place) => [`${place.conversationId}:${place.seq}`, place])).values()];
    const messages = await Promise.all(places.map(({ conversationId, seq }) => store.message(conversationId, seq)));
    await putIn(places, messages, { position: last.id });
    return "done";
  }

  /** Goes through all that was there before the index was, once. */
  async function fill(): Promise<void> {
    while (!closed && index.filled !== null) {
      const messages = await store.messagesFrom(index.filled, BATCH);
      const last = messages.at(-1);
      const filled = last === undefined ? null : { conversationId: last.conversationId, seq: last.seq };
      await putIn(messages, messages, { filled });
    }
  }

  const follower: Follower = await followEvents(core, {
    name: "search",
    ...(store.shared ? { instance: index.id } : {}),
    restMs: LOOK_EVERY_MS,
    batch: BATCH,
    handle,
  });
  const { position, head } = follower.begun;
  // What it lacks may be forgotten by now, and what it has ahead of the store is of another one.
  if (index.position === null || index.position < position || index.position > head) index.restart(position);
  const filling = fill().catch((error: unknown) => core.observer.followingFailed("search", error));

  return {
    async catchUp() {
      hurriedUntil = clock.monotonic() + PATIENCE_MS;
      rests.wake();
      const patience = new Promise<void>((resolve) => {
        const cancel = clock.after(PATIENCE_MS, resolve);
        void Promise.allSettled([follower.catchUp(), filling]).then(cancel).then(resolve);
      });
      await patience;
    },
    async settle() {
      await Promise.all([follower.catchUp(), filling]);
      if (!closed) index.tidy();
    },
    async sweep() {
      const { erased } = erasuresNow(core);
      let total = 0;
      for (let gone = -1; gone !== 0 && !closed; total += gone) {
        const begun = clock.monotonic();
        gone = index.forget(erased, FORGET_BATCH);
        if (gone > 0) await restAfter(clock.monotonic() - begun);
      }
      if (!closed) index.tidy();
      return total;
    },
    async close() {
      closed = true;
      rests.wake();
      await follower.close();
      await filling;
      index.close();
    },
  };
}
