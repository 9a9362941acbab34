/** The audit trail, for admins to read. */
import { encodeAuditCursor } from "../engine/cursors.ts";
import type { AuditRecord } from "../engine/model.ts";
import { builder } from "./builder.ts";
import { connectionType, pageArguments, toConnection } from "./connection.ts";
import { viewerOf } from "./context.ts";
import { UserType } from "./user.ts";

const AuditEntryType = builder.objectRef<AuditRecord>("AuditEntry").implement({
  access: "admin",
  description: "Something that an admin did or saw and nobody else could have. It holds no message's words.",
  fields: (t) => ({
    at: t.field({ type: "DateTime", description: "When.", resolve: ({ at }) => at }),
    actor: t.field({ type: UserType, description: "The admin.", resolve: ({ actorId }) => ({ id: actorId }) }),
    deviceId: t.exposeString("deviceId", { description: "The admin's device." }),
    action: t.exposeString("action", {
      description: "The operation, such as `muteUser`, or what was looked at, such as `history` or `message`.",
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: "Whom it concerned: in whose name, or at whose data; null where it was no single user.",
      resolve: ({ userId }) => (userId === null ? null : { id: userId }),
    }),
    subject: t.exposeString("subject", {
      description: "The rest, in words for people: a peer and the numbers of messages, ids, what was changed.",
    }),
  }),
});

const AuditEntryConnection = connectionType("AuditEntry", AuditEntryType);

builder.queryField("auditTrail", (t) =>
  t.field({
    access: "admin",
    type: AuditEntryConnection,
    nullable: true,
    description: "Admins: what admins did and saw, newest first, for auditRetentionDays. Reading it is recorded too.",
    args: {
      ...pageArguments("the first 50"),
      actor: t.arg.id({ description: "Only what this admin did." }),
      user: t.arg.id({ description: "Only what concerned this user." }),
    },
    async resolve(_, { actor, user, ...args }, context) {
      const viewer = viewerOf(context);
      const page = await context.engine.auditTrail.list(viewer, args, { actor, user });
      return toConnection(
        page,
        ({ id }) => encodeAuditCursor(viewer.userId, id),
        (entry) => entry,
      );
    },
  }),
);
