/**
 * The tables. Instants are integers, milliseconds since 1970; truths are 0 or 1; content is JSON text, read whole.
 * The migrations in `drizzle/` are made from this file and those that it passes on by `npm run migrations`; the clustered
 * tables (WITHOUT ROWID) are marked there by hand, since the generator cannot say it. PostgreSQL's are derived from these.
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export * from "./broadcast-tables.ts";
export * from "./cluster-tables.ts";
export * from "./erasure-tables.ts";
export * from "./event-tables.ts";
export * from "./hook-tables.ts";
export * from "./push-tables.ts";

/** One row: what this store is. `generation` changes when a backup is restored. */
export const storeInfo = sqliteTable("store_info", {
  id: integer().primaryKey(),
  generation: text().notNull(),
  /** What the clock said when it was last believed. */
  believedAt: integer("believed_at"),
});

export const users = sqliteTable("users", {
  id: text().primaryKey(),
  nickname: text(),
  avatarUrl: text("avatar_url"),
  friendPolicy: text("friend_policy").notNull().default("ASK"),
  mutedUntil: integer("muted_until"),
  tokensFrom: integer("tokens_from"),
  createdAt: integer("created_at").notNull(),
  /** Position of the newest entry of the user's log. */
  head: integer().notNull().default(0),
  /** Instant of the newest entry that is left in it; null where none is. */
  headAt: integer("head_at"),
  /** Position at which an entry last started a run. */
  runPosition: integer("run_position").notNull().default(0),
  /** Highest positions that the sweeper has removed, per subscription. */
  floorMessages: integer("floor_messages").notNull().default(0),
  floorUpdates: integer("floor_updates").notNull().default(0),
  floorConversations: integer("floor_conversations").notNull().default(0),
  deliveredPosition: integer("delivered_position").notNull().default(0),
  /** Nothing of the person is kept since then, unless the id has come back. */
  erasedAt: integer("erased_at"),
});

/** The unordered pair: `first_user` sorts before `second_user`, or is the same. */
export const conversations = sqliteTable(
  "conversations",
  {
    id: integer().primaryKey(),
    firstUser: text("first_user").notNull(),
    secondUser: text("second_user").notNull(),
    lastSeq: integer("last_seq").notNull(),
    /** Instant of the newest message that is left; null where none is. */
    lastAt: integer("last_at"),
    /** Seq at which a message last started a run. */
    runSeq: integer("run_seq").notNull().default(0),
  },
  (table) => [uniqueIndex("conversations_by_pair").on(table.firstUser, table.secondUser)],
);

/** One side's view of a conversation. Clustered. */
export const members = sqliteTable(
  "members",
  {
    userId: text("user_id").notNull(),
    peerId: text("peer_id").notNull(),
    conversationId: integer("conversation_id").notNull(),
    readSeq: integer("read_seq").notNull().default(0),
    clearedSeq: integer("cleared_seq").notNull().default(0),
    lastOwnSeq: integer("last_own_seq").notNull().default(0),
    /** Its newest message that this side may see. */
    lastSeq: integer("last_seq").notNull(),
    /** Position of its last message in the user's log: the order of recent contacts. */
    lastPosition: integer("last_position").notNull(),
    lastActivityAt: integer("last_activity_at").notNull(),
    pinned: integer().notNull().default(0),
    muted: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.peerId] }),
    index("members_by_activity").on(table.userId, table.pinned, table.lastPosition),
  ],
);

/** The timeline: the only place where content is stored. Clustered. */
export const messages = sqliteTable(
  "messages",
  {
    conversationId: integer("conversation_id").notNull(),
    seq: integer().notNull(),
    senderId: text("sender_id").notNull(),
    recipientId: text("recipient_id").notNull(),
    nickname: text(),
    avatarUrl: text("avatar_url"),
    content: text(),
    /** JSON of an edit that only the sender sees. */
    editForSender: text("edit_for_sender"),
    customData: text("custom_data"),
    push: text(),
    clientMessageId: text("client_message_id"),
    /** Hash of what was first sent under this clientMessageId. */
    fingerprint: text(),
    replyToSeq: integer("reply_to_seq"),
    sentAt: integer("sent_at").notNull(),
    editedAt: integer("edited_at"),
    recalledAt: integer("recalled_at"),
    offlineUntil: integer("offline_until"),
    hidden: integer().notNull().default(0),
    recipientPosition: integer("recipient_position"),
    /** When its sender was erased. */
    erasedAt: integer("erased_at"),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.seq] }),
    uniqueIndex("messages_by_key")
      .on(table.senderId, table.clientMessageId)
      .where(sql`${table.clientMessageId} is not null`),
  ],
);

/**
 * Where the messages of a conversation begin, and begin again with an earlier instant: from `first_seq` up to the next
 * run nothing is older than `oldest_at`. So what is past its time is found without an index by age, in which every send
 * would have to write. Clustered.
 */
export const messageRuns = sqliteTable(
  "message_runs",
  {
    oldestAt: integer("oldest_at").notNull(),
    conversationId: integer("conversation_id").notNull(),
    firstSeq: integer("first_seq").notNull(),
  },
  (table) => [primaryKey({ columns: [table.oldestAt, table.conversationId, table.firstSeq] })],
);

