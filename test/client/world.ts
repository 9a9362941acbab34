/** Random people on random devices, over a network that breaks anywhere, and what must be true of them at the end. */
import fc from "fast-check";
import { expect } from "vitest";
import { WebSocket } from "ws";
import {
  type Chat,
  createMemoryStore,
  type LocalStore,
  login,
  type Message,
  ParleyError,
} from "../../src/client/index.ts";
import type { App, Person } from "../support/app.ts";
import { openBeside } from "../support/data.ts";
import type { Fate, NetworkProxy } from "../support/proxy.ts";
import type { Data } from "../support/socket.ts";
import { inStep, QUICK, until } from "./support.ts";

export const USERS = ["alice", "bob", "carol"] as const;
/** Each a device of the user that is named. */
export const DEVICES = ["alice", "alice", "bob", "carol"] as const;

export type Step =
  | { readonly do: "send"; readonly device: number; readonly to: number; readonly count: number }
  | {
      readonly do: "recall" | "edit" | "delete" | "read";
      readonly device: number;
      readonly peer: number;
      readonly pick: number;
    }
  | { readonly do: "clear" | "pin" | "page"; readonly device: number; readonly peer: number }
  | { readonly do: "reload" | "leave" | "comeBack"; readonly device: number }
  | { readonly do: "cut" }
  | { readonly do: "restart" };

const device = fc.nat(DEVICES.length - 1);
const peer = fc.nat(USERS.length - 1);
const oneOf = <const Name extends string>(...names: Name[]) => fc.constantFrom(...names);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: oneOf("send"), device, to: peer, count: fc.integer({ min: 1, max: 4 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: oneOf("recall", "edit", "delete", "read"), device, peer, pick: fc.nat(9) }),
    },
    { weight: 2, arbitrary: fc.record({ do: oneOf("clear", "pin", "page"), device, peer }) },
    { weight: 3, arbitrary: fc.record({ do: oneOf("reload", "leave", "comeBack"), device }) },
    { weight: 2, arbitrary: fc.record({ do: oneOf("cut") }) },
    { weight: 1, arbitrary: fc.record({ do: oneOf("restart") }) },
  ),
  { minLength: 4, maxLength: 40 },
);

export const fates: fc.Arbitrary<Fate[]> = fc.array(
  fc.oneof(
    fc.record({ cutAfterDown: fc.integer({ min: 1, max: 12_000 }) }),
    fc.record({ cutAfterUp: fc.integer({ min: 1, max: 6_000 }) }),
    fc.constant({}),
  ),
  { maxLength: 12 },
);

/** The place in the log that a cursor of the server's names. Clients must not look into them; tests may. */
function positionOf(cursor: string): { kind: string; position: number } {
  const [, kind, , , position] = JSON.parse(Buffer.from(cursor, "base64url").toString());
  return { kind, position };
}

/** What writes to a store have kept, and what they have cleared. */
class Kept {
  readonly #places = new Set<string>();
  readonly #cleared = new Map<string, number>();

  note(places: readonly string[], cleared: ReadonlyMap<string, number>): void {
    for (const place of places) this.#places.add(place);
    for (const [peer, seq] of cleared) this.#cleared.set(peer, seq);
  }

  /** Kept, or not to be shown any more. */
  has({ seq, sender, recipient }: Data, user: string): boolean {
    const peer = sender.id === user ? recipient.id : sender.id;
    return this.#places.has(`${peer} ${seq}`) || seq <= (this.#cleared.get(peer) ?? 0);
  }
}

/** A device of somebody's: its store outlives its connections and its reloads. */
export class Device {
  readonly user: string;
  readonly store: LocalStore;
  readonly #app: App;
  readonly #proxy: NetworkProxy;
  chat: Chat | null = null;
  readonly #kept: Kept;
  /** The seqs with which the app was told of new messages, by peer. */
  readonly told = new Map<string, number[]>();
  readonly broken: string[] = [];

