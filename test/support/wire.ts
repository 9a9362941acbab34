/** The bare WebSocket, for peers that do not keep to the protocol. */
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { App } from "./app.ts";
import type { Data } from "./socket.ts";

interface DialOptions {
  path?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

export class Wire {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  #frames: Data[] = [];
  #waiting: { resolve: (frame: Data) => void; reject: (error: Error) => void }[] = [];
  #over: Error | null = null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (text) => {
      const frame = JSON.parse(String(text));
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting.resolve(frame);
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#over = new Error(`closed with ${code}`);
        for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#over);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Sends an object as JSON, and text or bytes as they are. */
  send(frame: object | string): void {
    this.socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }

  subscribe(id: string, query: string, variables: object = {}): void {
    this.send({ id, type: "subscribe", payload: { query, variables } });
  }

  /** The next frame; rejects once the socket is closed. */
  async next(): Promise<Data> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return frame;
    if (this.#over !== null) throw this.#over;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Authenticates, and waits until the server has said yes. */
  async init(token: string): Promise<this> {
    this.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
    const frame = await this.next();
    if (frame.type !== "connection_ack") throw new Error(`not acknowledged: ${JSON.stringify(frame)}`);
    return this;
  }
}

function open(app: App, { path = "/graphql", protocols = ["graphql-transport-ws"], headers = {} }: DialOptions) {
  const socket = new WebSocket(`ws://${new URL(app.url).host}${path}`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  return socket;
}

/** Opens a socket and says nothing on it. */
export async function dial(app: App, options: DialOptions = {}): Promise<Wire> {
  const socket = open(app, options);
  const wire = new Wire(socket);
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return wire;
}

/** The HTTP status with which the server refuses to open a socket. */
export function refusedUpgrade(app: App, options: DialOptions): Promise<number> {
  const socket = open(app, options);
  return new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => reject(new Error("the socket opened")));
    socket.on("error", () => {});
  });
}
