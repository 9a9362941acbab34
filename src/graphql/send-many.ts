/** Sending one message to many. */

import { Refusal } from "../engine/errors.ts";
import type { SendOutcome } from "../engine/send-many.ts";
import { builder } from "./builder.ts";
import { MessageContentInput } from "./content-input.ts";
import { viewerOf } from "./context.ts";
import { Refused } from "./errors.ts";
import { PushInput, SendMessageResult } from "./send.ts";

const SendOutcomeType = builder.objectRef<SendOutcome>("SendOutcome").implement({
  access: "given",
  description: "What became of a message to one recipient.",
  fields: (t) => ({
    to: t.exposeID("to", { description: "Id of the recipient." }),
    result: t.field({
      type: SendMessageResult,
      description: "As `sendMessage` would have answered.",
      resolve: ({ result }, _, { refused }) => {
        if (!(result instanceof Refusal)) return result;
        if (result.isData) refused(result.code);
        return new Refused(result);
      },
    }),
  }),
});
const SendMessagesPayload = builder.objectRef<{ outcomes: readonly SendOutcome[] }>("SendMessagesPayload").implement({
  access: "given",
  description: "What became of each.",
  fields: (t) => ({
    outcomes: t.field({
      type: [SendOutcomeType],
      description: "One for each recipient, in the order in which they were first named.",
      resolve: ({ outcomes }) => [...outcomes],
    }),
  }),
});
const SendMessagesInput = builder.inputType("SendMessagesInput", {
  description: "One message for many.",
  fields: (t) => ({
    to: t.idList({ required: true, description: "Ids of 1 to 500 recipients; one that is named twice gets it once." }),
    content: t.field({ type: MessageContentInput, required: true, description: "What to say." }),
    clientMessageId: t.string({
      description:
        "Idempotency key, 1 to 64 characters. Each message has a key of its own, made from this and its recipient, so that the same one again sends nothing twice.",
    }),
    customData: t.string({ description: "The sender's own data beside the content, at most 4 KiB." }),
    lifetimeSeconds: t.int({ description: "As for `sendMessage`." }),
    syncToSender: t.boolean({
      required: true,
      defaultValue: false,
      description: "Whether the sender's other devices are handed all of them.",
    }),
    push: t.field({ type: PushInput, description: "What a notification says." }),
    sendAs: t.id({ access: "admin", description: "Admins only: send as this user. Recorded in the audit trail." }),
  }),
});

builder.mutationField("sendMessages", (t) =>
  t.field({
    access: "admin",
    type: SendMessagesPayload,
    nullable: true,
    description:
      "Admins: sends one message to up to 500 recipients, each in a conversation of its own. A refusal of one keeps nothing from the others. For more of them there is `broadcast`.",
    args: { input: t.arg({ type: SendMessagesInput, required: true, description: "The message." }) },
    resolve: async (_, { input }, context) => ({
      outcomes: await context.engine.sendMany(viewerOf(context), input),
    }),
  }),
);