  constructor(app: App, proxy: NetworkProxy, user: string, store: LocalStore, kept: Kept) {
    this.#app = app;
    this.#proxy = proxy;
    this.#kept = kept;
    this.user = user;
    this.store = this.#watched(store);
  }

  /** Notes which messages are kept, once they are. */
  #watched(store: LocalStore): LocalStore {
    return {
      ...store,
      transaction: async (mode, work) => {
        const put: string[] = [];
        const cleared = new Map<string, number>();
        const result = await store.transaction(mode, (transaction) =>
          work({
            ...transaction,
            putMessage: (stored) => {
              put.push(`${stored.peer} ${stored.seq}`);
              return transaction.putMessage(stored);
            },
            putConversation: (conversation) => {
              cleared.set(conversation.peer, conversation.clearedSeq);
              return transaction.putConversation(conversation);
            },
          }),
        );
        this.#kept.note(put, cleared);
        return result;
      },
      // What a reload ends is the page, and not the store.
      close() {},
    };
  }

  /** A WebSocket that notes what came, and looks whether what is acknowledged was kept. */
  #watchedWebSocket() {
    const handed: { position: number; message: Data }[] = [];
    const check = (text: string) => this.#checkAcknowledged(handed, text);
    return class extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols);
        this.on("message", (text) => {
          const event = JSON.parse(String(text)).payload?.data?.newMessage;
          if (event !== undefined) handed.push({ ...positionOf(event.cursor), message: event.message });
        });
      }

      override send(data: string): void {
        check(data);
        super.send(data);
      }
    };
  }

  #checkAcknowledged(handed: readonly { position: number; message: Data }[], text: string): void {
    const { query, variables } = JSON.parse(text).payload ?? {};
    if (typeof query !== "string" || !query.startsWith("mutation Acknowledge")) return;
    const acknowledged = positionOf(variables.cursor);
    if (acknowledged.kind !== "m") return;
    for (const { position, message } of handed) {
      if (position > acknowledged.position || this.#kept.has(message, this.user)) continue;
      this.broken.push(`${this.user} acknowledged ${message.id} before it was kept`);
    }
  }

  async start(): Promise<void> {
    if (this.chat !== null) return;
    const options = {
      url: this.#proxy.url,
      user: this.user,
      token: () => this.#app.token(this.user),
      store: this.store,
      webSocketImpl: this.#watchedWebSocket(),
      backoff: QUICK,
      patienceMs: 4_000,
    };
    while (this.chat === null) this.chat = await login(options).catch(unlessOffline);
    const { told } = this;
    this.chat.on("newMessage", ({ message, source }) => {
      if (source !== "RECENT") told.set(message.peer, [...(told.get(message.peer) ?? []), message.seq ?? -1]);
    });
    this.chat.on("error", (error) => this.broken.push(`${this.user}: ${error.code} ${error.message}`));
    // Watched, as a page on the screen is.
    for (const user of USERS) this.chat.messages(user).subscribe(() => {});
  }

  stop(): void {
    this.chat?.close();
    this.chat = null;
  }
}

/** What may happen to anything that is asked while the network breaks. */
function unlessOffline(error: unknown): null {
  if (error instanceof ParleyError && (error.code === "OFFLINE" || error.code === "SESSION_ENDED")) return null;
  throw error;
}

/** As `unlessOffline`; and what a message's state may forbid, since others change it meanwhile. */
function unlessRefused(error: unknown): null {
  if (error instanceof ParleyError && ["MESSAGE_NOT_FOUND", "FORBIDDEN"].includes(error.code)) return null;
  return unlessOffline(error);
}

export class World {
  readonly app: App;
  readonly proxy: NetworkProxy;
  readonly devices: Device[];
  readonly #sent: { device: Device; to: string; key: string }[] = [];

