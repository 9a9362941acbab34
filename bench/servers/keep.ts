/** What a plain relay keeps of what it carries: nothing, or one row for each message in a group commit. */
import Sqlite from "better-sqlite3";

export interface Carried {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export interface Keeper {
  /** Keeps a message; `done` is called with its number once it is as safe as it will be. */
  keep(message: Carried, done: (seq: number) => void): void;
  /** Hands over what was kept for a user. */
  kept(user: string, give: (message: Carried, seq: number) => void): void;
}

/** The same insert as Parley's timeline, alone: a row of nine columns with a primary key and two unique indexes. */
const TABLE = `create table messages (
  id integer primary key, conversation text not null, seq integer not null, sender text not null,
  recipient text not null, content text not null, key text not null, kind integer not null, sent_at integer not null);
  create unique index messages_by_place on messages (conversation, seq);
  create unique index messages_by_key on messages (sender, key);`;

export function keepNothing(): Keeper {
  let seq = 0;
  return {
    keep(_message, done) {
      seq += 1;
      done(seq);
    },
    kept() {},
  };
}

/** Commits all that comes in one turn of the event loop together, with one fsync. */
export function keepInFile(path: string): Keeper {
  const file = new Sqlite(path);
  file.pragma("journal_mode = WAL");
  file.pragma("synchronous = FULL");
  file.exec(TABLE);
  const begin = file.prepare("begin immediate");
  const commit = file.prepare("commit");
  const insert = file.prepare(
    "insert into messages (conversation, seq, sender, recipient, content, key, kind, sent_at) values (?,?,?,?,?,?,0,?)",
  );
  const select = file.prepare<
    string[],
    { key: string; sender: string; recipient: string; content: string; seq: number }
  >("select key, sender, recipient, content, seq from messages where conversation = ? order by seq");
  const seqs = new Map<string, number>();
  let waiting: { message: Carried; done: (seq: number) => void }[] = [];

  function flush(): void {
    const batch = waiting;
    waiting = [];
    const given: number[] = [];
    const now = Date.now();
    begin.run();
    for (const { message } of batch) {
      // One sender per recipient, here: the recipient names the conversation.
      const seq = (seqs.get(message.to) ?? 0) + 1;
      seqs.set(message.to, seq);
      insert.run(message.to, seq, message.from, message.to, message.text, message.key, now);
      given.push(seq);
    }
    commit.run();
    batch.forEach(({ done }, index) => {
      done(given[index] ?? 0);
    });
  }

  return {
    keep(message, done) {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ message, done });
    },
    kept(user, give) {
      for (const { key, sender, recipient, content, seq } of select.all(user)) {
        give({ key, from: sender, to: recipient, text: content }, seq);
      }
    },
  };
}
