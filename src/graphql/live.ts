/** Subscriptions, and acknowledging what they gave. */
import type { NewMessageEvent } from "../engine/live/new-messages.ts";
import type { RefreshEvent } from "../engine/live/refresh.ts";
import type { TypingEvent } from "../engine/live/typing.ts";
import type { ConversationUpdatedEvent, DeletedMessage, MessageUpdatedEvent } from "../engine/live/updates.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { ConversationType } from "./conversation.ts";
import { MessageType } from "./message.ts";
import { UserType } from "./user.ts";

const CURSOR = "Its place in the viewer's log: pass it to `acknowledge`, or as `since`.";

const DeliverySourceEnum = builder.enumType("DeliverySource", {
  description: "Why a message is handed over.",
  values: {
    OFFLINE: { description: "The device has missed it." },
    RECENT: { description: "It is the last message of a recent contact who had nothing among what was missed." },
    LIVE: { description: "It came while the device was connected." },
  } as const,
});
const NewMessage = builder.objectRef<NewMessageEvent>("NewMessageEvent").implement({
  access: "self",
  description: "A message for this device.",
  fields: (t) => ({
    message: t.field({
      type: MessageType,
      description: "Recalled ones come with content null.",
      resolve: (event) => event,
    }),
    source: t.field({ type: DeliverySourceEnum, description: "Why it comes.", resolve: ({ source }) => source }),
    cursor: t.exposeString("cursor", { description: CURSOR }),
  }),
});

const Refresh = builder.objectRef<RefreshEvent>("RefreshEvent").implement({
  access: "self",
  description: "The device is in step: read the conversations now.",
  fields: (t) => ({
    offlineCount: t.exposeInt("offlineCount", { description: "How many OFFLINE messages were handed over." }),
    recentCount: t.exposeInt("recentCount", { description: "How many RECENT ones." }),
    truncated: t.exposeBoolean("truncated", {
      description: "True: part of what this device missed was not handed over; ask `history`.",
    }),
    truncatedPeers: t.idList({
      description: "Whose history to ask; empty with `truncated` true: any may be incomplete.",
      resolve: ({ truncatedPeers }) => [...truncatedPeers],
    }),
    cursor: t.exposeString("cursor", { description: CURSOR }),
  }),
});

const MessageChangeEnum = builder.enumType("MessageChange", {
  description: "What happened to a message.",
  values: {
    RECALLED: { description: "It was recalled: its content is gone." },
    EDITED: { description: "It has other content." },
    READ: { description: "The recipient has read it and all before it." },
    DELIVERED: { description: "A first device of the recipient has acknowledged it and all before it." },
  } as const,
});
const MessageUpdated = builder.objectRef<MessageUpdatedEvent>("MessageUpdatedEvent").implement({
  access: "self",
  description: "A change to a message that the device may already hold.",
  fields: (t) => ({
    message: t.field({ type: MessageType, description: "As it is now.", resolve: (event) => event }),
    change: t.field({ type: MessageChangeEnum, description: "What happened.", resolve: ({ change }) => change }),
    cursor: t.exposeString("cursor", { description: CURSOR }),
  }),
});

const DeletedMessageType = builder.objectRef<DeletedMessage>("DeletedMessage").implement({
  access: "given",
  description: "A message that the viewer has deleted for itself.",
  fields: (t) => ({
    id: t.id({ description: "Its id, to take it out of caches with.", resolve: ({ id }) => id }),
    seq: t.exposeInt("seq", { description: "Its number in the conversation." }),
  }),
});

const ConversationUpdated = builder.objectRef<ConversationUpdatedEvent>("ConversationUpdatedEvent").implement({
  access: "self",
  description: "A change that another device of the viewer's made to its view of a conversation.",
  fields: (t) => ({
    conversation: t.field({
      type: ConversationType,
      description: "As it is now.",
      resolve: (event) => event.conversation,
    }),
    deletedMessage: t.field({
      type: DeletedMessageType,
      nullable: true,
      description: "What it deleted, one message an event; null where it pinned, muted, cleared or read.",
      resolve: (event) => event.deletedMessage,
    }),
    cursor: t.exposeString("cursor", { description: CURSOR }),
  }),
});

