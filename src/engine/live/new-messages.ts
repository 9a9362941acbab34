/**
 * `newMessage`: what the device has missed (OFFLINE), the last message of each other recent contact (RECENT), then
 * what comes (LIVE). The feed listens before it looks, and takes the recent contacts and the log's head in one
 * snapshot; the backlog ends there and LIVE begins there. So there is no seam for anything to fall through.
 */

import type { Connection } from "../connections.ts";
import type { Core } from "../core.ts";
import type { LogEntry, Message } from "../model.ts";
import type { TimelinePlace } from "../store.ts";
import type { MessageView, Viewer } from "../viewer.ts";
import { type Backlog, openBacklog } from "./backlog.ts";
import { Feed } from "./feed.ts";
import type { Fresh, Listener } from "./hub.ts";
import { LogReader } from "./log-reader.ts";
import { messageNow } from "./message-now.ts";
import { cursorAt } from "./places.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { CatchUp, Refreshes } from "./refresh.ts";

export type DeliverySource = "OFFLINE" | "RECENT" | "LIVE";

export interface NewMessageEvent extends MessageView {
  readonly source: DeliverySource;
  readonly cursor: string;
}

/** Messages of lifetime 0 that wait for a reader; further ones are dropped, as they promise nothing. */
const MOST_TRANSIENTS = 100;

/** Where it is in what is handed over before LIVE. */
interface CatchingUp {
  readonly backlog: Backlog;
  readonly missed: Iterator<Backlog["missed"][number]>;
  readonly recent: Iterator<TimelinePlace>;
  offlineCount: number;
  recentCount: number;
}

class NewMessageFeed extends Feed<NewMessageEvent> implements Listener {
  readonly #core: Core;
  readonly #viewer: Viewer;
  readonly #catchUp: CatchUp;
  readonly #reader: LogReader;
  readonly #ahead: ReadAhead;
  readonly #transients: Message[] = [];
  /** Null before and after. */
  #catchingUp: CatchingUp | null = null;

  constructor(core: Core, refreshes: Refreshes, viewer: Viewer, connection: Connection | null) {
    super();
    this.#core = core;
    this.#viewer = viewer;
    this.#catchUp = refreshes.enter(viewer, connection, this);
    this.#reader = new LogReader(core.store, viewer, "messages", this);
    this.#ahead = new ReadAhead(core, viewer.userId);
    core.hub.join(viewer.userId, this);
  }

  start(backlog: Backlog): void {
    const { missed, recent } = backlog;
    this.#reader.start(backlog.head);
    this.#catchingUp = {
      backlog,
      missed: missed.values(),
      recent: recent.values(),
      offlineCount: 0,
      recentCount: 0,
    };
  }

  appended(entry: LogEntry, fresh: Fresh | null): void {
    this.#reader.appended(entry, fresh);
  }

  behind(head: number): void {
    this.#reader.behind(head);
  }

  transient(message: Message, origin: string | null): void {
    if (origin === this.#viewer.deviceId || this.#transients.length >= MOST_TRANSIENTS) return;
    this.#transients.push(message);
    this.wake();
  }

  protected override async pull(): Promise<NewMessageEvent | null> {
    if (this.#catchingUp !== null) {
      const event = (await this.#nextMissed(this.#catchingUp)) ?? (await this.#nextRecent(this.#catchingUp));
      if (event !== null) return event;
      this.#announce(this.#catchingUp);
      this.#catchingUp = null;
    }
    return this.#nextLive();
  }

  protected override left(): void {
    this.#core.hub.leave(this.#viewer.userId, this);
    this.#catchUp.leave();
  }

  async #nextMissed(catchingUp: CatchingUp): Promise<NewMessageEvent | null> {
    for (let step = catchingUp.missed.next(); step.done !== true; step = catchingUp.missed.next()) {
      const { value: place } = step;
      const event = await this.#eventAt(place, "OFFLINE", place.position, await this.#ahead.at(place.position));
      if (event === null) continue;
      catchingUp.offlineCount += 1;
      return event;
    }
    return null;
  }

  async #nextRecent(catchingUp: CatchingUp): Promise<NewMessageEvent | null> {
    for (let step = catchingUp.recent.next(); step.done !== true; step = catchingUp.recent.next()) {
      const event = await this.#eventAt(step.value, "RECENT", catchingUp.backlog.head, null);
      if (event === null) continue;
      catchingUp.recentCount += 1;
      return event;
    }
    return null;
  }

  #announce({ backlog, offlineCount, recentCount }: CatchingUp): void {
    const complete = backlog.complete && offlineCount === backlog.missed.length;
    this.#catchUp.announce({
      offlineCount,
      recentCount,
      truncated: !complete || backlog.incompletePeers.length > 0,
      truncatedPeers: complete ? backlog.incompletePeers : [],
      cursor: cursorAt(this.#core, this.#viewer.userId, "messages", backlog.head),
    });
  }

  async #nextLive(): Promise<NewMessageEvent | null> {
    if (this.#catchUp.held) return null;
    for (let read = await this.#reader.next(); read !== null; read = await this.#reader.next()) {
      const { entry, fresh } = read;
      const event = await this.#eventAt(entry, "LIVE", entry.position, fresh ?? (await this.#ahead.at(entry.position)));
      if (event !== null) return event;
    }
    // The log is read to its end, so its cursor may go out with what is not in the log.
    const transient = this.#transients.shift();
    return transient === undefined ? null : this.#eventOf(transient, "LIVE", this.#reader.position);
  }

  /** The message as it is now: it may have been recalled or edited since its place was noted. */
  async #eventAt(
    place: TimelinePlace,
    source: DeliverySource,
    position: number,
    fresh: Fresh | null,
  ): Promise<NewMessageEvent | null> {
    const message = await messageNow(this.#core, place, fresh);
    return message === null ? null : this.#eventOf(message, source, position);
  }

  #eventOf(message: Message, source: DeliverySource, position: number): NewMessageEvent {
    const { userId } = this.#viewer;
    this.#core.observer.delivered(source);
    return { message, viewedBy: userId, source, cursor: cursorAt(this.#core, userId, "messages", position) };
  }
}

/** @param refreshes of the same core */
export function createNewMessages(core: Core, refreshes: Refreshes) {
  /**
   * Opens the feed of a device.
   * @throws Refusal BAD_USER_INPUT for a `since` that is no cursor of this user
   */
  async function subscribe(
    viewer: Viewer,
    connection: Connection | null,
    since: string | null | undefined,
  ): Promise<Feed<NewMessageEvent>> {
    const feed = new NewMessageFeed(core, refreshes, viewer, connection);
    try {
      feed.start(await openBacklog(core, viewer, since));
    } catch (error) {
      feed.end();
      throw error;
    }
    return feed;
  }

  return { subscribe };
}
