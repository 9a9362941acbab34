/** The conversations as a UI watches them: pinned first, then the newest. */
import type { Emitter } from "./emitter.ts";
import { toParleyError } from "./errors.ts";
import type { Local } from "./local.ts";
import type { ChatEvents, Conversation } from "./model.ts";
import { type Observable, Value } from "./observable.ts";
import { keepUnchanged, toConversation } from "./present.ts";
import { Rounds } from "./rounds.ts";

export class ConversationList implements Observable<readonly Conversation[]> {
  readonly #local: Local;
  readonly #events: Emitter<ChatEvents>;
  readonly #value = new Value<readonly Conversation[]>([]);
  readonly #shows = new Rounds(() => this.#show());

  constructor(local: Local, events: Emitter<ChatEvents>) {
    this.#local = local;
    this.#events = events;
    local.watch(() => void this.refresh());
  }

  readonly getSnapshot = (): readonly Conversation[] => this.#value.getSnapshot();
  readonly subscribe = (listener: () => void): (() => void) => this.#value.subscribe(listener);

  refresh(): Promise<void> {
    return this.#shows.run();
  }

  async #show(): Promise<void> {
    try {
      this.#value.set(await this.#read());
    } catch (thrown) {
      const error = toParleyError(thrown, "UNKNOWN");
      if (error.code !== "SESSION_ENDED") this.#events.emit("error", error);
    }
  }

  async #read(): Promise<readonly Conversation[]> {
    const { stored, waiting } = await this.#local.read(async (transaction) => ({
      stored: await transaction.conversations(),
      waiting: await transaction.outgoing(),
    }));
    const pending = new Map(waiting.map((outgoing) => [outgoing.peer, outgoing]));
    const sorted = stored.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.activity - a.activity);
    const shown = sorted.map((conversation) =>
      toConversation(conversation, this.#local.viewer, pending.get(conversation.peer)),
    );
    return keepUnchanged(this.getSnapshot(), shown, ({ peer }) => peer.id);
  }
}
