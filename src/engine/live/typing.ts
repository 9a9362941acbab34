/** Typing: told to connected devices, kept nowhere. */
import type { Core } from "../core.ts";
import type { UserId } from "../model.ts";
import { limitChanges, mayReach, recipientOf } from "../permissions.ts";
import { isAdmin, type Viewer } from "../viewer.ts";
import { Feed } from "./feed.ts";
import type { Listener } from "./hub.ts";

export interface TypingEvent {
  readonly userId: UserId;
  readonly typing: boolean;
}

/** Peers whose typing waits for a reader; the newest state of each is enough. */
const MOST_PEERS = 100;

class TypingFeed extends Feed<TypingEvent> implements Listener {
  readonly #core: Core;
  readonly #userId: UserId;
  readonly #states = new Map<UserId, boolean>();

  constructor(core: Core, userId: UserId) {
    super();
    this.#core = core;
    this.#userId = userId;
    core.hub.join(userId, this);
  }

  typing(from: UserId, typing: boolean): void {
    if (this.#states.size >= MOST_PEERS && !this.#states.has(from)) return;
    this.#states.set(from, typing);
    this.wake();
  }

  protected override async pull(): Promise<TypingEvent | null> {
    for (const [userId, typing] of this.#states) {
      this.#states.delete(userId);
      return { userId, typing };
    }
    return null;
  }

  protected override left(): void {
    this.#core.hub.leave(this.#userId, this);
  }
}

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
      return new TypingFeed(core, viewer.userId);
    },
  };
}
