/** Conversations: the type, recent contacts, history, and how a side arranges its view. */
import type { MessagePage } from "../engine/conversations.ts";
import { encodeContactCursor, encodeHistoryCursor } from "../engine/cursors.ts";
import { conversationId } from "../engine/ids.ts";
import type { Member } from "../engine/model.ts";
import type { MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { type Connection, connectionType, pageArguments, toConnection } from "./connection.ts";
import { viewerOf } from "./context.ts";
import { MessageType } from "./message.ts";
import { NodeInterface } from "./node.ts";
import { UserType } from "./user.ts";

export const MessageConnection = connectionType("Message", MessageType);

function toMessageConnection(page: MessagePage): Connection<MessageView> {
  const cursorOf = ({ message }: MessageView) => encodeHistoryCursor(page.userId, message.conversationId, message.seq);
  return toConnection(page, cursorOf, (view) => view);
}

export const ConversationType = builder.objectRef<Member>("Conversation").implement({
  access: "selfOrAdmin",
  description: "A conversation as one of its two sides sees it.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    id: t.id({
      description: "Opaque. Of this side's view: the two sides' ids differ.",
      resolve: (member) => conversationId(member.conversationId, member.userId),
    }),
    peer: t.field({ type: UserType, description: "The other side.", resolve: ({ peerId }) => ({ id: peerId }) }),
    lastMessage: t.field({
      type: MessageType,
      nullable: true,
      description: "Null when all of it has expired or was cleared.",
      resolve: (member, _, context) => context.engine.conversations.lastMessage(viewerOf(context), member),
    }),
    unreadCount: t.int({
      description: "Messages of the peer behind the read mark, the last clear and the last own message.",
      resolve: (member, _, { engine }) => engine.conversations.unreadCount(member),
    }),
    readSeq: t.exposeInt("readSeq", { description: "How far this side has read: its read mark, a `seq`." }),
    clearedSeq: t.exposeInt("clearedSeq", {
      description: "How far this side has cleared it: up to this `seq` it is shown nothing.",
    }),
    peerReadSeq: t.int({
      description: "How far the peer has read: its read mark, a `seq`.",
      resolve: (member, _, { engine }) => engine.conversations.peerReadSeq(member),
    }),
    pinned: t.exposeBoolean("pinned", { description: "Whether this side keeps it at the top." }),
    muted: t.exposeBoolean("muted", { description: "Whether this side wants no notifications of it." }),
    updatedAt: t.field({
      type: "DateTime",
      description: "When its last message came.",
      resolve: ({ lastActivityAt }) => lastActivityAt,
    }),
    messages: t.field({
      type: MessageConnection,
      description: "As `history`.",
      args: pageArguments("the newest 50"),
      resolve: async (member, args, context) =>
        toMessageConnection(await context.engine.conversations.messagesOf(viewerOf(context), member, args)),
    }),
  }),
});

builder.objectField(MessageType, "conversation", (t) =>
  t.field({
    access: "lookingSide",
    type: ConversationType,
    nullable: true,
    description: "The viewer's side (with `of`, that user's); null for an admin outside it, and before it has begun.",
    resolve: (view, _, context) => context.engine.conversations.sideOf(viewerOf(context), view),
  }),
);

const ConversationConnection = connectionType("Conversation", ConversationType);
const OF = "Admins only: the same question, asked as this user.";

builder.queryFields((t) => ({
  conversation: t.field({
    access: "self",
    type: ConversationType,
    nullable: true,
    description: "The conversation with a peer; null where nothing was ever written.",
    args: {
      peer: t.arg.id({ required: true, description: "Id of the other side." }),
      of: t.arg.id({ access: "admin", description: OF }),
    },
    resolve: (_, { peer, of }, context) => context.engine.conversations.withPeer(viewerOf(context), peer, of),
  }),
  conversations: t.field({
    access: "self",
    type: ConversationConnection,
    nullable: true,
    description: "Recent contacts, newest first, pinned before the rest; the newest recentContactsLimit of them.",
    args: { ...pageArguments("the first 50"), of: t.arg.id({ access: "admin", description: OF }) },
    async resolve(_, { of, ...args }, context) {
      const page = await context.engine.conversations.list(viewerOf(context), args, of);
      return toConnection(
        page,
        (member) => encodeContactCursor(member.userId, member),
        (member) => member,
      );
    },
  }),
  history: t.field({
    access: "self",
    type: MessageConnection,
    nullable: true,
    description:
      "Roaming history in the order of seq. `last: 50` is the newest page, `before: startCursor` the one above it. Null for a peer that does not exist.",
    args: {
      peer: t.arg.id({ required: true, description: "Id of the other side." }),
      ...pageArguments("the newest 50"),
      of: t.arg.id({ access: "admin", description: OF }),
    },
    async resolve(_, { peer, of, ...args }, context) {
      const page = await context.engine.conversations.history(viewerOf(context), peer, args, of);
      return page === null ? null : toMessageConnection(page);
    },
  }),
}));