/** Messages that a user has deleted for itself. Clustered. */
export const deletedMessages = sqliteTable(
  "deleted_messages",
  {
    conversationId: integer("conversation_id").notNull(),
    seq: integer().notNull(),
    userId: text("user_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.seq, table.userId] })],
);

/** What its owner has brought, or brings: the bytes are in files. Clustered. */
export const uploads = sqliteTable(
  "uploads",
  {
    id: text().primaryKey(),
    ownerId: text("owner_id").notNull(),
    kind: text().notNull(),
    name: text().notNull(),
    size: integer().notNull(),
    state: text().notNull(),
    createdAt: integer("created_at").notNull(),
    /** When it goes; null while a message uses it. */
    expiresAt: integer("expires_at"),
    /** JSON of what the bytes say of themselves. */
    facts: text(),
    refusal: text(),
  },
  (table) => [
    index("uploads_by_owner").on(table.ownerId, table.state, table.size),
    index("uploads_by_expiry").on(table.expiresAt).where(sql`${table.expiresAt} is not null`),
    index("uploads_unfinished").on(table.id).where(sql`${table.state} in ('UPLOADING', 'PROCESSING')`),
  ],
);

/** Which messages are made of which uploads. Clustered. */
export const mediaUses = sqliteTable(
  "media_uses",
  {
    conversationId: integer("conversation_id").notNull(),
    seq: integer().notNull(),
    uploadId: text("upload_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.seq, table.uploadId] }),
    index("media_uses_by_upload").on(table.uploadId),
  ],
);

/** The log of each user: thin pointers, positions counting up by one. Clustered. */
export const userLog = sqliteTable(
  "user_log",
  {
    userId: text("user_id").notNull(),
    position: integer().notNull(),
    kind: text().notNull(),
    conversationId: integer("conversation_id").notNull(),
    seq: integer().notNull(),
    at: integer().notNull(),
    origin: text(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.position] }),
    index("user_log_updates")
      .on(table.userId, table.position)
      .where(sql`${table.kind} in ('recalled', 'edited', 'read', 'delivered')`),
    index("user_log_conversations").on(table.userId, table.position).where(sql`${table.kind} = 'conversation'`),
  ],
);

/** As `message_runs`, of the entries of a user's log. Clustered. */
export const logRuns = sqliteTable(
  "log_runs",
  {
    oldestAt: integer("oldest_at").notNull(),
    userId: text("user_id").notNull(),
    firstPosition: integer("first_position").notNull(),
  },
  (table) => [primaryKey({ columns: [table.oldestAt, table.userId, table.firstPosition] })],
);

export const devices = sqliteTable(
  "devices",
  {
    userId: text("user_id").notNull(),
    deviceId: text("device_id").notNull(),
    platform: text().notNull(),
    /** Counts up with each new session, so that tokens of an ended one stay refused. */
    session: integer().notNull().default(0),
    /** Order of the user's logins: the oldest goes first when there are too many. */
    loginOrder: integer("login_order").notNull().default(0),
    signedInAt: integer("signed_in_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    endedAt: integer("ended_at"),
    ackedMessages: integer("acked_messages").notNull().default(0),
    ackedUpdates: integer("acked_updates").notNull().default(0),
    ackedConversations: integer("acked_conversations").notNull().default(0),
    /** Highest positions that were swept before this device had acknowledged them. */
    lostMessages: integer("lost_messages").notNull().default(0),
    lostUpdates: integer("lost_updates").notNull().default(0),
    lostConversations: integer("lost_conversations").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.deviceId] }), index("devices_by_expiry").on(table.expiresAt)],
);

/** Two rows for each friendship. */
export const friendships = sqliteTable(
  "friendships",
  {
    userId: text("user_id").notNull(),
    otherId: text("other_id").notNull(),
    since: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.otherId] })],
);

/** `user_id` is asked by `other_id`. A hidden one looks sent to the asker and is seen by nobody else. */
export const friendRequests = sqliteTable(
  "friend_requests",
  {
    userId: text("user_id").notNull(),
    otherId: text("other_id").notNull(),
    since: integer().notNull(),
    hidden: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.otherId] })],
);

/** `user_id` has `other_id` on the blacklist. */
export const blocks = sqliteTable(
  "blocks",
  {
    userId: text("user_id").notNull(),
    otherId: text("other_id").notNull(),
    since: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.otherId] })],
);

/** One row per setting that was ever changed; its value is JSON. */
export const settings = sqliteTable("settings", {
  name: text().primaryKey(),
  value: text().notNull(),
});

/** What admins did and saw that nobody else could. Never holds message bodies. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    actorId: text("actor_id").notNull(),
    deviceId: text("device_id").notNull(),
    action: text().notNull(),
    /** Whom it concerned. */
    userId: text("user_id"),
    subject: text().notNull(),
  },
  (table) => [
    index("audit_by_age").on(table.at),
    index("audit_by_actor").on(table.actorId, table.id),
    index("audit_by_user").on(table.userId, table.id),
  ],
);
