/** Messages: the type, and looking one up. */
import { encodeHistoryCursor } from "../engine/cursors.ts";
import type { Message, Profile } from "../engine/model.ts";
import { contentSeenBy, keySeenBy, type MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { MessageContent } from "./content.ts";
import { viewerOf } from "./context.ts";
import { NodeInterface } from "./node.ts";
import { UserType } from "./user.ts";

const SenderProfile = builder.objectRef<Profile>("SenderProfile").implement({
  access: "given",
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
  access: "sides",
  description: "A message between two users. Its two sides may see it, and admins.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    id: t.id({ description: "Opaque.", resolve: ({ message }) => message.id }),
    seq: t.int({
      description:
        "Its place in the conversation: strictly increasing, the same on both sides and on every device, the only order. Not every viewer sees every number. 0 for a message with lifetimeSeconds 0, which is in no log and no history.",
      resolve: ({ message }) => message.seq,
    }),
    cursor: t.string({
      nullable: true,
      description:
        "Its place in `history`: pass it as `before` or `after` to go on from this message, however it came. Null with lifetimeSeconds 0.",
      resolve: ({ message, viewedBy }) =>
        message.seq === 0 ? null : encodeHistoryCursor(viewedBy, message.conversationId, message.seq),
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
      access: "senderOrAdmin",
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
    erasedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When its sender was erased, and what it said with it; null when that did not happen.",
      resolve: ({ message }) => message.erasedAt,
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
      resolve: (view, _, context) => context.engine.messages.repliedTo(viewerOf(context), view),
    }),
  }),
});

builder.queryField("message", (t) =>
  t.field({
    access: "sides",
    type: MessageType,
    nullable: true,
    description: "A message of the viewer's by id, while roaming history keeps it; admins see any. Else null.",
    args: { id: t.arg.id({ required: true, description: "Id of the message." }) },
    resolve: (_, { id }, context) => context.engine.messages.find(viewerOf(context), id),
  }),
);
