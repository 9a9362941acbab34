/** The table of broadcasts. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export const broadcasts = sqliteTable(
  "broadcasts",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    state: text().notNull(),
    startedBy: text("started_by").notNull(),
    startedAt: integer("started_at").notNull(),
    finishedAt: integer("finished_at"),
    /** JSON of what each recipient is sent. */
    message: text().notNull(),
    /** JSON of the recipients' ids, sorted; null: everybody. */
    recipients: text(),
    perSecond: integer("per_second").notNull(),
    key: text(),
    fingerprint: text().notNull(),
    total: integer().notNull(),
    sent: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    /** JSON: how many, by code. */
    failures: text().notNull().default("{}"),
    /** Id of the last recipient that it is done with. */
    position: text().notNull().default(""),
  },
  (table) => [
    uniqueIndex("broadcasts_by_key").on(table.key).where(sql`${table.key} is not null`),
    index("broadcasts_running").on(table.id).where(sql`${table.state} = 'RUNNING'`),
    index("broadcasts_by_age").on(table.finishedAt),
  ],
);
