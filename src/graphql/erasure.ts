/** Erasing a person, for admins. */
import type { Erasure } from "../engine/erasure-store.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { UserType } from "./user.ts";

const ErasureType = builder.objectRef<Erasure>("Erasure").implement({
  access: "admin",
  description: "A person whose data goes, and how far that is.",
  fields: (t) => ({
    user: t.field({ type: UserType, description: "Who is erased.", resolve: ({ userId }) => ({ id: userId }) }),
    startedBy: t.field({
      type: UserType,
      description: "The admin who began it.",
      resolve: ({ startedBy }) => ({ id: startedBy }),
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "When it was begun." }),
    finishedAt: t.expose("finishedAt", {
      type: "DateTime",
      nullable: true,
      description: "When nothing was left; null while it goes on, also after the server was started anew.",
    }),
    messages: t.exposeInt("messages", { description: "Messages that are placeholders now." }),
  }),
});

builder.queryField("erasures", (t) =>
  t.field({
    access: "admin",
    type: [ErasureType],
    nullable: true,
    description: "Admins: the last 100 erasures, newest first. Kept as long as the audit trail.",
    resolve: async (_, __, context) => [...(await context.engine.erasing.list(viewerOf(context)))],
  }),
);

const EraseUserInput = builder.inputType("EraseUserInput", {
  description: "Whom to erase.",
  fields: (t) => ({ user: t.id({ required: true, description: "Id of the user." }) }),
});
const EraseUserPayload = builder.objectRef<{ erasure: Erasure }>("EraseUserPayload").implement({
  access: "given",
  description: "An erasure that has been begun. Ask `erasures` how far it is.",
  fields: (t) => ({ erasure: t.expose("erasure", { type: ErasureType, description: "As it is now." }) }),
});
builder.mutationField("eraseUser", (t) =>
  t.field({
    access: "admin",
    type: EraseUserPayload,
    nullable: true,
    description:
      "Admins: erases a person: all that it wrote, its profile, devices, media, relations and its side of conversations. The others keep what they wrote, and see a recalled message in the place of each of the person's. It cannot be undone.",
    args: { input: t.arg({ type: EraseUserInput, required: true, description: "Whom." }) },
    resolve: async (_, { input: { user } }, context) => ({
      erasure: await context.engine.erasing.begin(viewerOf(context), user),
    }),
  }),
);
