/** A device under load: it connects, keeps some of what it is handed, acknowledges, drops, and comes back. */
import { type Data, type Result, Socket, type Stream } from "../support/socket.ts";
import { type Address, Client, pause } from "./client.ts";
import type { DeviceRecord, SeenMessage, SessionEvent, SessionRecord } from "./journal.ts";

export const SEEN = "id seq sender { id } recipient { id } content { ... on TextContent { text } }";
const NEW_MESSAGE = `subscription ($since: String) { newMessage(since: $since) { source cursor message { ${SEEN} } } }`;
const REFRESH = "subscription { refresh { offlineCount recentCount truncated } }";
const ACKNOWLEDGE = "mutation ($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";

/** How long it waits for a connection, and for word that it is in step. */
const CONNECT_MS = 5_000;
const DRAIN_MS = 60_000;

export function seen({ id, seq, sender, recipient, content }: Data): SeenMessage {
  return { id, seq, from: sender.id, to: recipient.id, text: content?.text ?? null };
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The frames of a socket on which `refresh` was opened first and `newMessage` second, in the order of arrival. */
function eventsOf(socket: Socket): SessionEvent[] {
  const events: SessionEvent[] = [];
  for (const { type, payload } of socket.frames) {
    if (type !== "next") continue;
    const { refresh, newMessage } = (payload as Result).data ?? {};
    if (refresh !== undefined) {
      const { offlineCount, recentCount, truncated } = refresh;
      events.push({ kind: "refresh", offlineCount, recentCount, truncated });
    }
    if (newMessage === undefined) continue;
    const { source, message } = newMessage;
    events.push({ kind: "message", source, message: seen(message) });
  }
  return events;
}

interface Connected {
  readonly socket: Socket;
  readonly messages: Stream;
  readonly refresh: Stream;
}

export class Device {
  readonly record: DeviceRecord;
  readonly client: Client;
  readonly #server: Address;
  #confirmed: string | null = null;
  #attempted: string | null = null;
  /** The last that it kept and did not acknowledge: it may ask to begin behind that. */
  #kept: { readonly id: string; readonly cursor: string } | null = null;

  constructor(server: Address, user: string, device: string, token: string) {
    this.#server = server;
    this.record = { user, device, sessions: [] };
    this.client = new Client(server, token);
  }

  async #connect(since: string | undefined): Promise<Connected> {
    const socket = new Socket(this.#server.url, { authorization: `Bearer ${this.client.token}` });
    try {
      await within(CONNECT_MS, socket.opened);
    } catch (error) {
      await socket.cut();
      throw error;
    }
    const refresh = socket.subscribe(REFRESH);
    return { socket, refresh, messages: socket.subscribe(NEW_MESSAGE, { since }) };
  }

  #write(socket: Socket, start: Omit<SessionRecord, "events" | "drained">, drained: boolean): void {
    this.record.sessions.push({ ...start, events: eventsOf(socket), drained });
  }

  async #acknowledge({ cursor, message }: Data): Promise<void> {
    this.#attempted = message.id;
    await this.client.ask(ACKNOWLEDGE, { cursor });
    this.#confirmed = message.id;
  }

  /**
   * One connection: reads `count` messages, or until it breaks; acknowledges some of them; drops it.
   * @param signal ends it early
   */
  async visit(count: number, signal: AbortSignal): Promise<void> {
    const kept = Math.random() < 0.3 ? this.#kept : null;
    const start = { confirmed: this.#confirmed, attempted: this.#attempted, since: kept?.id ?? null };
    const { socket, messages } = await this.#connect(kept?.cursor);
    const cut = () => void socket.cut();
    signal.addEventListener("abort", cut);
    try {
      for (let number = 0; number < count && !signal.aborted; number += 1) {
        const event = await messages.next();
        if (event.source === "RECENT") continue;
        this.#kept = { id: event.message.id, cursor: event.cursor };
        if (Math.random() < 0.2) await this.#acknowledge(event);
      }
    } catch {
      // The connection broke, or an acknowledgement was not answered: as expected.
    }
    signal.removeEventListener("abort", cut);
    await socket.cut();
    this.#write(socket, start, false);
  }

  /** Comes and goes until told to stop. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.visit(1 + Math.floor(Math.random() * 60), signal);
      } catch {
        await pause();
      }
    }
  }

  /** Connects and stays until it is told that it is in step; all that it missed must have come by then. */
  async drain(): Promise<void> {
    const start = { confirmed: this.#confirmed, attempted: this.#attempted, since: null };
    const { socket, refresh } = await this.#connect(undefined);
    try {
      await within(DRAIN_MS, refresh.next());
    } catch {
      // The checker says what is missing.
    }
    await socket.cut();
    this.#write(socket, start, true);
  }
}