  /** @param stores one for each device; tabs give theirs the same name */
  constructor(app: App, proxy: NetworkProxy, stores: readonly LocalStore[]) {
    this.app = app;
    this.proxy = proxy;
    const shared = new Map<string, Kept>();
    this.devices = DEVICES.map((user, index) => {
      const store = stores[index] ?? createMemoryStore();
      const kept = shared.get(store.sharedName ?? "") ?? new Kept();
      if (store.sharedName !== null) shared.set(store.sharedName, kept);
      return new Device(app, proxy, user, store, kept);
    });
  }

  #device(index: number): Device {
    const found = this.devices[index];
    if (found === undefined) throw new Error(`there is no device ${index}`);
    return found;
  }

  /** Does a step; what it starts may go on while the next ones begin. */
  async run(step: Step): Promise<void> {
    if (step.do === "cut") {
      this.proxy.cutAll();
      return;
    }
    if (step.do === "restart") return this.app.restart();
    const device = this.#device(step.device);
    switch (step.do) {
      case "leave":
        device.stop();
        return;
      case "reload":
        device.stop();
        await device.start();
        return;
      case "comeBack":
        await device.start();
        return;
      case "send":
        await this.#send(device, String(USERS[step.to]), step.count);
        return;
      case "recall":
      case "edit":
      case "delete":
      case "read":
      case "clear":
      case "pin":
      case "page":
        await this.#act(device, step).catch(unlessRefused);
        return;
      default:
        step satisfies never;
    }
  }

  /** On to the next step while they are on their way, but not before they are kept. */
  async #send(device: Device, to: string, count: number): Promise<void> {
    const { chat, user } = device;
    if (chat === null) return;
    const keys = Array.from({ length: count }, () => {
      const { key } = chat.sendMessage(to, `${user} ${this.#sent.length}`).message;
      this.#sent.push({ device, to, key });
      return key;
    });
    const list = chat.messages(to);
    await until(list, ({ messages }) => keys.every((key) => messages.some((message) => message.key === key)));
  }

  async #act(
    { chat, user }: Device,
    step: Exclude<Step, { readonly do: "send" | "cut" | "restart" | "reload" | "leave" | "comeBack" }>,
  ): Promise<void> {
    if (chat === null) return;
    const peer = String(USERS[step.peer]);
    if (step.do === "page") return void (await chat.getMessages(peer, { count: 3 }));
    if (step.do === "clear") return chat.clearConversation(peer);
    if (step.do === "pin") {
      const known = chat.conversations.getSnapshot().find((conversation) => conversation.peer.id === peer);
      return chat.pinConversation(peer, known?.pinned !== true);
    }
    if (!("pick" in step)) return;
    const shown = chat
      .messages(peer)
      .getSnapshot()
      .messages.filter(({ id }) => id !== null);
    const picked: Message | undefined = shown[step.pick % Math.max(1, shown.length)];
    if (picked?.seq == null) return;
    if (step.do === "read") return chat.markRead(peer, picked.seq);
    if (step.do === "delete") return chat.deleteMessages([picked]);
    if (picked.sender !== user) return;
    if (step.do === "recall") await chat.recallMessage(picked);
    else await chat.editMessage(picked, `${picked.content?.summary ?? ""}!`);
  }

  /** Mends the network, brings everybody back, and waits until nothing is on its way. */
  async settle(): Promise<void> {
    this.proxy.fates.length = 0;
    for (const device of this.devices) await device.start();
    for (const { chat } of this.devices) if (chat !== null) await inStep(chat);
    for (const { chat } of this.devices) {
      for (const user of USERS) await noPending(chat, user);
    }
  }

  /** Every device shows what the server has, and each message was sent once. */
  async check(): Promise<void> {
    const people = new Map<string, Person>();
    for (const user of USERS) people.set(user, await this.app.person(user));
    for (const { user, told, broken } of this.devices) {
      expect(broken, `on a device of ${user}`).toEqual([]);
      for (const seqs of told.values()) expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    }
    for (const { user, chat } of this.devices) {
      for (const other of USERS) {
        const server = await people.get(user)?.history(other);
        const history = server ?? [];
        await showsEventually(chat, other, history.map(serverSays), `what ${user} has with ${other}`);
        const conversation = await people.get(user)?.conversation(other);
        const own = history.filter(({ sender }) => sender.id === user).map(({ seq }) => seq);
        await listsEventually(chat, other, conversation ?? null, own, `${user}'s conversation with ${other}`);
      }
    }
    this.#checkSends();
  }

  /** Of what was sent each is there once, in the order in which its device sent it. */
  #checkSends(): void {
    const database = openBeside(this.app);
    const stored = database
      .prepare<[], { key: string; to: string }>(
        'select client_message_id as key, recipient_id as "to" from messages order by conversation_id, seq',
      )
      .all();
    database.close();
    expect(stored.map(({ key }) => key).sort()).toEqual(this.#sent.map(({ key }) => key).sort());
    for (const device of this.devices) {
      for (const user of USERS) {
        const own = this.#sent.filter((sent) => sent.device === device && sent.to === user).map(({ key }) => key);
        const there = stored.filter(({ key }) => own.includes(key)).map(({ key }) => key);
        expect(there, `from a device of ${device.user} to ${user}`).toEqual(own);
      }
    }
  }
}

