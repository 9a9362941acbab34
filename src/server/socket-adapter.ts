/** Puts one `ws` socket under graphql-ws: frames in and out, keep-alive, and a bound on what waits to be sent. */
import type { IncomingMessage } from "node:http";
import type { Server } from "graphql-ws";
import { CloseCode as ProtocolCloseCode } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";

const KEEP_ALIVE_MS = 12_000;
/** A client that asks, or pings, faster than it reads is not answered without end. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;

export interface SocketExtra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
}

export interface AdapterOptions {
  readonly log: Logger;
  /** How long a client may keep silent, in milliseconds; 12 seconds where it is not given. */
  readonly keepAliveMs?: number | undefined;
  /** Called when the client does not read what it asks for. */
  readonly onUnread: () => void;
}

/** Pings, and cuts off what has not answered by the next time. */
function keepAlive(client: WebSocket, everyMs = KEEP_ALIVE_MS): () => void {
  let answered = true;
  client.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) {
      client.terminate();
      return;
    }
    answered = false;
    client.ping();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

export function adaptSocket<E extends SocketExtra>(
  server: Server<E>,
  client: WebSocket,
  extra: E,
  { log, keepAliveMs, onUnread }: AdapterOptions,
): void {
  function isReading(): boolean {
    if (client.bufferedAmount <= MOST_UNREAD_BYTES) return true;
    onUnread();
    return false;
  }

  const closed = server.opened(
    {
      protocol: client.protocol,
      // A frame for a socket that is gone is no error: its subscriptions end with the socket.
      send: (text) =>
        new Promise((resolve) => {
          if (client.readyState !== client.OPEN || !isReading()) resolve();
          else client.send(text, () => resolve());
        }),
      close: (code, reason) => client.close(code, reason),
      onMessage(take) {
        client.on("message", (data) => {
          if (!isReading()) return;
          take(String(data)).catch((error: unknown) => {
            log.error({ error: String(error) }, "a frame could not be handled");
            client.close(ProtocolCloseCode.InternalServerError, "Internal server error");
          });
        });
      },
    },
    extra,
  );
  const stopPinging = keepAlive(client, keepAliveMs);
  client.on("ping", isReading);
  client.on("error", (error) => log.info({ reason: error.message }, "a socket broke the protocol"));
  client.once("close", (code, reason) => {
    stopPinging();
    Promise.resolve(closed(code, reason.toString())).catch((error: unknown) => {
      log.error({ error: String(error) }, "a socket could not be closed in order");
    });
  });
}
