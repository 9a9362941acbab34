/** Notifications on devices whose app is closed. */

import { PUSH_VENDORS, type PushVendor } from "../engine/push/channel.ts";
import type { PUSH_PREVIEWS, PushPreferences, PushToken, QuietHours } from "../engine/push/model.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { DeviceType } from "./device.ts";

const VENDORS: Record<PushVendor, { description: string }> = {
  APNS: { description: "Apple." },
  FCM: { description: "Google's Firebase Cloud Messaging." },
  HUAWEI: { description: "Huawei's HMS, up to HarmonyOS 4." },
  HARMONY: { description: "HarmonyOS NEXT (5 and later)." },
  HONOR: { description: "Honor." },
  XIAOMI: { description: "Xiaomi." },
  OPPO: { description: "OPPO, realme, OnePlus." },
  VIVO: { description: "vivo, iQOO." },
  MEIZU: { description: "Meizu." },
  WEB_PUSH: { description: "Browsers." },
};
export const PushVendorEnum = builder.enumType("PushVendor", {
  description: "Whose service reaches the device.",
  values: Object.fromEntries(PUSH_VENDORS.map((vendor) => [vendor, VENDORS[vendor]])) as typeof VENDORS,
});
const PushEnvironmentEnum = builder.enumType("PushEnvironment", {
  description: "Which of Apple's services.",
  values: {
    PRODUCTION: { description: "That of apps from a store, and the only one of other vendors." },
    SANDBOX: { description: "That of development builds." },
  } as const,
});
const PREVIEWS = {
  FULL: { description: "Who has written, and what." },
  NAME_ONLY: { description: "Who has written." },
  NONE: { description: "That there is something new." },
} as const satisfies Record<(typeof PUSH_PREVIEWS)[number], object>;
const PushPreviewEnum = builder.enumType("PushPreview", {
  description: "How much of a message a notification shows. The server may show less.",
  values: PREVIEWS,
});

const PushTokenType = builder.objectRef<PushToken>("PushToken").implement({
  access: "selfOrAdmin",
  description: "Where a device is reached while its app is closed. The token itself is not told again.",
  fields: (t) => ({
    vendor: t.expose("vendor", { type: PushVendorEnum, description: "Through whom." }),
    environment: t.expose("environment", { type: PushEnvironmentEnum, description: "Through which of its services." }),
    language: t.exposeString("language", {
      nullable: true,
      description: "Language of what Parley itself says, as BCP 47 has it; null: English.",
    }),
    registeredAt: t.field({
      type: "DateTime",
      description: "When it was registered last.",
      resolve: ({ registeredAt }) => registeredAt,
    }),
  }),
});

builder.objectField(DeviceType, "pushTokens", (t) =>
  t.field({
    type: [PushTokenType],
    nullable: true,
    description: "Where it is reached while its app is closed.",
    resolve: async ({ userId, deviceId }, _, { engine }) => [...(await engine.pushing.tokens(userId, deviceId))],
  }),
);

const QuietHoursType = builder.objectRef<QuietHours>("QuietHours").implement({
  access: "given",
  description: "Hours of each day in which nothing is pushed.",
  fields: (t) => ({
    from: t.exposeInt("from", { description: "Minute of the day at which they begin." }),
    to: t.exposeInt("to", { description: "Minute at which they end; before `from`, it is one of the next day." }),
    timeZone: t.exposeString("timeZone", { description: "An IANA name such as `Asia/Seoul`." }),
  }),
});
const PushPreferencesType = builder.objectRef<PushPreferences>("PushPreferences").implement({
  access: "given",
  description: "What a user wants of notifications, on all devices. Conversations are muted one by one besides.",
  fields: (t) => ({
    preview: t.expose("preview", { type: PushPreviewEnum, description: "How much they show." }),
    quietHours: t.expose("quietHours", {
      type: QuietHoursType,
      nullable: true,
      description: "When none come; null: never.",
    }),
    mutedUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "None come before this instant; null: they come.",
      resolve: ({ mutedUntil }) => mutedUntil,
    }),
  }),
});

builder.queryField("pushPreferences", (t) =>
  t.field({
    access: "self",
    type: PushPreferencesType,
    nullable: true,
    description: "What the viewer wants of notifications.",
    resolve: (_root, _args, context) => context.engine.pushing.preferences(viewerOf(context)),
  }),
);
builder.queryField("pushVendors", (t) =>
  t.field({
    access: "everybody",
    type: [PushVendorEnum],
    nullable: true,
    description: "Through whom this server pushes: tokens of others are not taken.",
    resolve: (_root, _args, context) => [...context.engine.pushing.vendors(viewerOf(context))],
  }),
);

