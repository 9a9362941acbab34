/** The tables of servers that share a database: who runs, who is connected where, and who does which job. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Those that run, or did until not long ago. */
export const servers = sqliteTable("servers", {
  id: text().primaryKey(),
  /** It is taken for gone when it has not said so again by then. */
  until: integer().notNull(),
});

/** Users who are connected to a server. */
export const presences = sqliteTable(
  "presences",
  {
    userId: text("user_id").notNull(),
    serverId: text("server_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.serverId] })],
);

/** Jobs that one server does at a time. */
export const leases = sqliteTable("leases", {
  name: text().primaryKey(),
  serverId: text("server_id").notNull(),
  until: integer().notNull(),
});
