/**
 * The cut-up texts, in full-text tables for four hours of messages each. What is past its time goes with its table, since
 * to cut single messages out of one takes as long as to write fifty; that is done for what is recalled, edited or erased.
 */
import type Sqlite from "better-sqlite3";
import { LRUCache } from "lru-cache";

/** Of places, for messages of one millisecond; those above take some of the next. */
export const PLACES_PER_MS = 1_024;
const SPAN = 4 * 3_600_000 * PLACES_PER_MS;
/** Tables whose statements are kept. */
const KEPT = 64;
/** Pages of four KiB that are overwritten at once. */
const PAGES_AT_ONCE = 64;

interface Bucket {
  readonly insert: Sqlite.Statement<[number, string]>;
  readonly remove: Sqlite.Statement<[number, string]>;
  readonly newest: Sqlite.Statement<[string, number, number, number], number>;
  readonly oldest: Sqlite.Statement<[string, number, number, number], number>;
}

export interface Buckets {
  insert(place: number, grams: string): void;
  /** @param grams what was inserted there */
  remove(place: number, grams: string): void;
  /** Places at which the expression of FTS5 holds. */
  match(expression: string, from: number, to: number, newestFirst: boolean, limit: number): readonly number[];
  /** Erases some of what lies wholly below a place. @returns whether there was any */
  dropBelow(place: number): boolean;
}

export function openBuckets(file: Sqlite.Database): Buckets {
  const numbered = (prefix: string): number[] =>
    file
      .prepare<[string], string>(
        "select name from sqlite_master where sql like 'create virtual table%' and name like ?",
      )
      .pluck()
      .all(`${prefix}%`)
      .map((name) => Number(name.slice(prefix.length)));
  let known = numbered("grams_").sort((a, b) => a - b);
  const going = numbered("gone_");
  const open = new LRUCache<number, Bucket>({ max: KEPT });

  function make(bucket: number): void {
    file.exec(`create virtual table grams_${bucket}
      using fts5(gram, content='', detail=none, columnsize=0, tokenize='ascii');
      insert into grams_${bucket} (grams_${bucket}, rank) values ('secure-delete', 1)`);
    known = [...known, bucket].sort((a, b) => a - b);
  }

  function opened(bucket: number): Bucket {
    const kept = open.get(bucket);
    if (kept !== undefined) return kept;
    const table = `grams_${bucket}`;
    const match = (order: "asc" | "desc") =>
      file
        .prepare<[string, number, number, number], number>(
          `select rowid from ${table} where ${table} match ? and rowid >= ? and rowid < ?
           order by rowid ${order} limit ?`,
        )
        .pluck();
    const made = {
      insert: file.prepare<[number, string]>(`insert into ${table} (rowid, gram) values (?, ?)`),
      remove: file.prepare<[number, string]>(`insert into ${table} (${table}, rowid, gram) values ('delete', ?, ?)`),
      newest: match("desc"),
      oldest: match("asc"),
    };
    open.set(bucket, made);
    return made;
  }

  /** Its name first, so that nobody looks into what is half erased, also after a crash. */
  function retire(bucket: number): void {
    open.delete(bucket);
    file.exec(`alter table grams_${bucket} rename to gone_${bucket}`);
    known = known.filter((other) => other !== bucket);
    going.push(bucket);
  }

  function eraseSome(bucket: number): void {
    const data = `gone_${bucket}_data`;
    // Otherwise SQLite lets nobody write beneath a virtual table; this one is nobody's any more.
    file.unsafeMode(true);
    try {
      const erase = file.prepare<[number]>(`delete from ${data} where id in (select id from ${data} limit ?)`);
      if (erase.run(PAGES_AT_ONCE).changes > 0) return;
    } finally {
      file.unsafeMode(false);
    }
    file.exec(`drop table gone_${bucket}`);
    going.splice(going.indexOf(bucket), 1);
  }

  return {
    insert(place, grams) {
      const bucket = Math.floor(place / SPAN);
      if (!known.includes(bucket)) make(bucket);
      opened(bucket).insert.run(place, grams);
    },
    remove(place, grams) {
      const bucket = Math.floor(place / SPAN);
      if (known.includes(bucket)) opened(bucket).remove.run(place, grams);
    },
    match(expression, from, to, newestFirst, limit) {
      const places: number[] = [];
      const touched = known.filter((bucket) => (bucket + 1) * SPAN > from && bucket * SPAN < to);
      for (const bucket of newestFirst ? touched.reverse() : touched) {
        const { newest, oldest } = opened(bucket);
        places.push(...(newestFirst ? newest : oldest).all(expression, from, to, limit - places.length));
        if (places.length === limit) break;
      }
      return places;
    },
    dropBelow(place) {
      const next = known.find((bucket) => (bucket + 1) * SPAN <= place);
      if (next !== undefined) retire(next);
      const [bucket] = going;
      if (bucket !== undefined) eraseSome(bucket);
      return bucket !== undefined;
    },
  };
}
