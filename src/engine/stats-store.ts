/** The store's interface for statistics: counts that are taken a slice at a time, so that nobody waits for them. */

/** What is counted. */
export type Counted = "users" | "conversations" | "uploads";

/** Where a slice ended, behind which the next one begins. */
export type SlicePlace = string | number;

export interface CountedSlice {
  readonly count: number;
  /**
   * Of users: those that have not been erased. Of conversations: messages that are kept, from the oldest to the newest
   * of each. Of uploads: bytes.
   */
  readonly total: number;
  /** Null where there is nothing behind the place. */
  readonly last: SlicePlace | null;
}

export interface StatsStore {
  /** Counts so many of them at most, in the order of their ids. @param after null: from the first on */
  countSlice(what: Counted, after: SlicePlace | null, limit: number): Promise<CountedSlice>;
  /** Before which no message is kept; null where none is. */
  oldestMessageAt(): Promise<number | null>;
}
