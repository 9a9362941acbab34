/** GraphQL over WebSocket (graphql-transport-ws): queries, mutations and subscriptions on one socket. */
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from "graphql";
import { handleProtocols } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import type { Logger } from "pino";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Connection } from "../engine/connections.ts";
import { SessionEnded } from "../engine/devices.ts";
import type { Engine } from "../engine/engine.ts";
import { Refusal } from "../engine/errors.ts";
import type { Context } from "../graphql/context.ts";
import { viewerFrom } from "./bearer.ts";
import { closeCodeOf } from "./close-codes.ts";
import type { Gateway } from "./gateway.ts";
import { pathOf } from "./path.ts";
import type { PresentError } from "./present-errors.ts";
import { watchSlowReaders } from "./slow-readers.ts";

/** A message of 12 KiB with every character escaped, and its document. */
const LARGEST_FRAME_BYTES = 128 * 1024;
const MOST_OPERATIONS = 100;
const KEEP_ALIVE_MS = 12_000;
const INIT_TIMEOUT_MS = 3_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** A socket that has something to read and reads nothing for so long is cut off. */
const SLOW_READER_MS = 30_000;

export interface WebSocketOptions {
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly schema: GraphQLSchema;
  readonly presentError: PresentError;
  readonly log: Logger;
  /** Origins that browsers may connect from; null: any. */
  readonly allowedOrigins: readonly string[] | null;
  /** How long a reader may stand still, in milliseconds. */
  readonly slowReaderMs?: number;
}

type Extra = { connection?: Connection };

/** Serves WebSockets on `/graphql` of an HTTP server. */
export function serveWebSockets(http: Server, options: WebSocketOptions) {
  const { engine, gateway, schema, presentError, log, allowedOrigins } = options;
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    handleProtocols,
    maxPayload: LARGEST_FRAME_BYTES,
    // Missing in the types of ws.
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(serverOptions);
  const connectionOf = new WeakMap<WebSocket, Connection>();
  const slowReaders = watchSlowReaders(options.slowReaderMs ?? SLOW_READER_MS);

  function end(socket: WebSocket, { code, reason }: { code: number; reason: string }): void {
    socket.close(code, reason);
  }

  function refuse(socket: Duplex, status: string): void {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  function cutOff(client: WebSocket): void {
    const connection = connectionOf.get(client);
    if (connection === undefined) end(client, closeCodeOf("tooSlow"));
    else connection.end("tooSlow");
    // What waits in the buffer comes before the close frame, and is not read either.
    setTimeout(() => client.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  function accept(client: WebSocket, request: IncomingMessage, socket: Duplex): void {
    if (socket instanceof Socket)
      client.once(
        "close",
        slowReaders.watch(socket, () => cutOff(client)),
      );
    server.emit("connection", client, request);
    // A frame that cannot be read: ws has closed the socket with its code, and graphql-ws would print a stack.
    client.removeAllListeners("error");
    client.on("error", (error) => log.info({ reason: error.message }, "a socket broke the protocol"));
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

  /** As clients get them: with a code, and without what is meant for HTTP. */
  function present(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => {
      const formatted = presentError(error).toJSON();
      const { http: _, ...extensions } = formatted.extensions ?? {};
      return { ...formatted, extensions };
    });
  }

  /** The operation's arguments, or why it cannot run. */
  function prepare(connection: Connection, payload: { query: string; operationName?: unknown; variables?: unknown }) {
    try {
      const document = gateway.documents.parse(payload.query);
      const errors = gateway.documents.validate(document);
      if (errors.length > 0) return errors;
      const context: Context = { engine, viewer: connection.viewer, connection, users: null };
      const args: ExecutionArgs = { schema, document, contextValue: context };
      if (typeof payload.operationName === "string") args.operationName = payload.operationName;
      if (payload.variables != null) args.variableValues = payload.variables as Record<string, unknown>;
      return args;
    } catch (error) {
      return [error instanceof GraphQLError ? error : presentError(error)];
    }
  }

  useServer<Record<string, unknown>, Extra>(
    {
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      execute: (args) => gateway.execute(args),
      subscribe: async (args) => (await gateway.subscribe(args)) as AsyncGenerator<ExecutionResult> | ExecutionResult,

      async onConnect(context) {
        const { socket } = context.extra;
        try {
          const parameters = context.connectionParams;
          const viewer = await viewerFrom(engine, parameters?.authorization ?? parameters?.Authorization);
          if (viewer === null) return false;
          const connection = engine.connections.open(viewer, (reason) => {
            log.info(
              { user: connection.viewer.userId, device: connection.viewer.deviceId, reason },
              "connection ended",
            );
            end(socket, closeCodeOf(reason));
          });
          context.extra.connection = connection;
          connectionOf.set(socket, connection);
          socket.once("close", () => connection.close());
          return true;
        } catch (error) {
          if (error instanceof SessionEnded) end(socket, closeCodeOf("ended"));
          else if (!(error instanceof Refusal)) presentError(error);
          return false;
        }
      },

      onSubscribe(context, _id, payload) {
        const { connection } = context.extra;
        if (connection === undefined) return [new GraphQLError("The connection is not authenticated.")];
        if (Object.keys(context.subscriptions).length > MOST_OPERATIONS) {
          const extensions = { code: "RATE_LIMITED" };
          return [new GraphQLError(`At most ${MOST_OPERATIONS} operations run on one socket.`, { extensions })];
        }
        return prepare(connection, payload);
      },
      onNext(_context, _id, _payload, _args, result) {
        if (result.errors === undefined) return undefined;
        const errors = present(result.errors);
        return result.data === undefined ? { errors } : { data: result.data, errors };
      },
      onError: (_context, _id, _payload, errors) => present(errors),
    },
    server,
    KEEP_ALIVE_MS,
  );

  return {
    /** Closes every socket with 1012, and cuts off those that do not answer. */
    close(): void {
      slowReaders.stop();
      http.off("upgrade", upgrade);
      http.on("upgrade", (_request, socket) => refuse(socket, "503 Service Unavailable"));
      for (const socket of server.clients) end(socket, closeCodeOf("draining"));
      server.close();
    },
  };
}
