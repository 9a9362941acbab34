/** What hooks are told of an event: what it is about, as that is when it is told. */
import type { Content } from "../content.ts";
import type { Core } from "../core.ts";
import { erasuresNow } from "../core.ts";
import type { ToldEvent } from "../event-store.ts";
import { messageId } from "../ids.ts";
import type { Message } from "../model.ts";
import type { HookEvent } from "./hook.ts";

/** Ids as clients know them, and no links, which expire. */
export function contentForHooks(content: Content): Readonly<Record<string, unknown>> {
  if (!("upload" in content)) return { ...content };
  const { upload, variant: _, ...rest } = content;
  return { ...rest, upload: `u:${upload}` };
}

function dataOf(message: Message): Readonly<Record<string, unknown>> {
  const { id, seq, senderId, recipientId, content, customData, clientMessageId, hidden } = message;
  const instant = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    message: {
      id,
      seq,
      sender: senderId,
      recipient: recipientId,
      content: content === null ? null : contentForHooks(content),
      customData,
      clientMessageId,
      sentAt: instant(message.sentAt),
      editedAt: instant(message.editedAt),
      recalledAt: instant(message.recalledAt),
      hidden,
    },
  };
}

async function dataAbout(core: Core, { kind, userId, otherId, place }: ToldEvent) {
  if (kind === "read") return { reader: userId, peer: otherId, upToSeq: place?.seq ?? 0 };
  if (place === null) return { user: userId, other: otherId };
  const { conversationId, seq } = place;
  const message = await core.store.message(conversationId, seq);
  // What it said is gone with its time; that it was said is not.
  if (message === null || message.sentAt <= erasuresNow(core).erased) {
    return { message: { id: messageId(conversationId, seq), seq, sender: userId, recipient: otherId, content: null } };
  }
  return dataOf(message);
}

export async function hookEvent(core: Core, event: ToldEvent): Promise<HookEvent> {
  const id = `${core.store.generation}-${event.id}`;
  return { id, kind: event.kind, at: event.at, data: await dataAbout(core, event) };
}
