/** The interface of everything that has an id, and its look-up. */
import { parseConversationId, parseMessageId, parseUploadId } from "../engine/ids.ts";
import type { Upload } from "../engine/media.ts";
import type { Member } from "../engine/model.ts";
import type { MessageView } from "../engine/viewer.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

/** A user by id; what else is known of it is read when asked for. */
export interface UserRef {
  readonly id: string;
}

export type NodeShape = UserRef | MessageView | Member | Upload;

export const NodeInterface = builder.interfaceRef<NodeShape>("Node").implement({
  description: "Something with an id that is unique across all types, so that a client cache can key on it alone.",
  fields: (t) => ({
    id: t.id({ description: "Opaque, except that a user's id is the app's own.", resolve: () => "" }),
  }),
  resolveType: (value) => {
    if ("message" in value) return "Message";
    if ("ownerId" in value) return "Upload";
    return "conversationId" in value ? "Conversation" : "User";
  },
});

builder.queryField("node", (t) =>
  t.field({
    access: "found",
    type: NodeInterface,
    nullable: true,
    description: "Whatever has this id and is the viewer's to see; else null.",
    args: { id: t.arg.id({ required: true, description: "Id of a user, a message, a conversation or an upload." }) },
    async resolve(_, { id }, context): Promise<NodeShape | null> {
      const viewer = viewerOf(context);
      const { engine } = context;
      if (parseMessageId(id) !== null) return engine.messages.find(viewer, id);
      if (parseConversationId(id) !== null) return engine.conversations.find(viewer, id);
      if (parseUploadId(id) !== null) return engine.uploads.find(viewer, id);
      return engine.users.find(id);
    },
  }),
);
