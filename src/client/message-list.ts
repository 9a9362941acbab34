/** A conversation as a UI watches it: its newest messages, more on demand, and what is on its way. */
import type { Emitter } from "./emitter.ts";
import { type ParleyError, toParleyError } from "./errors.ts";
import { type History, toPage } from "./history.ts";
import type { Local } from "./local.ts";
import type { ChatEvents, MessageListSnapshot } from "./model.ts";
import { type Observable, Value } from "./observable.ts";
import { keepUnchanged } from "./present.ts";
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
  #count = PAGE;
  #stale = false;
  #running: Promise<void> | null = null;
  #stopWatching: (() => void)[] = [];

  constructor(peer: string, local: Local, history: History, typing: Typing, events: Emitter<ChatEvents>) {
    this.#peer = peer;
    this.#local = local;
    this.#history = history;
    this.#typing = typing;
    this.#events = events;
  }

  readonly getSnapshot = (): MessageListSnapshot => this.#value.getSnapshot();

  /** Keeps the list up to date while anybody is subscribed. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#value.subscribe(listener);
    if (this.#stopWatching.length === 0) this.#watch();
    return () => {
      stop();
      if (this.#value.observed) return;
      for (const end of this.#stopWatching.splice(0)) end();
    };
  };

  #watch(): void {
    const refresh = () => void this.#refresh();
    this.#stopWatching = [
      this.#local.watch((peers) => {
        if (peers.includes(this.#peer)) refresh();
      }),
      this.#events.on("connection", refresh),
      this.#events.on("typing", ({ peer }) => {
        if (peer === this.#peer) this.#update({ peerTyping: this.#typing.has(peer) });
      }),
    ];
    refresh();
  }

  /** Shows so many more, fetched where they are not held. It resolves when they are there, or cannot be had now. */
  loadOlder(count = PAGE): Promise<void> {
    if (this.getSnapshot().hasMore) this.#count += count;
    return this.#refresh();
  }

  /** One at a time, and once more where something changed meanwhile. */
  #refresh(): Promise<void> {
    this.#stale = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      try {
        await this.#show();
      } catch (thrown) {
        const error: ParleyError = toParleyError(thrown, "UNKNOWN");
        if (error.code !== "OFFLINE" && error.code !== "SESSION_ENDED") this.#events.emit("error", error);
      }
    }
    this.#update({ loading: false });
  }

  async #show(): Promise<void> {
    const window = await this.#history.read(this.#peer, undefined, this.#count);
    const fetch = window.hole !== null && this.#history.inStep;
    this.#take(window, fetch);
    if (!fetch) return;
    this.#take(await this.#history.fill(this.#peer, undefined, this.#count), false);
  }

  #take(window: Parameters<typeof toPage>[0], loading: boolean): void {
    const page = toPage(window, this.#local.me, this.#history.inStep, true);
    const before = this.getSnapshot().messages;
    this.#update({ ...page, messages: keepUnchanged(before, page.messages, ({ key }) => key), loading });
  }

  #update(change: Partial<MessageListSnapshot>): void {
    const before = this.getSnapshot();
    const after = { ...before, ...change };
    const keys: readonly (keyof MessageListSnapshot)[] = ["messages", "complete", "hasMore", "loading", "peerTyping"];
    if (keys.some((key) => before[key] !== after[key])) this.#value.set(after);
  }
}
