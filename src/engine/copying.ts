/** A copy of the living store, as the store makes it: how far it is, and what can come between. */

/** How far a copy of the store is. */
export interface CopyProgress {
  /** Bytes that are copied. */
  readonly copied: number;
  /** Bytes that there will be, as far as is known: the store grows meanwhile. */
  readonly total: number;
  /** All is copied, and is being looked through. */
  readonly verifying: boolean;
}

/** A copy of the store under way. */
export interface Copying {
  progress(): CopyProgress;
  /**
   * Resolves with the size in bytes once the copy is complete, looked through, on disk, and has its name.
   * @throws NotWritten, NameTaken; then nothing is left of it
   */
  readonly finished: Promise<number>;
  giveUp(): void;
}

/** There is a file of this name already. */
export class NameTaken extends Error {
  override readonly name = "NameTaken";

  constructor() {
    super("There is a file of this name already, and none is overwritten.");
  }
}