async function noPending(chat: Chat | null, peer: string): Promise<void> {
  if (chat === null) return;
  const list = chat.messages(peer);
  await new Promise<void>((resolve) => {
    const look = () => {
      if (list.getSnapshot().messages.some(({ status }) => status === "sending")) return;
      stop();
      resolve();
    };
    let stop = () => {};
    stop = list.subscribe(look);
    void list.loadOlder(0).then(look);
  });
}

function serverSays({ seq, content, recalledAt, editedAt }: Data) {
  return { seq, summary: content?.summary ?? null, recalled: recalledAt !== null, edited: editedAt !== null };
}

function clientSays({ seq, content, recalledAt, editedAt, gapBefore }: Message) {
  const gap = gapBefore ? { gap: true } : {};
  return { seq, summary: content?.summary ?? null, recalled: recalledAt !== null, edited: editedAt !== null, ...gap };
}

/** Waits until `look` passes, looking again at each change; at the deadline what it throws is thrown. */
async function eventually(chat: Chat, peer: string, look: () => void): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      look();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.max(deadline - Date.now(), 0) + 1);
      const stops = [chat.messages(peer).subscribe(done), chat.conversations.subscribe(done)];
      function done() {
        clearTimeout(timer);
        for (const stop of stops) stop();
        resolve();
      }
    });
  }
}

async function showsEventually(chat: Chat | null, peer: string, expected: object[], what: string): Promise<void> {
  if (chat === null) throw new Error("nobody is there");
  const list = chat.messages(peer);
  await list.loadOlder(200);
  await eventually(chat, peer, () => {
    const { messages, complete } = list.getSnapshot();
    expect({ complete, messages: messages.map(clientSays) }, what).toEqual({ complete: true, messages: expected });
  });
}

/** @param own the viewer's messages: of these alone a client has to know which the peer has read */
async function listsEventually(
  chat: Chat | null,
  peer: string,
  expected: Data | null,
  own: readonly number[],
  what: string,
): Promise<void> {
  if (chat === null || expected === null) return;
  const ownRead = (mark = 0) => own.filter((seq) => seq <= mark).length;
  await eventually(chat, peer, () => {
    const shown = chat.conversations.getSnapshot().find((conversation) => conversation.peer.id === peer);
    const { unreadCount, pinned, muted, readSeq, peerReadSeq, lastMessage } = shown ?? {};
    const last = lastMessage?.seq ?? null;
    expect({ unreadCount, pinned, muted, readSeq, ownRead: ownRead(peerReadSeq), last }, what).toEqual({
      unreadCount: expected.unreadCount,
      pinned: expected.pinned,
      muted: expected.muted,
      readSeq: expected.readSeq,
      ownRead: ownRead(expected.peerReadSeq),
      last: expected.lastMessage?.seq ?? null,
    });
  });
}
