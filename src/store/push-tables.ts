/** The tables of the pushes: where devices are reached, what waits for them, what they were told and what users want. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Where devices are reached while their app is closed. `token_key` is a hash of the token. Clustered. */
export const pushTokens = sqliteTable(
  "push_tokens",
  {
    userId: text("user_id").notNull(),
    deviceId: text("device_id").notNull(),
    vendor: text().notNull(),
    token: text().notNull(),
    tokenKey: text("token_key").notNull(),
    environment: text().notNull(),
    language: text(),
    registeredAt: integer("registered_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.deviceId, table.vendor] }),
    uniqueIndex("push_tokens_by_token").on(table.vendor, table.tokenKey),
  ],
);

/** One conversation's notification on a device: waiting, on the screen, to be taken back, or given up. Clustered. */
export const pushes = sqliteTable(
  "pushes",
  {
    userId: text("user_id").notNull(),
    conversationId: integer("conversation_id").notNull(),
    deviceId: text("device_id").notNull(),
    vendor: text().notNull(),
    /** The newest message that it tells of, and its position in the user's log. */
    seq: integer().notNull(),
    position: integer().notNull(),
    /** The message that is on the screen, also while a newer one waits; 0: none that could be taken back. */
    shownSeq: integer("shown_seq").notNull().default(0),
    state: text().notNull(),
    attempts: integer().notNull().default(0),
    createdAt: integer("created_at").notNull(),
    dueAt: integer("due_at").notNull(),
    /** Until when somebody is at it. */
    leaseUntil: integer("lease_until").notNull().default(0),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.conversationId, table.deviceId, table.vendor] }),
    index("pushes_by_due").on(table.vendor, table.dueAt).where(sql`${table.state} in ('queued', 'withdrawing')`),
    index("pushes_by_expiry").on(table.expiresAt),
  ],
);

/** What became of pushes. */
export const pushLog = sqliteTable(
  "push_log",
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    userId: text("user_id").notNull(),
    deviceId: text("device_id").notNull(),
    vendor: text().notNull(),
    conversationId: integer("conversation_id").notNull(),
    seq: integer().notNull(),
    outcome: text().notNull(),
    reason: text().notNull(),
  },
  (table) => [index("push_log_by_user").on(table.userId, table.id), index("push_log_by_age").on(table.at)],
);

/** What a user wants of notifications, where that is not the default. */
export const pushPreferences = sqliteTable("push_preferences", {
  userId: text("user_id").primaryKey(),
  preview: text().notNull(),
  quietFrom: integer("quiet_from"),
  quietTo: integer("quiet_to"),
  timeZone: text("time_zone"),
  mutedUntil: integer("muted_until"),
});
