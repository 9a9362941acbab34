/** A server and the model of it, side by side: the same is done to both, and what they show is compared. */
import { setImmediate as nextTick } from "node:timers/promises";
import { expect } from "vitest";
import { type App, CONVERSATION_UPDATED, MESSAGE_UPDATED, NEW_MESSAGE, type Person, REFRESH } from "./app.ts";
import { Model, type ModelDevice, type ModelMessage, ModelUser, type StreamName, SYSTEM } from "./model.ts";
import type { Data, Socket, Stream } from "./socket.ts";

export const USERS = ["alice", "bob", "carol"];
const DEVICES = ["phone", "laptop"];
/** Milliseconds of the machine's time; what has not come by then never comes. */
const PATIENCE_MS = 10_000;

/** Asks for as long as it is not so. */
async function patiently(isSo: () => boolean, ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < deadline) await ask();
}

interface Connected {
  readonly socket: Socket;
  readonly refresh: Stream;
  readonly streams: Record<StreamName, Stream>;
}

/** An event that a device was handed, and where the model has it. */
export interface Place {
  readonly stream: StreamName;
  readonly cursor: string;
  readonly position: number;
}

export class World {
  readonly app: App;
  readonly model: Model;
  readonly anna: Person;
  /** What has been done, for people to read. */
  readonly script: string[] = [];
  readonly #run: number;
  readonly #bearers = new Map<string, Person>();
  readonly #people = new Map<ModelDevice, Person>();
  readonly #connected = new Map<ModelDevice, Connected>();
  readonly #handed = new Map<ModelDevice, Place[]>();
  readonly #numbers = new Map<ModelMessage["conversation"], string>();
  #texts = 0;

  private constructor(app: App, run: number, perContact: number, anna: Person) {
    this.app = app;
    this.#run = run;
    this.anna = anna;
    this.model = new Model(app.clock.now(), perContact, USERS, DEVICES);
    this.model.users.set("anna", new ModelUser("anna", []));
  }

  /** People whom no earlier run has seen, each with two devices that have logged in. */
  static async begin(app: App, run: number, perContact: number): Promise<World> {
    const anna = await app.admin(`anna-${run}`);
    await anna.updateSettings({ friendsOnly: false, showBlocked: false, offlineMessagesPerContact: perContact });
    const world = new World(app, run, perContact, anna);
    await Promise.all(
      USERS.map(async (name) => {
        const bearer = await app.person(world.id(name));
        world.#bearers.set(name, bearer);
        for (const device of world.model.user(name).devices) await world.login(device);
      }),
    );
    return world;
  }

  /** A user's id on the server. */
  id(name: string): string {
    return this.model.users.has(name) ? `${name}-${this.#run}` : name;
  }

  /** What the server says, in the model's names. */
  plain<T extends string | null>(text: T): T {
    return (text?.replaceAll(`-${this.#run}`, "") ?? null) as T;
  }

  newText(): string {
    this.#texts += 1;
    return `text ${this.#texts}`;
  }

  person(device: ModelDevice): Person {
    const person = this.#people.get(device);
    if (person === undefined) throw new Error(`${device.says} has never logged in`);
    return person;
  }

  places(device: ModelDevice): Place[] {
    return this.#handed.get(device) ?? [];
  }

  /** The id of a message. Conversations are numbered by the server, for all runs together. */
  async idOf(message: ModelMessage): Promise<string> {
    const { conversation, sender, recipient, seq } = message;
    let number = this.#numbers.get(conversation);
    if (number === undefined) {
      const [of, peer] = sender === SYSTEM ? [recipient, sender] : [sender, recipient];
      const side = await this.anna.conversation(this.id(peer), this.id(of));
      number = String(side?.id.split(":")[1]);
      this.#numbers.set(conversation, number);
    }
    return `m:${number}:${seq}`;
  }

  async login(device: ModelDevice): Promise<void> {
    const bearer = this.#bearers.get(device.user.name);
    if (bearer === undefined) throw new Error("no token");
    this.#people.set(device, await bearer.login(device.name));
  }

  async connect(device: ModelDevice, since: Place | null): Promise<void> {
    const socket = await this.person(device).connect();
    const refresh = socket.subscribe(REFRESH);
    const messages = socket.subscribe(NEW_MESSAGE, { since: since?.cursor });
    const updates = socket.subscribe(MESSAGE_UPDATED);
    const conversations = socket.subscribe(CONVERSATION_UPDATED);
    const connected = { socket, refresh, streams: { messages, updates, conversations } };
    this.#connected.set(device, connected);
    const due = this.model.connect(device, since?.position);
    await this.#until(connected, refresh, 1);
    expect(refresh.waiting.length, `${device.says} gets one refresh`).toBe(1);
    const refreshed = await refresh.next();
    const { truncated, truncatedPeers, ...counts } = due;
    expect(refreshed).toMatchObject(counts);
    if (truncated !== null) expect(refreshed.truncated, `${device.says} is told of what is missing`).toBe(truncated);
    if (truncatedPeers !== null) {
      const peers = refreshed.truncatedPeers.map((peer: string) => this.plain(peer)).sort();
      expect(peers, "whose history to ask").toEqual(truncatedPeers);
    }
  }

  async disconnect(device: ModelDevice): Promise<void> {
    const before = this.app.server.engine.connections.count;
    await this.#connected.get(device)?.socket.cut();
    while (this.app.server.engine.connections.count >= before) await nextTick();
    this.#connected.delete(device);
    this.model.disconnect(device);
  }

