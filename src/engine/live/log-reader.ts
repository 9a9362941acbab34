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

/** Whom to tell that `next` may have something new to give. */
interface Reader {
  wake(): void;
}

export class LogReader {
  readonly #store: Store;
  readonly #viewer: Pick<Viewer, "userId" | "deviceId">;
  readonly #stream: Stream;
  readonly #reader: Reader;
  readonly #waiting: ReadEntry[] = [];
  /** All up to here has been given, waits, or is of no interest. */
  #known = 0;
  #started = false;
  #reading = false;
  /** Whether the store may hold something behind `known`. */
  #behind = true;

  constructor(store: Store, viewer: Pick<Viewer, "userId" | "deviceId">, stream: Stream, reader: Reader) {
    this.#store = store;
    this.#viewer = viewer;
    this.#stream = stream;
    this.#reader = reader;
  }

  /** From now on it reads behind this position. */
  start(position: number): void {
    this.#known = position;
    this.#started = true;
  }

  /** The next entry; null where the log has been read to its end. */
  async next(): Promise<ReadEntry | null> {
    while (this.#waiting.length === 0 && this.#behind) await this.#readPage();
    return this.#waiting.shift() ?? null;
  }

  /** Up to where there is nothing more to give. */
  get position(): number {
    return this.#known;
  }

  /** The log has grown by this entry. */
  appended(entry: LogEntry, fresh: Fresh | null): void {
    if (this.#started && entry.position <= this.#known) return;
    const continues = this.#started && !this.#reading && entry.position === this.#known + 1;
    if (!continues || this.#waiting.length >= PAGE) {
      this.behind(entry.position);
      return;
    }
    this.#known = entry.position;
    if (entry.origin === this.#viewer.deviceId || streamOf(entry.kind) !== this.#stream) return;
    this.#waiting.push({ entry, fresh });
    this.#reader.wake();
  }

  /** The log may have grown by more than it was told of: up to this position. */
  behind(head: number): void {
    if (this.#started && head <= this.#known) return;
    this.#behind = true;
    this.#reader.wake();
  }

  async #readPage(): Promise<void> {
    const { userId, deviceId } = this.#viewer;
    this.#behind = false;
    this.#reading = true;
    try {
      const { entries, upTo } = await this.#store.log(userId, this.#stream, this.#known, PAGE);
      this.#known = upTo;
      for (const entry of entries) if (entry.origin !== deviceId) this.#waiting.push({ entry, fresh: null });
      if (entries.length < PAGE) return;
      this.#behind = true;
      await nextTurn();
    } finally {
      this.#reading = false;
    }
  }
}
