/**
 * Group commit. Writes that arrive in the same turn of the event loop, or while a commit is under way, are committed
 * together: one immediate transaction, one fsync, a savepoint for each, so that one that fails does not fail its
 * neighbours. Nobody is answered before the commit.
 */
import Sqlite from "better-sqlite3";
import { NotWritten, OutcomeUnknown } from "../engine/store.ts";

/** A batch is closed after this many operations, or this many milliseconds, so that readers get a turn. */
const LARGEST_BATCH = 256;
const LONGEST_BATCH_MS = 8;

export interface CommitObserver {
  committed(operations: number, seconds: number): void;
  /** A commit failed: this database writes nothing more. */
  failed(error: unknown): void;
}

export interface Committer {
  /**
   * Runs `work` in the next batch and resolves with its result once that is on disk.
   * @throws OutcomeUnknown where the commit failed, NotWritten where the disk is full; what `work` throws otherwise
   */
  write<T>(work: () => T): Promise<T>;
  /** Commits what waits; takes nothing more. */
  close(): void;
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code === "SQLITE_FULL";
}

function diskFull(cause: unknown): NotWritten {
  return new NotWritten("The server's disk is full: nothing was written. Try again later.", { cause });
}

interface PendingWrite {
  /** Does the work; gives what to call once the commit has succeeded. */
  readonly attempt: () => () => void;
  readonly fail: (error: unknown) => void;
}

export function createCommitter(handle: Sqlite.Database, observer: CommitObserver): Committer {
  const begin = handle.prepare("begin immediate");
  const commit = handle.prepare("commit");
  const rollback = handle.prepare("rollback");
  const savepoint = handle.prepare("savepoint one");
  const release = handle.prepare("release one");
  const rollbackTo = handle.prepare("rollback to one");

  let queue: PendingWrite[] = [];
  let scheduled = false;
  /** Why nothing more can be written. */
  let over: Error | null = null;

  function attemptAll(batch: readonly PendingWrite[], settled: (() => void)[]): number {
    const deadline = performance.now() + LONGEST_BATCH_MS;
    let count = 0;
    for (const write of batch) {
      if (count > 0 && performance.now() > deadline) break;
      count += 1;
      savepoint.run();
      try {
        settled.push(write.attempt());
        release.run();
      } catch (error) {
        // Some failures make SQLite roll back the whole transaction by itself.
        if (!handle.inTransaction) throw error;
        rollbackTo.run();
        release.run();
        settled.push(() => write.fail(isDiskFull(error) ? diskFull(error) : error));
      }
    }
    return count;
  }

  /** Nothing of the batch was taken, and that is known; the next one may try again. */
  function refuse(reason: NotWritten, batch: readonly PendingWrite[]): void {
    for (const write of batch) write.fail(reason);
    queue = queue.filter((write) => !batch.includes(write));
    if (queue.length > 0) schedule();
  }

  /** After any other commit that failed nobody knows what is on disk, so nothing more is written in this process. */
  function failWith(error: unknown, batch: readonly PendingWrite[]): void {
    const reason = "The store could not commit; whether the last writes happened is unknown.";
    over = new OutcomeUnknown(reason, { cause: error });
    for (const write of new Set([...batch, ...queue])) write.fail(over);
    queue = [];
    observer.failed(error);
  }

  function flush(): void {
    scheduled = false;
    if (queue.length === 0) return;
    const batch = queue.splice(0, LARGEST_BATCH);
    const settled: (() => void)[] = [];
    const started = performance.now();
    try {
      begin.run();
    } catch (error) {
      // Another program holds the file's write lock; nothing has been tried yet.
      refuse(
        new NotWritten("The server's data is locked by another program. Try again later.", { cause: error }),
        batch,
      );
      return;
    }
    try {
      const count = attemptAll(batch, settled);
      queue.unshift(...batch.slice(count));
      commit.run();
      observer.committed(count, (performance.now() - started) / 1_000);
    } catch (error) {
      if (handle.inTransaction) rollback.run();
      if (isDiskFull(error)) refuse(diskFull(error), batch);
      else failWith(error, batch);
      return;
    }
    for (const settle of settled) settle();
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  return {
    write(work) {
      return new Promise((resolve, reject) => {
        if (over !== null) {
          reject(over);
          return;
        }
        queue.push({
          attempt: () => {
            const result = work();
            return () => resolve(result);
          },
          fail: reject,
        });
        schedule();
      });
    },

    close() {
      while (queue.length > 0) flush();
      over ??= new Error("the store is closed");
    },
  };
}
