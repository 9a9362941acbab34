/** The table of erasures: persons whose data goes, and how far that is. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const erasures = sqliteTable(
  "erasures",
  {
    id: integer().primaryKey(),
    userId: text("user_id").notNull(),
    startedBy: text("started_by").notNull(),
    startedAt: integer("started_at").notNull(),
    finishedAt: integer("finished_at"),
    /** Messages that are placeholders now. */
    messages: integer().notNull().default(0),
    /** How far it is in the conversation that it is at. */
    seq: integer().notNull().default(0),
    /** Id of the last conversation in which notices about the person were looked for. */
    searched: integer().notNull().default(0),
  },
  (table) => [
    index("erasures_running").on(table.userId).where(sql`${table.finishedAt} is null`),
    index("erasures_by_age").on(table.finishedAt),
  ],
);
