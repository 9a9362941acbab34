/**
 * The search index: a file of its own beside the store's, so that sends never write in it. It is derived: where it is
 * missing, of another life of the data or of another form, it is made anew. It holds the words of messages, so what is
 * recalled, erased or past its time is cut out of it, and overwritten, as in the store.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import Sqlite from "better-sqlite3";
import type { SearchIndex, SearchWanted } from "../../engine/search/search-index.ts";
import type { IndexedMessage } from "../../engine/search/text.ts";
import type { TimelinePlace } from "../../engine/store.ts";
import { openBuckets, PLACES_PER_MS } from "./buckets.ts";
import { gramsFor, gramsOf, labelOf } from "./grams.ts";

/** Changes with the tables, and with how texts are cut and compared. */
const FORM = 2;

const TABLES = `
  create table state (form integer not null, id text not null, generation text not null, position integer, filled_conversation integer,
    filled_seq integer, complete integer not null default 0);
  create table entries (place integer primary key, conversation_id integer not null, seq integer not null,
    labels text not null, words text not null);
  create unique index entries_by_message on entries (conversation_id, seq);
`;

type Entry = { place: number; labels: string; words: string };
type State = { id: string; position: number | null; filled_conversation: number | null; filled_seq: number | null };

function isOurs(file: Sqlite.Database, generation: string): boolean {
  const tables = file.prepare("select count(*) from sqlite_master where name = 'state'").pluck().get();
  if (tables !== 1) return false;
  const found = file.prepare("select generation from state where form = ?").pluck().get(FORM);
  return found === generation;
}

function open(path: string): Sqlite.Database {
  const file = new Sqlite(path);
  file.pragma("journal_mode = WAL");
  // What the store's readers have passed is not there a second time.
  file.pragma("synchronous = FULL");
  file.pragma("secure_delete = ON");
  file.pragma("journal_size_limit = 16777216");
  return file;
}

function openOrMake(path: string, generation: string): Sqlite.Database {
  try {
    const file = open(path);
    if (isOurs(file, generation)) return file;
    file.close();
  } catch (error) {
    // A file that cannot be read is made anew; a disk that cannot be written is told of below.
    if (!(error instanceof Sqlite.SqliteError)) throw error;
  }
  for (const end of ["-wal", "-shm", ""]) rmSync(`${path}${end}`, { force: true });
  const file = open(path);
  file.transaction(() => {
    file.exec(TABLES);
    file.prepare("insert into state (form, id, generation) values (?, ?, ?)").run(FORM, randomUUID(), generation);
  })();
  return file;
}

/** Who may see a message, and who is named in it. */
const SIDE = "s";
const NAMED = "n";
const TYPE = "t";

function labelsOf({ senderId, recipientId, hidden, type }: IndexedMessage): string {
  const sides = hidden ? [senderId] : [senderId, recipientId];
  const labels = [
    ...sides.map((side) => labelOf(SIDE, side)),
    ...[senderId, recipientId].map((user) => labelOf(NAMED, user)),
    labelOf(TYPE, type),
  ];
  return [...new Set(labels)].join(" ");
}

function gramText({ labels, words }: Pick<Entry, "labels" | "words">): string {
  return [labels, ...gramsOf(words)].join(" ");
}

function quoted(grams: readonly string[]): string[] {
  return grams.map((gram) => `"${gram}"`);
}

/** What must be in a message, in the words of FTS5; null where nothing is said. */
function expressionOf({ words, side, peer, types }: SearchWanted): string | null {
  const all = words.flatMap(gramsFor);
  if (side !== null) all.push(labelOf(SIDE, side));
  if (peer !== null) all.push(labelOf(NAMED, peer));
  const parts = quoted([...new Set(all)]);
  if (types.length > 0) parts.push(`(${quoted(types.map((type) => labelOf(TYPE, type))).join(" OR ")})`);
  return parts.length === 0 ? null : parts.join(" AND ");
}