const Typing = builder.objectRef<TypingEvent>("TypingEvent").implement({
  access: "self",
  description: "A peer types, or has stopped.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "Who.", resolve: ({ userId }) => ({ id: userId }) }),
    typing: t.exposeBoolean("typing", { description: "False: stopped. Clients let it lapse after some seconds." }),
  }),
});

const SINCE = "Go on behind this cursor, or behind what the device has acknowledged, whichever is later.";

builder.subscriptionFields((t) => ({
  newMessage: t.field({
    access: "self",
    type: NewMessage,
    description:
      "What the device has missed (OFFLINE, oldest first), the last message of each other recent contact (RECENT), then whatever comes (LIVE). No gap but what the refresh announces.",
    args: { since: t.arg.string({ description: SINCE }) },
    subscribe: (_, { since }, context) => context.engine.live.newMessage(viewerOf(context), context.connection, since),
    resolve: (event) => event,
  }),
  refresh: t.field({
    access: "self",
    type: Refresh,
    description: "One for each `newMessage` of this device, once that has caught up; at once where it already has.",
    subscribe: (_root, _args, context) => context.engine.live.refresh(viewerOf(context), context.connection),
    resolve: (event) => event,
  }),
  messageUpdated: t.field({
    access: "self",
    type: MessageUpdated,
    description:
      "Recalls, edits, deliveries and reads. A `since` that cannot be served is refused with CURSOR_EXPIRED.",
    args: { since: t.arg.string({ description: SINCE }) },
    subscribe: (_, { since }, context) => context.engine.live.messageUpdated(viewerOf(context), since),
    resolve: (event) => event,
  }),
  conversationUpdated: t.field({
    access: "self",
    type: ConversationUpdated,
    description: "Pins, mutes, clears, deletions for me and read marks made on the viewer's other devices.",
    args: { since: t.arg.string({ description: SINCE }) },
    subscribe: (_, { since }, context) => context.engine.live.conversationUpdated(viewerOf(context), since),
    resolve: (event) => event,
  }),
  typing: t.field({
    access: "self",
    type: Typing,
    description: "Peers that type to the viewer, from now on.",
    subscribe: (_root, _args, context) => context.engine.typing.subscribe(viewerOf(context)),
    resolve: (event) => event,
  }),
}));

const AcknowledgePayload = builder.objectRef<{ cursor: string }>("AcknowledgePayload").implement({
  access: "given",
  description: "How far the device has acknowledged.",
  fields: (t) => ({ cursor: t.exposeString("cursor", { description: "Its mark now; it never moves back." }) }),
});
const AcknowledgeInput = builder.inputType("AcknowledgeInput", {
  description: "What the device has kept.",
  fields: (t) => ({
    cursor: t.string({ required: true, description: "Of the last event that is safe on the device." }),
  }),
});
const SetTypingPayload = builder.objectRef<{ typing: boolean }>("SetTypingPayload").implement({
  access: "given",
  description: "What was told.",
  fields: (t) => ({ typing: t.exposeBoolean("typing", { description: "As it was given." }) }),
});
const SetTypingInput = builder.inputType("SetTypingInput", {
  description: "Whether the viewer types.",
  fields: (t) => ({
    peer: t.id({ required: true, description: "To whom." }),
    typing: t.boolean({ required: true, defaultValue: true, description: "False: stopped." }),
  }),
});

builder.mutationFields((t) => ({
  acknowledge: t.field({
    access: "self",
    type: AcknowledgePayload,
    nullable: true,
    description:
      "My device has kept everything up to this cursor: the next backlog starts behind it. It counts for the subscription that gave the cursor, on this device alone.",
    args: { input: t.arg({ type: AcknowledgeInput, required: true, description: "How far." }) },
    async resolve(_, { input }, context) {
      return { cursor: await context.engine.acknowledge(viewerOf(context), input.cursor) };
    },
  }),
  setTyping: t.field({
    access: "self",
    type: SetTypingPayload,
    nullable: true,
    description: "Tells the peer's connected devices that the viewer types; kept nowhere.",
    args: { input: t.arg({ type: SetTypingInput, required: true, description: "To whom." }) },
    async resolve(_, { input: { peer, typing } }, context) {
      await context.engine.typing.set(viewerOf(context), peer, typing);
      return { typing };
    },
  }),
}));
