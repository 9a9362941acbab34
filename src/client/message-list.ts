/**
 * A conversation as a UI watches it: its newest messages, more on demand, and what is on its way. What is shown stays
 * shown: the list is kept from a lowest message on, however many come behind it.
 */
import type { Emitter } from "./emitter.ts";
import { toParleyError } from "./errors.ts";
import { type Bounds, type History, newest, toPage, type Window } from "./history.ts";
import type { Local } from "./local.ts";
import type { ChatEvents, MessageListSnapshot } from "./model.ts";
import { type Observable, Value } from "./observable.ts";
import { keepUnchanged } from "./present.ts";
import { Rounds } from "./rounds.ts";
import type { Typing } from "./typing.ts";

const PAGE = 30;

export class MessageList implements Observable<MessageListSnapshot> {
  readonly #peer: string;
  readonly #local: Local;
  readonly #history: History;
  readonly #typing: Typing;
  readonly #events: Emitter<ChatEvents>;
  readonly #value = new Value<MessageListSnapshot>({
    messages: [],
    complete: false,
    hasMore: true,
    loading: false,
    peerTyping: false,
  });
  #bounds: Bounds = newest(PAGE);
  /** One reading at a time, and once more where something changed meanwhile. */
  readonly #reads = new Rounds(() => this.#read());
  #fetching: Promise<void> | null = null;
  #refused = false;
  #stopWatching: (() => void)[] = [];

  constructor(peer: string, local: Local, history: History, typing: Typing, events: Emitter<ChatEvents>) {
    this.#peer = peer;
    this.#local = local;
    this.#history = history;
    this.#typing = typing;
    this.#events = events;
  }

  readonly getSnapshot = (): MessageListSnapshot => this.#value.getSnapshot();

  /** Keeps the list up to date while anybody is subscribed; when the last has left it is cut to a page. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#value.subscribe(listener);
    if (this.#stopWatching.length === 0) this.#watch();
    return () => {
      stop();
      if (this.#value.observed) return;
      for (const end of this.#stopWatching.splice(0)) end();
      this.#shrink();
    };
  };

  #watch(): void {
    const refresh = () => void this.#refresh();
    this.#stopWatching = [
      this.#local.watch((peers) => {
        if (peers.includes(this.#peer)) refresh();
      }),
      this.#events.on("connection", () => {
        this.#refused = false;
        refresh();
      }),
      this.#events.on("typing", ({ peer }) => {
        if (peer === this.#peer) this.#update({ peerTyping: this.#typing.has(peer) });
      }),
    ];
    refresh();
  }

  /** Shows so many more, fetched where they are not held. It resolves when they are there, or cannot be had now. */
  async loadOlder(count = PAGE): Promise<void> {
    if (this.getSnapshot().hasMore) this.#bounds = { ...this.#bounds, count: this.#bounds.count + count };
    this.#refused = false;
    await this.#refresh();
    while (this.#fetching !== null) {
      await this.#fetching;
      await this.#refresh();
    }
  }

  /** What nobody looks at is let go, or each conversation ever scrolled through would stay in memory. */
  #shrink(): void {
    this.#bounds = newest(PAGE);
    const { messages } = this.getSnapshot();
    const stored = messages.filter(({ seq }) => seq !== null).length;
    if (stored > PAGE) this.#update({ messages: messages.slice(stored - PAGE), hasMore: true });
  }

  #refresh(): Promise<void> {
    return this.#reads.run();
  }

  /** Shows what is held. */
  async #read(): Promise<void> {
    try {
      const bounds = this.#bounds;
      const window = await this.#history.read(this.#peer, bounds);
      if (bounds !== this.#bounds) {
        void this.#refresh();
        return;
      }
      if (window.hole !== null && this.#history.inStep && !this.#refused) this.#fetching ??= this.#fetch();
      this.#take(window);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Fetches what is missing, while what is held goes on being shown. */
  async #fetch(): Promise<void> {
    try {
      await this.#history.fill(this.#peer, this.#bounds);
    } catch (error) {
      // Not again until something is different.
      this.#refused = true;
      this.#tell(error);
    }
    this.#fetching = null;
    void this.#refresh();
  }

  #tell(thrown: unknown): void {
    const error = toParleyError(thrown, "UNKNOWN");
    if (!error.passing) this.#events.emit("error", error);
  }

  #take(window: Window): void {
    if (window.hole === null) this.#keepFrom(window);
    const page = toPage(window, this.#local.viewer, this.#history.inStep, true);
    const messages = keepUnchanged(this.getSnapshot().messages, page.messages, ({ key }) => key);
    this.#update({ ...page, messages, loading: this.#fetching !== null });
  }

  /** Whatever comes from now on, the list begins where it does. */
  #keepFrom({ rows, hasMore }: Window): void {
    const lowest = rows.at(-1)?.seq;
    const lacking = hasMore ? Math.max(0, PAGE - rows.length) : 0;
    this.#bounds = lowest === undefined ? newest(PAGE) : { ...newest(lacking), from: lowest };
    // Deleted ones have left room.
    if (lacking > 0) void this.#refresh();
  }

  #update(change: Partial<MessageListSnapshot>): void {
    const before = this.getSnapshot();
    const after = { ...before, ...change };
    const keys: readonly (keyof MessageListSnapshot)[] = ["messages", "complete", "hasMore", "loading", "peerTyping"];
    if (keys.some((key) => before[key] !== after[key])) this.#value.set(after);
  }
}
