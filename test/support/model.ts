/**
 * What Parley means, once more, as plainly as it can be said: no database, no transport, one thing after another.
 * Tests do the same to a server and to this, and compare what both answer and hand to each device.
 */
export const SYSTEM = "system";
const DAY = 86_400_000;
const RETENTION = 7 * DAY;
const RECALL_WINDOW = 120_000;

export interface ModelMessage {
  readonly conversation: ModelConversation;
  readonly seq: number;
  readonly sender: string;
  readonly recipient: string;
  readonly key: string | null;
  /** As it was first sent: what the same key must say again. */
  readonly sentText: string;
  /** null once recalled. */
  text: string | null;
  /** What only the sender sees of an edit that was made while the recipient blocked it. */
  textForSender: string | null;
  readonly sentAt: number;
  readonly offlineUntil: number;
  readonly hidden: boolean;
  readonly deletedBy: Set<string>;
  /** Its place in the recipient's log; null where it is in none. */
  readonly recipientPosition: number | null;
}

interface ModelConversation {
  readonly number: number;
  readonly pair: readonly [string, string];
  readonly messages: ModelMessage[];
}

/** One side's view of a conversation. */
interface Side {
  readonly peer: string;
  readonly conversation: ModelConversation;
  readSeq: number;
  clearedSeq: number;
  lastOwnSeq: number;
  lastSeq: number;
  lastPosition: number;
  pinned: boolean;
  muted: boolean;
}

type Kind = "received" | "sent" | "unsynced" | "recalled" | "edited" | "read" | "delivered" | "conversation";
export type StreamName = "messages" | "updates" | "conversations";
const STREAMS: Record<StreamName, readonly Kind[]> = {
  messages: ["received", "sent"],
  updates: ["recalled", "edited", "read", "delivered"],
  conversations: ["conversation"],
};

interface Entry {
  readonly position: number;
  readonly kind: Kind;
  readonly conversation: ModelConversation;
  readonly message: ModelMessage | null;
  readonly at: number;
  /** The user's own device that caused it. */
  readonly origin: string | null;
}

/** What a device is to be handed next on one of its subscriptions. */
export interface Due {
  readonly stream: StreamName;
  /** What the event says, to be compared with the server's. */
  readonly shows: Record<string, unknown>;
  /** The place that the event's cursor stands for. */
  readonly position: number;
}

export interface DueRefresh {
  readonly offlineCount: number;
  readonly recentCount: number;
  /** null where it depends on whether the sweeper has been there. */
  readonly truncated: boolean | null;
  /** null where any may be named. */
  readonly truncatedPeers: readonly string[] | null;
}

export class ModelDevice {
  readonly user: ModelUser;
  readonly name: string;
  signedIn = true;
  online = false;
  readonly acknowledged: Record<StreamName, number> = { messages: 0, updates: 0, conversations: 0 };
  /** What it is to be handed and has not been compared yet. */
  due: Due[] = [];

  constructor(user: ModelUser, name: string) {
    this.user = user;
    this.name = name;
  }

  get says(): string {
    return `${this.user.name}.${this.name}`;
  }
}

export class ModelUser {
  readonly name: string;
  readonly devices: ModelDevice[];
  readonly log: Entry[] = [];
  readonly sides = new Map<string, Side>();
  readonly friends = new Set<string>();
  readonly blocks = new Set<string>();
  /** Who asks for friendship, and whether this user does not see it. */
  readonly requests = new Map<string, { hidden: boolean }>();
  mutedUntil = 0;
  /** How far in the log any device has acknowledged. */
  delivered = 0;

  constructor(name: string, devices: readonly string[]) {
    this.name = name;
    this.devices = devices.map((device) => new ModelDevice(this, device));
  }
}

export interface Sending {
  readonly to: string;
  readonly text: string;
  readonly key?: string | undefined;
  readonly lifetimeSeconds?: number | undefined;
  readonly syncToSender?: boolean | undefined;
}

type Sent = { code: string } | { message: ModelMessage; duplicate: boolean } | { transient: string };

