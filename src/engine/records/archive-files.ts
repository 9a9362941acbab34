/** Where archives lie, in the engine's words. */

/** One file: the messages of an hour, as they were when it was written. */
export interface Archive {
  /** Of the file. */
  readonly name: string;
  /** When the hour began. */
  readonly hour: number;
  readonly messages: number;
  /** Bytes. */
  readonly size: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
  /** The events that it is made of: behind the first up to the second, in this life of the data. */
  readonly after: number;
  readonly upTo: number;
  readonly generation: string;
  /** Nothing is in it of those whose erasure has this number, or a lower one. */
  readonly erased: number;
}

/** One that has been written, and is not to be seen yet. */
export interface WrittenArchive {
  readonly size: number;
  readonly sha256: string;
  /** Puts it under its name, and what it is beside it: both are on disk when this resolves. */
  publish(archive: Archive): Promise<void>;
  discard(): Promise<void>;
}

export interface ArchiveFiles {
  /** Those of the hours that begin in this range, `to` not included, the oldest first. */
  list(from: number, to: number): Promise<readonly Archive[]>;
  /** Writes text as gzip, as fast as the disk takes it. */
  write(text: AsyncIterable<string>): Promise<WrittenArchive>;
  /** The lines of one, without their ends. */
  read(archive: Archive): AsyncIterable<string>;
  /** Says something else of one whose bytes stay. */
  note(archive: Archive): Promise<void>;
  remove(archive: Archive): Promise<void>;
}

const HOUR_MS = 3_600_000;
const NAME = /^messages-(\d{4}-\d\d-\d\dT\d\d)Z(?:-(\d{1,6}))?\.jsonl\.gz$/;

/** The beginning of the hour that an instant is in. */
export function hourOf(instant: number): number {
  return Math.floor(instant / HOUR_MS) * HOUR_MS;
}

/** @param nth 1 but where there is one of this hour already */
export function archiveName(hour: number, nth: number): string {
  const text = new Date(hour).toISOString().slice(0, "2026-01-31T09".length);
  return `messages-${text}Z${nth === 1 ? "" : `-${nth}`}.jsonl.gz`;
}

/** The hour that a file's name tells; null for what is no archive's. */
export function hourInName(name: string): number | null {
  const text = NAME.exec(name)?.[1];
  if (text === undefined) return null;
  const hour = Date.parse(`${text}:00:00.000Z`);
  return Number.isNaN(hour) ? null : hour;
}
