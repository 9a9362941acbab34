/** What an admin may change while the server runs. */
import type { Settings } from "../engine/settings.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

const descriptions = {
  friendsOnly: "Only friends may write to each other. Default: false.",
  showBlocked: "True: a blocked sender gets BLOCKED. False, the default: it looks sent, and nobody else ever sees it.",
  friendNotices:
    "Whether `system` tells users of friend requests, of friends that were added and of those that have gone. Default: true.",
  recallWindowSeconds: "For how long a sender may recall. Default 120; 0 to 31,536,000.",
  offlineRetentionDays: "How long a message waits for devices that are away. Default 7; 1 to 3,650.",
  roamingRetentionDays: "How long history keeps a message. Default 7; 1 to 3,650.",
  recentContactsLimit: "How many conversations the list holds. Default 100; 1 to 10,000.",
  offlineMessagesPerContact:
    "The newest so many a backlog hands over per contact; the rest is in history. Default 100; 1 to 1,000,000.",
  auditRetentionDays: "How long the audit trail keeps an entry. Default 365; 30 to 3,650.",
} as const satisfies Record<keyof Settings, string>;

const SettingsType = builder.objectRef<Settings>("Settings").implement({
  access: "admin",
  description: "What an admin may change while the server runs.",
  fields: (t) => ({
    friendsOnly: t.exposeBoolean("friendsOnly", { description: descriptions.friendsOnly }),
    showBlocked: t.exposeBoolean("showBlocked", { description: descriptions.showBlocked }),
    friendNotices: t.exposeBoolean("friendNotices", { description: descriptions.friendNotices }),
    recallWindowSeconds: t.exposeInt("recallWindowSeconds", { description: descriptions.recallWindowSeconds }),
    offlineRetentionDays: t.exposeInt("offlineRetentionDays", { description: descriptions.offlineRetentionDays }),
    roamingRetentionDays: t.exposeInt("roamingRetentionDays", { description: descriptions.roamingRetentionDays }),
    recentContactsLimit: t.exposeInt("recentContactsLimit", { description: descriptions.recentContactsLimit }),
    offlineMessagesPerContact: t.exposeInt("offlineMessagesPerContact", {
      description: descriptions.offlineMessagesPerContact,
    }),
    auditRetentionDays: t.exposeInt("auditRetentionDays", { description: descriptions.auditRetentionDays }),
  }),
});

builder.queryField("settings", (t) =>
  t.field({
    access: "admin",
    type: SettingsType,
    nullable: true,
    description: "Admins: the settings as they are.",
    resolve: (_root, _args, context) => context.engine.administration.settings(viewerOf(context)),
  }),
);

const UpdateSettingsPayload = builder.objectRef<{ settings: Settings }>("UpdateSettingsPayload").implement({
  access: "given",
  description: "The settings after the change; they hold from now on, without a restart.",
  fields: (t) => ({ settings: t.expose("settings", { type: SettingsType, description: "All of them." }) }),
});
const UpdateSettingsInput = builder.inputType("UpdateSettingsInput", {
  description: "What is left out stays as it is; null is refused.",
  fields: (t) => ({
    friendsOnly: t.boolean({ description: descriptions.friendsOnly }),
    showBlocked: t.boolean({ description: descriptions.showBlocked }),
    friendNotices: t.boolean({ description: descriptions.friendNotices }),
    recallWindowSeconds: t.int({ description: descriptions.recallWindowSeconds }),
    offlineRetentionDays: t.int({ description: descriptions.offlineRetentionDays }),
    roamingRetentionDays: t.int({ description: descriptions.roamingRetentionDays }),
    recentContactsLimit: t.int({ description: descriptions.recentContactsLimit }),
    offlineMessagesPerContact: t.int({ description: descriptions.offlineMessagesPerContact }),
    auditRetentionDays: t.int({ description: descriptions.auditRetentionDays }),
  }),
});

builder.mutationField("updateSettings", (t) =>
  t.field({
    access: "admin",
    type: UpdateSettingsPayload,
    nullable: true,
    description: "Admins: changes settings.",
    args: { input: t.arg({ type: UpdateSettingsInput, required: true, description: "The change." }) },
    async resolve(_, { input }, context) {
      return { settings: await context.engine.administration.updateSettings(viewerOf(context), input) };
    },
  }),
);
