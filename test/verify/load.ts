/**
 * A load of people who write to each other from several devices, read, recall and run into refusals, and who keep a
 * journal of it. What is down comes back: they retry with the same key and reconnect, as a good client does.
 */
import { signAppToken } from "../../src/server/tokens.ts";
import { type Address, Client, pause, Refused, Unanswered } from "./client.ts";
import { Device, SEEN, seen } from "./device.ts";
import { emptyJournal, type Journal, type MarkRecord, type SeenMessage, type SendRecord } from "./journal.ts";

const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { duplicate message { id seq } } ... on Error { code reason } } }`;
const RECALL = `mutation ($id: ID!) { recallMessage(input: { id: $id }) {
  ... on RecallMessageSuccess { message { id } } ... on Error { code reason } } }`;
const READ = "mutation ($input: MarkReadInput!) { markRead(input: $input) { conversation { readSeq } } }";
const CONVERSATION = "query ($peer: ID!) { conversation(peer: $peer) { readSeq unreadCount } }";
const HISTORY = `query ($peer: ID!, $after: String) { history(peer: $peer, first: 100, after: $after) {
  nodes { ${SEEN} } pageInfo { hasNextPage endCursor } } }`;
const LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }";

/** Ten years: clocks may jump. */
const TOKEN_MS = 3_650 * 86_400_000;
/** Nobody may write to this one: she has blocked everybody. */
const HERMIT = "hermit";
/** How long a load that gets nothing acknowledged is waited for. */
const PATIENCE_MS = 120_000;
const TOO_LONG = "x".repeat(13_000);

function oneOf<T>(list: readonly T[]): T {
  const chosen = list[Math.floor(Math.random() * list.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

interface User {
  readonly id: string;
  readonly peers: readonly string[];
  /** Two that come and go and write, and one that is connected at the end for the first time. */
  readonly devices: readonly Device[];
  readonly auditor: Device;
}

export interface LoadOptions {
  readonly server: Address;
  /** Of the server. */
  readonly secret: string;
  /** People, who write to their two neighbours. @default 5 */
  readonly users?: number;
  /** What each waits between two messages, in milliseconds. @default 0 */
  readonly paceMs?: number;
}

export class Load {
  readonly journal: Journal = emptyJournal();
  /** Messages whose send has been answered with success. */
  acknowledged = 0;
  readonly #options: LoadOptions;
  readonly #users: User[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #awaited = new Set<() => void>();
  #number = 0;
  #lots: number[] = [];
  #abandoned = false;

  private constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Signs everybody in and starts. The server must be up. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    await load.#settle();
    for (const user of load.#users) {
      for (const device of user.devices) {
        load.#running.push(device.live(load.#stop.signal), load.#write(user, device));
      }
      for (const peer of user.peers) load.#running.push(load.#read(user, peer));
    }
    return load;
  }

  /**
   * Resolves when this many more messages have been acknowledged.
   * @throws Error where they have not been after two minutes
   */
  untilAcknowledged(more: number): Promise<void> {
    const goal = this.acknowledged + more;
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.#awaited.delete(look);
        reject(new Error(`${goal - this.acknowledged} of ${more} sends are not acknowledged: is the server up?`));
      }, PATIENCE_MS);
      const look = () => {
        if (this.acknowledged < goal) return;
        clearTimeout(giveUp);
        this.#awaited.delete(look);
        resolve();
      };
      this.#awaited.add(look);
      look();
    });
  }

  /** Lets everybody finish what they began, drains every device and reads all histories. The server must be up. */
  async finish(): Promise<Journal> {
    this.#stop.abort();
    await Promise.all(this.#running);
    for (const user of this.#users) {
      const devices = [...user.devices, user.auditor];
      await Promise.all(devices.map((device) => device.drain()));
      this.journal.devices.push(...user.devices.map(({ record }) => record));
      this.journal.auditors.push(user.auditor.record);
      for (const peer of [...user.peers, HERMIT]) {
        this.journal.histories.push({ user: user.id, peer, messages: await this.#history(user, peer) });
        if (peer !== HERMIT) await this.#look(user, peer, this.#marks(user, peer), true);
      }
    }
    return this.journal;
  }

  /** Lets everybody go at once, whatever they wait for: nobody is to go on after a trial. */
  abandon(): void {
    this.#abandoned = true;
    this.#stop.abort();
  }

  async #sign(user: string, role: "user" | "admin" = "user"): Promise<Client> {
    const { server, secret } = this.#options;
    return new Client(server, await signAppToken(secret, user, role, Date.now() + TOKEN_MS));
  }

  async #settle(): Promise<void> {
    const { users = 5, server } = this.#options;
    const admin = await this.#sign("operator", "admin");
    const settings = { offlineMessagesPerContact: 1_000_000, showBlocked: true, recallWindowSeconds: 86_400 };
    await admin.insist(
      "mutation ($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { friendsOnly } } }",
      {
        input: settings,
      },
    );
    const names = Array.from({ length: users }, (_, index) => `user-${index}`);
    const clients = new Map<string, Client>();
    for (const name of [...names, HERMIT]) {
      const client = await this.#sign(name);
      await client.insist("{ viewer { id } }");
      clients.set(name, client);
    }
    for (const user of names) {
      await clients
        .get(HERMIT)
        ?.insist("mutation ($user: ID!) { blockUser(input: { user: $user }) { blocked } }", { user });
    }
    for (const [index, id] of names.entries()) {
      const login = async (deviceId: string): Promise<Device> => {
        const data = await clients.get(id)?.insist(LOGIN, { input: { deviceId, platform: "WEB" } });
        return new Device(server, id, deviceId, data?.login.accessToken);
      };
      const peers = [...new Set([names[(index + 1) % users], names[(index + users - 1) % users]])].filter(
        (name) => name !== undefined && name !== id,
      );
      const [phone, laptop, auditor] = [await login("phone"), await login("laptop"), await login("auditor")];
      this.#users.push({ id, peers: peers as string[], devices: [phone, laptop], auditor });
    }
  }

  async #send(client: Client, record: SendRecord, text: string): Promise<void> {
    const input = { to: record.to, content: { text: { text } }, clientMessageId: record.key };
    try {
      const { sendMessage } = await client.ask(SEND, { input });
      if (sendMessage.message === undefined) {
        record.outcomes.push({ kind: "refused", code: sendMessage.code });
        return;
      }
      const { id, seq } = sendMessage.message;
      if (!record.outcomes.some(({ kind }) => kind === "acknowledged")) this.acknowledged += 1;
      record.outcomes.push({ kind: "acknowledged", id, seq, duplicate: sendMessage.duplicate });
      for (const look of this.#awaited) look();
    } catch (error) {
      if (error instanceof Unanswered)
        record.outcomes.push({ kind: error.nothingHappened ? "unavailable" : "unknown" });
      else if (error instanceof Refused) record.outcomes.push({ kind: "refused", code: error.code });
      else throw error;
    }
  }

  /**
   * What comes of a send, from 0 to 99. Lots are not put back before all are drawn: every hundred sends hold each of
   * them once, so that no load of that length goes without a refusal, a repeat or a recall.
   */
  #draw(): number {
    if (this.#lots.length === 0) this.#lots = Array.from({ length: 100 }, (_, lot) => lot);
    const lot = oneOf(this.#lots);
    this.#lots.splice(this.#lots.indexOf(lot), 1);
    return lot;
  }

  async #write(user: User, device: Device): Promise<void> {
    const { client } = device;
    while (!this.#stop.signal.aborted) {
      const lot = this.#draw();
      this.#number += 1;
      const key = `${user.id} ${device.record.device} ${this.#number}`;
      const forbidden = lot < 5;
      const tooLong = lot < 2;
      const to = forbidden && !tooLong ? HERMIT : oneOf(user.peers);
      const record: SendRecord = {
        key,
        from: user.id,
        to,
        device: device.record.device,
        outcomes: [],
        forbidden,
        recall: "none",
      };
      this.journal.sends.push(record);
      const text = tooLong ? key + TOO_LONG : key;
      await this.#send(client, record, text);
      // Most insist on an answer; some give up, and never know.
      const isOpen = () => ["unknown", "unavailable"].includes(record.outcomes.at(-1)?.kind ?? "");
      while (isOpen() && lot < 90 && !this.#abandoned) {
        await pause();
        await this.#send(client, record, text);
      }
      if (lot >= 30 && lot < 40) await this.#send(client, record, text);
      if (lot >= 40 && lot < 45) await this.#recall(client, record);
      if (this.#options.paceMs !== undefined) await pause(this.#options.paceMs);
    }
  }

  async #recall(client: Client, record: SendRecord): Promise<void> {
    const outcome = record.outcomes.find(({ kind }) => kind === "acknowledged");
    if (outcome?.kind !== "acknowledged") return;
    record.recall = "tried";
    try {
      const { recallMessage } = await client.ask(RECALL, { id: outcome.id });
      if (recallMessage.message !== undefined) record.recall = "done";
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }

  #marks(user: User, peer: string): MarkRecord {
    const known = this.journal.marks.find((record) => record.user === user.id && record.peer === peer);
    if (known !== undefined) return known;
    const record: MarkRecord = { user: user.id, peer, steps: [] };
    this.journal.marks.push(record);
    return record;
  }

  /** Marks as read, now and then something older, and looks what the mark is. */
  async #read(user: User, peer: string): Promise<void> {
    const record = this.#marks(user, peer);
    const { client } = user.devices[0] ?? user.auditor;
    let highest = 0;
    while (!this.#stop.signal.aborted) {
      await pause(30 + Math.random() * 100);
      const sent = this.journal.sends.flatMap(({ from, to, outcomes }) =>
        (from === user.id && to === peer) || (from === peer && to === user.id)
          ? outcomes.flatMap((outcome) => (outcome.kind === "acknowledged" ? [outcome.seq] : []))
          : [],
      );
      highest = Math.max(highest, ...sent.slice(-5));
      if (highest === 0) continue;
      const upToSeq = Math.max(0, highest - Math.floor(Math.random() * 10));
      let confirmed = false;
      try {
        await client.ask(READ, { input: { peer, upToSeq } });
        confirmed = true;
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
      }
      record.steps.push({ kind: "set", upToSeq, confirmed });
      await this.#look(user, peer, record, false);
    }
  }

  async #look(user: User, peer: string, record: MarkRecord, atTheEnd: boolean): Promise<void> {
    const { client } = user.devices[0] ?? user.auditor;
    try {
      const { conversation } = await client.ask(CONVERSATION, { peer });
      if (conversation === null) return;
      record.steps.push({ kind: "seen", readSeq: conversation.readSeq, unread: conversation.unreadCount, atTheEnd });
    } catch (error) {
      if (!(error instanceof Unanswered) || atTheEnd) throw error;
    }
  }

  async #history(user: User, peer: string): Promise<SeenMessage[]> {
    const messages: SeenMessage[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { history } = await user.auditor.client.insist(HISTORY, { peer, after });
      messages.push(...history.nodes.map(seen));
      after = history.pageInfo.endCursor;
      more = history.pageInfo.hasNextPage;
    }
    return messages;
  }
}
