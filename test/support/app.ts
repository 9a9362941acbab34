/** A real server on a real port with a real SQLite file and a clock that tests move; and people who use it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { inject, onTestFinished } from "vitest";
import type { Platform, Role } from "../../src/engine/model.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/server.ts";
import { signAppToken } from "../../src/server/tokens.ts";
import { DAY, MovableClock } from "./clock.ts";
import { databaseOf, dropDatabase, makeDatabase } from "./postgres.ts";
import { type Data, type Result, Socket, type Stream } from "./socket.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of PostgreSQL, for tests that run on it. */
    postgres: string;
  }
}

/** Where PostgreSQL is, for tests that run on it; null: they run on SQLite. */
const POSTGRES: string | null = inject("postgres") ?? null;

export const SECRET = "a secret of the app that only tests know";

const MESSAGE = `id seq sender { id } recipient { id } content { type summary } customData clientMessageId
  sentAt editedAt recalledAt`;
const SEND = `mutation Send($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { duplicate message { ${MESSAGE} } }
  ... on SendMessageError { code reason field retryAfterMs }
} }`;
export const NEW_MESSAGE = `subscription NewMessage($since: String) { newMessage(since: $since) {
  source cursor message { ${MESSAGE} }
} }`;
export const REFRESH = "subscription { refresh { offlineCount recentCount truncated truncatedPeers cursor } }";
export const MESSAGE_UPDATED = `subscription Updated($since: String) { messageUpdated(since: $since) {
  change cursor message { ${MESSAGE} deliveredToRecipient readByRecipient }
} }`;
export const CONVERSATION_UPDATED = `subscription Updated($since: String) { conversationUpdated(since: $since) {
  cursor conversation { id peer { id } unreadCount readSeq pinned muted lastMessage { id content { summary } } }
  deletedMessage { id seq }
} }`;
const HISTORY = `query History($peer: ID!, $of: ID, $first: Int, $after: String, $last: Int, $before: String) {
  history(peer: $peer, of: $of, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { ${MESSAGE} deliveredToRecipient readByRecipient } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const CONVERSATION = `id peer { id } unreadCount readSeq peerReadSeq pinned muted updatedAt
  lastMessage { id seq content { summary } }`;
const CONVERSATIONS = `query Conversations($first: Int, $after: String, $last: Int, $before: String, $of: ID) {
  conversations(first: $first, after: $after, last: $last, before: $before, of: $of) {
    edges { cursor node { ${CONVERSATION} } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

/** Mutations whose input type is not named after them. */
const INPUT_TYPES: Record<string, string> = {
  blockUser: "BlockInput",
  unblockUser: "BlockInput",
  acceptFriend: "FriendInput",
  declineFriend: "FriendInput",
  removeFriend: "FriendInput",
};

function changeText(mutation: string, fields: string): string {
  const type = INPUT_TYPES[mutation] ?? `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  return `mutation Change($input: ${type}!) { ${mutation}(input: $input) { ${fields} } }`;
}

/** The subscriptions that a device opens when it logs in, on one socket. */
export interface Online {
  socket: Socket;
  messages: Stream;
  refresh: Stream;
}

/** Somebody with a token: a user's device, once it has logged in. */
export class Person {
  readonly app: { readonly url: string };
  readonly id: string;
  readonly token: string;

  constructor(app: { readonly url: string }, id: string, token: string) {
    this.app = app;
    this.id = id;
    this.token = token;
  }

  /** Asks over HTTP and gives the answer as it is. */
  async ask(query: string, variables: object = {}): Promise<Result> {
    const response = await fetch(this.app.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Result;
  }

  /** Asks over HTTP, expects no error, and gives the data. */
  async get(query: string, variables: object = {}): Promise<Data> {
    const { data, errors } = await this.ask(query, variables);
    if (errors !== undefined || data == null) throw new Error(`refused: ${JSON.stringify(errors)}`);
    return data;
  }

  /** Asks over HTTP and gives the code of the one error that it expects. */
  async refusal(query: string, variables: object = {}): Promise<string | undefined> {
    const { errors } = await this.ask(query, variables);
    if (errors?.length !== 1) throw new Error(`expected one error, got ${JSON.stringify(errors)}`);
    return errors[0]?.extensions?.code;
  }

  /** What `sendMessage` answers, success or error. */
  async trySend(to: string, content: string | object, more: object = {}): Promise<Data> {
    const input = { to, content: typeof content === "string" ? { text: { text: content } } : content, ...more };
    return (await this.get(SEND, { input })).sendMessage;
  }

  /** Sends, expects success, and gives the message. */
  async send(to: string, content: string | object, more: object = {}): Promise<Data> {
    const result = await this.trySend(to, content, more);
    if (result.message === undefined) throw new Error(`not sent: ${JSON.stringify(result)}`);
    return result.message;
  }

  /** A device of this person that has logged in. */
  async login(deviceId: string, platform: Platform = "WEB"): Promise<Person> {
    const mutation = "mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }";
    const { login } = await this.get(mutation, { input: { deviceId, platform } });
    return new Person(this.app, this.id, login.accessToken);
  }

  /** An open socket of this device. */
  async connect(): Promise<Socket> {
    const socket = new Socket(this.app.url, { authorization: `Bearer ${this.token}` });
    onTestFinished(() => socket.cut());
    await socket.opened;
    return socket;
  }

  /** Connects and subscribes to `refresh` and `newMessage` on one socket. */
  async goOnline(since?: string): Promise<Online> {
    const socket = await this.connect();
    const refresh = socket.subscribe(REFRESH);
    const messages = socket.subscribe(NEW_MESSAGE, { since });
    return { socket, messages, refresh };
  }

  /** As `goOnline`, until the device is in step; gives what it was handed on the way. */
  async sync(since?: string): Promise<Online & { handed: Data[]; refreshed: Data }> {
    const online = await this.goOnline(since);
    const refreshed = await online.refresh.next();
    const handed = await online.messages.take(refreshed.offlineCount + refreshed.recentCount);
    return { ...online, handed, refreshed };
  }

  async acknowledge(cursor: string): Promise<string> {
    const mutation = "mutation Ack($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";
    return (await this.get(mutation, { cursor })).acknowledge.cursor;
  }

  async messageUpdated(since?: string): Promise<Stream> {
    return (await this.connect()).subscribe(MESSAGE_UPDATED, { since });
  }

  async conversationUpdated(since?: string): Promise<Stream> {
    return (await this.connect()).subscribe(CONVERSATION_UPDATED, { since });
  }

  /** A page of history. */
  async historyPage(peer: string, args: object = {}): Promise<Data> {
    return (await this.get(HISTORY, { peer, ...args })).history;
  }

  /** The messages of a page of history; the newest 100 without arguments. */
  async history(peer: string, args: object = { last: 100 }): Promise<Data[]> {
    const page = await this.historyPage(peer, args);
    return page.edges.map((edge: Data) => edge.node);
  }

  async conversations(args: object = { first: 100 }): Promise<Data[]> {
    const { conversations } = await this.get(CONVERSATIONS, args);
    return conversations.edges.map((edge: Data) => edge.node);
  }

  async conversationsPage(args: object = {}): Promise<Data> {
    return (await this.get(CONVERSATIONS, args)).conversations;
  }

  async conversation(peer: string, of?: string): Promise<Data | null> {
    const query = `query One($peer: ID!, $of: ID) { conversation(peer: $peer, of: $of) { ${CONVERSATION} } }`;
    return (await this.get(query, { peer, of })).conversation;
  }

  async markRead(peer: string, upToSeq?: number): Promise<Data | null> {
    const mutation = `mutation Read($input: MarkReadInput!) { markRead(input: $input) { conversation { ${CONVERSATION} } } }`;
    return (await this.get(mutation, { input: { peer, upToSeq } })).markRead.conversation;
  }

  async recall(id: string): Promise<Data> {
    const mutation = `mutation Recall($id: ID!) { recallMessage(input: { id: $id }) {
      ... on RecallMessageSuccess { message { ${MESSAGE} } } ... on Error { code reason } } }`;
    return (await this.get(mutation, { id })).recallMessage;
  }

  async edit(id: string, content: string | object): Promise<Data> {
    const mutation = `mutation Edit($input: EditMessageInput!) { editMessage(input: $input) {
      ... on EditMessageSuccess { message { ${MESSAGE} } } ... on EditMessageError { code reason field } } }`;
    const input = { id, content: typeof content === "string" ? { text: { text: content } } : content };
    return (await this.get(mutation, { input })).editMessage;
  }

  async block(user: string): Promise<void> {
    await this.get("mutation B($user: ID!) { blockUser(input: { user: $user }) { blocked } }", { user });
  }

  async unblock(user: string): Promise<void> {
    await this.get("mutation B($user: ID!) { unblockUser(input: { user: $user }) { blocked } }", { user });
  }

  /** `addFriend`, `acceptFriend`, `declineFriend` or `removeFriend`. */
  async friend(what: "add" | "accept" | "decline" | "remove", user: string, more: object = {}): Promise<Data> {
    const type = what === "add" ? "AddFriendInput" : "FriendInput";
    const mutation = `mutation F($input: ${type}!) { ${what}Friend(input: $input) {
      ... on FriendshipSuccess { status user { id } } ... on Error { code reason } } }`;
    return (await this.get(mutation, { input: { user, ...more } }))[`${what}Friend`];
  }

  /** What stands between this person and another: friendship and blocked. */
  async sees(user: string): Promise<Data> {
    return (
      await this.get("query U($id: ID!) { user(id: $id) { id nickname online friendship blocked } }", { id: user })
    ).user;
  }

  /** Runs a mutation with one `input` and gives its payload. */
  async change(mutation: string, input: object, fields: string): Promise<Data> {
    return (await this.get(changeText(mutation, fields), { input }))[mutation];
  }

  /** As `change`, and gives the code of the one error that it expects. */
  refusedChange(mutation: string, input: object): Promise<string | undefined> {
    return this.refusal(changeText(mutation, "__typename"), { input });
  }

  /** Tells a peer that this person types. */
  async setTyping(peer: string, typing = true): Promise<void> {
    await this.change("setTyping", { peer, typing }, "typing");
  }

  /** Who types to this person; open when it resolves, since typing is kept nowhere. */
  async typing(): Promise<Stream> {
    const socket = await this.connect();
    const stream = socket.subscribe("subscription { typing { typing user { id } } }");
    await socket.ask("{ viewer { id } }");
    return stream;
  }

  /** A message by id; null for what this person may not see. */
  async message(id: string): Promise<Data | null> {
    return (await this.get(`query M($id: ID!) { message(id: $id) { ${MESSAGE} } }`, { id })).message;
  }

  /** What `node` finds under an id: its id and type; null where there is nothing to see. */
  async node(id: string): Promise<Data | null> {
    return (await this.get("query N($id: ID!) { node(id: $id) { id __typename } }", { id })).node;
  }

  /** `pinConversation`, `muteConversation` or `clearConversation`. */
  async arrange(what: "pin" | "mute" | "clear", peer: string, more: object = {}): Promise<Data | null> {
    const fields = `conversation { ${CONVERSATION} }`;
    return (await this.change(`${what}Conversation`, { peer, ...more }, fields)).conversation;
  }

  /** Deletes messages for this person alone, and gives the ids that are gone. */
  async deleteMessages(...ids: string[]): Promise<string[]> {
    return (await this.change("deleteMessages", { ids }, "deletedIds")).deletedIds;
  }

  /** Mutes a user, as an admin. */
  async mute(user: string, seconds: number): Promise<string | null> {
    return (await this.change("muteUser", { user, seconds }, "mutedUntil")).mutedUntil;
  }

  async updateSettings(input: object): Promise<void> {
    const mutation =
      "mutation S($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { friendsOnly } } }";
    await this.get(mutation, { input });
  }
}

export class App {
  readonly clock: MovableClock;
  readonly dataFolder = mkdtempSync(join(tmpdir(), "parley-test-"));
  readonly backupFolder = join(this.dataFolder, "backups");
  readonly archiveFolder = join(this.dataFolder, "archives");
  /** For how many days archives are kept; null: none are written. */
  archiveDays: number | null = null;
  /** Everything that the server has logged, as text. */
  logged = "";
  readonly #awaited = new Set<() => void>();
  #server: RunningServer | null = null;
  readonly #options: Partial<ServerOptions>;

  constructor(options: Partial<ServerOptions>, clock = new MovableClock()) {
    this.#options = options;
    this.clock = clock;
    mkdirSync(this.backupFolder);
  }

  get server(): RunningServer {
    if (this.#server === null) throw new Error("the server is not running");
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  /** Where it listens; null while it does not. */
  get port(): number | null {
    return this.#server === null ? null : Number(new URL(this.#server.url).port);
  }

  async start(): Promise<void> {
    const write = (line: string) => {
      this.logged += line;
      for (const look of this.#awaited) look();
    };
    const database = POSTGRES === null ? null : databaseOf(POSTGRES, this.#options.dataFolder ?? this.dataFolder);
    if (POSTGRES !== null && database !== null) await makeDatabase(POSTGRES, database.name);
    this.#server = await startServer({
      postgres: database && { url: database.url, connections: 10, unsafe: true },
      host: "127.0.0.1",
      port: 0,
      metricsPort: null,
      dataFolder: this.dataFolder,
      backupFolder: this.backupFolder,
      archives: this.archiveDays === null ? null : { folder: this.archiveFolder, days: this.archiveDays },
      secret: SECRET,
      sendRate: 0,
      sessionLimits: { WEB: 10, IOS: 1, ANDROID: 1, DESKTOP: 1, OTHER: 1 },
      allowedOrigins: null,
      graphiql: true,
      clock: this.clock,
      log: pino({ level: "debug" }, { write }),
      ...this.#options,
      limits: { readRate: 0, loginRate: 0, ...this.#options.limits },
    });
  }

  /** Resolves once the server has logged this text. */
  untilLogged(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.logged.includes(text)) return;
        this.#awaited.delete(look);
        resolve();
      };
      this.#awaited.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  /** Stops it for good, and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataFolder, { recursive: true, force: true });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  token(
    user: string,
    { role = "user", expiresIn = 365 * DAY }: { role?: Role; expiresIn?: number } = {},
  ): Promise<string> {
    const now = this.clock.now();
    return signAppToken(SECRET, user, role, now + expiresIn, { issuedAt: now });
  }

  /** A user whom the server has seen, speaking for the device `default`. */
  async person(id: string, options: { role?: Role; expiresIn?: number } = {}): Promise<Person> {
    const person = new Person(this, id, await this.token(id, options));
    await person.get("{ viewer { id } }");
    return person;
  }

  admin(id = "anna"): Promise<Person> {
    return this.person(id, { role: "admin" });
  }

  people<const Ids extends readonly string[]>(...ids: Ids): Promise<{ [K in keyof Ids]: Person }> {
    return Promise.all(ids.map((id) => this.person(id))) as Promise<{ [K in keyof Ids]: Person }>;
  }
}

/** Starts a server for one test; it is stopped, and its data removed, when the test is over. */
export async function startApp(options: Partial<ServerOptions> = {}, clock?: MovableClock): Promise<App> {
  const app = new App(options, clock);
  await app.start();
  onTestFinished(async () => {
    await app.stop();
    if (POSTGRES !== null) await dropDatabase(POSTGRES, databaseOf(POSTGRES, app.dataFolder).name);
    rmSync(app.dataFolder, { recursive: true, force: true });
  });
  return app;
}

/** The texts of messages or of events that hold one. */
export function texts(items: readonly Data[]): (string | null)[] {
  return items.map((item) => (item.message ?? item).content?.summary ?? null);
}
