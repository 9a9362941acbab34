/** Typing: told to connected devices, kept nowhere. */
import type { Core } from "../core.ts";
import type { UserId } from "../model.ts";
import { limitChanges, mayReach, recipientOf } from "../permissions.ts";
import { isAdmin, type Viewer } from "../viewer.ts";
import { createFeed, type Feed } from "./feed.ts";

export interface TypingEvent {
  readonly userId: UserId;
  readonly typing: boolean;
}

/** Peers whose typing waits for a reader; the newest state of each is enough. */
const MOST_PEERS = 100;

export function createTyping(core: Core) {
  return {
    /**
     * Tells the peer's connected devices, under the rules of sending.
     * @throws Refusal RECIPIENT_NOT_FOUND, MUTED, RATE_LIMITED, BLOCKED, NOT_FRIENDS
     */
    async set(viewer: Viewer, peer: string, typing: boolean): Promise<void> {
      limitChanges(core, viewer);
      const facts = await core.store.sendFacts(viewer.userId, peer, null);
      const recipientId = recipientOf(facts);
      if (!isAdmin(viewer)) core.rates.take(`typing:${viewer.userId}`);
      const reach = mayReach(core, viewer, facts);
      if (reach === "everybody" && recipientId !== viewer.userId) {
        core.hub.handTyping(recipientId, viewer.userId, typing);
      }
    },

    /** Who types to the viewer, from now on. */
    subscribe(viewer: Viewer): Feed<TypingEvent> {
      const states = new Map<UserId, boolean>();
      const feed = createFeed<TypingEvent>(
        async () => {
          for (const [userId, typing] of states) {
            states.delete(userId);
            return { userId, typing };
          }
          return null;
        },
        () => leave(),
      );
      const leave = core.hub.join(viewer.userId, {
        typing(from, typing) {
          if (states.size >= MOST_PEERS && !states.has(from)) return;
          states.set(from, typing);
          feed.wake();
        },
      });
      return feed;
    },
  };
}
