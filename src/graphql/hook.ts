/** Hooks, for admins to look at. */
import { EVENT_KINDS, type EventKind } from "../engine/event-store.ts";
import type { HookRecord } from "../engine/hook-store.ts";
import type { HookState } from "../engine/hooks/hooks.ts";
import { messageId } from "../engine/ids.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { UserType } from "./user.ts";

const DESCRIPTIONS: Record<EventKind, string> = {
  sent: "A message was sent.",
  edited: "A message was edited.",
  recalled: "A message was recalled.",
  read: "Somebody has read a conversation up to a message.",
  friendRequested: "Somebody asked for a friendship.",
  friendAdded: "Two users became friends.",
  friendRemoved: "A friendship ended.",
  blocked: "Somebody blocked another.",
  unblocked: "Somebody let another write again.",
};

/** As in GraphQL: words in capitals, with `_` between them. */
function constant(kind: EventKind): string {
  return kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

const EventKindEnum = builder.enumType("EventKind", {
  description: "What has happened.",
  values: Object.fromEntries(
    EVENT_KINDS.map((kind) => [constant(kind), { value: kind, description: DESCRIPTIONS[kind] }]),
  ),
});

const HookType = builder.objectRef<HookState>("Hook").implement({
  access: "admin",
  description: "A URL of the app's that is told what happens, and what waits for it.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As in the file of PARLEY_HOOKS." }),
    waiting: t.exposeInt("waiting", { description: "Events that it has not taken yet." }),
    dead: t.exposeInt("dead", { description: "Events that were given up; `retryHooks` delivers them again." }),
    oldestAt: t.expose("oldestAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when the oldest of what waits has waited; null where nothing waits.",
    }),
  }),
});
builder.queryField("hooks", (t) =>
  t.field({
    access: "admin",
    type: [HookType],
    nullable: true,
    description: "Admins: the hooks that are told what happens.",
    resolve: async (_, __, context) => [...(await context.engine.hooks.list(viewerOf(context)))],
  }),
);

const HookDeliveryType = builder.objectRef<HookRecord>("HookDelivery").implement({
  access: "admin",
  description: "An event that a hook has not taken.",
  fields: (t) => ({
    hook: t.exposeString("hook", { description: "Which hook." }),
    eventId: t.string({
      description: "The end of the `webhook-id` under which it is delivered.",
      resolve: ({ event }) => String(event.id),
    }),
    kind: t.field({ type: EventKindEnum, description: "What has happened.", resolve: ({ event }) => event.kind }),
    at: t.field({ type: "DateTime", description: "When it happened.", resolve: ({ event }) => event.at }),
    user: t.field({ type: UserType, description: "Who did it.", resolve: ({ event }) => ({ id: event.userId }) }),
    other: t.field({ type: UserType, description: "To whom.", resolve: ({ event }) => ({ id: event.otherId }) }),
    messageId: t.id({
      nullable: true,
      description: "The message that it is about; null where it is about two people.",
      resolve: ({ event: { place } }) => (place === null ? null : messageId(place.conversationId, place.seq)),
    }),
    attempts: t.exposeInt("attempts", { description: "How often it was tried." }),
    dead: t.exposeBoolean("dead", { description: "Whether it was given up." }),
    queuedAt: t.expose("queuedAt", { type: "DateTime", description: "When it began to wait." }),
    reason: t.exposeString("reason", {
      nullable: true,
      description: "Why it was not taken when it was last tried; null before that.",
    }),
  }),
});
builder.queryField("hookDeliveries", (t) =>
  t.field({
    access: "admin",
    type: [HookDeliveryType],
    nullable: true,
    description: "Admins: what waits for hooks, or was given up, the oldest first. Kept as long as the offline cache.",
    args: {
      hook: t.arg.string({ description: "Of one hook; left out: of all." }),
      dead: t.arg.boolean({ required: true, defaultValue: true, description: "What was given up, or what waits." }),
      first: t.arg.int({ required: true, defaultValue: 50, description: "How many at most, up to 200." }),
    },
    resolve: async (_, { hook, dead, first }, context) => [
      ...(await context.engine.hooks.records(viewerOf(context), hook ?? null, dead, first)),
    ],
  }),
);

const RetryHooksInput = builder.inputType("RetryHooksInput", {
  description: "What is delivered again.",
  fields: (t) => ({ hook: t.string({ description: "What one hook did not take; left out: all of them." }) }),
});
const RetryHooksPayload = builder.objectRef<{ count: number }>("RetryHooksPayload").implement({
  access: "given",
  description: "What waits again.",
  fields: (t) => ({ count: t.exposeInt("count", { description: "How many events." }) }),
});
builder.mutationField("retryHooks", (t) =>
  t.field({
    access: "admin",
    type: RetryHooksPayload,
    nullable: true,
    description: "Admins: delivers again what was given up. It may come after what happened later.",
    args: { input: t.arg({ type: RetryHooksInput, required: true, description: "What." }) },
    resolve: async (_, { input: { hook } }, context) => ({
      count: await context.engine.hooks.retry(viewerOf(context), hook ?? null),
    }),
  }),
);
