/** Messages: the type, looking one up, sending, editing, recalling, deleting. */
import type { Message, Profile } from "../engine/model.ts";
import type { SendSuccess } from "../engine/send.ts";
import { contentSeenBy, keySeenBy, type MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { MessageContent } from "./content.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { errorType, orRefusal, Refused } from "./errors.ts";
import { NodeInterface } from "./node.ts";
import { UserType } from "./user.ts";

const SenderProfile = builder.objectRef<Profile>("SenderProfile").implement({
  description: "Nickname and avatar of a sender as they were when the message was sent.",
  fields: (t) => ({
    nickname: t.exposeString("nickname", { nullable: true, description: "Null when there was none." }),
    avatarUrl: t.exposeString("avatarUrl", { nullable: true, description: "Null when there was none." }),
  }),
});

/** What the viewer sees of its content and time of edit. */
function seen({ message, viewedBy }: MessageView): Pick<Message, "content" | "editedAt"> {
  return contentSeenBy(message, viewedBy);
}

export const MessageType = builder.objectRef<MessageView>("Message");
MessageType.implement({
  description: "A message between two users. Its two sides may see it, and admins.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    id: t.id({ description: "Opaque.", resolve: ({ message }) => message.id }),
    seq: t.int({
      description:
        "Its place in the conversation: strictly increasing, the same on both sides and on every device, the only order. Not every viewer sees every number. 0 for a message with lifetimeSeconds 0, which is in no log and no history.",
      resolve: ({ message }) => message.seq,
    }),
    sender: t.field({
      type: UserType,
      description: "Who sent it, with the profile of today.",
      resolve: ({ message }) => ({ id: message.senderId }),
    }),
    recipient: t.field({
      type: UserType,
      description: "To whom.",
      resolve: ({ message }) => ({ id: message.recipientId }),
    }),
    senderProfile: t.field({
      type: SenderProfile,
      description: "The sender's profile when it was sent.",
      resolve: ({ message }) => message.senderProfile,
    }),
    content: t.field({
      type: MessageContent,
      nullable: true,
      description: "What it says; null once it is recalled.",
      resolve: (view) => seen(view).content,
    }),
    customData: t.string({
      nullable: true,
      description: "The sender's own data beside the content, opaque; null when there is none, or once recalled.",
      resolve: ({ message }) => message.customData,
    }),
    clientMessageId: t.string({
      nullable: true,
      description: "The sender's idempotency key; null for others than the sender and admins.",
      resolve: (view, _, context) => keySeenBy(viewerOf(context), view),
    }),
    sentAt: t.field({
      type: "DateTime",
      description: "When the server took it. It decides nothing: order is `seq`.",
      resolve: ({ message }) => message.sentAt,
    }),
    editedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When its content was last changed; null when never.",
      resolve: (view) => seen(view).editedAt,
    }),
    recalledAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it was recalled; null when it was not.",
      resolve: ({ message }) => message.recalledAt,
    }),
    deliveredToRecipient: t.boolean({
      description: "Whether a device of the recipient has acknowledged it.",
      resolve: async ({ message }, _, { engine }) => (await engine.messages.reception(message)).delivered,
    }),
    readByRecipient: t.boolean({
      description: "Whether the recipient's read mark has passed it.",
      resolve: async ({ message }, _, { engine }) => (await engine.messages.reception(message)).read,
    }),
    replyTo: t.field({
      type: MessageType,
      nullable: true,
      description: "The message that it answers; null when it answers none, or that one is gone.",
      resolve: (view, _, { engine }) => engine.messages.repliedTo(view),
    }),
  }),
});

builder.queryField("message", (t) =>
  t.field({
    type: MessageType,
    nullable: true,
    description: "A message of the viewer's by id, while roaming history keeps it; admins see any. Else null.",
    args: { id: t.arg.id({ required: true, description: "Id of the message." }) },
    resolve: (_, { id }, context) => context.engine.messages.find(viewerOf(context), id),
  }),
);

