/** Statistics of the server, for admins. */
import type { HookState } from "../engine/hooks/hooks.ts";
import type { PushState } from "../engine/push/model.ts";
import type { Census } from "../engine/stats/census.ts";
import type { PushQueue, RetentionStats, ServerStats } from "../engine/stats/stats.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { PushVendorEnum } from "./push.ts";

const StoredStats = builder.objectRef<Census>("StoredStats").implement({
  access: "given",
  description:
    "How much is stored, counted in the background a slice at a time when somebody asks, and good for ten minutes: what is sent meanwhile is added to `messages`, what is erased meanwhile is not taken off.",
  fields: (t) => ({
    countedAt: t.expose("countedAt", { type: "DateTime", description: "When the count was begun." }),
    users: t.exposeInt("users", { description: "Users that are known; erased ones do not count." }),
    conversations: t.exposeInt("conversations", {
      description: "Pairs of users with messages, or that once had some.",
    }),
    messages: t.exposeInt("messages", {
      description: "Messages that are kept, recalled ones too: from the oldest to the newest of each conversation.",
    }),
    uploads: t.exposeInt("uploads", { description: "Uploads, used or not." }),
    uploadBytes: t.exposeFloat("uploadBytes", {
      description: "Bytes of these, without the smaller pictures that are made of them. A whole number.",
    }),
  }),
});

const StorageStats = builder.objectRef<ServerStats>("StorageStats").implement({
  access: "given",
  description: "Sizes of files in bytes, whole numbers; null: there is no such file, or the system does not say.",
  fields: (t) => ({
    databaseBytes: t.float({ nullable: true, description: "Of the database.", resolve: ({ sizes }) => sizes.database }),
    logBytes: t.float({ nullable: true, description: "Of its write-ahead log.", resolve: ({ sizes }) => sizes.log }),
    searchIndexBytes: t.float({
      nullable: true,
      description: "Of the search index.",
      resolve: ({ sizes }) => sizes.searchIndex,
    }),
    freeBytes: t.float({
      nullable: true,
      description: "What is free on the disk of PARLEY_DATA.",
      resolve: ({ sizes }) => sizes.free,
    }),
  }),
});

const RetentionStatsType = builder.objectRef<RetentionStats>("RetentionStats").implement({
  access: "given",
  description: "How far the sweeper is behind what is to be kept.",
  fields: (t) => ({
    keptSince: t.expose("keptSince", { type: "DateTime", description: "What was sent before this is to be erased." }),
    oldestMessageAt: t.expose("oldestMessageAt", {
      type: "DateTime",
      nullable: true,
      description: "No message that is kept was sent before this; null where there is none.",
    }),
    overdueSeconds: t.exposeFloat("overdueSeconds", {
      description: "For how long the oldest should have been gone; some minutes are usual, 0 where it is to be kept.",
    }),
  }),
});

const states = {
  QUEUED: { value: "queued", description: "It waits to be sent." },
  SHOWN: { value: "shown", description: "It was sent, and can be taken back." },
  WITHDRAWING: { value: "withdrawing", description: "It waits to be taken back." },
  DEAD: { value: "dead", description: "It was given up; `retryPushes` tries it again." },
} as const satisfies Record<string, { value: PushState; description: string }>;
const PushStateEnum = builder.enumType("PushState", { description: "How far a push is.", values: states });

const PushStateCount = builder.objectRef<PushQueue["states"][number]>("PushStateCount").implement({
  access: "given",
  description: "Pushes that are equally far.",
  fields: (t) => ({
    state: t.expose("state", { type: PushStateEnum, description: "How far." }),
    count: t.exposeInt("count", { description: "How many." }),
    oldestAt: t.expose("oldestAt", { type: "DateTime", description: "Since when there has been the oldest." }),
  }),
});

