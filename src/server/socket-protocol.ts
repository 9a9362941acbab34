/**
 * Speaks graphql-transport-ws with one client: who it is, and then its operations, any number at a time
 * (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). The library of that name has the words of the
 * protocol, and they are used here; its server costs each message several promises, and each connection 10 KiB.
 */
import type { ExecutionArgs, ExecutionResult } from "graphql";
import { CloseCode, type Message, MessageType, parseMessage, type SubscribeMessage } from "graphql-ws";
import type { Connection } from "../engine/connections.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { WebSocketOperations } from "./websocket-operations.ts";

/** An operation that the client has asked for. */
interface Running {
  readonly id: string;
  readonly isSubscription: boolean;
  /** False once the client has completed it, or is gone: nothing of it is sent any more. */
  wanted: boolean;
  /** Whether its place has been given back. */
  over: boolean;
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

  /** Takes what the client has sent. */
  receive(text: string): void {
    let message: Message;
    try {
      message = parseMessage(text);
    } catch {
      this.#socket.refuse(CloseCode.BadRequest, "Invalid message received");
      return;
    }
    this.#take(message).catch((error: unknown) => this.#socket.fail(error));
  }

  /** Ends all, since the socket is gone. */
  closed(): void {
    this.#gone = true;
    clearTimeout(this.#initTimeout);
    this.#connection?.close();
    for (const id of this.#running.keys()) this.#stop(id).catch((error: unknown) => this.#socket.fail(error));
  }

  async #take(message: Message): Promise<void> {
    switch (message.type) {
      case MessageType.Subscribe:
        return this.#subscribe(message);
      case MessageType.Complete:
        return this.#stop(message.id);
      case MessageType.Ping:
        void this.#socket.send(JSON.stringify({ type: MessageType.Pong, payload: message.payload }));
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
    else void socket.send(JSON.stringify({ type: MessageType.ConnectionAck }));
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
    if (this.#underWay >= limits.operationsPerConnection) {
      const reason = `${this.#underWay} operations run on this socket; wait for some.`;
      this.#sendErrors(id, refusal("RATE_LIMITED", reason));
      return;
    }
    const prepared = prepare(connection, payload);
    if (!("args" in prepared)) {
      this.#sendErrors(id, prepared);
      return;
    }
    const { args, isSubscription } = prepared;
    const running: Running = { id, isSubscription, wanted: true, over: false, events: null };
    this.#running.set(id, running);
    this.#underWay += 1;
    try {
      if (isSubscription) await this.#open(running, args);
      else await this.#answer(running, args);
    } catch (error) {
      this.#over(running);
      throw error;
    }
  }

  async #answer(running: Running, args: ExecutionArgs): Promise<void> {
    const result = await this.#operations.gateway.execute(args);
    const leaving = this.#next(running, result);
    if (leaving !== undefined) await leaving;
    this.#complete(running);
  }

  async #open(running: Running, args: ExecutionArgs): Promise<void> {
    const result = await this.#operations.gateway.subscribe(args);
    if (Symbol.asyncIterator in result) {
      running.events = result;
      if (!running.wanted) await result.return?.();
      this.#follow(running, result);
    } else {
      void this.#next(running, result);
      this.#complete(running);
    }
  }

  /** Sends the next event of a subscription, and then those behind it. No function stands waiting where there is none. */
  #follow(running: Running, events: AsyncIterableIterator<ExecutionResult>): void {
    events
      .next()
      .then(
        (event) => this.#hand(running, events, event),
        (error: unknown) => {
          this.#over(running);
          if (running.wanted) this.#sendErrors(running.id, [error]);
        },
      )
      .catch((error: unknown) => {
        this.#over(running);
        this.#socket.fail(error);
      });
  }

  #hand(
    running: Running,
    events: AsyncIterableIterator<ExecutionResult>,
    event: IteratorResult<ExecutionResult, unknown>,
  ): void {
    if (event.done === true) {
      this.#complete(running);
      return;
    }
    const leaving = this.#next(running, event.value);
    if (leaving === undefined) this.#follow(running, events);
    else void leaving.then(() => this.#follow(running, events));
  }

  #next({ id, wanted }: Running, { data, errors }: ExecutionResult): Promise<void> | undefined {
    if (!wanted) return undefined;
    const payload = errors === undefined ? { data } : { data, errors: this.#operations.present(errors) };
    return this.#socket.send(JSON.stringify({ id, type: MessageType.Next, payload }));
  }

  #sendErrors(id: string, errors: readonly unknown[]): void {
    const payload = this.#operations.present(errors);
    void this.#socket.send(JSON.stringify({ id, type: MessageType.Error, payload }));
  }

  #complete(running: Running): void {
    this.#over(running);
    if (running.wanted) void this.#socket.send(JSON.stringify({ id: running.id, type: MessageType.Complete }));
  }

  /** Gives its place back, and its id: before the client can know that it is over. */
  #over(running: Running): void {
    if (this.#running.get(running.id) === running) this.#running.delete(running.id);
    if (running.over) return;
    running.over = true;
    this.#underWay -= 1;
    if (running.isSubscription) this.#connection?.giveBackSubscription();
  }

  /** The client wants no more of it. What has begun, such as a send, goes on to its end. */
  async #stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    running.wanted = false;
    await running.events?.return?.();
  }
}
