/** Who types: told by the server, and taken back when nothing more is heard. */
import type { Connection } from "./connection.ts";
import type { Emitter } from "./emitter.ts";
import { SetTyping, Typing as TypingOperation } from "./generated.ts";
import type { ChatEvents } from "./model.ts";
import type { Socket } from "./socket.ts";

/** Milliseconds after which somebody who types has to say so again. */
const LAPSES_AFTER = 6_000;
/** Milliseconds in which it is said once, however often the app says it. */
const SAID_ONCE_IN = 3_000;

export class Typing {
  readonly #connection: Connection;
  readonly #events: Emitter<ChatEvents>;
  readonly #lapsing = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #said = new Map<string, number>();

  constructor(connection: Connection, events: Emitter<ChatEvents>) {
    this.#connection = connection;
    this.#events = events;
  }

  open(socket: Socket): void {
    socket.subscribe(
      TypingOperation,
      {},
      {
        next: ({ typing: { user, typing } }) => this.#set(user.id, typing),
        refused: (error) => {
          if (!error.passing) this.#events.emit("error", error);
        },
      },
    );
  }

  has(peer: string): boolean {
    return this.#lapsing.has(peer);
  }

  /** A message of theirs says that they have stopped. */
  #set(peer: string, typing: boolean): void {
    const before = this.has(peer);
    clearTimeout(this.#lapsing.get(peer));
    this.#lapsing.delete(peer);
    if (typing)
      this.#lapsing.set(
        peer,
        setTimeout(() => this.#set(peer, false), LAPSES_AFTER),
      );
    if (typing !== before) this.#events.emit("typing", { peer, typing });
  }

  stopped(peer: string): void {
    this.#set(peer, false);
  }

  /** Tells the peer that the viewer types, or has stopped. What does not get through is not worth a word. */
  say(peer: string, typing: boolean): void {
    const now = Date.now();
    if (typing && now - (this.#said.get(peer) ?? 0) < SAID_ONCE_IN) return;
    if (typing) this.#said.set(peer, now);
    else if (!this.#said.delete(peer)) return;
    this.#connection.socket?.ask(SetTyping, { input: { peer, typing } }).catch(() => {});
  }

  close(): void {
    for (const timer of this.#lapsing.values()) clearTimeout(timer);
    this.#lapsing.clear();
  }
}
