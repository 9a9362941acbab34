/** Parley as it is built, with its checks in place; what its clients ask is what an app's would. */
import { createHmac, randomUUID } from "node:crypto";
import { HttpConnection } from "../load/http.ts";
import { RawSocket } from "../load/socket.ts";
import { startChild } from "./child.ts";
import type { Client, RunningSystem, System } from "./system.ts";

const SECRET = "a secret of the app that only the bench knows";
const DAY_SECONDS = 86_400;

/** Rates count every operation, as always, and are as high as they can be set, so that the load is not refused. */
const HIGHEST_RATES = {
  PARLEY_SEND_RATE: "100000",
  PARLEY_READ_RATE: "100000",
  PARLEY_LOGIN_RATE: "100000",
  PARLEY_WAITING_CONNECTIONS: "20000",
};

export const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessageSuccess { duplicate message { id seq sentAt } }
    ... on Error { code reason }
  }
}`;
const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }`;
const REFRESH = `subscription Refresh { refresh { offlineCount recentCount truncated truncatedPeers cursor } }`;
const NEW_MESSAGE = `subscription NewMessage {
  newMessage {
    source
    cursor
    message { ...MessageFields }
  }
}
fragment MessageFields on Message {
  id
  seq
  clientMessageId
  sender { id }
  senderProfile { nickname avatarUrl }
  sentAt
  content { __typename type summary ... on TextContent { text } }
}`;
const ACKNOWLEDGE = `mutation Acknowledge($input: AcknowledgeInput!) { acknowledge(input: $input) { cursor } }`;

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token as the app's back end signs it. */
export function tokenFor(user: string, role?: "admin"): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, iat: now, exp: now + DAY_SECONDS, ...(role === undefined ? {} : { role }) };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

/** As no other run on the same data has it. */
const KEY_PREFIX = randomUUID().slice(0, -12);
let keys = 0;

/** The body of a request that sends; each has a key of its own, of the length of a UUID. */
export function sendBody(to: string, text: string): string {
  keys += 1;
  const clientMessageId = `${KEY_PREFIX}${String(keys).padStart(12, "0")}`;
  const input = { to, content: { text: { text } }, clientMessageId };
  return JSON.stringify({ query: SEND, variables: { input } });
}

/** Whether the answer to a send says that it is stored. */
export function isStored(answer: string): boolean {
  return answer.includes('"__typename":"SendMessageSuccess"');
}

const CURSOR = /"cursor":"([^"]+)"/;

/** One WebSocket of graphql-transport-ws: whatever is asked, each answer goes to its own listener. */
export class ParleySocket {
  readonly #listeners = new Map<string, (frame: string) => void>();
  #socket: RawSocket | null = null;
  #nextId = 0;

  static async open(port: number, token: string): Promise<ParleySocket> {
    const opened = new ParleySocket();
    const acknowledged = new Promise<void>((resolve) => opened.#listeners.set("", () => resolve()));
    opened.#socket = await RawSocket.open(port, "/graphql", "graphql-transport-ws", (frame) => opened.#take(frame));
    opened.#socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
    await acknowledged;
    return opened;
  }

  #take(frame: string): void {
    if (frame.startsWith('{"type":"connection_ack"')) {
      this.#listeners.get("")?.(frame);
      return;
    }
    if (!frame.startsWith('{"id":"')) return;
    const end = frame.indexOf('"', 7);
    const id = frame.slice(7, end);
    if (frame.startsWith('","type":"complete"', end)) this.#listeners.delete(id);
    else if (frame.startsWith('","type":"error"', end)) throw new Error(frame);
    else this.#listeners.get(id)?.(frame);
  }

  /** Runs an operation; every frame of its answer but the last, which says that it is complete, is handed over. */
  run(body: string, onAnswer: (frame: string) => void): void {
    this.#nextId += 1;
    const id = String(this.#nextId);
    this.#listeners.set(id, onAnswer);
    this.#socket?.send(`{"id":"${id}","type":"subscribe","payload":${body}}`);
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }
}

class ParleyClient implements Client {
  readonly #socket: ParleySocket;
  cursor: string | null = null;

  constructor(socket: ParleySocket) {
    this.#socket = socket;
  }

  send(to: string, text: string, onStored: () => void): void {
    this.#socket.run(sendBody(to, text), (answer) => {
      if (!isStored(answer)) throw new Error(`not sent: ${answer}`);
      onStored();
    });
  }

  settle(): Promise<void> {
    const { cursor } = this;
    if (cursor === null) return Promise.resolve();
    const body = JSON.stringify({ query: ACKNOWLEDGE, variables: { input: { cursor } } });
    return new Promise((resolve) => this.#socket.run(body, () => resolve()));
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}

export interface RunningParley extends RunningSystem {
  readonly port: number;
  /** An access token of a device of this user. */
  login(user: string): Promise<string>;
}

async function openClient(port: number, token: string, onMessage: (text: string) => void): Promise<Client> {
  const socket = await ParleySocket.open(port, token);
  const client = new ParleyClient(socket);
  const inStep = new Promise<void>((resolve) => socket.run(JSON.stringify({ query: REFRESH }), () => resolve()));
  socket.run(JSON.stringify({ query: NEW_MESSAGE }), (frame) => {
    client.cursor = CURSOR.exec(frame)?.[1] ?? null;
    onMessage(frame.slice(frame.indexOf('"content":')));
  });
  await inStep;
  return client;
}

/**
 * Starts Parley on the data in this folder.
 * @param settings besides
 */
export async function startParley(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningParley> {
  const child = await startChild([process.execPath, "dist/main.js"], /listening on http:\S+:(\d+)/, {
    PARLEY_PORT: "0",
    PARLEY_DATA: folder,
    PARLEY_BACKUPS: folder,
    PARLEY_SECRET: SECRET,
    PARLEY_LOG_LEVEL: "error",
    ...HIGHEST_RATES,
    ...settings,
  });
  const port = Number(child.said);
  const connections: HttpConnection[] = [];

  async function login(user: string): Promise<string> {
    const idle = connections.pop();
    const http = idle === undefined || idle.closed ? await HttpConnection.open(port) : idle;
    const body = JSON.stringify({ query: LOGIN, variables: { input: { deviceId: "phone", platform: "IOS" } } });
    const answer = await new Promise<string>((resolve) => http.post("/graphql", tokenFor(user), body, resolve));
    connections.push(http);
    const token = /"accessToken":"([^"]+)"/.exec(answer)?.[1];
    if (token === undefined) throw new Error(`no login: ${answer}`);
    return token;
  }

  return {
    pids: [child.pid],
    port,
    login,
    connect: async (user, onMessage) => openClient(port, await login(user), onMessage),
    async stop() {
      for (const http of connections) http.close();
      await child.stop();
    },
  };
}

export const parley: System = {
  name: "Parley",
  durability: "every answered send is synced (SQLite, WAL, synchronous=FULL)",
  start: (folder) => startParley(folder),
};
