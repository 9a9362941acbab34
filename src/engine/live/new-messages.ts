/**
 * `newMessage`: what the device has missed (OFFLINE), the last message of each other recent contact (RECENT), then
 * what comes (LIVE). The feed listens before it looks, and plans the backlog and the recent contacts in one
 * snapshot of the log; LIVE begins where that snapshot ends. So there is no seam for anything to fall through.
 */
import type { Connection } from "../connections.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { LogEntry, Message } from "../model.ts";
import type { BacklogPlan, BacklogRange } from "../store.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { createFeed, type Feed } from "./feed.ts";
import { cursorAt, placeOf } from "./places.ts";
import type { Refreshes } from "./refresh.ts";

export type DeliverySource = "OFFLINE" | "RECENT" | "LIVE";

export interface NewMessageEvent extends MessageView {
  readonly source: DeliverySource;
  readonly cursor: string;
}

/** Entries read from the log at a time; the most that a device holds in memory. */
const PAGE = 100;
/** Messages of lifetime 0 that wait for a reader; further ones are dropped, as they promise nothing. */
const MOST_TRANSIENTS = 100;

/** Whether a log entry is a message that this device is to be handed. */
export function isForDevice(entry: LogEntry, deviceId: string): entry is LogEntry & { message: Message } {
  if (entry.message === null) return false;
  return entry.kind === "received" || (entry.kind === "sent" && entry.origin !== deviceId);
}

export function createNewMessages(core: Core, refreshes: Refreshes) {
  const { store, hub, clock } = core;

  async function rangeFor(viewer: Viewer, since: string | null | undefined) {
    const { userId, deviceId } = viewer;
    const state = await store.logState(userId, deviceId);
    const place = placeOf(core, viewer, "messages", since, state);
    const { offline, roaming } = cutoffsNow(core);
    const range: BacklogRange = {
      userId,
      deviceId,
      after: place.after,
      offlineCutoff: offline,
      roamingCutoff: roaming,
      now: clock.now(),
      perContact: core.settings.offlineMessagesPerContact,
      recentLimit: core.settings.recentContactsLimit,
    };
    return { range, complete: place.complete };
  }

  /**
   * Opens the feed of a device.
   * @throws Refusal BAD_USER_INPUT for a `since` that is no cursor of this user
   */
  async function subscribe(
    viewer: Viewer,
    connection: Connection | null,
    since: string | null | undefined,
  ): Promise<Feed<NewMessageEvent>> {
    const { userId, deviceId } = viewer;
    const transients: Message[] = [];
    let page: LogEntry[] = [];
    let position = 0;
    let exhausted = false;
    let stage = backlogStage;
    let offlineCount = 0;
    let recentCount = 0;

    const feed = createFeed(
      () => stage(),
      () => {
        leaveHub();
        catchUp.leave();
      },
    );
    const catchUp = refreshes.enter(viewer, connection, feed.wake);
    const leaveHub = hub.join(userId, {
      wake: feed.wake,
      transient(message, origin) {
        if (origin === deviceId || transients.length >= MOST_TRANSIENTS) return;
        transients.push(message);
        feed.wake();
      },
    });

    let range: BacklogRange;
    let complete: boolean;
    let plan: BacklogPlan;
    try {
      ({ range, complete } = await rangeFor(viewer, since));
      plan = await store.planBacklog(range);
    } catch (error) {
      feed.end();
      throw error;
    }
    position = range.after;

    function eventOf(message: Message, source: DeliverySource, at: number): NewMessageEvent {
      core.observer.delivered(source);
      return { message, viewedBy: userId, source, cursor: cursorAt(core, userId, "messages", at) };
    }

    async function backlogStage(): Promise<NewMessageEvent | null> {
      while (page.length > 0 || !exhausted) {
        if (page.length === 0) {
          page = [...(await store.backlog(range, position, plan.head, PAGE))];
          exhausted = page.length < PAGE;
        }
        const entry = page.shift();
        if (entry === undefined) break;
        position = entry.position;
        if (entry.message === null || position <= (plan.leftOut.get(entry.conversationId) ?? 0)) continue;
        offlineCount += 1;
        return eventOf(entry.message, "OFFLINE", position);
      }
      position = plan.head;
      stage = recentStage;
      return stage();
    }

    const recent = [...plan.recent];
    async function recentStage(): Promise<NewMessageEvent | null> {
      for (let planned = recent.shift(); planned !== undefined; planned = recent.shift()) {
        // Read again: it may have been recalled or edited while the backlog was on its way.
        const message = await store.message(planned.conversationId, planned.seq);
        if (message === null) continue;
        recentCount += 1;
        return eventOf(message, "RECENT", plan.head);
      }
      const lost = !complete || offlineCount < plan.expected;
      catchUp.announce({
        offlineCount,
        recentCount,
        truncated: lost || plan.incompletePeers.length > 0,
        truncatedPeers: lost ? [] : plan.incompletePeers,
        cursor: cursorAt(core, userId, "messages", plan.head),
      });
      stage = liveStage;
      return stage();
    }

    async function liveStage(): Promise<NewMessageEvent | null> {
      if (catchUp.held) return null;
      for (;;) {
        for (let entry = page.shift(); entry !== undefined; entry = page.shift()) {
          position = entry.position;
          if (isForDevice(entry, deviceId)) return eventOf(entry.message, "LIVE", position);
        }
        page = [...(await store.log(userId, position, PAGE))];
        if (page.length > 0) continue;
        // The log is read to its end, so its cursor may go out with what is not in the log.
        const transient = transients.shift();
        return transient === undefined ? null : eventOf(transient, "LIVE", position);
      }
    }

    return feed;
  }

  return { subscribe };
}
