/** Broadcasts: messages to everybody, or to a long list. */

import { DEFAULT_PER_SECOND } from "../engine/broadcasts/broadcasts.ts";
import type { Broadcast, BroadcastState } from "../engine/broadcasts/model.ts";
import type { DataCode } from "../engine/errors.ts";
import { broadcastId } from "../engine/ids.ts";
import { builder } from "./builder.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { ErrorCode } from "./errors.ts";
import { PushInput } from "./send.ts";
import { UserType } from "./user.ts";

const states = {
  RUNNING: { description: "It goes out, also after the server was started anew." },
  DONE: { description: "Everybody has been sent it, or was refused." },
  CANCELLED: { description: "An admin has ended it; what was sent stays sent." },
} as const satisfies Record<BroadcastState, { description: string }>;
const BroadcastStateEnum = builder.enumType("BroadcastState", {
  description: "How far a broadcast is.",
  values: states,
});

interface Failure {
  readonly code: DataCode;
  readonly count: number;
}
const BroadcastFailureType = builder.objectRef<Failure>("BroadcastFailure").implement({
  access: "given",
  description: "How many were refused it, and why.",
  fields: (t) => ({
    code: t.expose("code", { type: ErrorCode, description: "Why." }),
    count: t.exposeInt("count", { description: "How many." }),
  }),
});

const BroadcastType = builder.objectRef<Broadcast>("Broadcast").implement({
  access: "admin",
  description: "A message to everybody, or to a long list, and how far it is.",
  fields: (t) => ({
    id: t.id({ description: "Opaque.", resolve: ({ id }) => broadcastId(id) }),
    state: t.expose("state", { type: BroadcastStateEnum, description: "How far it is." }),
    startedBy: t.field({
      type: UserType,
      description: "The admin who began it.",
      resolve: ({ startedBy }) => ({ id: startedBy }),
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When it was begun." }),
    finishedAt: t.expose("finishedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was done or cancelled; null while it runs.",
    }),
    perSecond: t.exposeInt("perSecond", { description: "How many it is sent to in a second, at most." }),
    total: t.exposeInt("total", { description: "How many it goes to." }),
    sent: t.exposeInt("sent", { description: "How many have been sent it." }),
    failed: t.exposeInt("failed", { description: "How many were refused it." }),
    failures: t.field({
      type: [BroadcastFailureType],
      description: "Why they were.",
      resolve: ({ failures }) =>
        Object.entries(failures).map(([code, count]) => ({ code: code as DataCode, count: count ?? 0 })),
    }),
  }),
});

builder.queryFields((t) => ({
  broadcast: t.field({
    access: "admin",
    type: BroadcastType,
    nullable: true,
    description: "Admins: a broadcast by id; null when there is none, or none any more.",
    args: { id: t.arg.id({ required: true, description: "Id of the broadcast." }) },
    resolve: (_, { id }, context) => context.engine.broadcasts.find(viewerOf(context), id),
  }),
  broadcasts: t.field({
    access: "admin",
    type: [BroadcastType],
    nullable: true,
    description: "Admins: the last 50 broadcasts, newest first, while their messages would be kept.",
    resolve: async (_, __, context) => [...(await context.engine.broadcasts.list(viewerOf(context)))],
  }),
}));

const payload = (name: string, description: string) =>
  builder.objectRef<{ broadcast: Broadcast }>(name).implement({
    access: "given",
    description,
    fields: (t) => ({ broadcast: t.expose("broadcast", { type: BroadcastType, description: "As it is now." }) }),
  });

const BroadcastInput = builder.inputType("BroadcastInput", {
  description: "A message to everybody, or to a long list.",
  fields: (t) => ({
    content: t.field({
      type: MessageContentInput,
      required: true,
      description: "What to say. A notice comes from `system`, with kind BROADCAST.",
    }),
    to: t.idList({
      description:
        "Ids of up to 10,000 recipients; one that is no user is counted as refused. Left out: every user who is there when it begins.",
    }),
    perSecond: t.int({
      required: true,
      defaultValue: DEFAULT_PER_SECOND,
      description: "How many are sent it in a second, at most; 1 to 1,000.",
    }),
    clientMessageId: t.string({
      description:
        "Idempotency key of the broadcast: the same one again gives the same broadcast, for as long as it is kept.",
    }),
    customData: t.string({ description: "Data beside the content, at most 4 KiB." }),
    push: t.field({ type: PushInput, description: "What a notification says." }),
    sendAs: t.id({ access: "admin", description: "Admins only: send as this user. Recorded in the audit trail." }),
  }),
});
const CancelBroadcastInput = builder.inputType("CancelBroadcastInput", {
  description: "A broadcast to end.",
  fields: (t) => ({ id: t.id({ required: true, description: "Id of the broadcast." }) }),
});

builder.mutationFields((t) => ({
  broadcast: t.field({
    access: "admin",
    type: payload("BroadcastPayload", "A broadcast that has been begun. Ask `broadcast` how far it is."),
    nullable: true,
    description:
      "Admins: sends a message to everybody or to a long list, in the background, to each once, also when the server stops in between. At most 5 run at a time.",
    args: { input: t.arg({ type: BroadcastInput, required: true, description: "The message." }) },
    resolve: async (_, { input }, context) => ({
      broadcast: await context.engine.broadcasts.begin(viewerOf(context), { ...input, syncToSender: false }),
    }),
  }),
  cancelBroadcast: t.field({
    access: "admin",
    type: payload("CancelBroadcastPayload", "The broadcast after it was ended."),
    nullable: true,
    description: "Admins: ends a broadcast. What was sent stays sent.",
    args: { input: t.arg({ type: CancelBroadcastInput, required: true, description: "Which." }) },
    resolve: async (_, { input: { id } }, context) => ({
      broadcast: await context.engine.broadcasts.cancel(viewerOf(context), id),
    }),
  }),
}));
