/**
 * What the subscriptions hand over, in the order in which it came: merged into the local store, told to the app, and
 * only then acknowledged, many at once.
 */
import { Acknowledger } from "./acknowledger.ts";
import type { Connection } from "./connection.ts";
import type { Emitter } from "./emitter.ts";
import { type ParleyError, toParleyError } from "./errors.ts";
import { ConversationUpdated, MessageUpdated, NewMessage, Refresh, type RefreshSubscription } from "./generated.ts";
import { Intake, type Item } from "./intake.ts";
import type { Local } from "./local.ts";
import type { ChatEvents } from "./model.ts";
import { Rounds } from "./rounds.ts";
import type { Sink, Socket } from "./socket.ts";
import type { Meta, StreamName } from "./store/store.ts";
import { Ticks } from "./ticks.ts";

/** So many at most share a transaction. */
const MOST_AT_ONCE = 200;
const STREAMS: readonly StreamName[] = ["messages", "updates", "conversations"];

export class Inbox {
  readonly ticks = new Ticks();
  /** Called when all that was missed is kept, before the device counts as in step. */
  onCaughtUp: () => Promise<void> = async () => {};
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #events: Emitter<ChatEvents>;
  readonly #intake: Intake;
  readonly #acknowledger: Acknowledger;
  #queue: Item[] = [];
  readonly #drains = new Rounds(() => this.#drain());

  constructor(local: Local, connection: Connection, events: Emitter<ChatEvents>) {
    this.#local = local;
    this.#connection = connection;
    this.#events = events;
    this.#intake = new Intake(local.viewer, events, this.ticks);
    this.#acknowledger = new Acknowledger(connection);
  }

  /** Subscribes on a fresh connection, behind what is kept. */
  async open(socket: Socket): Promise<void> {
    const { messages, updates, conversations } = await this.#local.change(async (batch) => {
      // Nobody tells of the updates up to the next refresh: whatever is held already may be out of date.
      if (batch.cursors.updates === null || batch.cursors.conversations === null) await batch.doubtAll();
      return { ...batch.cursors };
    });
    socket.subscribe(
      Refresh,
      {},
      {
        next: ({ refresh: event }) => {
          const onKept = (kept: Meta["cursors"]) => {
            // Those that had no place to begin at have one now.
            if (updates === null) this.#followUpdates(socket, kept.updates ?? event.cursor);
            if (conversations === null) this.#followConversations(socket, kept.conversations ?? event.cursor);
            void this.#catchUp(socket, event);
          };
          this.#push({ kind: "refresh", event, onKept });
        },
        refused: (error) => this.#fail(error, socket),
      },
    );
    socket.subscribe(
      NewMessage,
      { since: messages },
      this.#sink("messages", socket, ({ newMessage: event }) => ({ kind: "message", event })),
    );
    if (updates !== null) this.#followUpdates(socket, updates);
    if (conversations !== null) this.#followConversations(socket, conversations);
  }

  #followUpdates(socket: Socket, since: string): void {
    socket.subscribe(
      MessageUpdated,
      { since },
      this.#sink("updates", socket, ({ messageUpdated: event }) => ({ kind: "update", event })),
    );
  }

  #followConversations(socket: Socket, since: string): void {
    socket.subscribe(
      ConversationUpdated,
      { since },
      this.#sink("conversations", socket, ({ conversationUpdated: event }) => ({ kind: "conversation", event })),
    );
  }

  #sink<Event>(stream: StreamName, socket: Socket, toItem: (event: Event) => Item): Sink<Event> {
    return {
      next: (event) => this.#push(toItem(event)),
      refused: (error) => {
        // Too old, or from before the server was put back to an earlier day.
        const expired = error.code === "CURSOR_EXPIRED" || error.code === "BAD_USER_INPUT";
        if (expired) this.#push({ kind: "expired", stream });
        this.#fail(error, socket);
      },
    };
  }

  /** Begins anew with another connection, behind what is in the queue. */
  #fail(error: ParleyError, socket: Socket): void {
    if (!error.passing && error.code !== "CURSOR_EXPIRED") this.#events.emit("error", error);
    void this.#drains.over().then(() => this.#connection.restart(socket, error.message));
  }

  #push(item: Item): void {
    this.#queue.push(item);
    void this.#drains.run();
  }

  async #drain(): Promise<void> {
    // A turn later, so that all that came together is kept and acknowledged together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      try {
        await this.#keep(this.#queue.splice(0, MOST_AT_ONCE));
      } catch (error) {
        // Nothing of it is kept or acknowledged: it will be handed over again.
        this.#queue = [];
        this.#events.emit("error", toParleyError(error, "STORE_FAILED"));
        const { socket } = this.#connection;
        if (socket !== null) this.#connection.restart(socket, "The local store failed.");
      }
    }
  }

  async #keep(items: readonly Item[]): Promise<void> {
    const { steps, before, after } = await this.#local.change(async (batch, transaction) => {
      const before = { ...batch.cursors };
      const steps: (() => void)[] = [];
      for (const item of items) steps.push(await this.#intake.merge(item, batch, transaction));
      return { steps, before, after: { ...batch.cursors } };
    });
    for (const step of steps) step();
    for (const stream of STREAMS) {
      const cursor = after[stream];
      if (cursor !== null && cursor !== before[stream]) this.#acknowledger.acknowledge(stream, cursor);
    }
  }

  async #catchUp(socket: Socket, event: RefreshSubscription["refresh"]): Promise<void> {
    try {
      await this.onCaughtUp();
    } catch (error) {
      this.#fail(toParleyError(error, "UNKNOWN"), socket);
      return;
    }
    this.#connection.inStep(socket);
    const { cursor: _, ...told } = event;
    this.#events.emit("refresh", told);
  }
}
