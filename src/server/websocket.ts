/** GraphQL over WebSocket (graphql-transport-ws): the door, and what watches over those who are inside. */
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { handleProtocols } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { pathOf } from "./path.ts";
import type { SlowReaders } from "./slow-readers.ts";
import { adaptSocket } from "./socket-adapter.ts";
import { closeFor, createWebSocketOperations, type Extra, type OperationsOptions } from "./websocket-operations.ts";

/** A message of 12 KiB with every character escaped, and its document. */
const LARGEST_FRAME_BYTES = 128 * 1024;
const CLOSE_TIMEOUT_MS = 2_000;

export interface WebSocketOptions extends OperationsOptions {
  /** Origins that browsers may connect from; null: any. */
  readonly allowedOrigins: readonly string[] | null;
  readonly slowReaders: SlowReaders;
  readonly keepAliveMs?: number | undefined;
}

/** Serves WebSockets on `/graphql` of an HTTP server. */
export function serveWebSockets(http: Server, options: WebSocketOptions) {
  const { log, allowedOrigins, slowReaders, keepAliveMs } = options;
  const operations = createWebSocketOperations(options);
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    handleProtocols,
    maxPayload: LARGEST_FRAME_BYTES,
    // Missing in the types of ws.
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(serverOptions);

  function cutOff({ socket, connection }: Extra): void {
    if (socket.readyState !== socket.OPEN) return;
    if (connection === undefined) closeFor(socket, "tooSlow");
    else connection.end("tooSlow");
    // What waits in the buffer comes before the close frame, and is not read either.
    setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  function accept(client: WebSocket, request: IncomingMessage, socket: Duplex): void {
    const extra: Extra = { socket: client, request, operations: new Map() };
    if (socket instanceof Socket) {
      const stopWatching = slowReaders.watch(socket, () => cutOff(extra));
      client.once("close", stopWatching);
    }
    adaptSocket(operations, client, extra, { log, keepAliveMs, onUnread: () => cutOff(extra) });
  }

  function refuse(socket: Duplex, status: string): void {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const { origin } = request.headers;
    const foreign = allowedOrigins !== null && !allowedOrigins.includes("*") && !allowedOrigins.includes(origin ?? "");
    if (pathOf(request.url) !== "/graphql") refuse(socket, "404 Not Found");
    else if (origin !== undefined && foreign) refuse(socket, "403 Forbidden");
    else server.handleUpgrade(request, socket, head, (client) => accept(client, request, socket));
  }
  http.on("upgrade", upgrade);

  return {
    /** Closes every socket with 1012, and cuts off those that do not answer. */
    close(): void {
      http.off("upgrade", upgrade);
      http.on("upgrade", (_request, socket) => refuse(socket, "503 Service Unavailable"));
      for (const socket of server.clients) closeFor(socket, "draining");
      server.close();
    },
  };
}
