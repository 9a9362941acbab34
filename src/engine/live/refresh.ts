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
import { Feed } from "./feed.ts";

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

/** Whoever is told that its wait may be over. */
interface Waker {
  wake(): void;
}

/** The running `newMessage`s of one device, and its refreshes. */
class Channel {
  readonly running = new Set<Running>();
  readonly waiting = new Set<RefreshFeed>();
  readonly #drop: () => void;

  /** @param drop called where nobody is left */
  constructor(drop: () => void) {
    this.#drop = drop;
  }

  /** Whether this refresh is told of that `newMessage`. */
  hears(feed: RefreshFeed, running: Running): boolean {
    if (feed.shares(running)) return true;
    return ![...this.waiting].some((other) => other.shares(running));
  }

  dropIfEmpty(): void {
    if (this.running.size + this.waiting.size === 0) this.#drop();
  }
}

class Running implements CatchUp {
  readonly connection: Connection | null;
  readonly holders = new Set<RefreshFeed>();
  event: RefreshEvent | null = null;
  readonly #channel: Channel;
  readonly #waker: Waker;

  constructor(channel: Channel, connection: Connection | null, waker: Waker) {
    this.#channel = channel;
    this.#waker = waker;
    this.connection = connection;
    channel.running.add(this);
  }

  get held(): boolean {
    return this.holders.size > 0;
  }

  announce(event: RefreshEvent): void {
    // It may have ended while it caught up.
    if (!this.#channel.running.has(this)) return;
    this.event = event;
    for (const feed of this.#channel.waiting) {
      if (!this.#channel.hears(feed, this)) continue;
      if (feed.shares(this)) this.holders.add(feed);
      feed.tell(this);
    }
  }

  letGoBy(feed: RefreshFeed): void {
    if (this.holders.delete(feed)) this.#waker.wake();
  }

  leave(): void {
    this.#channel.running.delete(this);
    for (const feed of this.#channel.waiting) feed.pending.delete(this);
    this.#channel.dropIfEmpty();
  }
}

class RefreshFeed extends Feed<RefreshEvent> {
  readonly pending = new Set<Running>();
  readonly #connection: Connection | null;
  readonly #channel: Channel;
  /** Handed to the transport; asking for the next one says that it has been sent. */
  #sent: Running | null = null;

  constructor(channel: Channel, connection: Connection | null) {
    super();
    this.#channel = channel;
    this.#connection = connection;
    for (const running of channel.running) {
      if (running.event !== null && channel.hears(this, running)) this.pending.add(running);
    }
    channel.waiting.add(this);
  }

  shares({ connection }: Running): boolean {
    return connection !== null && this.#connection === connection;
  }

  tell(running: Running): void {
    this.pending.add(running);
    this.wake();
  }

  protected override async pull(): Promise<RefreshEvent | null> {
    this.#sent?.letGoBy(this);
    this.#sent = null;
    for (const running of this.pending) {
      this.pending.delete(running);
      if (running.event === null) continue;
      this.#sent = running;
      return running.event;
    }
    return null;
  }

  protected override left(): void {
    this.#channel.waiting.delete(this);
    for (const running of this.#channel.running) running.letGoBy(this);
    this.#channel.dropIfEmpty();
  }
}

export interface Refreshes {
  /** @param waker told when it is no longer held */
  enter(viewer: Viewer, connection: Connection | null, waker: Waker): CatchUp;
  subscribe(viewer: Viewer, connection: Connection | null): Feed<RefreshEvent>;
}

export function createRefreshes(): Refreshes {
  const channels = new Map<string, Channel>();

  function channelOf({ userId, deviceId }: Viewer): Channel {
    const key = `${userId}:${deviceId}`;
    const channel = channels.get(key) ?? new Channel(() => channels.delete(key));
    channels.set(key, channel);
    return channel;
  }

  return {
    enter: (viewer, connection, waker) => new Running(channelOf(viewer), connection, waker),
    subscribe: (viewer, connection) => new RefreshFeed(channelOf(viewer), connection),
  };
}
