/** Importing what was elsewhere, by admins. */
import { codeOf, type ImportOutcome, type ImportResult } from "../engine/records/import-result.ts";
import { builder } from "./builder.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { ErrorCode } from "./errors.ts";
import { MessageType } from "./message.ts";

const outcomes = {
  IMPORTED: { description: "It is on disk." },
  DUPLICATE: { description: "It was there before, and nothing has changed." },
  EXPIRED: { description: "It is older than what is kept: nothing was stored." },
  REFUSED: { description: "It breaks a rule, which `code` and `reason` tell: nothing of it was stored." },
} as const satisfies Record<ImportOutcome, { description: string }>;
const ImportOutcomeType = builder.enumType("ImportOutcome", {
  description: "What became of one that was imported.",
  values: outcomes,
});

function resultType(name: string, what: string) {
  return builder.objectRef<ImportResult>(name).implement({
    access: "given",
    description: `What became of one ${what} of the input.`,
    fields: (t) => ({
      outcome: t.expose("outcome", { type: ImportOutcomeType, description: "What became of it." }),
      code: t.field({
        type: ErrorCode,
        nullable: true,
        description: "Why it was REFUSED; else null.",
        resolve: codeOf,
      }),
      reason: t.string({
        nullable: true,
        description: "For people: what is wrong and how to mend it; null where it was not REFUSED.",
        resolve: ({ refusal }) => refusal?.message ?? null,
      }),
      field: t.string({
        nullable: true,
        description: "Path of the input at fault; null where no single one is.",
        resolve: ({ refusal }) => refusal?.field ?? null,
      }),
    }),
  });
}

const ImportMessageResult = resultType("ImportMessageResult", "message");
builder.objectField(ImportMessageResult, "message", (t) =>
  t.field({
    type: MessageType,
    nullable: true,
    description: "As it is stored; null where it is not.",
    resolve: ({ view }) => view,
  }),
);
const ImportRelationResult = resultType("ImportRelationResult", "relation");

type Results = { readonly results: readonly ImportResult[] };
const ImportMessagesPayload = builder.objectRef<Results>("ImportMessagesPayload").implement({
  access: "given",
  description: "What became of the messages.",
  fields: (t) => ({
    results: t.field({
      type: [ImportMessageResult],
      description: "One for each of the input, in its order.",
      resolve: ({ results }) => [...results],
    }),
  }),
});
const ImportRelationsPayload = builder.objectRef<Results>("ImportRelationsPayload").implement({
  access: "given",
  description: "What became of the relations.",
  fields: (t) => ({
    results: t.field({
      type: [ImportRelationResult],
      description: "One for each of the input, in its order.",
      resolve: ({ results }) => [...results],
    }),
  }),
});

const ImportMessageInput = builder.inputType("ImportMessageInput", {
  description: "An old message.",
  fields: (t) => ({
    from: t.id({ required: true, description: "Id of its sender." }),
    to: t.id({ required: true, description: "Id of its recipient; the sender's own makes a note to oneself." }),
    content: t.field({ type: MessageContentInput, required: true, description: "What it says." }),
    sentAt: t.field({ type: "DateTime", required: true, description: "When it was sent; not in the future." }),
    clientMessageId: t.string({
      required: true,
      description:
        "Key, 1 to 64 characters, as of `sendMessage`: the same sender's again is the same message, and nothing is imported twice.",
    }),
    customData: t.string({ description: "The sender's own data beside the content, at most 4 KiB." }),
    read: t.boolean({
      required: true,
      defaultValue: true,
      description:
        "Whether the recipient has read it. A mark never jumps over what is unread: behind that it stays unread.",
    }),
  }),
});
const ImportMessagesInput = builder.inputType("ImportMessagesInput", {
  description:
    "Old messages. Those of a conversation get their places in the order in which they come: the oldest first.",
  fields: (t) => ({
    messages: t.field({
      type: [ImportMessageInput],
      required: true,
      description: "At most 100, which are put in the order of their times.",
    }),
  }),
});

const RelationKind = builder.enumType("RelationKind", {
  description: "What stood between two users.",
  values: {
    FRIENDS: { description: "They are friends, from both sides." },
    BLOCKED: { description: "`user` has `other` on the blacklist." },
  } as const,
});
const ImportRelationInput = builder.inputType("ImportRelationInput", {
  description: "A friendship, or an entry of a blacklist.",
  fields: (t) => ({
    kind: t.field({ type: RelationKind, required: true, description: "Which." }),
    user: t.id({ required: true, description: "Id of the one." }),
    other: t.id({ required: true, description: "Id of the other." }),
    since: t.field({ type: "DateTime", description: "Since when; not in the future. Default: now." }),
  }),
});
const ImportRelationsInput = builder.inputType("ImportRelationsInput", {
  description: "Relations between users, in the order in which they are to be stored.",
  fields: (t) => ({
    relations: t.field({ type: [ImportRelationInput], required: true, description: "At most 100." }),
  }),
});

builder.mutationFields((t) => ({
  importMessages: t.field({
    access: "admin",
    type: ImportMessagesPayload,
    nullable: true,
    description:
      "Admins: stores old messages under their own times and keys. No push, no hooks, no rules of who may write to whom; devices find them in history and conversations, and are not handed them as new.",
    args: { input: t.arg({ type: ImportMessagesInput, required: true, description: "The messages." }) },
    async resolve(_, { input }, context) {
      return { results: await context.engine.importMessages(viewerOf(context), input.messages) };
    },
  }),
  importRelations: t.field({
    access: "admin",
    type: ImportRelationsPayload,
    nullable: true,
    description: "Admins: stores friendships and entries of blacklists as they were elsewhere. Nobody is told.",
    args: { input: t.arg({ type: ImportRelationsInput, required: true, description: "The relations." }) },
    async resolve(_, { input }, context) {
      return { results: await context.engine.importRelations(viewerOf(context), input.relations) };
    },
  }),
}));