const PushQueueType = builder.objectRef<PushQueue>("PushQueue").implement({
  access: "given",
  description: "Pushes through one vendor.",
  fields: (t) => ({
    vendor: t.expose("vendor", { type: PushVendorEnum, description: "Through whom." }),
    states: t.field({
      type: [PushStateCount],
      description: "How many there are of each state; a state of which there is none is left out.",
      resolve: ({ states }) => [...states],
    }),
    broken: t.exposeString("broken", {
      nullable: true,
      description: "Why nothing goes through it at the moment; else null.",
    }),
  }),
});

const HookQueue = builder.objectRef<HookState>("HookQueue").implement({
  access: "given",
  description: "What waits for a hook.",
  fields: (t) => ({
    hook: t.exposeString("name", { description: "Which hook." }),
    waiting: t.exposeInt("waiting", { description: "Events that it has not taken yet." }),
    dead: t.exposeInt("dead", { description: "Events that were given up; `retryHooks` delivers them again." }),
    oldestAt: t.expose("oldestAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when the oldest of what waits has waited; null where nothing waits.",
    }),
  }),
});

const LastBackup = builder.objectRef<NonNullable<ServerStats["lastBackup"]>>("LastBackup").implement({
  access: "given",
  description: "A backup that is done.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Of the file." }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When it was begun." }),
    seconds: t.exposeFloat("seconds", { description: "How long it took." }),
    sizeBytes: t.exposeFloat("sizeBytes", { description: "Size of the file. A whole number." }),
  }),
});

const ServerStatsType = builder.objectRef<ServerStats>("ServerStats").implement({
  access: "operator",
  description: "The server as it is. What counts since the start begins anew with the process.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When this was so, by the server's clock." }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When the server was started." }),
    version: t.exposeString("version", { description: "Of Parley." }),
    usersOnline: t.exposeInt("usersOnline", { description: "Users with a living WebSocket or SSE stream." }),
    connections: t.exposeInt("connections", { description: "Living WebSockets and SSE streams." }),
    subscriptions: t.exposeInt("subscriptions", { description: "Subscriptions that run." }),
    messagesPerMinute: t.intList({
      description:
        "Messages taken in each of the last 60 minutes, oldest first, those for connected devices only included; the last number is of the minute that is not over. Imports do not count.",
      resolve: ({ messagesPerMinute }) => [...messagesPerMinute],
    }),
    stored: t.expose("stored", {
      type: StoredStats,
      nullable: true,
      description: "How much is stored; null while much is counted for the first time: ask again.",
    }),
    storage: t.field({ type: StorageStats, description: "How large files are.", resolve: (stats) => stats }),
    retention: t.expose("retention", { type: RetentionStatsType, description: "How far the sweeper is behind." }),
    pushQueues: t.field({
      type: [PushQueueType],
      description: "What there is to push, for each vendor that is configured or has something left.",
      resolve: ({ pushes }) => [...pushes],
    }),
    hookQueues: t.field({
      type: [HookQueue],
      description: "What hooks have not taken yet.",
      resolve: ({ hooks }) => [...hooks],
    }),
    lastBackup: t.expose("lastBackup", {
      type: LastBackup,
      nullable: true,
      description: "The newest backup since the start that is done; null: there is none.",
    }),
    clockDoubted: t.exposeBoolean("clockDoubted", {
      description: "Whether the clock is not where it should be: erasing then goes by the time that has gone by.",
    }),
    eventLoopDelayMs: t.float({
      description:
        "How late the event loop was, in milliseconds: of a hundred looks in the last minutes the second latest.",
      resolve: ({ loopDelay }) => loopDelay.p99,
    }),
    longestEventLoopDelayMs: t.float({
      description: "How late it was at most in the last minutes, in milliseconds.",
      resolve: ({ loopDelay }) => loopDelay.max,
    }),
  }),
});

builder.queryField("serverStats", (t) =>
  t.field({
    access: "operator",
    type: ServerStatsType,
    nullable: true,
    description: "Admins: the server in numbers. It costs little: a page may ask every few seconds.",
    resolve: (_, __, context) => context.engine.serverStats(viewerOf(context)),
  }),
);
