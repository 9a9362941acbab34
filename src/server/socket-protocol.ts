/**
 * Speaks graphql-transport-ws with one client: who it is, and then its operations, any number at a time
 * (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). The library of that name has the words of the
 * protocol, and they are used here; its server costs each message several promises, and each connection 10 KiB.
 */
import type { ExecutionResult } from "graphql";
import { CloseCode, type Message, MessageType, parseMessage, type SubscribeMessage } from "graphql-ws";
import type { Connection } from "../engine/connections.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { Prepared, WebSocketOperations } from "./websocket-operations.ts";

/** An operation that the client has asked for and that is not over. */
interface Running {
  readonly id: string;
  /** False once the client has completed it, or is gone: nothing of it is sent any more. */
  wanted: boolean;
  /** Of a subscription, once it is open. */
  events: AsyncIterableIterator<ExecutionResult> | null;
}

/** A class, since there are thousands of them at a time. */
export class SocketProtocol {
  readonly #socket: ClientSocket;
  readonly #operations: WebSocketOperations;
  /** Those whose ids are in use. */
  readonly #running = new Map<string, Running>();
  /** Those that are under way, wanted or not. */
  #underWay = 0;
  /** Null once it has been called. */
  #onInit: (() => void) | null;
  #initTimeout: NodeJS.Timeout | undefined;
  #connection: Connection | null = null;
  #gone = false;

  /** @param onInit called once the client begins to say who it is */
  constructor(socket: ClientSocket, operations: WebSocketOperations, onInit: () => void) {
    this.#socket = socket;
    this.#operations = operations;
    this.#onInit = onInit;
    this.#initTimeout = setTimeout(() => {
      socket.refuse(CloseCode.ConnectionInitialisationTimeout, "Connection initialisation timeout");
    }, operations.limits.initTimeoutMs);
  }

  /** The connection, once it is known whose it is. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** Takes what the client has sent; resolves once that is done, and rejects for what nobody foresaw. */
  async receive(text: string): Promise<void> {
    let message: Message;
    try {
      message = parseMessage(text);
    } catch {
      this.#socket.refuse(CloseCode.BadRequest, "Invalid message received");
      return;
    }
    switch (message.type) {
      case MessageType.Subscribe:
        return this.#subscribe(message);
      case MessageType.Complete:
        return this.#stop(message.id);
      case MessageType.Ping:
        this.#socket.send(JSON.stringify({ type: MessageType.Pong, payload: message.payload }));
        return;
      case MessageType.Pong:
        return;
      case MessageType.ConnectionInit:
        return this.#initialise(message.payload ?? null);
      case MessageType.ConnectionAck:
      case MessageType.Next:
      case MessageType.Error:
        this.#socket.refuse(CloseCode.BadRequest, "A message that only servers send");
    }
  }

  /** Ends all, since the socket is gone. */
  async closed(): Promise<void> {
    this.#gone = true;
    clearTimeout(this.#initTimeout);
    this.#connection?.close();
    await Promise.all(Array.from(this.#running.keys(), (id) => this.#stop(id)));
  }

  async #initialise(parameters: Record<string, unknown> | null): Promise<void> {
    const socket = this.#socket;
    if (this.#onInit === null) {
      socket.refuse(CloseCode.TooManyInitialisationRequests, "Too many initialisation requests");
      return;
    }
    this.#onInit();
    this.#onInit = null;
    clearTimeout(this.#initTimeout);
    this.#initTimeout = undefined;
    const connection = await this.#operations.authenticate(socket, parameters);
    if (connection === null) {
      socket.refuse(CloseCode.Forbidden, "Forbidden");
      return;
    }
    this.#connection = connection;
    if (this.#gone) connection.close();
    else socket.send(JSON.stringify({ type: MessageType.ConnectionAck }));
  }

  async #subscribe({ id, payload }: SubscribeMessage): Promise<void> {
    const connection = this.#connection;
    if (connection === null) {
      this.#socket.refuse(CloseCode.Unauthorized, "Unauthorized");
      return;
    }
    if (this.#running.has(id)) {
      this.#socket.refuse(CloseCode.SubscriberAlreadyExists, "An operation of this id still runs");
      return;
    }
    const { limits, prepare, refusal } = this.#operations;
    const running: Running = { id, wanted: true, events: null };
    if (this.#underWay >= limits.operationsPerConnection) {
      this.#fail(running, refusal("RATE_LIMITED", `${this.#underWay} operations run on this socket; wait for some.`));
      return;
    }
    const prepared = prepare(connection, payload);
    if (!("args" in prepared)) {
      this.#fail(running, prepared);
      return;
    }
    this.#running.set(id, running);
    this.#underWay += 1;
    try {
      await this.#run(running, prepared);
    } finally {
      this.#underWay -= 1;
      this.#forget(running);
      if (prepared.isSubscription) connection.giveBackSubscription();
    }
  }

  async #run(running: Running, { args, isSubscription }: Prepared): Promise<void> {
    const { gateway } = this.#operations;
    const result = isSubscription ? await gateway.subscribe(args) : await gateway.execute(args);
    if (Symbol.asyncIterator in result) {
      if (await this.#stream(running, result)) this.#complete(running);
    } else {
      const leaving = this.#next(running, result);
      if (leaving !== undefined) await leaving;
      this.#complete(running);
    }
  }

  /** Sends the events of a subscription; gives whether they have ended well. */
  async #stream(running: Running, events: AsyncIterableIterator<ExecutionResult>): Promise<boolean> {
    running.events = events;
    if (!running.wanted) await events.return?.();
    try {
      for await (const event of events) {
        const leaving = this.#next(running, event);
        if (leaving !== undefined) await leaving;
      }
      return true;
    } catch (error) {
      this.#fail(running, [error]);
      return false;
    }
  }

  #next({ id, wanted }: Running, { data, errors }: ExecutionResult): Promise<void> | undefined {
    if (!wanted) return undefined;
    const payload = errors === undefined ? { data } : { data, errors: this.#operations.present(errors) };
    return this.#socket.send(JSON.stringify({ id, type: MessageType.Next, payload }));
  }

  #fail(running: Running, errors: readonly unknown[]): void {
    this.#forget(running);
    if (!running.wanted) return;
    const payload = this.#operations.present(errors);
    this.#socket.send(JSON.stringify({ id: running.id, type: MessageType.Error, payload }));
  }

  /** The id is free as soon as the client can know that it is. */
  #complete(running: Running): void {
    this.#forget(running);
    if (running.wanted) this.#socket.send(JSON.stringify({ id: running.id, type: MessageType.Complete }));
  }

  /** The client wants no more of it. What has begun, such as a send, goes on to its end. */
  async #stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    running.wanted = false;
    await running.events?.return?.();
  }

  #forget(running: Running): void {
    if (this.#running.get(running.id) === running) this.#running.delete(running.id);
  }
}