export class Model {
  now: number;
  readonly perContact: number;
  friendsOnly = false;
  showBlocked = false;
  readonly users = new Map<string, ModelUser>();
  readonly conversations: ModelConversation[] = [];

  constructor(now: number, perContact: number, users: readonly string[], devices: readonly string[]) {
    this.now = now;
    this.perContact = perContact;
    for (const name of users) this.users.set(name, new ModelUser(name, devices));
  }

  user(name: string): ModelUser {
    const user = this.users.get(name);
    if (user === undefined) throw new Error(`the model knows no ${name}`);
    return user;
  }

  get devices(): ModelDevice[] {
    return [...this.users.values()].flatMap(({ devices }) => devices);
  }

  get messages(): ModelMessage[] {
    return this.conversations.flatMap(({ messages }) => messages);
  }

  // The log, and what devices are handed of it.

  #append(user: ModelUser, entry: Omit<Entry, "position" | "at">): Entry {
    const added = { ...entry, position: user.log.length + 1, at: this.now };
    user.log.push(added);
    for (const device of user.devices) if (device.online) this.#hand(device, added);
    return added;
  }

  #hand(device: ModelDevice, entry: Entry): void {
    for (const stream of ["messages", "updates", "conversations"] as const) {
      if (!STREAMS[stream].includes(entry.kind) || entry.origin === device.name) continue;
      const { position } = entry;
      // What a conversation's event shows is read when it goes out, which is after the whole change.
      device.due.push({ stream, position, shows: this.#shows(device.user, entry) });
    }
  }

  #shows(user: ModelUser, entry: Entry): Record<string, unknown> {
    const { message, kind } = entry;
    if (message === null) return { peer: this.peerOf(entry.conversation, user.name) };
    const shown = { seq: message.seq, sender: message.sender, text: this.textSeenBy(message, user.name) };
    if (STREAMS.messages.includes(kind)) return { source: "LIVE", ...shown };
    return { change: kind.toUpperCase(), ...shown };
  }

  peerOf(conversation: ModelConversation, user: string): string {
    const [first, second] = conversation.pair;
    return first === user ? second : first;
  }

  textSeenBy(message: ModelMessage, user: string): string | null {
    return message.sender === user && message.textForSender !== null ? message.textForSender : message.text;
  }

  isKept(message: ModelMessage): boolean {
    return message.sentAt > this.now - RETENTION;
  }

  /** Whether a user finds a message in its history now. */
  isVisible(message: ModelMessage, user: string): boolean {
    const peer = this.peerOf(message.conversation, user);
    return (
      message.conversation.pair.includes(user) &&
      this.isKept(message) &&
      (!message.hidden || message.sender === user) &&
      !message.deletedBy.has(user) &&
      message.seq > (this.user(user).sides.get(peer)?.clearedSeq ?? 0)
    );
  }

  /** A device opens its subscriptions: all that it is handed before anything is live, in order. */
  connect(device: ModelDevice, since = 0): DueRefresh {
    const { user } = device;
    device.online = true;
    device.due = [];
    const after = Math.max(since, device.acknowledged.messages);
    const missed = user.log.filter(
      ({ kind, position, origin }) => position > after && STREAMS.messages.includes(kind) && origin !== device.name,
    );
    const isGone = ({ at, message }: Entry) =>
      at <= this.now - RETENTION || (message !== null && message.offlineUntil <= this.now);
    const putAway = ({ message, conversation }: Entry) => {
      const cleared = user.sides.get(this.peerOf(conversation, user.name))?.clearedSeq ?? 0;
      return message === null || message.deletedBy.has(user.name) || message.seq <= cleared;
    };
    const cached = missed.filter((entry) => !isGone(entry) && !putAway(entry));
    const byPeer = new Map<string, Entry[]>();
    for (const entry of cached) {
      const peer = this.peerOf(entry.conversation, user.name);
      byPeer.set(peer, [...(byPeer.get(peer) ?? []), entry]);
    }
    const handed = [...byPeer.values()].flatMap((entries) => entries.slice(-this.perContact));
    handed.sort((a, b) => a.position - b.position);
    for (const entry of handed) {
      const { position } = entry;
      device.due.push({ stream: "messages", position, shows: { ...this.#shows(user, entry), source: "OFFLINE" } });
    }

    const head = user.log.length;
    let recentCount = 0;
    for (const side of this.contacts(user)) {
      const last = this.lastMessage(user, side);
      if (last === null || byPeer.has(side.peer)) continue;
      recentCount += 1;
      const text = this.textSeenBy(last, user.name);
      const shows = { source: "RECENT", seq: last.seq, sender: last.sender, text };
      device.due.push({ stream: "messages", position: head, shows });
    }

    for (const stream of ["updates", "conversations"] as const) {
      for (const entry of user.log) {
        if (entry.position <= device.acknowledged[stream] || entry.at <= this.now - RETENTION) continue;
        if (entry.message !== null && !this.isKept(entry.message)) continue;
        if (!STREAMS[stream].includes(entry.kind) || entry.origin === device.name) continue;
        device.due.push({ stream, position: entry.position, shows: this.#shows(user, entry) });
      }
    }

    const tooMany = [...byPeer].filter(([, entries]) => entries.length > this.perContact).map(([peer]) => peer);
    const gone = missed.filter(isGone);
    // Once the sweeper has been there, nobody knows whether what it erased had been put away.
    const surelyGone = gone.some((entry) => !putAway(entry)) || tooMany.length > 0;
    return {
      offlineCount: handed.length,
      recentCount,
      truncated: surelyGone || gone.length === 0 ? surelyGone : null,
      truncatedPeers: gone.length === 0 ? tooMany.sort() : null,
    };
  }

  disconnect(device: ModelDevice): void {
    device.online = false;
    device.due = [];
  }

  acknowledge(device: ModelDevice, stream: StreamName, position: number): void {
    const { user } = device;
    device.acknowledged[stream] = Math.max(device.acknowledged[stream], position);
    if (stream !== "messages" || position <= user.delivered) return;
    const received = user.log.filter((entry) => entry.position > user.delivered && entry.position <= position);
    user.delivered = position;
    const last = new Map<ModelConversation, ModelMessage>();
    for (const { kind, conversation, message } of received) {
      if (kind === "received" && message !== null) last.set(conversation, message);
    }
    for (const [conversation, message] of [...last].sort(([a], [b]) => a.number - b.number)) {
      // Of a message that has expired nobody hears any more.
      if (message.sender === SYSTEM || !this.isKept(message)) continue;
      const entry = { kind: "delivered", conversation, message } as const;
      this.#append(this.user(message.sender), { ...entry, origin: null });
      this.#append(user, { ...entry, origin: device.name });
    }
  }

  // Sending.

  /** Why a user may not write to another, or whether it only looks as if it did. */
  #reach(sender: string, to: string): "everybody" | "sender only" | { code: string } {
    const user = this.user(sender);
    if (user.mutedUntil > this.now) return { code: "MUTED" };
    if (sender === to) return "everybody";
    if (this.user(to).blocks.has(sender)) return this.showBlocked ? { code: "BLOCKED" } : "sender only";
    if (this.friendsOnly && !user.friends.has(to)) return { code: "NOT_FRIENDS" };
    return "everybody";
  }

  /** @param admin an admin sends in the sender's name */
  send(sender: string, device: string | null, sending: Sending, admin = false): Sent {
    const { to, text, key = null, lifetimeSeconds, syncToSender = true } = sending;
    const known = this.messages.find(
      (one) => key !== null && one.sender === sender && one.key === key && this.isKept(one),
    );
    if (known !== undefined) {
      const same = known.recipient === to && known.sentText === text;
      return same ? { message: known, duplicate: true } : { code: "IDEMPOTENCY_CONFLICT" };
    }
    if (!admin && this.user(sender).mutedUntil > this.now) return { code: "MUTED" };
    if (!this.users.has(to)) return { code: "RECIPIENT_NOT_FOUND" };
    const reach = admin ? "everybody" : this.#reach(sender, to);
    if (typeof reach === "object") return reach;
    if (lifetimeSeconds === 0) {
      this.#handOver(sender, device, to, text, reach === "sender only");
      return { transient: text };
    }
    const offlineUntil = lifetimeSeconds === undefined ? Number.POSITIVE_INFINITY : this.now + lifetimeSeconds * 1_000;
    const options = { key, offlineUntil, hidden: reach === "sender only", origin: device, syncToSender };
    return { message: this.#store(sender, to, text, options), duplicate: false };
  }

  /** What is not kept reaches whoever is there. */
  #handOver(sender: string, origin: string | null, to: string, text: string, hidden: boolean): void {
    const reached = new Set(hidden ? [sender] : [to, sender]);
    for (const name of reached) {
      const user = this.user(name);
      for (const device of user.devices) {
        if (!device.online || (name === sender && device.name === origin)) continue;
        const shows = { source: "LIVE", seq: 0, sender, text };
        device.due.push({ stream: "messages", position: user.log.length, shows });
      }
    }
  }

  #conversation(a: string, b: string): ModelConversation {
    const pair = a < b ? ([a, b] as const) : ([b, a] as const);
    const found = this.conversations.find(({ pair: [x, y] }) => x === pair[0] && y === pair[1]);
    if (found !== undefined) return found;
    const conversation = { number: this.conversations.length, pair, messages: [] };
    this.conversations.push(conversation);
    return conversation;
  }

  #store(
    sender: string,
    recipient: string,
    text: string,
    options: Pick<ModelMessage, "key" | "offlineUntil" | "hidden"> & { origin: string | null; syncToSender: boolean },
  ): ModelMessage {
    const conversation = this.#conversation(sender, recipient);
    const { key, offlineUntil, hidden, origin, syncToSender } = options;
    const toSelf = sender === recipient;
    const reaches = !toSelf && !hidden;
    const message: ModelMessage = {
      conversation,
      seq: conversation.messages.length + 1,
      sender,
      recipient,
      key,
      sentText: text,
      text,
      textForSender: null,
      sentAt: this.now,
      offlineUntil,
      hidden,
      deletedBy: new Set(),
      recipientPosition: reaches ? this.user(recipient).log.length + 1 : null,
    };
    conversation.messages.push(message);
    if (reaches) {
      const side = this.#sideOf(recipient, sender, conversation);
      this.#noteActivity(side, message, this.user(recipient));
      this.#append(this.user(recipient), { kind: "received", conversation, message, origin: null });
    }
    if (sender !== SYSTEM) {
      const side = this.#sideOf(sender, recipient, conversation);
      this.#noteActivity(side, message, this.user(sender));
      side.lastOwnSeq = message.seq;
      const kind = syncToSender || toSelf ? "sent" : "unsynced";
      this.#append(this.user(sender), { kind, conversation, message, origin });
    }
    return message;
  }

  #noteActivity(side: Side, message: ModelMessage, user: ModelUser): void {
    side.lastSeq = message.seq;
    side.lastPosition = user.log.length + 1;
  }

  #sideOf(user: string, peer: string, conversation: ModelConversation): Side {
    const { sides } = this.user(user);
    const side = sides.get(peer) ?? {
      peer,
      conversation,
      readSeq: 0,
      clearedSeq: 0,
      lastOwnSeq: 0,
      lastSeq: 0,
      lastPosition: 0,
      pinned: false,
      muted: false,
    };
    sides.set(peer, side);
    return side;
  }

  #notice(to: string, text: string): void {
    const options = { key: null, offlineUntil: Number.POSITIVE_INFINITY, hidden: false };
    this.#store(SYSTEM, to, text, { ...options, origin: null, syncToSender: false });
  }

  // What can be done to a message.

  #announce(message: ModelMessage, kind: "recalled" | "edited", onlyForSender: boolean): void {
    const { conversation, sender, recipient } = message;
    const audience = new Set(message.hidden || onlyForSender ? [sender] : [recipient, sender]);
    audience.delete(SYSTEM);
    for (const name of audience) this.#append(this.user(name), { kind, conversation, message, origin: null });
  }

  /** Why a message cannot be changed by this user; null where it is its own and kept. */
  #notOwn(user: string, message: ModelMessage): string | null {
    if (!this.isKept(message)) return "MESSAGE_NOT_FOUND";
    if (message.sender === user) return null;
    return this.isVisible(message, user) ? "FORBIDDEN" : "MESSAGE_NOT_FOUND";
  }

  recall(user: string, message: ModelMessage, admin = false): string | null {
    const refusal = admin && this.isKept(message) ? null : this.#notOwn(user, message);
    if (refusal !== null) return refusal;
    if (message.text === null) return null;
    if (!admin && this.now - message.sentAt > RECALL_WINDOW) return "RECALL_WINDOW_PASSED";
    message.text = null;
    message.textForSender = null;
    this.#announce(message, "recalled", false);
    return null;
  }

  edit(user: string, message: ModelMessage, text: string): string | null {
    const refusal = this.#notOwn(user, message);
    if (refusal !== null) return refusal;
    if (message.text === null) return "MESSAGE_NOT_FOUND";
    const reach = this.#reach(user, message.recipient);
    if (typeof reach === "object") return reach.code;
    const onlyForSender = reach === "sender only" && !message.hidden;
    if (onlyForSender) message.textForSender = text;
    else {
      message.text = text;
      message.textForSender = null;
    }
    this.#announce(message, "edited", onlyForSender);
    return null;
  }

  /** Gives the messages that are deleted now. */
  delete(user: string, device: string, messages: readonly ModelMessage[]): ModelMessage[] {
    const found = messages.filter((message) => this.isVisible(message, user));
    for (const message of found) message.deletedBy.add(user);
    for (const { conversation } of found) this.#noteView(user, device, conversation);
    return found;
  }

  #noteView(user: string, origin: string, conversation: ModelConversation): void {
    this.#append(this.user(user), { kind: "conversation", conversation, message: null, origin });
  }

  // Conversations.

  markRead(user: string, device: string, peer: string, upToSeq?: number): void {
    const side = this.user(user).sides.get(peer);
    const target = Math.min(upToSeq ?? Number.POSITIVE_INFINITY, side?.lastSeq ?? 0);
    if (side === undefined || target <= side.readSeq) return;
    const { conversation, readSeq } = side;
    side.readSeq = target;
    const newlyRead = conversation.messages.findLast(
      ({ seq, sender, hidden }) => seq > readSeq && seq <= target && sender !== user && !hidden,
    );
    if (newlyRead !== undefined && this.isKept(newlyRead)) {
      const entry = { kind: "read", conversation, message: newlyRead } as const;
      if (peer !== SYSTEM) this.#append(this.user(peer), { ...entry, origin: null });
      this.#append(this.user(user), { ...entry, origin: device });
    }
    this.#noteView(user, device, conversation);
  }

  arrange(user: string, device: string, peer: string, change: "pin" | "mute" | "clear", on: boolean): void {
    const side = this.user(user).sides.get(peer);
    if (side === undefined) return;
    const { pinned, muted, clearedSeq, conversation } = side;
    if (change === "pin") side.pinned = on;
    if (change === "mute") side.muted = on;
    if (change === "clear") side.clearedSeq = conversation.messages.length;
    const same = side.pinned === pinned && side.muted === muted && side.clearedSeq === clearedSeq;
    if (!same) this.#noteView(user, device, conversation);
  }

  /** Recent contacts: pinned first, then the latest. */
  contacts(user: ModelUser): Side[] {
    return [...user.sides.values()].sort(
      (a, b) => Number(b.pinned) - Number(a.pinned) || b.lastPosition - a.lastPosition,
    );
  }

  lastMessage(user: ModelUser, { conversation, lastSeq }: Side): ModelMessage | null {
    return conversation.messages.findLast((m) => m.seq <= lastSeq && this.isVisible(m, user.name)) ?? null;
  }

  unread(user: ModelUser, { conversation, readSeq, lastOwnSeq, lastSeq }: Side): number {
    const isUnread = (message: ModelMessage) =>
      message.seq > Math.max(readSeq, lastOwnSeq) &&
      message.seq <= lastSeq &&
      message.sender !== user.name &&
      message.text !== null &&
      this.isVisible(message, user.name);
    return conversation.messages.filter(isUnread).length;
  }

  peerReadSeq(user: ModelUser, { peer, readSeq, lastSeq }: Side): number {
    if (peer === user.name) return readSeq;
    return Math.min(this.users.get(peer)?.sides.get(user.name)?.readSeq ?? 0, lastSeq);
  }

  reception(message: ModelMessage): { delivered: boolean; read: boolean } {
    const { sender, recipient, recipientPosition, seq } = message;
    if (sender === recipient) return { delivered: true, read: true };
    if (recipientPosition === null) return { delivered: false, read: false };
    const user = this.user(recipient);
    const read = (user.sides.get(sender)?.readSeq ?? 0) >= seq;
    return { delivered: user.delivered >= recipientPosition, read };
  }

  // Friends and the blacklist.

  friendship(user: string, other: string): "FRIENDS" | "RECEIVED" | "REQUESTED" | "NONE" {
    if (this.user(user).friends.has(other)) return "FRIENDS";
    if (this.#asks(other, user)) return "RECEIVED";
    return this.user(other).requests.has(user) ? "REQUESTED" : "NONE";
  }

  /** Whether `to` sees that `from` asks for its friendship. */
  #asks(from: string, to: string): boolean {
    return this.user(to).requests.get(from)?.hidden === false;
  }

  #befriend(user: string, other: string): void {
    this.user(user).requests.delete(other);
    this.user(other).requests.delete(user);
    this.user(user).friends.add(other);
    this.user(other).friends.add(user);
    this.#notice(other, `${user} is your friend now.`);
  }

  /** An admin makes two users friends. */
  setFriends(user: string, other: string): string {
    if (this.user(user).blocks.has(other) || this.user(other).blocks.has(user)) return "BLOCKED";
    if (this.user(user).friends.has(other)) return "FRIENDS";
    // Both are told, the first one first.
    this.#notice(user, `${other} is your friend now.`);
    this.#befriend(user, other);
    return "FRIENDS";
  }

  /** Gives the status, or the code of a refusal. */
  addFriend(user: string, other: string): string {
    if (this.user(user).mutedUntil > this.now) return "MUTED";
    if (this.user(user).friends.has(other)) return "FRIENDS";
    if (user === other || this.user(user).blocks.has(other)) return "FORBIDDEN";
    const blocked = this.user(other).blocks.has(user);
    if (blocked && this.showBlocked) return "BLOCKED";
    if (!blocked && this.#asks(other, user)) {
      this.#befriend(user, other);
      return "FRIENDS";
    }
    const request = this.user(other).requests.get(user);
    if (request === undefined || (request.hidden && !blocked)) {
      this.user(other).requests.set(user, { hidden: blocked });
      if (!blocked) this.#notice(other, `${user} asks to be your friend.`);
    }
    return "REQUESTED";
  }

  acceptFriend(user: string, other: string): string {
    if (this.user(user).friends.has(other)) return "FRIENDS";
    if (!this.#asks(other, user)) return "NO_FRIEND_REQUEST";
    this.#befriend(user, other);
    return "FRIENDS";
  }

  declineFriend(user: string, other: string): string {
    if (!this.#asks(other, user)) return "NO_FRIEND_REQUEST";
    this.user(user).requests.delete(other);
    return "NONE";
  }

  removeFriend(user: string, other: string): string {
    this.user(other).requests.delete(user);
    const were = this.user(user).friends.delete(other);
    this.user(other).friends.delete(user);
    if (were) this.#notice(other, `${user} is no longer your friend.`);
    return this.friendship(user, other);
  }

  block(user: string, other: string): void {
    this.user(user).blocks.add(other);
    this.user(user).friends.delete(other);
    this.user(other).friends.delete(user);
    this.user(other).requests.delete(user);
    const request = this.user(user).requests.get(other);
    if (request !== undefined) request.hidden = true;
  }

  unblock(user: string, other: string): void {
    this.user(user).blocks.delete(other);
  }
}