const RegisterPushTokenInput = builder.inputType("RegisterPushTokenInput", {
  description:
    "Where the device of the token is reached. Register at each start of the app, and when the token changes.",
  fields: (t) => ({
    vendor: t.field({ type: PushVendorEnum, required: true, description: "Through whom." }),
    token: t.string({
      required: true,
      description: "As the vendor's library gives it, at most 4 KiB; for WEB_PUSH the `PushSubscription` as JSON.",
    }),
    environment: t.field({
      type: PushEnvironmentEnum,
      defaultValue: "PRODUCTION",
      required: true,
      description: "SANDBOX for development builds on Apple's devices.",
    }),
    language: t.string({ description: "Of the device, such as `ko`." }),
  }),
});
const RegisterPushTokenPayload = builder.objectRef<{ pushToken: PushToken }>("RegisterPushTokenPayload").implement({
  access: "given",
  description: "What was registered.",
  fields: (t) => ({ pushToken: t.expose("pushToken", { type: PushTokenType, description: "It." }) }),
});
const RemovePushTokensInput = builder.inputType("RemovePushTokensInput", {
  description: "Which tokens of the viewer's device.",
  fields: (t) => ({ vendor: t.field({ type: PushVendorEnum, description: "Of one vendor; left out: all." }) }),
});
const RemovePushTokensPayload = builder.objectRef<{ removed: true }>("RemovePushTokensPayload").implement({
  access: "given",
  description: "Nothing is pushed to them any more.",
  fields: (t) => ({ removed: t.exposeBoolean("removed", { description: "Always true." }) }),
});
const QuietHoursInput = builder.inputType("QuietHoursInput", {
  description: "Hours of each day in which nothing is pushed.",
  fields: (t) => ({
    from: t.int({ required: true, description: "Minute of the day at which they begin, from 0 to 1,439." }),
    to: t.int({ required: true, description: "Minute at which they end; before `from`, it is one of the next day." }),
    timeZone: t.string({ required: true, description: "An IANA name such as `Asia/Seoul`." }),
  }),
});
const UpdatePushPreferencesInput = builder.inputType("UpdatePushPreferencesInput", {
  description: "What is left out stays as it is.",
  fields: (t) => ({
    preview: t.field({ type: PushPreviewEnum, description: "How much notifications show." }),
    quietHours: t.field({ type: QuietHoursInput, description: "When none come; null: they always do." }),
    muteSeconds: t.int({ description: "None come for so many seconds from now; 0: they come. At most 31,536,000." }),
  }),
});
const UpdatePushPreferencesPayload = builder
  .objectRef<{ pushPreferences: PushPreferences }>("UpdatePushPreferencesPayload")
  .implement({
    access: "given",
    description: "What the viewer wants now.",
    fields: (t) => ({
      pushPreferences: t.expose("pushPreferences", { type: PushPreferencesType, description: "All of it." }),
    }),
  });

builder.mutationFields((t) => ({
  registerPushToken: t.field({
    access: "self",
    type: RegisterPushTokenPayload,
    nullable: true,
    description:
      "Has the viewer's device pushed to while its app is closed. A token that another device had is this one's from then on; logging out, and an end of the session by others, forgets it.",
    args: { input: t.arg({ type: RegisterPushTokenInput, required: true, description: "Where it is reached." }) },
    resolve: async (_, { input }, context) => ({
      pushToken: await context.engine.pushing.register(viewerOf(context), input),
    }),
  }),
  removePushTokens: t.field({
    access: "self",
    type: RemovePushTokensPayload,
    nullable: true,
    description: "Has nothing pushed to the viewer's device any more.",
    args: { input: t.arg({ type: RemovePushTokensInput, required: true, description: "Which tokens." }) },
    async resolve(_, { input: { vendor } }, context) {
      await context.engine.pushing.unregister(viewerOf(context), vendor ?? null);
      return { removed: true as const };
    },
  }),
  updatePushPreferences: t.field({
    access: "self",
    type: UpdatePushPreferencesPayload,
    nullable: true,
    description: "Changes what the viewer wants of notifications.",
    args: { input: t.arg({ type: UpdatePushPreferencesInput, required: true, description: "The change." }) },
    async resolve(_, { input: { preview, quietHours, muteSeconds } }, context) {
      const change = { preview: preview ?? undefined, quietHours, muteSeconds: muteSeconds ?? undefined };
      return { pushPreferences: await context.engine.pushing.updatePreferences(viewerOf(context), change) };
    },
  }),
}));
