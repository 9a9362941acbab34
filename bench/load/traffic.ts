/** Messages between pairs of users: sent in a closed loop or at a fixed rate, and timed until they arrive. */
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import type { Client, RunningSystem } from "../systems/system.ts";
import { cpuSeconds, machineSeconds } from "./machine.ts";
import { quantile } from "./statistics.ts";

/** What was seen in a stretch of time. */
export interface Stretch {
  /** Delivered messages per second. */
  readonly rate: number;
  /** Milliseconds from the sending, or from when it was due, to the recipient. */
  readonly p50: number;
  readonly p99: number;
  /** Processor seconds of the server for 10,000 messages. */
  readonly cpu: number;
  /** Processors that something else used meanwhile. */
  readonly others: number;
}

interface Pair {
  readonly sender: Client;
  readonly to: string;
}

const FILLER = "and some more words, as people write them to each other";

/** The text of a message: about 60 bytes, with its number in front. */
export function textOf(id: number): string {
  return `#${id}# ${FILLER}`;
}

/** The number of the message whose text this is, or is part of this. */
export function idIn(text: string): number {
  const start = text.indexOf("#") + 1;
  return Number(text.slice(start, text.indexOf("#", start)));
}

/** Longest that messages may be on their way after the last was sent. */
const DRAIN_MS = 30_000;

export class Traffic {
  readonly #system: RunningSystem;
  readonly #pairs: Pair[] = [];
  #recipients: Client[] = [];
  #nextId = 0;
  readonly #dueAt = new Map<number, number>();
  /** Per message under way: whether its sender, or its recipient, has heard of it. */
  readonly #halfDone = new Map<number, Pair>();
  #inFlight = 0;
  #delivered = 0;
  #latencies: number[] = [];
  #onDone: (pair: Pair) => void = () => {};

  constructor(system: RunningSystem) {
    this.#system = system;
  }

  /** Connects pairs of users, `<name>-s<n>` to `<name>-r<n>`. */
  async open(name: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const to = `${name}-r${index}`;
      this.#recipients.push(await this.#system.connect(to, (text) => this.#arrived(idIn(text))));
      this.#pairs.push({ sender: await this.#system.connect(`${name}-s${index}`, () => {}), to });
    }
  }

  #send(pair: Pair, dueAt: number): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#inFlight += 1;
    this.#dueAt.set(id, dueAt);
    pair.sender.send(pair.to, textOf(id), () => this.#heard(id, pair));
  }

  #arrived(id: number): void {
    const dueAt = this.#dueAt.get(id);
    if (dueAt === undefined) return;
    this.#dueAt.delete(id);
    this.#latencies.push(performance.now() - dueAt);
    this.#delivered += 1;
    const pair = this.#halfDone.get(id);
    if (pair === undefined) this.#halfDone.set(id, NOBODY);
    else this.#finish(id, pair);
  }

  #heard(id: number, pair: Pair): void {
    if (this.#halfDone.has(id)) this.#finish(id, pair);
    else this.#halfDone.set(id, pair);
  }

  #finish(id: number, pair: Pair): void {
    this.#halfDone.delete(id);
    this.#inFlight -= 1;
    this.#onDone(pair);
  }

  async #measured(warmMs: number, measureMs: number): Promise<Stretch> {
    await pause(warmMs);
    const { pids } = this.#system;
    const before = { at: performance.now(), cpu: cpuSeconds(pids), machine: machineSeconds(), own: process.cpuUsage() };
    this.#delivered = 0;
    this.#latencies = [];
    await pause(measureMs);
    const seconds = (performance.now() - before.at) / 1_000;
    const delivered = this.#delivered;
    const cpu = cpuSeconds(pids) - before.cpu;
    const own = process.cpuUsage(before.own);
    const others = machineSeconds() - before.machine - cpu - (own.user + own.system) / 1e6;
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      rate: delivered / seconds,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      cpu: (cpu / delivered) * 10_000,
      others: others / seconds,
    };
  }

  /** @throws Error where a message is lost */
  async #drained(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (this.#inFlight > 0) {
      if (performance.now() > deadline) throw new Error(`${this.#inFlight} messages never arrived`);
      await pause(5);
    }
  }

  /** Each sender has so many messages on their way: the next goes when one has arrived and its sender knows. */
  async closedLoop(window: number, warmMs: number, measureMs: number): Promise<Stretch> {
    this.#onDone = (pair) => this.#send(pair, performance.now());
    for (const pair of this.#pairs) for (let n = 0; n < window; n += 1) this.#send(pair, performance.now());
    const stretch = await this.#measured(warmMs, measureMs);
    this.#onDone = () => {};
    await this.#drained();
    return stretch;
  }

  /** So many messages a second, evenly, whether or not the server keeps up; each timed from when it was due. */
  async fixedRate(rate: number, warmMs: number, measureMs: number): Promise<Stretch> {
    let running = true;
    const begun = performance.now();
    const sending = (async () => {
      for (let sent = 0; running; await turn()) {
        const due = Math.floor(((performance.now() - begun) * rate) / 1_000);
        for (; sent < due; sent += 1) {
          const pair = this.#pairs[sent % this.#pairs.length] ?? NOBODY;
          this.#send(pair, begun + (sent * 1_000) / rate);
        }
      }
    })();
    const stretch = await this.#measured(warmMs, measureMs);
    running = false;
    await sending;
    await this.#drained();
    return stretch;
  }

  async close(): Promise<void> {
    for (const client of [...this.#recipients, ...this.#pairs.map(({ sender }) => sender)]) await client.close();
  }
}

const NOBODY: Pair = {
  to: "",
  sender: {
    send() {
      throw new Error("nobody sends");
    },
    settle: async () => {},
    close: async () => {},
  },
};
