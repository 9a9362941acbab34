/** Sending a message. */

import type { SendSuccess } from "../engine/send.ts";
import { builder } from "./builder.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { errorType, orRefusal, Refused } from "./errors.ts";
import { MessageType } from "./message.ts";

const SendMessageSuccess = builder.objectRef<SendSuccess>("SendMessageSuccess").implement({
  access: "given",
  description: "The message is on disk.",
  fields: (t) => ({
    message: t.field({ type: MessageType, description: "As it is stored.", resolve: (success) => success }),
    duplicate: t.exposeBoolean("duplicate", {
      description: "True: this clientMessageId had been sent before, and nothing new was stored.",
    }),
  }),
});
const SendMessageError = errorType("SendMessageError", "a message was not sent; nothing of it is left");
export const SendMessageResult = builder.unionType("SendMessageResult", {
  description: "What became of a message.",
  types: [SendMessageSuccess, SendMessageError],
  resolveType: (value) => (value instanceof Refused ? "SendMessageError" : "SendMessageSuccess"),
});

export const PushInput = builder.inputType("PushInput", {
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
    sendAs: t.id({ access: "admin", description: "Admins only: send as this user. Recorded in the audit trail." }),
  }),
});

builder.mutationFields((t) => ({
  sendMessage: t.field({
    access: "self",
    type: SendMessageResult,
    nullable: true,
    description: "Sends a message. Success means that it is on disk.",
    args: { input: t.arg({ type: SendMessageInput, required: true, description: "The message." }) },
    resolve: (_, { input }, context) => orRefusal(context, context.engine.send(viewerOf(context), input)),
  }),
}));
