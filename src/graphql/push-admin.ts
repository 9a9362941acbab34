/** Pushes, as admins look at them. */
import { messageId } from "../engine/ids.ts";
import type { PushRecord } from "../engine/push/model.ts";
import type { TestedPush } from "../engine/push/pushing.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { PushVendorEnum } from "./push.ts";

const PushOutcomeEnum = builder.enumType("PushOutcome", {
  description: "What came of a push.",
  values: {
    SENT: { value: "sent", description: "The vendor has taken it." },
    SKIPPED: { value: "skipped", description: "The device was not to be told, or not any more." },
    WITHDRAWN: { value: "withdrawn", description: "The device was told to show it no longer." },
    DELAYED: { value: "delayed", description: "It will be tried again." },
    DEAD: { value: "dead", description: "It was given up; `retryPushes` tries it again." },
    TOKEN_INVALID: { value: "token invalid", description: "The vendor does not know the device any more." },
  } as const,
});
const PushRecordType = builder.objectRef<PushRecord>("PushRecord").implement({
  access: "admin",
  description: "What came of one push, and why. Kept as long as the offline cache.",
  fields: (t) => ({
    at: t.field({ type: "DateTime", description: "When.", resolve: ({ at }) => at }),
    deviceId: t.exposeString("deviceId", { description: "On which device." }),
    vendor: t.expose("vendor", { type: PushVendorEnum, description: "Through whom." }),
    messageId: t.id({
      description: "The newest message that it told of.",
      resolve: ({ conversationId, seq }) => messageId(conversationId, seq),
    }),
    outcome: t.expose("outcome", { type: PushOutcomeEnum, description: "What came of it." }),
    reason: t.exposeString("reason", { description: "Why: in the vendor's words, or in Parley's." }),
  }),
});
builder.queryField("pushReport", (t) =>
  t.field({
    access: "admin",
    type: [PushRecordType],
    nullable: true,
    description: "Admins: what came of a user's pushes, the newest first.",
    args: {
      user: t.arg.id({ required: true, description: "Id of the user." }),
      last: t.arg.int({ required: true, defaultValue: 50, description: "How many at most, up to 200." }),
    },
    resolve: async (_, { user, last }, context) => [
      ...(await context.engine.pushing.report(viewerOf(context), user, last)),
    ],
  }),
);

const TestedPushType = builder.objectRef<TestedPush>("TestedPush").implement({
  access: "given",
  description: "What a vendor has said to a test.",
  fields: (t) => ({
    vendor: t.expose("vendor", { type: PushVendorEnum, description: "Which." }),
    accepted: t.boolean({ description: "Whether it was taken.", resolve: ({ outcome }) => outcome === "accepted" }),
    outcome: t.exposeString("outcome", { description: "What it comes to, in a word or two." }),
    reason: t.exposeString("reason", { description: "The vendor's code." }),
  }),
});
const TestPushInput = builder.inputType("TestPushInput", {
  description: "Which device is tried.",
  fields: (t) => ({
    user: t.id({ required: true, description: "Id of the user." }),
    deviceId: t.string({ description: "One device; left out: all of the user's." }),
  }),
});
const TestPushPayload = builder.objectRef<{ results: TestedPush[] }>("TestPushPayload").implement({
  access: "given",
  description: "What the vendors have said; empty where the user has no device with a token.",
  fields: (t) => ({ results: t.expose("results", { type: [TestedPushType], description: "One for each token." }) }),
});
const RetryPushesInput = builder.inputType("RetryPushesInput", {
  description: "What is tried again.",
  fields: (t) => ({ vendor: t.field({ type: PushVendorEnum, description: "Pushes of one vendor; left out: all." }) }),
});
const RetryPushesPayload = builder.objectRef<{ count: number }>("RetryPushesPayload").implement({
  access: "given",
  description: "What waits again.",
  fields: (t) => ({ count: t.exposeInt("count", { description: "How many pushes." }) }),
});

builder.mutationFields((t) => ({
  testPush: t.field({
    access: "admin",
    type: TestPushPayload,
    nullable: true,
    description: "Admins: sends a test to a user's devices at once, and gives what the vendors say.",
    args: { input: t.arg({ type: TestPushInput, required: true, description: "Which device." }) },
    resolve: async (_, { input: { user, deviceId } }, context) => ({
      results: [...(await context.engine.pushing.test(viewerOf(context), user, deviceId ?? null))],
    }),
  }),
  retryPushes: t.field({
    access: "admin",
    type: RetryPushesPayload,
    nullable: true,
    description: "Admins: tries again what was given up.",
    args: { input: t.arg({ type: RetryPushesInput, required: true, description: "What." }) },
    resolve: async (_, { input: { vendor } }, context) => ({
      count: await context.engine.pushing.retry(viewerOf(context), vendor ?? null),
    }),
  }),
}));