  /** The server ends the connection, and says why. */
  async ended(device: ModelDevice, code: number): Promise<void> {
    let told: number | null = null;
    void this.#connected.get(device)?.socket.closed.then((closed) => {
      told = closed.code;
    });
    await patiently(
      () => told !== null,
      () => this.anna.get("{ viewer { id } }"),
    );
    expect(told, `${device.says} is told why its connection ends`).toBe(code);
    this.#connected.delete(device);
    this.model.disconnect(device);
  }

  async #until({ socket }: Connected, stream: Stream, count: number): Promise<void> {
    await patiently(
      () => stream.waiting.length >= count,
      () => socket.ask("{ viewer { id } }"),
    );
  }

  /** Each device has been handed what the model says, in that order, and nothing else. */
  async compareHanded(): Promise<void> {
    for (const device of this.model.devices) {
      const connected = this.#connected.get(device);
      if (connected === undefined) continue;
      for (const name of ["messages", "updates", "conversations"] as const) {
        const due = device.due.filter(({ stream }) => stream === name);
        const stream = connected.streams[name];
        await this.#until(connected, stream, due.length);
        const events = await stream.take(stream.waiting.length);
        const shown = events.map((event) => this.#shown(name, event));
        expect(shown, `what ${device.says} is handed of ${name}`).toEqual(due.map(({ shows }) => shows));
        const places = due.map(({ position }, index) => ({ stream: name, position, cursor: events[index]?.cursor }));
        this.#handed.set(device, [...this.places(device), ...places]);
      }
      expect(connected.refresh.waiting, `${device.says} gets no second refresh`).toEqual([]);
      device.due = [];
    }
  }

  #shown(stream: StreamName, event: Data): Record<string, unknown> {
    if (stream === "conversations") return { peer: this.plain(event.conversation.peer.id) };
    const { seq, sender, content } = event.message;
    const shown = { seq, sender: this.plain(sender.id), text: this.plain(content?.summary ?? null) };
    return stream === "messages" ? { source: event.source, ...shown } : { change: event.change, ...shown };
  }

  /** All that a user can look up is as the model says. */
  async compareLookedUp(device: ModelDevice): Promise<void> {
    const { model } = this;
    const { user } = device;
    const person = this.person(device);
    const conversations = await person.conversations();
    const expected = model.contacts(user).map((side) => {
      const last = model.lastMessage(user, side);
      return {
        peer: side.peer,
        unread: model.unread(user, side),
        readSeq: side.readSeq,
        peerReadSeq: model.peerReadSeq(user, side),
        pinned: side.pinned,
        muted: side.muted,
        last: last === null ? null : model.textSeenBy(last, user.name),
      };
    });
    const found = conversations.map((conversation) => ({
      peer: this.plain(conversation.peer.id),
      unread: conversation.unreadCount,
      readSeq: conversation.readSeq,
      peerReadSeq: conversation.peerReadSeq,
      pinned: conversation.pinned,
      muted: conversation.muted,
      last: this.plain(conversation.lastMessage?.content?.summary ?? null),
    }));
    expect(found, `the conversations of ${user.name}`).toEqual(expected);
    for (const peer of [...USERS, SYSTEM]) await this.#compareWith(user.name, person, peer);
  }

  async #compareWith(user: string, person: Person, peer: string): Promise<void> {
    const { model } = this;
    const history = (await person.history(this.id(peer))).map((message) => ({
      seq: message.seq,
      sender: this.plain(message.sender.id),
      text: this.plain(message.content?.summary ?? null),
      key: message.clientMessageId,
      delivered: message.deliveredToRecipient,
      read: message.readByRecipient,
    }));
    const expected = model.messages
      .filter(({ conversation }) => conversation.pair.includes(user) && model.peerOf(conversation, user) === peer)
      .filter((message) => model.isVisible(message, user))
      .map((message) => ({
        seq: message.seq,
        sender: message.sender,
        text: model.textSeenBy(message, user),
        key: message.sender === user ? message.key : null,
        ...model.reception(message),
      }));
    expect(history, `the history of ${user} with ${peer}`).toEqual(expected);
    if (peer === user || peer === SYSTEM) return;
    const { friendship, blocked } = await person.sees(this.id(peer));
    expect({ friendship, blocked }, `what stands between ${user} and ${peer}`).toEqual({
      friendship: model.friendship(user, peer),
      blocked: model.user(user).blocks.has(peer),
    });
  }

  async restart(): Promise<void> {
    // The sweeper notes the time; a server that finds too much of it gone doubts its clock.
    await this.app.server.engine.sweep();
    await this.app.restart();
    for (const device of this.model.devices) if (device.online) await this.ended(device, 1012);
  }

  async pass(ms: number, swept: boolean): Promise<void> {
    this.app.clock.advance(ms);
    this.model.now = this.app.clock.now();
    if (swept) await this.app.server.engine.sweep();
  }

  /** Whatever was not to come would have come before this. */
  async end(): Promise<void> {
    for (const name of USERS) {
      const device = this.model.user(name).devices.find(({ signedIn }) => signedIn);
      if (device !== undefined) await this.compareLookedUp(device);
    }
    for (const name of USERS) {
      const text = this.newText();
      this.model.send("anna", "default", { to: name, text }, true);
      await this.anna.send(this.id(name), text);
    }
    await this.compareHanded();
    for (const device of this.model.devices) if (device.online) await this.disconnect(device);
  }
}
