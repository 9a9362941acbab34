/** The table of the hooks' queue. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** An event that a hook has not taken yet, or never will. It holds no content. */
export const hookDeliveries = sqliteTable(
  "hook_deliveries",
  {
    id: integer().primaryKey(),
    hook: text().notNull(),
    eventId: integer("event_id").notNull(),
    kind: text().notNull(),
    at: integer().notNull(),
    userId: text("user_id").notNull(),
    otherId: text("other_id").notNull(),
    conversationId: integer("conversation_id"),
    seq: integer(),
    /** The two people, whoever did it: what is about them goes in its order. */
    pair: text().notNull(),
    attempts: integer().notNull().default(0),
    queuedAt: integer("queued_at").notNull(),
    /** When it is tried, or when whoever has taken it is given up. */
    dueAt: integer("due_at").notNull(),
    /** Somebody is at it. */
    taken: integer().notNull().default(0),
    dead: integer().notNull().default(0),
    reason: text(),
  },
  (table) => [
    uniqueIndex("hook_deliveries_by_event").on(table.hook, table.eventId),
    index("hook_deliveries_waiting").on(table.hook, table.dueAt).where(sql`${table.dead} = 0`),
    index("hook_deliveries_by_pair").on(table.hook, table.pair, table.id).where(sql`${table.dead} = 0`),
    index("hook_deliveries_by_age").on(table.queuedAt),
  ],
);
