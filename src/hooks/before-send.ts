/** Asks the app about a message over HTTP, and reads what it says. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../engine/clock.ts";
import type { BeforeSendHook, HookQuestion, HookVerdict } from "../engine/hooks/hook.ts";
import { contentForHooks } from "../engine/hooks/hook-event.ts";
import type { HooksConfig } from "./config.ts";
import { openEndpoint, reasonOf } from "./endpoint.ts";

const text = z.string().max(16_384);
const optional = text.nullish();
/** As in GraphQL's MessageContentInput, of the kinds that can be edited. */
const content = z.union([
  z.strictObject({ text: z.strictObject({ text }) }),
  z.strictObject({ face: z.strictObject({ index: z.number().int(), data: optional }) }),
  z.strictObject({ location: z.strictObject({ name: text, latitude: z.number(), longitude: z.number() }) }),
  z.strictObject({ custom: z.strictObject({ data: text, description: optional, extension: optional }) }),
]);
const push = z.strictObject({ disabled: z.boolean().optional(), title: optional, body: optional, data: optional });
const answer = z.discriminatedUnion("action", [
  z.object({ action: z.literal("allow") }),
  z.object({ action: z.literal("refuse"), code: z.string().nullish(), reason: z.string().nullish() }),
  z.strictObject({
    action: z.literal("rewrite"),
    content: content.optional(),
    customData: text.nullable().optional(),
    push: push.nullable().optional(),
  }),
]);

function verdictOf(said: z.infer<typeof answer>): HookVerdict {
  switch (said.action) {
    case "allow":
      return { verdict: "allow" };
    case "refuse":
      return { verdict: "refuse", code: said.code ?? null, reason: said.reason ?? null };
    case "rewrite": {
      const { action: _, ...change } = said;
      return { verdict: "rewrite", change };
    }
  }
}

function dataOf({
  senderId,
  recipientId,
  content: said,
  customData,
  push: wanted,
  clientMessageId,
  editOf,
}: HookQuestion) {
  const shared = { sender: senderId, recipient: recipientId, content: contentForHooks(said), customData };
  return { ...shared, push: wanted, clientMessageId, editOf };
}

export function openBeforeSend(config: NonNullable<HooksConfig["beforeSend"]>, clock: Clock): BeforeSendHook {
  const endpoint = openEndpoint(config.endpoint, config.timeoutMs, clock);
  return {
    onFailure: config.onFailure,
    asksAboutAdmins: config.admins,
    async ask(question) {
      const type = question.editOf === null ? "message.sending" : "message.editing";
      const said = await endpoint.post(randomUUID(), type, clock.now(), dataOf(question)).catch((error: unknown) => {
        throw new Error(reasonOf(error));
      });
      if (said.status === 204) return { verdict: "allow" };
      if (said.status !== 200) throw new Error(`status ${said.status}`);
      const read = answer.safeParse(said.json);
      if (read.success) return verdictOf(read.data);
      const faults = read.error.issues.map(({ path, message }) => `${path.join(".") || "the answer"}: ${message}`);
      throw new Error(`an answer that cannot be used: ${faults.join("; ").slice(0, 200)}`);
    },
    close: endpoint.close,
  };
}
