/**
 * `newMessage`: what the device has missed (OFFLINE), the last message of each other recent contact (RECENT), then
 * what comes (LIVE). The feed listens before it looks, and takes the recent contacts and the log's head in one
 * snapshot; the backlog ends there and LIVE begins there. So there is no seam for anything to fall through.
 */

import type { Connection } from "../connections.ts";
import type { Core } from "../core.ts";
import type { Message } from "../model.ts";
import type { TimelinePlace } from "../store.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { type Backlog, openBacklog } from "./backlog.ts";
import { createFeed, type Feed } from "./feed.ts";
import type { Fresh } from "./hub.ts";
import { createLogReader } from "./log-reader.ts";
import { messageNow } from "./message-now.ts";
import { cursorAt } from "./places.ts";
import { createReadAhead } from "./read-ahead.ts";
import type { Refreshes } from "./refresh.ts";

export type DeliverySource = "OFFLINE" | "RECENT" | "LIVE";

export interface NewMessageEvent extends MessageView {
  readonly source: DeliverySource;
  readonly cursor: string;
}

/** Messages of lifetime 0 that wait for a reader; further ones are dropped, as they promise nothing. */
const MOST_TRANSIENTS = 100;

export function createNewMessages(core: Core, refreshes: Refreshes) {
  const { store, hub } = core;

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
    let stage = missedStage;
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
    const reader = createLogReader(store, viewer, "messages", feed.wake);
    const leaveHub = hub.join(userId, {
      appended: reader.appended,
      transient(message, origin) {
        if (origin === deviceId || transients.length >= MOST_TRANSIENTS) return;
        transients.push(message);
        feed.wake();
      },
    });

    let backlog: Backlog;
    try {
      backlog = await openBacklog(core, viewer, since);
    } catch (error) {
      feed.end();
      throw error;
    }
    reader.start(backlog.head);
    const ahead = createReadAhead(core, userId);
    const missed = backlog.missed.values();
    const recent = backlog.recent.values();

    /** The message as it is now: it may have been recalled or edited since its place was noted. */
    async function eventAt(
      place: TimelinePlace,
      source: DeliverySource,
      position: number,
      fresh: Fresh | null,
    ): Promise<NewMessageEvent | null> {
      const message = await messageNow(core, place, fresh);
      return message === null ? null : eventOf(message, source, position);
    }

    function eventOf(message: Message, source: DeliverySource, position: number): NewMessageEvent {
      core.observer.delivered(source);
      return { message, viewedBy: userId, source, cursor: cursorAt(core, userId, "messages", position) };
    }

    async function missedStage(): Promise<NewMessageEvent | null> {
      for (const place of missed) {
        const event = await eventAt(place, "OFFLINE", place.position, await ahead.at(place.position));
        if (event === null) continue;
        offlineCount += 1;
        return event;
      }
      stage = recentStage;
      return stage();
    }

    async function recentStage(): Promise<NewMessageEvent | null> {
      for (const place of recent) {
        const event = await eventAt(place, "RECENT", backlog.head, null);
        if (event === null) continue;
        recentCount += 1;
        return event;
      }
      const complete = backlog.complete && offlineCount === backlog.missed.length;
      catchUp.announce({
        offlineCount,
        recentCount,
        truncated: !complete || backlog.incompletePeers.length > 0,
        truncatedPeers: complete ? backlog.incompletePeers : [],
        cursor: cursorAt(core, userId, "messages", backlog.head),
      });
      stage = liveStage;
      return stage();
    }

    async function liveStage(): Promise<NewMessageEvent | null> {
      if (catchUp.held) return null;
      for (let read = await reader.next(); read !== null; read = await reader.next()) {
        const { entry, fresh } = read;
        const event = await eventAt(entry, "LIVE", entry.position, fresh ?? (await ahead.at(entry.position)));
        if (event !== null) return event;
      }
      // The log is read to its end, so its cursor may go out with what is not in the log.
      const transient = transients.shift();
      return transient === undefined ? null : eventOf(transient, "LIVE", reader.position);
    }

    return feed;
  }

  return { subscribe };
}
