/** Data as a server has it after a while, written straight into the file: millions of messages in minutes. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { built } from "./built.ts";

/** Pairs who go on writing to each other: `pair-s0` to `pair-r0`, and so on. */
export const PAIRS = 50;
/** People with many contacts: `hub-0`, and so on. */
export const HUBS = 10;
export const CONTACTS = 100;
/** A long conversation has this share of all messages: `long-a` with `long-b`. */
const LONG_SHARE = 0.1;
const MESSAGES_EACH = 100;
const DAY_MS = 86_400_000;

interface Conversation {
  readonly first: string;
  readonly second: string;
  readonly messages: number;
}

/** Who has written to whom, and how much. */
function conversationsOf(messages: number): Conversation[] {
  const pairs = Array.from({ length: PAIRS }, (_, n) => [`pair-s${n}`, `pair-r${n}`] as const);
  const contacts = Array.from(
    { length: HUBS * CONTACTS },
    (_, n) => [`hub-${Math.floor(n / CONTACTS)}`, `contact-${n}`] as const,
  );
  const long = Math.floor(messages * LONG_SHARE);
  const rest = messages - long;
  const others = Math.max(0, Math.floor(rest / MESSAGES_EACH) - pairs.length - contacts.length);
  const strangers = Array.from({ length: others }, (_, n) => [`other-a${n}`, `other-b${n}`] as const);
  const all = [...pairs, ...contacts, ...strangers];
  const each = Math.max(1, Math.floor(rest / all.length));
  const shared = all.map(([first, second]) => ({ first, second, messages: each }));
  return [{ first: "long-a", second: "long-b", messages: long }, ...shared];
}

const INDEXES = ["messages_by_key", "members_by_activity"];

/** Drops indexes and gives what makes them again: built at once they cost a fraction. */
function withoutIndexes(file: Sqlite.Database): () => void {
  const select = file.prepare<[string], string>("select sql from sqlite_master where name = ?").pluck();
  const texts = INDEXES.map((name) => select.get(name) ?? "");
  for (const name of INDEXES) file.exec(`drop index ${name}`);
  return () => {
    for (const text of texts) file.exec(text);
  };
}

/**
 * Makes the file of a server that holds so many messages, none of them older than three days.
 * @param folder where `parley.sqlite` is made
 */
export async function fill(folder: string, messages: number): Promise<void> {
  const path = join(folder, "parley.sqlite");
  const { openSqlite } = await built<typeof import("../src/store/sqlite/sqlite.ts")>("store/sqlite/sqlite.js");
  await openSqlite(path, { committed() {}, failed() {} }).close();

  const file = new Sqlite(path);
  file.pragma("synchronous = OFF");
  file.pragma("cache_size = -200000");
  const indexAgain = withoutIndexes(file);
  const insertUser = file.prepare(
    "insert into users (id, created_at, head, head_at, delivered_position) values (?, ?, ?, ?, ?)",
  );
  const insertConversation = file.prepare(
    "insert into conversations (id, first_user, second_user, last_seq, last_at, run_seq) values (?, ?, ?, ?, ?, 1)",
  );
  const insertMember = file.prepare(
    `insert into members (user_id, peer_id, conversation_id, last_own_seq, last_seq, last_position, last_activity_at)
      values (?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertMessage = file.prepare(
    `insert into messages (conversation_id, seq, sender_id, recipient_id, content, client_message_id, fingerprint,
      sent_at, hidden, recipient_position) values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`,
  );
  const insertEntry = file.prepare(
    "insert into user_log (user_id, position, kind, conversation_id, seq, at, origin) values (?, ?, ?, ?, ?, ?, ?)",
  );
  const insertMessageRun = file.prepare(
    "insert into message_runs (oldest_at, conversation_id, first_seq) values (?, ?, 1)",
  );
  const insertLogRun = file.prepare("insert into log_runs (oldest_at, user_id, first_position) values (?, ?, ?)");

  const conversations = conversationsOf(messages);
  const begun = Date.now() - 3 * DAY_MS;
  const heads = new Map<string, { position: number; at: number }>();
  let written = 0;

  function log(user: string, kind: string, id: number, seq: number, at: number, origin: string | null): number {
    const before = heads.get(user);
    const position = (before?.position ?? 0) + 1;
    insertEntry.run(user, position, kind, id, seq, at, origin);
    // Where another conversation is written, its instants begin anew.
    if (before === undefined || before.at > at) insertLogRun.run(at, user, position);
    heads.set(user, { position, at });
    return position;
  }

  function write({ first, second, messages: count }: Conversation, id: number): void {
    const [low, high] = first < second ? [first, second] : [second, first];
    let at = 0;
    let positions = { first: 0, second: 0 };
    for (let seq = 1; seq <= count; seq += 1) {
      // As if all conversations went on at the same time.
      at = begun + Math.floor(((seq + id / conversations.length) / (count + 1)) * 2.5 * DAY_MS);
      if (seq === 1) insertMessageRun.run(at, id);
      const content = JSON.stringify({ type: "TEXT", text: `#${seq}# and some more words, as people write them` });
      const key = `8f14e45f-ceea-467f-a0e6-${String(written).padStart(12, "0")}`;
      const fingerprint = "Yp8ZLrs5rL7rRTG0XfHqLEH9Ke3zbdhqEHE9q1dN2aM=";
      positions = {
        first: log(first, "sent", id, seq, at, "phone"),
        second: log(second, "received", id, seq, at, null),
      };
      insertMessage.run(id, seq, first, second, content, key, fingerprint, at, positions.second);
      written += 1;
    }
    insertConversation.run(id, low, high, count, at);
    insertMember.run(first, second, id, count, count, positions.first, at);
    insertMember.run(second, first, id, 0, count, positions.second, at);
  }

  file.transaction(() => {
    for (const [index, conversation] of conversations.entries()) write(conversation, index + 1);
    for (const [user, { position, at }] of heads) insertUser.run(user, begun, position, at, position);
  })();
  indexAgain();
  file.pragma("wal_checkpoint(TRUNCATE)");
  file.close();
  // Or the kernel would go on writing it while something is measured.
  const filled = openSync(path, "r+");
  fsyncSync(filled);
  closeSync(filled);
}
