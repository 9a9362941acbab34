/** Exports of what is stored. */
import type { RecordLink } from "../engine/records/links.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

const RecordLinkType = builder.objectRef<RecordLink>("RecordLink").implement({
  access: "given",
  description:
    "Where records can be had: gzip of JSON lines, as docs/records.md tells. Whoever has the link may read it, for an hour.",
  fields: (t) => ({
    url: t.exposeString("url", {
      description: "For GET; below the server's address where PARLEY_PUBLIC_URL is not set.",
    }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it can no longer be begun with." }),
  }),
});

builder.queryFields((t) => ({
  exportUser: t.field({
    access: "self",
    type: RecordLinkType,
    nullable: true,
    description:
      "A link to everything of the viewer that it may see: profile, devices, relations, uploads, conversations and messages.",
    args: {
      of: t.arg.id({
        access: "admin",
        description:
          "Admins only: everything that is stored of this user, what it has deleted and what is hidden included. Null where there is no such user.",
      }),
    },
    resolve: (_, { of }, context) => context.engine.exportUser(viewerOf(context), of),
  }),
  exportConversation: t.field({
    access: "admin",
    type: RecordLinkType,
    nullable: true,
    description:
      "Admins: a link to everything that is stored of the conversation of two users; null where there is none.",
    args: {
      user: t.arg.id({ required: true, description: "Id of the one." }),
      peer: t.arg.id({ required: true, description: "Id of the other." }),
    },
    resolve: (_, { user, peer }, context) => context.engine.exportConversation(viewerOf(context), user, peer),
  }),
}));