/** What a change of one's own view answers. */
function payload(name: string, what: string) {
  return builder.objectRef<{ conversation: Member | null }>(name).implement({
    access: "given",
    description: what,
    fields: (t) => ({
      conversation: t.expose("conversation", {
        type: ConversationType,
        nullable: true,
        description: "Afterwards; null: nothing was ever written.",
      }),
    }),
  });
}

const PEER = "Id of the other side.";
const MarkReadInput = builder.inputType("MarkReadInput", {
  description: "How far the viewer has read.",
  fields: (t) => ({
    peer: t.id({ required: true, description: PEER }),
    upToSeq: t.int({ description: "The `seq` of the last message read. Without it: all of it." }),
  }),
});
const PinConversationInput = builder.inputType("PinConversationInput", {
  description: "Whether a conversation is kept at the top.",
  fields: (t) => ({
    peer: t.id({ required: true, description: PEER }),
    pinned: t.boolean({ required: true, defaultValue: true, description: "False lets it go again." }),
  }),
});
const MuteConversationInput = builder.inputType("MuteConversationInput", {
  description: "Whether a conversation notifies.",
  fields: (t) => ({
    peer: t.id({ required: true, description: PEER }),
    muted: t.boolean({ required: true, defaultValue: true, description: "False lets it notify again." }),
  }),
});
const ClearConversationInput = builder.inputType("ClearConversationInput", {
  description: "A conversation to empty for the viewer.",
  fields: (t) => ({ peer: t.id({ required: true, description: PEER }) }),
});

builder.mutationFields((t) => ({
  markRead: t.field({
    access: "self",
    type: payload("MarkReadPayload", "The conversation after reading."),
    nullable: true,
    description:
      "Moves the viewer's read mark forward; it never moves back. The peer and the viewer's other devices are told.",
    args: { input: t.arg({ type: MarkReadInput, required: true, description: "How far." }) },
    async resolve(_, { input }, context) {
      return {
        conversation: await context.engine.conversations.markRead(viewerOf(context), input.peer, input.upToSeq),
      };
    },
  }),
  pinConversation: t.field({
    access: "self",
    type: payload("PinConversationPayload", "The conversation after pinning."),
    nullable: true,
    description: "Keeps a conversation at the top of the viewer's list, on all its devices.",
    args: { input: t.arg({ type: PinConversationInput, required: true, description: "Which." }) },
    async resolve(_, { input: { peer, pinned } }, context) {
      return { conversation: await context.engine.conversations.arrange(viewerOf(context), peer, { pinned }) };
    },
  }),
  muteConversation: t.field({
    access: "self",
    type: payload("MuteConversationPayload", "The conversation after muting."),
    nullable: true,
    description: "Stops notifications of a conversation, on all the viewer's devices. Its messages still come.",
    args: { input: t.arg({ type: MuteConversationInput, required: true, description: "Which." }) },
    async resolve(_, { input: { peer, muted } }, context) {
      return { conversation: await context.engine.conversations.arrange(viewerOf(context), peer, { muted }) };
    },
  }),
  clearConversation: t.field({
    access: "self",
    type: payload("ClearConversationPayload", "The conversation after clearing."),
    nullable: true,
    description: "Empties a conversation for the viewer, on all its devices; the peer keeps it.",
    args: { input: t.arg({ type: ClearConversationInput, required: true, description: "Which." }) },
    async resolve(_, { input: { peer } }, context) {
      return { conversation: await context.engine.conversations.arrange(viewerOf(context), peer, { cleared: true }) };
    },
  }),
}));
