/** The device's connection: made, watched, and made again until it is told to stop or its session is over. */
import { Backoff, type BackoffOptions, type Wait, wait } from "./backoff.ts";
import { ParleyError, toParleyError } from "./errors.ts";
import type { ConnectionState } from "./model.ts";
import { Value } from "./observable.ts";
import type { Operation } from "./operation.ts";
import type { Session } from "./session.ts";
import { type CloseReason, openSocket, type Socket } from "./socket.ts";

const SESSION_ENDED = 4401;
const TOKEN_REFUSED = 4403;

export interface ConnectionOptions {
  readonly url: string;
  readonly webSocketImpl: unknown;
  readonly heartbeatMs: number;
  /** Milliseconds that a question waits for a connection and its answer. */
  readonly patienceMs: number;
  readonly backoff: BackoffOptions | undefined;
}

export class Connection {
  readonly state = new Value<ConnectionState>({ status: "connecting" });
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #onError: (error: ParleyError) => void;
  readonly #backoff: Backoff;
  /** Called with each socket that the server has let in. */
  onOpened: (socket: Socket) => void = () => {};
  #socket: Socket | null = null;
  #drop: (why: CloseReason) => void = () => {};
  #pause: Wait | null = null;
  #stopped = false;

  constructor(session: Session, options: ConnectionOptions, onError: (error: ParleyError) => void) {
    this.#session = session;
    this.#options = options;
    this.#onError = onError;
    this.#backoff = new Backoff(options.backoff);
  }

  /** The socket, while the server answers on it. */
  get socket(): Socket | null {
    return this.#socket;
  }

  /** Connects, and goes on until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      this.state.set({ status: "connecting" });
      const error = await this.#live();
      if (this.#stopped) return;
      if (error.code === "SESSION_ENDED" || error.code === "WRONG_USER") {
        this.#end(error);
        return;
      }
      const retryInMs = this.#backoff.next(error.retryAfterMs ?? 0);
      // Before anybody is told, since whoever is told may want it to try at once.
      this.#pause = wait(retryInMs);
      this.state.set({ status: "offline", error, retryInMs });
      await this.#pause.over;
    }
  }

  /** One connection from its token to its end. @returns why it ended */
  async #live(): Promise<ParleyError> {
    let accessToken: string;
    try {
      accessToken = await this.#session.accessToken();
    } catch (error) {
      return toParleyError(error, "UNKNOWN");
    }
    if (this.#stopped) return new ParleyError("OFFLINE", "The client was closed.");
    const closed = new Promise<CloseReason>((resolve) => {
      this.#drop = (why) => {
        this.#socket = null;
        resolve(why);
      };
    });
    const { url, webSocketImpl, heartbeatMs } = this.#options;
    let socket: Socket;
    try {
      socket = openSocket({ url, accessToken, webSocketImpl, heartbeatMs, onClosed: this.#drop });
    } catch (error) {
      return toParleyError(error, "OFFLINE");
    }
    const renewals = this.#keepRenewed();
    void socket.opened.then(() => {
      this.#socket = socket;
      this.state.set({ status: "catchingUp" });
      this.onOpened(socket);
    });
    const why = await closed;
    renewals.stop();
    socket.close();
    return this.#errorOf(why);
  }

  #errorOf({ code, reason }: CloseReason): ParleyError {
    if (code === SESSION_ENDED) return new ParleyError("SESSION_ENDED", reason || "The session is over.");
    if (code !== TOKEN_REFUSED) return new ParleyError("OFFLINE", reason || `The connection was closed (${code}).`);
    this.#session.forget();
    return new ParleyError("UNAUTHENTICATED", reason || "The token was refused.");
  }

  /** Renews the session each time that it is about to run out. */
  #keepRenewed(): { stop(): void } {
    let stopped = false;
    let pause = wait(this.#session.renewInMs);
    const renewing = async () => {
      const backoff = new Backoff(this.#options.backoff);
      for (await pause.over; !stopped; await pause.over) {
        try {
          await this.#session.renew();
          backoff.reset();
          pause = wait(this.#session.renewInMs);
        } catch (error) {
          if (!stopped) this.#onError(toParleyError(error, "UNKNOWN"));
          pause = wait(backoff.next(1_000));
        }
        if (stopped) pause.end();
      }
    };
    void renewing();
    return {
      stop() {
        stopped = true;
        pause.end();
      },
    };
  }

  /** All that was missed is there. */
  inStep(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#backoff.reset();
    this.state.set({ status: "inStep" });
  }

  /** Gives this connection up and makes another. */
  restart(socket: Socket, reason: string): void {
    if (this.#socket === socket) this.#drop({ code: 1000, reason });
  }

  /** Does not wait any longer before the next attempt, as when the network is back. */
  retryNow(): void {
    this.#pause?.end();
  }

  /**
   * Asks over the connection, as soon as there is one; where it is lost before the answer, asks again. So it is only for
   * what may be done twice.
   * @throws ParleyError OFFLINE after `patienceMs`, SESSION_ENDED, and what the server refuses with
   */
  async ask<Result, Variables extends object>(
    operation: Operation<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const patience = wait(this.#options.patienceMs);
    const tooLate = patience.over.then(() => Promise.reject(new ParleyError("OFFLINE", "There is no connection.")));
    // The other one of the race may win.
    tooLate.catch(() => {});
    try {
      for (;;) {
        const socket = await Promise.race([this.#opened(), tooLate]);
        try {
          return await Promise.race([socket.ask(operation, variables), tooLate]);
        } catch (error) {
          const code = error instanceof ParleyError ? error.code : null;
          if (patience.ended || (code !== "OFFLINE" && code !== "SHUTTING_DOWN")) throw error;
          // The server says so a moment before it closes the connection.
          if (code === "SHUTTING_DOWN") this.restart(socket, "The server is going down.");
        }
      }
    } finally {
      patience.end();
    }
  }

  #opened(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      let stop = () => {};
      const look = () => {
        const state = this.state.getSnapshot();
        if (this.#socket !== null) resolve(this.#socket);
        else if (state.status === "ended") reject(state.error);
        else return;
        stop();
      };
      stop = this.state.subscribe(look);
      look();
    });
  }

  #end(error: ParleyError): void {
    this.#stopped = true;
    this.#socket = null;
    this.state.set({ status: "ended", error });
  }

  stop(error: ParleyError): void {
    if (this.#stopped) return;
    this.#drop({ code: 1000, reason: "Closed by the client" });
    this.#end(error);
    this.#pause?.end();
  }
}