/** Opens the index, making it where there is none that is of this life of the data. */
export function openSearchIndex(path: string, generation: string): SearchIndex {
  const file = openOrMake(path, generation);
  const state = file.prepare<[], State & { complete: number }>("select * from state").get();
  if (state === undefined) throw new Error(`${path} holds no index`);
  let position = state.position;
  let filled: TimelinePlace | null =
    state.complete === 1 ? null : { conversationId: state.filled_conversation ?? 0, seq: state.filled_seq ?? 0 };

  const find = file.prepare<[number, number], Entry>(
    "select place, labels, words from entries where conversation_id = ? and seq = ?",
  );
  const highest = file
    .prepare<[number, number], number | null>("select max(place) from entries where place >= ? and place < ?")
    .pluck();
  const insert = file.prepare<[number, number, number, string, string]>(
    "insert into entries (place, conversation_id, seq, labels, words) values (?, ?, ?, ?, ?)",
  );
  const remove = file.prepare<[number]>("delete from entries where place = ?");
  const removeOldest = file.prepare<[number, number]>(
    "delete from entries where place in (select place from entries where place < ? order by place limit ?)",
  );
  const messageAt = file.prepare<[number], { conversation_id: number; seq: number }>(
    "select conversation_id, seq from entries where place = ?",
  );
  const savePosition = file.prepare<[number]>("update state set position = ?");
  const saveFilled = file.prepare<[number, number]>("update state set filled_conversation = ?, filled_seq = ?");
  const saveRestart = file.prepare<[number]>(
    "update state set position = ?, filled_conversation = 0, filled_seq = 0, complete = 0",
  );
  const saveComplete = file.prepare("update state set complete = 1");
  const ends = file.prepare<[], { low: number | null; high: number | null }>(
    "select min(place) as low, max(place) as high from entries",
  );
  const buckets = openBuckets(file);

  function freePlace(sentAt: number): number {
    const from = sentAt * PLACES_PER_MS;
    for (let to = from + PLACES_PER_MS; ; to += PLACES_PER_MS) {
      const last = highest.get(from, to) ?? null;
      if (last === null) return from;
      if (last + 1 < to) return last + 1;
    }
  }

  function drop(entry: Entry): void {
    buckets.remove(entry.place, gramText(entry));
    remove.run(entry.place);
  }

  function put(message: IndexedMessage, known: Entry | undefined): void {
    const entry = { labels: labelsOf(message), words: message.text };
    if (known !== undefined && known.labels === entry.labels && known.words === entry.words) return;
    if (known !== undefined) drop(known);
    // What was edited keeps its place.
    const place = known?.place ?? freePlace(message.sentAt);
    insert.run(place, message.conversationId, message.seq, entry.labels, entry.words);
    buckets.insert(place, gramText(entry));
  }

  const update = file.transaction<SearchIndex["update"]>((places, messages, mark) => {
    const there = new Map(messages.map((message) => [`${message.conversationId}:${message.seq}`, message]));
    for (const { conversationId, seq } of places) {
      const known = find.get(conversationId, seq);
      const message = there.get(`${conversationId}:${seq}`);
      if (message !== undefined) put(message, known);
      else if (known !== undefined) drop(known);
    }
    if ("position" in mark) savePosition.run(mark.position);
    else if (mark.filled === null) saveComplete.run();
    else saveFilled.run(mark.filled.conversationId, mark.filled.seq);
  });

  const forget = file.transaction((upTo: number, batch: number): number => {
    const below = (upTo + 1) * PLACES_PER_MS;
    const { changes } = removeOldest.run(below, batch);
    return changes > 0 ? changes : Number(buckets.dropBelow(below));
  });

  return {
    id: state.id,
    get position() {
      return position;
    },
    get filled() {
      return filled;
    },
    update(places, messages, mark) {
      update.immediate(places, messages, mark);
      if ("position" in mark) position = mark.position;
      else filled = mark.filled;
    },
    restart(from) {
      saveRestart.run(from);
      position = from;
      filled = { conversationId: 0, seq: 0 };
    },
    forget: (upTo, batch) => forget.immediate(upTo, batch),
    placeAt: (instant) => instant * PLACES_PER_MS,
    extent() {
      const { low = null, high = null } = ends.get() ?? {};
      return low === null || high === null ? null : { from: low, to: high + 1 };
    },
    candidates(wanted, window, newestFirst, limit) {
      const expression = expressionOf(wanted);
      if (expression === null) return [];
      return buckets.match(expression, window.from, window.to, newestFirst, limit).map((place) => {
        const { conversation_id: conversationId = 0, seq = 0 } = messageAt.get(place) ?? {};
        return { place, conversationId, seq };
      });
    },
    tidy() {
      file.pragma("wal_checkpoint(TRUNCATE)");
    },
    close() {
      file.close();
    },
  };
}
