/** What runs on a WebSocket: who it is, and each of its operations, by the rules of graphql-ws. */
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  OperationTypeNode,
} from "graphql";
import { makeServer, CloseCode as ProtocolCloseCode, type Server, type SubscribePayload } from "graphql-ws";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { type Connection, TooManyConnections } from "../engine/connections.ts";
import type { Engine } from "../engine/engine.ts";
import { SessionEnded } from "../engine/revocations.ts";
import type { Context } from "../graphql/context.ts";
import { viewerFrom } from "./bearer.ts";
import { CloseCode, type CloseReason, closeCodeOf } from "./close-codes.ts";
import type { Gateway } from "./gateway.ts";
import type { Limits } from "./limits.ts";
import type { PresentError } from "./present-errors.ts";
import { reasonOf } from "./refusals.ts";
import type { SocketExtra } from "./socket-adapter.ts";

export interface OperationsOptions {
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly presentError: PresentError;
  readonly log: Logger;
  readonly limits: Pick<Limits, "operationsPerConnection" | "initTimeoutMs">;
}

/** A socket, and who it speaks for once that is known. */
export interface Extra extends SocketExtra {
  /** What runs, or is about to, by operation id: whether it is a subscription. */
  readonly operations: Map<string, boolean>;
  connection?: Connection;
  /** To be called once it begins to say so. */
  readonly stopWaiting: () => void;
}

export function closeFor(socket: WebSocket, reason: CloseReason): void {
  const { code, reason: text } = closeCodeOf(reason);
  socket.close(code, text);
}

export function createWebSocketOperations(options: OperationsOptions): Server<Extra> {
  const { engine, gateway, presentError, log, limits } = options;
  const { refused } = gateway;

  /** As clients get them: with a code, and without what is meant for HTTP. */
  function present(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => {
      const formatted = presentError(error).toJSON();
      const { http: _, ...extensions } = formatted.extensions ?? {};
      return { ...formatted, extensions };
    });
  }

  function refusal(code: "BAD_USER_INPUT" | "RATE_LIMITED", reason: string): readonly GraphQLError[] {
    refused(code);
    return [new GraphQLError(reason, { extensions: { code } })];
  }

  /** The operation's arguments, or why it cannot run. */
  function prepare({ operations }: Extra, connection: Connection, id: string, payload: SubscribePayload) {
    try {
      const document = gateway.documents.parse(payload.query);
      const errors = gateway.documents.validate(document);
      if (errors.length > 0) return errors;
      const operation = getOperationAST(document, payload.operationName);
      if (operation == null) {
        return refusal("BAD_USER_INPUT", "The document has no such operation; name one of it in `operationName`.");
      }
      const isSubscription = operation.operation === OperationTypeNode.SUBSCRIPTION;
      if (isSubscription) connection.takeSubscription();
      operations.set(id, isSubscription);
      const context: Context = { engine, viewer: connection.viewer, connection, users: null, refused };
      const args: ExecutionArgs = { schema: gateway.schema, document, contextValue: context };
      if (payload.operationName != null) args.operationName = payload.operationName;
      if (payload.variables != null) args.variableValues = payload.variables;
      return args;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      const presented = presentError(error);
      refused(reasonOf(presented));
      return [presented];
    }
  }

  async function authenticate(extra: Extra, parameters: Record<string, unknown> | undefined): Promise<boolean> {
    const { socket } = extra;
    const viewer = await viewerFrom(engine, parameters?.authorization ?? parameters?.Authorization);
    // It may have gone while its token was looked at; nobody would ever close a connection for it then.
    if (viewer === null || socket.readyState !== socket.OPEN) return false;
    engine.devices.checkStill(viewer);
    const connection = engine.connections.open(viewer, (reason) => {
      const { userId: user, deviceId: device } = connection.viewer;
      log.info({ user, device, reason }, "connection ended");
      closeFor(socket, reason);
    });
    extra.connection = connection;
    socket.once("close", () => connection.close());
    return true;
  }

  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: limits.initTimeoutMs,
    execute: (args) => gateway.execute(args),
    subscribe: async (args) => (await gateway.subscribe(args)) as AsyncGenerator<ExecutionResult> | ExecutionResult,

    async onConnect({ extra, connectionParams }) {
      extra.stopWaiting();
      try {
        return await authenticate(extra, connectionParams);
      } catch (error) {
        const presented = presentError(error);
        if (error instanceof TooManyConnections) {
          refused("user_connections");
          closeFor(extra.socket, "tooManyOfUser");
        } else if (error instanceof SessionEnded) {
          refused("UNAUTHENTICATED");
          closeFor(extra.socket, "ended");
        } else if (presented.extensions.code !== "UNAUTHENTICATED") {
          refused(reasonOf(presented));
          extra.socket.close(CloseCode.TRY_LATER, "Try again later");
        }
        return false;
      }
    },

    onSubscribe({ extra }, id, payload) {
      const { connection, operations, socket } = extra;
      if (connection === undefined) return [new GraphQLError("The connection is not authenticated.")];
      if (operations.has(id)) {
        // graphql-ws forgets an id with its `complete`; two runs under one id would end each other.
        refused("protocol");
        socket.close(ProtocolCloseCode.SubscriberAlreadyExists, "An operation of this id still runs");
        return [new GraphQLError("An operation of this id still runs.")];
      }
      if (operations.size >= limits.operationsPerConnection) {
        return refusal("RATE_LIMITED", `${operations.size} operations run on this socket; wait for some.`);
      }
      return prepare(extra, connection, id, payload);
    },
    onComplete({ extra }, id) {
      // Not before graphql-ws has cleared up behind it.
      setImmediate(() => {
        if (extra.operations.get(id) === true) extra.connection?.giveBackSubscription();
        extra.operations.delete(id);
      });
    },
    onNext(_context, _id, _payload, _args, result) {
      if (result.errors === undefined) return undefined;
      const errors = present(result.errors);
      return result.data === undefined ? { errors } : { data: result.data, errors };
    },
    onError: (_context, _id, _payload, errors) => present(errors),
  });
}
