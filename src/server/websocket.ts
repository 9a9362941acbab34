/** GraphQL over WebSocket (graphql-transport-ws): the door, and what watches over those who are inside. */
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, handleProtocols, CloseCode as ProtocolCloseCode } from "graphql-ws";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Admission } from "./admission.ts";
import { ClientSocket, type ClientSocketOptions, closeFor } from "./client-socket.ts";
import type { Limits } from "./limits.ts";
import { pathOf } from "./path.ts";
import type { CountRefusal } from "./refusals.ts";
import type { SlowReaders } from "./slow-readers.ts";
import { SocketProtocol } from "./socket-protocol.ts";
import { createWebSocketOperations, type OperationsOptions } from "./websocket-operations.ts";

const CLOSE_TIMEOUT_MS = 2_000;

export interface WebSocketOptions extends OperationsOptions {
  readonly admission: Admission;
  readonly limits: OperationsOptions["limits"] & Pick<Limits, "frameBytes" | "unreadBytes" | "waitingConnections">;
  readonly refused: CountRefusal;
  /** Origins that browsers may connect from; null: any. */
  readonly allowedOrigins: readonly string[] | null;
  readonly slowReaders: SlowReaders;
  readonly keepAliveMs?: number | undefined;
}

/** Serves WebSockets on `/graphql` of an HTTP server. */
export function serveWebSockets(http: Server, options: WebSocketOptions) {
  const { log, admission, allowedOrigins, slowReaders, limits, refused, keepAliveMs } = options;
  const operations = createWebSocketOperations(options);
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    handleProtocols,
    maxPayload: limits.frameBytes,
    // Missing in the types of ws.
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(serverOptions);

  /** Those who have not begun to say who they are, in the order in which they came. */
  const waiting = new Set<ClientSocket>();
  const protocols = new WeakMap<ClientSocket, SocketProtocol>();

  /**
   * One too many: the one who has waited longest goes, since who means well has not to wait. Were the newest turned
   * away instead, whoever opens as many as may wait would lock all others out.
   */
  function wait(socket: ClientSocket): void {
    waiting.add(socket);
    if (waiting.size <= limits.waitingConnections) return;
    const [longest = socket] = waiting;
    waiting.delete(longest);
    refused("waiting_connections");
    longest.closeFor("tooManyWaiting");
  }

  function cutOff(socket: ClientSocket, reason: "slow_reader" | "unread_bytes"): void {
    if (!socket.isOpen) return;
    refused(reason);
    const connection = protocols.get(socket)?.connection ?? null;
    if (connection === null) socket.closeFor("tooSlow");
    else connection.end("tooSlow");
    // What waits in the buffer comes before the close frame, and is not read either.
    setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  const socketOptions: ClientSocketOptions = {
    log,
    keepAliveMs,
    refused,
    unreadBytes: limits.unreadBytes,
    onUnread: (socket) => cutOff(socket, "unread_bytes"),
  };

  function accept(client: WebSocket, transport: Duplex): void {
    const socket = new ClientSocket(client, transport, socketOptions);
    const protocol = new SocketProtocol(socket, operations, () => waiting.delete(socket));
    protocols.set(socket, protocol);
    const stopWatching =
      transport instanceof Socket ? slowReaders.watch(transport, () => cutOff(socket, "slow_reader")) : () => {};
    socket.listen({
      text: (text) => protocol.receive(text),
      closed() {
        waiting.delete(socket);
        stopWatching();
        protocol.closed();
      },
    });
    if (client.protocol === GRAPHQL_TRANSPORT_WS_PROTOCOL) wait(socket);
    else socket.refuse(ProtocolCloseCode.SubprotocolNotAcceptable, "Subprotocol not acceptable");
  }

  function refuse(socket: Duplex, status: string): void {
    // Whoever was refused may never close its own side.
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  }

  /** Opens a socket only to close it: clients do not come back to one that never opened. */
  function turnAway(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    server.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => {});
      closeFor(client, "tooManyOfAddress");
    });
  }

  function open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const leaveAddress = admission.connect(request);
    if (leaveAddress === null) {
      turnAway(request, socket, head);
      return;
    }
    // Also where the handshake fails. One that is gone already would never say so.
    socket.once("close", leaveAddress);
    if (socket.destroyed) leaveAddress();
    else server.handleUpgrade(request, socket, head, (client) => accept(client, socket));
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const retryAfterMs = admission.request(request);
    const { origin } = request.headers;
    const foreign = allowedOrigins !== null && !allowedOrigins.includes("*") && !allowedOrigins.includes(origin ?? "");
    if (pathOf(request.url) !== "/graphql") refuse(socket, "404 Not Found");
    else if (origin !== undefined && foreign) {
      refused("origin");
      refuse(socket, "403 Forbidden");
    } else if (retryAfterMs !== null) turnAway(request, socket, head);
    else open(request, socket, head);
  }
  // Node does not listen any more; one that breaks while it is refused or taken would end the process.
  http.on("upgrade", (_request, socket) => socket.on("error", () => socket.destroy()));
  http.on("upgrade", upgrade);

  return {
    /** Sockets that have not begun to say who they are. */
    waiting: () => waiting.size,
    /** Closes every socket with 1012, and cuts off those that do not answer. */
    close(): void {
      http.off("upgrade", upgrade);
      http.on("upgrade", (_request, socket) => refuse(socket, "503 Service Unavailable"));
      for (const client of server.clients) closeFor(client, "draining");
      server.close();
    },
  };
}
