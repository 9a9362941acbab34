/** The least that a page of history, or a list of contacts, can be: one statement, and its rows as JSON. */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { serveSockets } from "./sockets.ts";

const file = new Sqlite(join(process.argv[2] ?? ".", "parley.sqlite"));
const page = file.prepare(
  `select seq, sender_id, nickname, avatar_url, content, client_message_id, sent_at, edited_at, recalled_at
    from messages where conversation_id = ? and seq < ? order by seq desc limit 50`,
);
const contacts = file.prepare(
  `select mb.peer_id, mb.last_position, mb.pinned, mb.read_seq, m.seq, m.content, m.sent_at from members mb
    left join messages m on m.conversation_id = mb.conversation_id and m.seq = mb.last_seq
    where mb.user_id = ? order by mb.pinned desc, mb.last_position desc limit 100`,
);

serveSockets((text) => {
  const question = JSON.parse(text) as
    | { id: number; conversation: number; before: number }
    | { id: number; user: string };
  const rows = "user" in question ? contacts.all(question.user) : page.all(question.conversation, question.before);
  return JSON.stringify({ id: question.id, rows });
});
