/** What can be told of commits. */
export interface CommitObserver {
  committed(operations: number, seconds: number): void;
  /** A commit failed: this database writes nothing more. */
  failed(error: unknown): void;
}
