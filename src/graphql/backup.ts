/** Backups, for admins to begin and to follow. */
import type { Backup, BackupState } from "../engine/backups.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { UserType } from "./user.ts";

const states = {
  COPYING: { description: "It is being copied, so that users do not feel it." },
  VERIFYING: { description: "All is copied; the copy is being looked through." },
  DONE: { description: "It is complete, sound and on disk, under its name." },
  FAILED: { description: "There is no such file; `failure` says why." },
} as const satisfies Record<BackupState, { description: string }>;

const BackupStateType = builder.enumType("BackupState", { description: "How far a backup is.", values: states });

const BackupType = builder.objectRef<Backup>("Backup").implement({
  access: "admin",
  description: "A copy of all that the server stores, in a file that a server can be started on.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Of the file, in the folder of PARLEY_BACKUPS." }),
    state: t.expose("state", { type: BackupStateType, description: "How far it is." }),
    startedBy: t.field({
      type: UserType,
      description: "The admin who began it.",
      resolve: ({ startedBy }) => ({ id: startedBy }),
    }),
    startedAt: t.expose("startedAt", {
      type: "DateTime",
      description: "When it was begun: all that was acknowledged before is in it.",
    }),
    seconds: t.exposeFloat("seconds", { description: "How long it took, or has taken so far." }),
    copiedBytes: t.exposeFloat("copiedBytes", { description: "How much is copied: a whole number." }),
    sizeBytes: t.exposeFloat("sizeBytes", {
      description: "Size of the file in the end; before that as far as is known. A whole number.",
    }),
    failure: t.exposeString("failure", { nullable: true, description: "For people: why it failed; else null." }),
  }),
});

builder.queryField("backups", (t) =>
  t.field({
    access: "admin",
    type: [BackupType],
    nullable: true,
    description:
      "Admins: the last 10 backups since the server was started, newest first. A look at what others began is recorded.",
    args: { name: t.arg.string({ description: "Only those of this name." }) },
    resolve: async (_, { name }, context) => [...(await context.engine.backups.list(viewerOf(context), name))],
  }),
);

const BackUpPayload = builder.objectRef<{ backup: Backup }>("BackUpPayload").implement({
  access: "given",
  description: "A backup that has been begun. Ask `backups` until it is DONE or FAILED: that may take minutes.",
  fields: (t) => ({ backup: t.expose("backup", { type: BackupType, description: "As it was begun." }) }),
});
const BackUpInput = builder.inputType("BackUpInput", {
  description: "Where to.",
  fields: (t) => ({
    name: t.string({
      description:
        "Of a new file in the folder of PARLEY_BACKUPS: up to 99 of `A-Z a-z 0-9 _ - .`, a letter or digit first, .sqlite last. Default: a name with the instant.",
    }),
  }),
});

builder.mutationField("backUp", (t) =>
  t.field({
    access: "admin",
    type: BackUpPayload,
    nullable: true,
    description: "Admins: begins to copy all that is stored, while it goes on serving. There is one at a time.",
    args: { input: t.arg({ type: BackUpInput, required: true, description: "Where to." }) },
    async resolve(_, { input }, context) {
      return { backup: await context.engine.backups.begin(viewerOf(context), input.name) };
    },
  }),
);
