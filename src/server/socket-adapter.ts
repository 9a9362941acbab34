/** Puts one `ws` socket under graphql-ws: frames in and out, keep-alive, and a bound on what waits to be sent. */
import type { Duplex } from "node:stream";
import type { Server } from "graphql-ws";
import { CloseCode as ProtocolCloseCode } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { corkForThisTurn } from "./cork.ts";
import type { CountRefusal, RefusalReason } from "./refusals.ts";

const KEEP_ALIVE_MS = 12_000;
/** What graphql-ws closes sockets for, as it is counted. */
const REASONS: ReadonlyMap<number, RefusalReason> = new Map([
  [ProtocolCloseCode.Unauthorized, "UNAUTHENTICATED"],
  [ProtocolCloseCode.Forbidden, "UNAUTHENTICATED"],
  [ProtocolCloseCode.ConnectionInitialisationTimeout, "init_timeout"],
  [ProtocolCloseCode.InternalServerError, "INTERNAL_SERVER_ERROR"],
]);

/** So much is handed to a socket without waiting until it has left: enough for what one turn brings. */
const EAGER_BYTES = 64 * 1024;

export interface SocketExtra {
  readonly socket: WebSocket;
  /** What `socket` writes to. */
  readonly transport: Duplex;
}

export interface AdapterOptions {
  readonly log: Logger;
  /** How long a client may keep silent, in milliseconds; 12 seconds where it is not given. */
  readonly keepAliveMs?: number | undefined;
  readonly refused: CountRefusal;
  /** What may wait for a client that asks, or pings, faster than it reads. */
  readonly unreadBytes: number;
  /** Called when the client does not read what it asks for. */
  readonly onUnread: () => void;
}

/** Pings, and cuts off what has not answered by the next time. */
function keepAlive(client: WebSocket, everyMs: number, onSilent: () => void): () => void {
  let answered = true;
  client.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) {
      onSilent();
      client.terminate();
      return;
    }
    answered = false;
    client.ping();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** graphql-ws throws, and names no code, where a client sends what is the server's to send. */
function isOutOfPlace(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Unexpected message of type ");
}

export function adaptSocket<E extends SocketExtra>(
  server: Server<E>,
  client: WebSocket,
  extra: E,
  { log, keepAliveMs = KEEP_ALIVE_MS, refused, unreadBytes, onUnread }: AdapterOptions,
): void {
  function isReading(): boolean {
    if (client.bufferedAmount <= unreadBytes) return true;
    onUnread();
    return false;
  }

  /** Of those who have been told already, nothing counts any more. */
  function close(code: number, reason: string): void {
    if (client.readyState === client.OPEN) refused(REASONS.get(code) ?? "protocol");
    client.close(code, reason);
  }

  function onBroken(error: Error): void {
    const isTooBig = "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    refused(isTooBig ? "frame_too_big" : "protocol");
    log.info({ reason: error.message }, "a socket broke the protocol");
  }

  const closed = server.opened(
    {
      protocol: client.protocol,
      // A frame for a socket that is gone is no error: its subscriptions end with the socket.
      send(text) {
        if (client.readyState !== client.OPEN || !isReading()) return;
        corkForThisTurn(extra.transport);
        if (client.bufferedAmount < EAGER_BYTES) {
          client.send(text);
          return;
        }
        return new Promise((resolve) => {
          client.send(text, () => resolve());
        });
      },
      close: (code = ProtocolCloseCode.InternalServerError, reason = "") => close(code, reason),
      onMessage(take) {
        client.on("message", (data) => {
          if (!isReading()) return;
          take(String(data)).catch((error: unknown) => {
            if (isOutOfPlace(error)) {
              close(ProtocolCloseCode.BadRequest, "A message that only servers send");
              return;
            }
            log.error({ error: String(error) }, "a frame could not be handled");
            close(ProtocolCloseCode.InternalServerError, "Internal server error");
          });
        });
      },
    },
    extra,
  );
  const stopPinging = keepAlive(client, keepAliveMs, () => refused("silent"));
  client.on("ping", isReading);
  client.on("error", onBroken);
  client.once("close", (code, reason) => {
    stopPinging();
    Promise.resolve(closed(code, reason.toString())).catch((error: unknown) => {
      log.error({ error: String(error) }, "a socket could not be closed in order");
    });
  });
}
