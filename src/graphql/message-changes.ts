/** What can be done to a message that is there: recall, edit, delete for oneself. */

import type { MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { errorType, orRefusal, Refused } from "./errors.ts";
import { MessageType } from "./message.ts";

const MessageResult = (name: string, what: string) =>
  builder.objectRef<MessageView>(name).implement({
    access: "given",
    description: what,
    fields: (t) => ({
      message: t.field({ type: MessageType, description: "As it is now.", resolve: (success) => success }),
    }),
  });

const RecallMessageResult = builder.unionType("RecallMessageResult", {
  description: "What became of a recall.",
  types: [
    MessageResult("RecallMessageSuccess", "The message is recalled and its content erased."),
    errorType("RecallMessageError", "a message was not recalled"),
  ],
  resolveType: (value) => (value instanceof Refused ? "RecallMessageError" : "RecallMessageSuccess"),
});
const RecallMessageInput = builder.inputType("RecallMessageInput", {
  description: "A message to recall.",
  fields: (t) => ({ id: t.id({ required: true, description: "Id of the message." }) }),
});

const EditMessageResult = builder.unionType("EditMessageResult", {
  description: "What became of an edit.",
  types: [
    MessageResult("EditMessageSuccess", "The message has its new content."),
    errorType("EditMessageError", "a message was not edited; it is as it was"),
  ],
  resolveType: (value) => (value instanceof Refused ? "EditMessageError" : "EditMessageSuccess"),
});
const EditMessageInput = builder.inputType("EditMessageInput", {
  description: "Other content for a message of one's own.",
  fields: (t) => ({
    id: t.id({ required: true, description: "Id of the message." }),
    content: t.field({
      type: MessageContentInput,
      required: true,
      description: "Of the same kind as before: text, face, location or custom.",
    }),
  }),
});

const DeleteMessagesPayload = builder.objectRef<{ deletedIds: readonly string[] }>("DeleteMessagesPayload").implement({
  access: "given",
  description: "What is deleted for the viewer.",
  fields: (t) => ({
    deletedIds: t.idList({
      description: "Of the ids given, those that the viewer could see.",
      resolve: ({ deletedIds }) => [...deletedIds],
    }),
  }),
});
const DeleteMessagesInput = builder.inputType("DeleteMessagesInput", {
  description: "Messages to delete for the viewer alone.",
  fields: (t) => ({ ids: t.idList({ required: true, description: "At most 100; unknown ones are passed over." }) }),
});

builder.mutationFields((t) => ({
  recallMessage: t.field({
    access: "senderOrAdmin",
    type: RecallMessageResult,
    nullable: true,
    description:
      "Takes a message back: its sender for recallWindowSeconds, an admin any. Its content is erased; everybody who has it is told.",
    args: { input: t.arg({ type: RecallMessageInput, required: true, description: "Which." }) },
    resolve: (_, { input }, context) => orRefusal(context, context.engine.messages.recall(viewerOf(context), input.id)),
  }),
  editMessage: t.field({
    access: "sender",
    type: EditMessageResult,
    nullable: true,
    description: "Puts other content in the place of a message's own, by its sender; everybody who has it is told.",
    args: { input: t.arg({ type: EditMessageInput, required: true, description: "Which, and what it says now." }) },
    resolve: (_, { input }, context) => orRefusal(context, context.engine.messages.edit(viewerOf(context), input)),
  }),
  deleteMessages: t.field({
    access: "self",
    type: DeleteMessagesPayload,
    nullable: true,
    description: "Deletes messages for the viewer, on all its devices; the peer keeps them.",
    args: { input: t.arg({ type: DeleteMessagesInput, required: true, description: "Which." }) },
    async resolve(_, { input }, context) {
      return { deletedIds: await context.engine.messages.deleteForViewer(viewerOf(context), input.ids) };
    },
  }),
}));
