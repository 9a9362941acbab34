/** The store's event feed: what has happened, in the order of its commits, for those who read behind the engine. */
import type { UserId } from "./model.ts";

/** What happens, and hooks may be told of. */
export const EVENT_KINDS = [
  "sent",
  "edited",
  "recalled",
  "read",
  "friendRequested",
  "friendAdded",
  "friendRemoved",
  "blocked",
  "unblocked",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** And what came from elsewhere, where it had happened before: nobody is told. */
export const STORED_KINDS = [...EVENT_KINDS, "imported"] as const;
export type StoredKind = (typeof STORED_KINDS)[number];

export interface StoredEvent<Kind extends StoredKind = StoredKind> {
  /** Counts up; not every number is there. */
  readonly id: number;
  readonly kind: Kind;
  readonly at: number;
  /** Who did it. */
  readonly userId: UserId;
  /** To whom. */
  readonly otherId: UserId;
  /** Of the message, or of the conversation that was read up to `seq`; null where it is about two people. */
  readonly place: { readonly conversationId: number; readonly seq: number } | null;
}

/** One that hooks may be told of. */
export type ToldEvent = StoredEvent<EventKind>;

/** How far a reader has got, and how far there is something to read. */
export interface ReaderPosition {
  readonly position: number;
  /** Id of the newest event; 0 before the first. */
  readonly head: number;
}

export interface EventStore {
  /** Events behind an id, oldest first. What the content is like now is not in them: look it up. */
  events(after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Whether there is any, be it one that `events` holds back because something may still come before it. */
  hasEventsBehind(after: number): Promise<boolean>;
  /**
   * How far a reader has got; one that is new begins with what comes next. Nothing is forgotten that a reader has not
   * passed, before what it is about is erased.
   */
  openReader(name: string): Promise<ReaderPosition>;
  /** Moves a reader on. It may then be handed what lies behind `position` alone. */
  moveReader(name: string, position: number): Promise<void>;
  /** Forgets a reader, so that nothing is kept for it. */
  closeReader(name: string): Promise<void>;
}
