/**
 * The `refresh` of a device: one for each `newMessage` that has caught up. The two subscriptions meet in a channel
 * of the device; where they share a connection, LIVE waits until the refresh has been sent.
 *
 * A device may have more than one connection, as after a break that the server has not noticed yet. A `newMessage`
 * that has a `refresh` on its own connection tells that one alone, so that nobody takes the catching up of an old
 * connection for its own; without one, as over SSE, it tells every `refresh` of the device.
 */
import type { Connection } from "../connections.ts";
import type { UserId } from "../model.ts";
import type { Viewer } from "../viewer.ts";
import { createFeed, type Feed } from "./feed.ts";

export interface RefreshEvent {
  readonly offlineCount: number;
  readonly recentCount: number;
  readonly truncated: boolean;
  readonly truncatedPeers: readonly UserId[];
  readonly cursor: string;
}

/** A running `newMessage`, as the refreshes of its device see it. */
export interface CatchUp {
  /** Says that it has caught up. */
  announce(event: RefreshEvent): void;
  /** Whether a refresh on the same connection is still on its way. */
  readonly held: boolean;
  leave(): void;
}

interface Running {
  readonly connection: Connection | null;
  readonly wake: () => void;
  readonly holders: Set<Waiting>;
  event: RefreshEvent | null;
}

interface Waiting {
  readonly connection: Connection | null;
  readonly pending: Set<Running>;
  wake(): void;
}

interface Channel {
  readonly running: Set<Running>;
  readonly waiting: Set<Waiting>;
}

export interface Refreshes {
  enter(viewer: Viewer, connection: Connection | null, wake: () => void): CatchUp;
  subscribe(viewer: Viewer, connection: Connection | null): Feed<RefreshEvent>;
}

function shareConnection(waiting: Waiting, { connection }: Running): boolean {
  return connection !== null && waiting.connection === connection;
}

function hears(waiting: Waiting, running: Running, channel: Channel): boolean {
  if (shareConnection(waiting, running)) return true;
  return ![...channel.waiting].some((other) => shareConnection(other, running));
}

export function createRefreshes(): Refreshes {
  const channels = new Map<string, Channel>();

  function channelOf(viewer: Viewer): Channel {
    const key = `${viewer.userId}:${viewer.deviceId}`;
    const channel = channels.get(key) ?? { running: new Set(), waiting: new Set() };
    channels.set(key, channel);
    return channel;
  }

  function dropIfEmpty(viewer: Viewer, channel: Channel): void {
    if (channel.running.size + channel.waiting.size === 0) channels.delete(`${viewer.userId}:${viewer.deviceId}`);
  }

  function enter(viewer: Viewer, connection: Connection | null, wake: () => void): CatchUp {
    const channel = channelOf(viewer);
    const running: Running = { connection, wake, holders: new Set(), event: null };
    channel.running.add(running);
    return {
      announce(event) {
        // It may have ended while it caught up.
        if (!channel.running.has(running)) return;
        running.event = event;
        for (const waiting of channel.waiting) {
          if (!hears(waiting, running, channel)) continue;
          if (shareConnection(waiting, running)) running.holders.add(waiting);
          waiting.pending.add(running);
          waiting.wake();
        }
      },
      get held() {
        return running.holders.size > 0;
      },
      leave() {
        channel.running.delete(running);
        for (const waiting of channel.waiting) waiting.pending.delete(running);
        dropIfEmpty(viewer, channel);
      },
    };
  }

  function subscribe(viewer: Viewer, connection: Connection | null): Feed<RefreshEvent> {
    const channel = channelOf(viewer);
    /** Handed to the transport; asking for the next one says that it has been sent. */
    let sent: Running | null = null;

    function letGo(running: Running): void {
      if (running.holders.delete(waiting)) running.wake();
    }

    async function pull(): Promise<RefreshEvent | null> {
      if (sent !== null) letGo(sent);
      sent = null;
      for (const running of waiting.pending) {
        waiting.pending.delete(running);
        if (running.event === null) continue;
        sent = running;
        return running.event;
      }
      return null;
    }

    const feed = createFeed(pull, () => {
      channel.waiting.delete(waiting);
      for (const running of channel.running) letGo(running);
      dropIfEmpty(viewer, channel);
    });
    const waiting: Waiting = { connection, pending: new Set(), wake: feed.wake };
    for (const running of channel.running) {
      if (running.event !== null && hears(waiting, running, channel)) waiting.pending.add(running);
    }
    channel.waiting.add(waiting);
    return feed;
  }

  return { enter, subscribe };
}
