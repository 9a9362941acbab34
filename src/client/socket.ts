/** One WebSocket, from opening to closing. It never comes back by itself: that is the connection's business. */
import { createClient } from "graphql-ws/client";
import { fromGraphql, type GraphqlError, ParleyError } from "./errors.ts";
import { dataOf } from "./http.ts";
import type { Operation } from "./operation.ts";

export interface SocketOptions {
  readonly url: string;
  readonly accessToken: string;
  /** A WebSocket class, where there is no global one. */
  readonly webSocketImpl: unknown;
  /** Milliseconds between two signs of life, and until the lack of one is taken for a dead connection. */
  readonly heartbeatMs: number;
  /** Called once. */
  readonly onClosed: (why: CloseReason) => void;
}

export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

export interface Sink<Result> {
  next(event: Result): void;
  /** It has ended, by the server's refusal. Nothing is told where it ended with the connection. */
  refused(error: ParleyError): void;
}

export interface Socket {
  /** Resolves when the server has let the device in; never, where it does not. */
  readonly opened: Promise<void>;
  /** @throws ParleyError OFFLINE where the connection is lost before the answer */
  ask<Result, Variables extends object>(operation: Operation<Result, Variables>, variables: Variables): Promise<Result>;
  subscribe<Result, Variables extends object>(
    operation: Operation<Result, Variables>,
    variables: Variables,
    sink: Sink<Result>,
  ): void;
  close(): void;
}

const LOST = "The connection was lost.";

function webSocketUrl(url: string): string {
  return url.replace(/^http/, "ws");
}

function isGraphqlErrors(error: unknown): error is readonly GraphqlError[] {
  return Array.isArray(error);
}

export function openSocket({ url, accessToken, webSocketImpl, heartbeatMs, onClosed }: SocketOptions): Socket {
  let over = false;
  let deadline: ReturnType<typeof setTimeout> | undefined;
  let tellOpened = () => {};
  const opened = new Promise<void>((resolve) => {
    tellOpened = resolve;
  });
  const lost = new Set<() => void>();

  function finish(why: CloseReason): void {
    clearTimeout(deadline);
    if (over) return;
    over = true;
    for (const tell of lost) tell();
    lost.clear();
    onClosed(why);
  }

  /** Gives up on a peer that shows no sign of life. */
  function expectLife(): void {
    clearTimeout(deadline);
    deadline = setTimeout(() => {
      // Not before it has opened: until then there is nothing to terminate, and `dispose` closes it once it has.
      if (letIn) client.terminate();
      else dispose();
      finish({ code: 4499, reason: "No sign of life" });
    }, heartbeatMs);
  }

  function dispose(): void {
    // What it waits for may fail, and that has been told.
    Promise.resolve(client.dispose()).catch(() => {});
  }

  let letIn = false;
  expectLife();
  const client = createClient({
    url: webSocketUrl(url),
    connectionParams: { authorization: `Bearer ${accessToken}` },
    webSocketImpl,
    lazy: false,
    retryAttempts: 0,
    keepAlive: heartbeatMs,
    onNonLazyError: () => {},
    on: {
      connected() {
        letIn = true;
        clearTimeout(deadline);
        tellOpened();
      },
      ping: (received) => {
        if (!received) expectLife();
      },
      message: () => {
        if (letIn) clearTimeout(deadline);
      },
      closed(event) {
        finish(toCloseReason(event));
      },
    },
  });

  function start<Result, Variables extends object>(
    { text }: Operation<Result, Variables>,
    variables: Variables,
    sink: { next(event: Result): void; error(error: ParleyError): void; ended(): void },
  ): void {
    const stopped = () => sink.error(new ParleyError("OFFLINE", LOST));
    if (over) {
      stopped();
      return;
    }
    lost.add(stopped);
    const payload = { query: text, variables: Object.fromEntries(Object.entries(variables)) };
    client.subscribe<Result>(payload, {
      next(result) {
        try {
          sink.next(dataOf(result));
        } catch (error) {
          if (error instanceof ParleyError) sink.error(error);
          else throw error;
        }
      },
      error(error) {
        if (!lost.delete(stopped)) return;
        const [first] = isGraphqlErrors(error) ? error : [];
        if (first === undefined) stopped();
        else sink.error(fromGraphql(first));
      },
      complete() {
        if (lost.delete(stopped)) sink.ended();
      },
    });
  }

  return {
    opened,
    ask: (operation, variables) =>
      new Promise((resolve, reject) => {
        start(operation, variables, {
          next: resolve,
          error: reject,
          ended: () => reject(new ParleyError("OFFLINE", LOST)),
        });
      }),
    subscribe(operation, variables, sink) {
      start(operation, variables, {
        next: sink.next,
        error(error) {
          if (!over) sink.refused(error);
        },
        ended() {},
      });
    },
    close() {
      dispose();
      finish({ code: 1000, reason: "Closed by the client" });
    },
  };
}

/** What a WebSocket of whatever make tells of its end. */
function toCloseReason(event: unknown): CloseReason {
  const known = typeof event === "object" && event !== null ? event : {};
  return {
    code: "code" in known && typeof known.code === "number" ? known.code : 1006,
    reason: "reason" in known && typeof known.reason === "string" ? known.reason : "",
  };
}
