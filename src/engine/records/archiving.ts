/**
 * Writes the archives: for each hour one file of the messages that came in it, an hour after it has closed. It goes by
 * the event feed: a file is made of the events behind the last one's up to the first of a later hour, and the place in
 * the feed moves on once the file is on disk. So each message is in one file and none is in two, whatever is killed
 * between; and what came while the server could not write is written later. Who is erased goes from the files, too.
 */
import { nextTurn } from "../clock.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { StoredEvent } from "../event-store.ts";
import { createArchiveErasing } from "./archive-erasing.ts";
import { type Archive, type ArchiveFiles, archiveName, hourOf } from "./archive-files.ts";
import type { LinkTo } from "./content-record.ts";
import { instant, lineOf, messageRecord, RECORDS_VERSION, sumWith } from "./lines.ts";

const NAME = "archives";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How long after its end an hour is written: nothing comes into it any more, and first recalls are done. */
const DELAY_MS = HOUR_MS;
const LOOK_EVERY_MS = 60_000;
/** Events that are read at a time, with their messages. */
const PAGE = 100;

export interface ArchiveOptions {
  readonly files: ArchiveFiles;
  /** How long a file is kept, from the end of its hour on. */
  readonly days: number;
}

export interface Archiving {
  /** Writes what is due, and removes what is past its time. */
  write(): Promise<void>;
  /** Hours that begin before this instant are written, so far as there was anything in them. */
  writtenUpTo(): Promise<number>;
  close(): Promise<void>;
}

/** @param linkTo to media of messages */
export async function startArchiving(core: Core, { files, days }: ArchiveOptions, linkTo: LinkTo): Promise<Archiving> {
  const { store, clock } = core;
  const erasing = createArchiveErasing(core, files, () => closed);
  let { position } = await store.openReader(NAME);
  let closed = false;
  let cancel = () => {};
  let turn: Promise<void> = Promise.resolve();

  /** Events behind a place, page by page, with a turn for others between them. */
  async function* eventsBehind(after: number): AsyncGenerator<StoredEvent, void, void> {
    for (let from = after; ; ) {
      const page = await store.events(from, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      from = last.id;
      await nextTurn();
    }
  }

  /** The hour of the next file; null where there is nothing to write. An instant that the clock was ahead for is none. */
  async function nextHour(now: number): Promise<number | null> {
    for await (const { at } of eventsBehind(position)) if (at <= now) return hourOf(at);
    return null;
  }

  /** The lines of an hour's file; counts what is in it, and how far it has got in the feed. */
  function textOf(hour: number, now: number) {
    const facts = { messages: 0, upTo: position };
    let lines = 0;
    let sum = "";
    function line(record: object): string {
      const text = lineOf(record);
      lines += 1;
      sum = sumWith(sum, text);
      return `${text}\n`;
    }
    async function page(events: readonly StoredEvent[]): Promise<string> {
      const { erased } = cutoffsNow(core);
      let text = "";
      for (const { kind, place } of events) {
        if ((kind !== "sent" && kind !== "imported") || place === null) continue;
        const found = await store.exportedMessage(place);
        if (found === null || found.message.sentAt <= erased) continue;
        facts.messages += 1;
        text += line(messageRecord(found.message, null, { ...found, imported: kind === "imported" }, linkTo));
      }
      return text;
    }
    async function* text(): AsyncGenerator<string, void, void> {
      const header = { type: "header", format: "parley-records", version: RECORDS_VERSION, of: "archive" };
      yield line({ ...header, hour: instant(hour), at: instant(now) });
      let waiting: StoredEvent[] = [];
      for await (const event of eventsBehind(position)) {
        if (closed) throw new Error("the server is going down");
        if (event.at >= hour + HOUR_MS && event.at <= now) break;
        facts.upTo = event.id;
        if (waiting.push(event) < PAGE) continue;
        yield await page(waiting);
        waiting = [];
      }
      yield await page(waiting);
      yield `${lineOf({ type: "end", lines, sum })}\n`;
    }
    return { facts, text: text() };
  }

  async function moveOn(upTo: number): Promise<void> {
    await store.moveReader(NAME, upTo);
    position = upTo;
  }

  /** @returns whether there may be more to write */
  async function writeNext(): Promise<boolean> {
    const now = clock.now();
    const hour = await nextHour(now);
    if (hour === null || now < hour + HOUR_MS + DELAY_MS) return false;
    const others = await files.list(hour, hour + 1);
    const { generation } = store;
    // It was published before the place in the feed could be moved on.
    const same = others.find((one) => one.after === position && one.generation === generation);
    if (same !== undefined) {
      await moveOn(same.upTo);
      return true;
    }
    // Those whose erasure is done have left nothing in the store.
    const erased = await erasing.doneUpTo();
    const { facts, text } = textOf(hour, now);
    const written = await files.write(text);
    if (facts.messages === 0) {
      await written.discard();
    } else {
      const { size, sha256 } = written;
      const name = archiveName(hour, others.length + 1);
      const archive: Archive = { name, hour, size, sha256, after: position, generation, erased, ...facts };
      await written.publish(archive);
    }
    await moveOn(facts.upTo);
    return true;
  }

  async function removeOld(): Promise<void> {
    const cutoff = core.timekeeper.earliest() - days * DAY_MS - HOUR_MS;
    for (const archive of await files.list(Number.NEGATIVE_INFINITY, cutoff + 1)) await files.remove(archive);
  }

  async function writeAll(): Promise<void> {
    while (!closed && (await writeNext())) await nextTurn();
    if (!closed) await removeOld();
    if (!closed) await erasing.eraseFromAll();
  }

  /** After what is under way. */
  function write(): Promise<void> {
    const done = turn.then(writeAll);
    turn = done.catch((error: unknown) => {
      if (!closed) core.observer.followingFailed(NAME, error);
    });
    return done;
  }

  function schedule(waitMs: number): void {
    cancel = clock.after(waitMs, () => {
      void write()
        .catch(() => {})
        .finally(() => {
          if (!closed) schedule(LOOK_EVERY_MS);
        });
    });
  }

  schedule(0);
  return {
    write,
    async writtenUpTo() {
      const now = clock.now();
      return Math.min((await nextHour(now)) ?? Number.POSITIVE_INFINITY, hourOf(now - DELAY_MS));
    },
    async close() {
      closed = true;
      cancel();
      await turn;
    },
  };
}
