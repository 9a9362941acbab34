/**
 * What a device is to be handed when it comes back: decided as of one moment, read in windows between which others
 * have their turn. It holds places, not messages: each message is read when its turn comes, as it is then.
 */
import { nextTurn } from "../clock.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { UserId } from "../model.ts";
import type { MissedMessage, TimelinePlace } from "../store.ts";
import type { Viewer } from "../viewer.ts";
import { placeOf } from "./places.ts";

export interface Backlog {
  /** All up to here is backlog, all behind it is live. */
  readonly head: number;
  /** Oldest first. */
  readonly missed: readonly MissedMessage[];
  /** The last messages of recent contacts who have nothing among `missed`. */
  readonly recent: readonly TimelinePlace[];
  /** False where more is missing than `incompletePeers` tells. */
  readonly complete: boolean;
  /** Peers of whom something was missed that is not handed over. */
  readonly incompletePeers: readonly UserId[];
}

/** Positions of the log that are read at a time. */
const WINDOW = 500;

/** The newest messages of each conversation, up to a limit. */
class NewestPerConversation {
  readonly #limit: number;
  readonly #lists = new Map<number, MissedMessage[]>();
  readonly incomplete = new Set<UserId>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(message: MissedMessage): void {
    if (!message.cached) {
      this.incomplete.add(message.peerId);
      return;
    }
    const list = this.#lists.get(message.conversationId) ?? [];
    this.#lists.set(message.conversationId, list);
    list.push(message);
    // Cut now and then, not each time: cutting costs as much as the list is long.
    if (list.length > 2 * this.#limit) this.#cut(list);
  }

  #cut(list: MissedMessage[]): void {
    for (const { peerId } of list.splice(0, list.length - this.#limit)) this.incomplete.add(peerId);
  }

  has(conversationId: number): boolean {
    return this.#lists.has(conversationId);
  }

  inOrder(): MissedMessage[] {
    for (const list of this.#lists.values()) if (list.length > this.#limit) this.#cut(list);
    return [...this.#lists.values()].flat().sort((a, b) => a.position - b.position);
  }
}

/** @throws Refusal BAD_USER_INPUT for a `since` that is no cursor of this user's log */
export async function openBacklog(core: Core, viewer: Viewer, since: string | null | undefined): Promise<Backlog> {
  const { store, settings } = core;
  const { userId, deviceId } = viewer;
  const { after } = placeOf(core, viewer, "messages", since, await store.logState(userId, deviceId));
  const now = core.clock.now();
  const { offline: offlineCutoff, roaming } = cutoffsNow(core);
  const { head, recent } = await store.openBacklog(userId, settings.recentContactsLimit, roaming);
  const newest = new NewestPerConversation(settings.offlineMessagesPerContact);
  for (let from = after; from < head; from += WINDOW) {
    if (from > after) await nextTurn();
    const upTo = Math.min(from + WINDOW, head);
    const range = { userId, deviceId, after: from, upTo, offlineCutoff, now };
    for (const message of await store.missed(range)) newest.add(message);
  }
  // Asked at the end, so that what was swept on the way is noticed.
  const { complete } = placeOf(core, viewer, "messages", since, await store.logState(userId, deviceId));
  return {
    head,
    missed: newest.inOrder(),
    recent: recent.filter((place) => !newest.has(place.conversationId)),
    complete,
    incompletePeers: [...newest.incomplete],
  };
}
