/**
 * Group commit. Writes that arrive in the same turn of the event loop, or while a commit is under way, are committed
 * together: one immediate transaction, one fsync. One that fails does not fail its neighbours: the batch is then done
 * again with a savepoint for each. Nobody is answered before the commit.
 */
import Sqlite from "better-sqlite3";
import { NotWritten, OutcomeUnknown } from "../../engine/store.ts";
import type { CommitObserver } from "../commit-observer.ts";

/**
 * A batch is closed after this many operations, or this many milliseconds, so that readers get a turn. Pages that many
 * operations change are written once for each batch, so under load a longer one costs less.
 */
const LARGEST_BATCH = 1_024;
const LONGEST_BATCH_MS = 12;

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
  /** Does the work, which may be asked for twice; gives what to call once the commit has succeeded. */
  readonly attempt: () => () => void;
  readonly fail: (error: unknown) => void;
}

/** What of a batch has been done, and what tells each how that went, once it is committed. */
interface Attempted {
  readonly count: number;
  readonly settle: readonly (() => void)[];
}

/** What writes keep in memory until the end of their batch. */
export interface BatchMemory {
  /** Writes it, inside the transaction. */
  flush(): void;
  /** Drops it: what it was about has been rolled back. */
  forget(): void;
}

/** @param isCopied whether the file is being copied through this handle */
export function createCommitter(
  handle: Sqlite.Database,
  observer: CommitObserver,
  memory: BatchMemory,
  isCopied: () => boolean,
): Committer {
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

  /** Does the work of a batch so far as there is time, and gives how much that was. */
  function attemptAll(batch: readonly PendingWrite[], attempt: (write: PendingWrite) => void): number {
    const deadline = performance.now() + LONGEST_BATCH_MS;
    let count = 0;
    for (const write of batch) {
      if (count > 0 && performance.now() > deadline) break;
      count += 1;
      attempt(write);
    }
    return count;
  }

  function open(): void {
    try {
      begin.run();
    } catch (error) {
      // Another program holds the file's write lock; nothing has been tried yet.
      throw new NotWritten("The server's data is locked by another program. Try again later.", { cause: error });
    }
  }

  /**
   * Without savepoints, which write every page that is changed a second time; null where one has failed, with nothing
   * of it left in the transaction. A copy of the file begins anew after a rollback, so while there is one, a savepoint
   * is what is rolled back to.
   */
  function attemptTogether(batch: readonly PendingWrite[]): Attempted | null {
    const settle: (() => void)[] = [];
    const held = isCopied();
    if (held) savepoint.run();
    try {
      const count = attemptAll(batch, (write) => settle.push(write.attempt()));
      memory.flush();
      if (held) release.run();
      return { count, settle };
    } catch {
      memory.forget();
      if (held && handle.inTransaction) {
        rollbackTo.run();
        release.run();
      } else {
        if (handle.inTransaction) rollback.run();
        open();
      }
      return null;
    }
  }

  function attemptOneByOne(batch: readonly PendingWrite[]): Attempted {
    const settle: (() => void)[] = [];
    const count = attemptAll(batch, (write) => {
      savepoint.run();
      try {
        const settled = write.attempt();
        memory.flush();
        release.run();
        settle.push(settled);
      } catch (error) {
        memory.forget();
        // Some failures make SQLite roll back the whole transaction by itself.
        if (!handle.inTransaction) throw error;
        rollbackTo.run();
        release.run();
        settle.push(() => write.fail(isDiskFull(error) ? diskFull(error) : error));
      }
    });
    return { count, settle };
  }

  function attempt(batch: readonly PendingWrite[]): Attempted {
    open();
    return attemptTogether(batch) ?? attemptOneByOne(batch);
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
    const started = performance.now();
    let attempted: Attempted;
    try {
      attempted = attempt(batch);
      queue.unshift(...batch.slice(attempted.count));
      commit.run();
    } catch (error) {
      if (handle.inTransaction) rollback.run();
      if (error instanceof NotWritten) refuse(error, batch);
      else if (isDiskFull(error)) refuse(diskFull(error), batch);
      else failWith(error, batch);
      return;
    }
    observer.committed(attempted.count, (performance.now() - started) / 1_000);
    for (const settle of attempted.settle) settle();
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
