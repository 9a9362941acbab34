/**
 * Reads one stream of a user's log for one device: from memory what is told of as it is appended, as long as each
 * entry continues the one before, and from the store whatever does not.
 */
import { nextTurn } from "../clock.ts";
import type { LogEntry, Stream } from "../model.ts";
import { streamOf } from "../model.ts";
import type { Store } from "../store.ts";
import type { Viewer } from "../viewer.ts";
import type { Fresh } from "./hub.ts";

/** Places that are read from the store at a time, and the most that are held in memory. */
const PAGE = 100;

/** An entry of another than this device, and its message where that is at hand. */
export interface ReadEntry {
  readonly entry: LogEntry;
  readonly fresh: Fresh | null;
}

export interface LogReader {
  /** From now on it reads behind this position. */
  start(position: number): void;
  /** The next entry; null where the log has been read to its end. */
  next(): Promise<ReadEntry | null>;
  /** Up to where there is nothing more to give. */
  readonly position: number;
  /** The log has grown by this entry. */
  appended(entry: LogEntry, fresh: Fresh | null): void;
}

/** @param wake called when `next` may have something new to give */
export function createLogReader(
  store: Store,
  { userId, deviceId }: Pick<Viewer, "userId" | "deviceId">,
  stream: Stream,
  wake: () => void,
): LogReader {
  const waiting: ReadEntry[] = [];
  /** All up to here has been given, waits, or is of no interest. */
  let known = 0;
  let started = false;
  let reading = false;
  /** Whether the store may hold something behind `known`. */
  let behind = true;

  async function readPage(): Promise<void> {
    behind = false;
    reading = true;
    try {
      const { entries, upTo } = await store.log(userId, stream, known, PAGE);
      known = upTo;
      for (const entry of entries) if (entry.origin !== deviceId) waiting.push({ entry, fresh: null });
      if (entries.length < PAGE) return;
      behind = true;
      await nextTurn();
    } finally {
      reading = false;
    }
  }

  return {
    start(position) {
      known = position;
      started = true;
    },
    async next() {
      while (waiting.length === 0 && behind) await readPage();
      return waiting.shift() ?? null;
    },
    get position() {
      return known;
    },
    appended(entry, fresh) {
      if (!started || reading || entry.position !== known + 1 || waiting.length >= PAGE) {
        behind = true;
        wake();
        return;
      }
      known = entry.position;
      if (entry.origin === deviceId || streamOf(entry.kind) !== stream) return;
      waiting.push({ entry, fresh });
      wake();
    },
  };
}
