/** The index behind the search, in the engine's words. It only proposes: what is shown is decided by the store. */
import type { ContentType } from "../content.ts";
import type { UserId } from "../model.ts";
import type { TimelinePlace } from "../store.ts";
import type { IndexedMessage } from "./text.ts";

/** What is looked for. All of it must hold. */
export interface SearchWanted {
  /** In the form of `comparable`; a message holds each of them, wherever in its words. */
  readonly words: readonly string[];
  /** Who must be able to see it; null: anybody. */
  readonly side: UserId | null;
  /** Who must be one of the two between whom it was sent; null: anybody. */
  readonly peer: UserId | null;
  /** Of one of these types; empty: of any. */
  readonly types: readonly ContentType[];
}

/** A message that may be meant, at its place in the order of time: the greater, the newer. */
export interface Candidate extends TimelinePlace {
  readonly place: number;
}

/** Places from `from` up to, and without, `to`. */
export interface SearchWindow {
  readonly from: number;
  readonly to: number;
}

export interface SearchIndex {
  /** Tells it from those of other servers; another one where it is made anew. */
  readonly id: string;
  /** Up to which event it holds what has happened; null while it is new. */
  readonly position: number | null;
  /** Up to which message it has been filled with what was there before; null once it has all. */
  readonly filled: TimelinePlace | null;
  /**
   * Puts in what is there of some places, and forgets the rest of them, in one transaction with how far it is then.
   * @param places all that the messages and what is gone lie at
   */
  update(
    places: readonly TimelinePlace[],
    messages: readonly IndexedMessage[],
    mark: { readonly position: number } | { readonly filled: TimelinePlace | null },
  ): void;
  /** Goes through all that is there once more, and holds what has happened up to this event. */
  restart(position: number): void;
  /**
   * Forgets what was sent at an instant or before; pieces of words, without an order, go some hours later.
   * @returns how much was done, 0 where nothing was left
   */
  forget(upTo: number, batch: number): number;
  /** At which places messages of an instant begin. */
  placeAt(instant: number): number;
  /** The oldest and the newest place; null where there is nothing. */
  extent(): SearchWindow | null;
  /** What may be meant, in the order of time or against it, at most `limit`. */
  candidates(wanted: SearchWanted, window: SearchWindow, newestFirst: boolean, limit: number): readonly Candidate[];
  /** Gives erased space back to the disk. */
  tidy(): void;
  close(): void;
}