const SendMessageSuccess = builder.objectRef<SendSuccess>("SendMessageSuccess").implement({
  description: "The message is on disk.",
  fields: (t) => ({
    message: t.field({ type: MessageType, description: "As it is stored.", resolve: (success) => success }),
    duplicate: t.exposeBoolean("duplicate", {
      description: "True: this clientMessageId had been sent before, and nothing new was stored.",
    }),
  }),
});
const SendMessageError = errorType("SendMessageError", "a message was not sent; nothing of it is left");
const SendMessageResult = builder.unionType("SendMessageResult", {
  description: "What became of a message.",
  types: [SendMessageSuccess, SendMessageError],
  resolveType: (value) => (value instanceof Refused ? "SendMessageError" : "SendMessageSuccess"),
});

const PushInput = builder.inputType("PushInput", {
  description: "What a notification on a sleeping phone says. Kept with the message.",
  fields: (t) => ({
    disabled: t.boolean({ required: true, defaultValue: false, description: "True: no notification." }),
    title: t.string({ description: "In place of the sender's nickname." }),
    body: t.string({ description: "In place of the summary." }),
    data: t.string({ description: "Handed to the app." }),
  }),
});
const SendMessageInput = builder.inputType("SendMessageInput", {
  description: "A message to send.",
  fields: (t) => ({
    to: t.id({ required: true, description: "Id of the recipient; the viewer's own makes a note to oneself." }),
    content: t.field({ type: MessageContentInput, required: true, description: "What to say." }),
    clientMessageId: t.string({
      description:
        "Idempotency key, 1 to 64 characters. The same one again gives the same message for as long as the message is kept. A refused send uses no key. With lifetimeSeconds 0: best effort.",
    }),
    customData: t.string({ description: "The sender's own data beside the content, at most 4 KiB." }),
    replyTo: t.id({ description: "Id of the message of this conversation that it answers." }),
    lifetimeSeconds: t.int({
      description:
        "Seconds that it waits in the offline cache; more than the retention is cut to it, which is the default. 0: for connected devices only, not stored.",
    }),
    syncToSender: t.boolean({
      required: true,
      defaultValue: true,
      description: "Whether the sender's other devices are handed it.",
    }),
    push: t.field({ type: PushInput, description: "What a notification says." }),
    sendAs: t.id({ description: "Admins only: send as this user. Recorded in the audit trail." }),
  }),
});

const MessageResult = (name: string, what: string) =>
  builder.objectRef<MessageView>(name).implement({
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
  sendMessage: t.field({
    type: SendMessageResult,
    nullable: true,
    description: "Sends a message. Success means that it is on disk.",
    args: { input: t.arg({ type: SendMessageInput, required: true, description: "The message." }) },
    resolve: (_, { input }, context) => orRefusal(context.engine.send(viewerOf(context), input)),
  }),
  recallMessage: t.field({
    type: RecallMessageResult,
    nullable: true,
    description:
      "Takes a message back: its sender for recallWindowSeconds, an admin any. Its content is erased; everybody who has it is told.",
    args: { input: t.arg({ type: RecallMessageInput, required: true, description: "Which." }) },
    resolve: (_, { input }, context) => orRefusal(context.engine.messages.recall(viewerOf(context), input.id)),
  }),
  editMessage: t.field({
    type: EditMessageResult,
    nullable: true,
    description: "Puts other content in the place of a message's own, by its sender; everybody who has it is told.",
    args: { input: t.arg({ type: EditMessageInput, required: true, description: "Which, and what it says now." }) },
    resolve: (_, { input }, context) => orRefusal(context.engine.messages.edit(viewerOf(context), input)),
  }),
  deleteMessages: t.field({
    type: DeleteMessagesPayload,
    nullable: true,
    description: "Deletes messages for the viewer, on all its devices; the peer keeps them.",
    args: { input: t.arg({ type: DeleteMessagesInput, required: true, description: "Which." }) },
    async resolve(_, { input }, context) {
      return { deletedIds: await context.engine.messages.deleteForViewer(viewerOf(context), input.ids) };
    },
  }),
}));
