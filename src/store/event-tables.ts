/** The tables of the event feed: what happened, in the order in which it was committed, and who has read how far. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * What readers behind the engine go by: search, archives, hooks. It names what happened and holds none of its content.
 * The newest row always stays, so that no id is given twice.
 */
export const events = sqliteTable("events", {
  id: integer().primaryKey(),
  kind: text().notNull(),
  at: integer().notNull(),
  /** Who did it, and to whom. */
  userId: text("user_id").notNull(),
  otherId: text("other_id").notNull(),
  conversationId: integer("conversation_id"),
  seq: integer(),
});

export const eventReaders = sqliteTable("event_readers", {
  name: text().primaryKey(),
  /** Id of the last event that it is done with. */
  position: integer().notNull(),
});
