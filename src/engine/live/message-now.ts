/** Reading a message that is about to go out. */
import type { Core } from "../core.ts";
import type { Message } from "../model.ts";
import type { TimelinePlace } from "../store.ts";
import type { Fresh } from "./hub.ts";

/**
 * The message as it is at this moment. An answer that was under way while something was recalled or edited may tell
 * of before, and whoever asked for that change has been told that it is done; so it is asked for again.
 */
export async function messageNow(
  core: Core,
  { conversationId, seq }: TimelinePlace,
  fresh: Fresh | null = null,
): Promise<Message | null> {
  if (fresh !== null && fresh.asOf === core.changes) return fresh.message;
  for (;;) {
    const { changes } = core;
    const message = await core.store.message(conversationId, seq);
    if (core.changes === changes) return message;
  }
}
