/**
 * A device as a good client keeps it: what it has acknowledged is safe, the rest is expected again after each
 * reconnect. Properties compare what it wrote down with what it should have been handed.
 */
import type { Online, Person } from "./app.ts";
import type { Data } from "./socket.ts";

/** What one connection handed over, and how many messages were safe when it was opened. */
export interface Session {
  readonly safeAtStart: number;
  readonly handed: Data[];
}

/** The messages that must come once and in order; a recent contact's last message stands beside that. */
export function inStream(handed: readonly Data[]): Data[] {
  return handed.filter((event) => event.source !== "RECENT");
}

export class Journal {
  readonly device: Person;
  readonly sessions: Session[] = [];
  /** How many messages, from the first that ever came, the device has acknowledged. */
  safe = 0;
  #online: Online | null = null;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(device: Person) {
    this.device = device;
  }

  async connect(): Promise<void> {
    if (this.#online !== null) return;
    const { messages, ...online } = await this.device.goOnline();
    const session: Session = { safeAtStart: this.safe, handed: [] };
    this.sessions.push(session);
    this.#online = { ...online, messages };
    this.#reading = (async () => {
      for (;;) session.handed.push(await messages.next());
    })().catch(() => {});
  }

  /** Drops the connection; what is on its way is lost. */
  async cut(): Promise<void> {
    await this.#online?.socket.cut();
    this.#online = null;
    await this.#reading;
  }

  /** Acknowledges the last that this connection has handed over so far. */
  async acknowledge(): Promise<void> {
    const session = this.sessions.at(-1);
    const last = session?.handed.at(-1);
    if (session === undefined || last === undefined) return;
    const safe = session.safeAtStart + inStream(session.handed).length;
    await this.device.acknowledge(last.cursor);
    this.safe = Math.max(this.safe, safe);
  }
}
