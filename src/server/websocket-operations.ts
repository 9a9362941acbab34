/** What clients of WebSockets may do: who they are, and what of their operations can run. */
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, OperationTypeNode } from "graphql";
import type { SubscribePayload } from "graphql-ws";
import type { Logger } from "pino";
import { type Connection, TooManyConnections } from "../engine/connections.ts";
import type { Engine } from "../engine/engine.ts";
import { SessionEnded } from "../engine/revocations.ts";
import type { Context } from "../graphql/context.ts";
import { viewerFrom } from "./bearer.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { Gateway } from "./gateway.ts";
import type { Limits } from "./limits.ts";
import type { PresentError } from "./present-errors.ts";
import { reasonOf } from "./refusals.ts";

export interface OperationsOptions {
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly presentError: PresentError;
  readonly log: Logger;
  readonly limits: Pick<Limits, "operationsPerConnection" | "initTimeoutMs">;
}

/** An operation that can run. */
export interface Prepared {
  readonly args: ExecutionArgs;
  readonly isSubscription: boolean;
}

export interface WebSocketOperations extends OperationsOptions {
  /** Opens the connection of who these parameters name; null where that may not be, and the socket may be closed. */
  authenticate(socket: ClientSocket, parameters: Record<string, unknown> | null): Promise<Connection | null>;
  /** What is asked for, or why it cannot run. A subscription is counted, and has to be given back. */
  prepare(connection: Connection, payload: SubscribePayload): Prepared | readonly GraphQLError[];
  refusal(code: "BAD_USER_INPUT" | "RATE_LIMITED", reason: string): readonly GraphQLError[];
  /** Errors as clients get them: with a code, and without what is meant for HTTP. */
  present(errors: readonly unknown[]): GraphQLFormattedError[];
}

export function createWebSocketOperations(options: OperationsOptions): WebSocketOperations {
  const { engine, gateway, presentError, log } = options;
  const { refused } = gateway;

  function present(errors: readonly unknown[]): GraphQLFormattedError[] {
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

  function prepare(connection: Connection, payload: SubscribePayload): Prepared | readonly GraphQLError[] {
    try {
      const document = gateway.documents.parse(payload.query);
      const errors = gateway.documents.validate(document);
      if (errors.length > 0) return errors;
      const operation = gateway.find(document, payload.operationName);
      if (operation === null) {
        return refusal("BAD_USER_INPUT", "The document has no such operation; name one of it in `operationName`.");
      }
      const isSubscription = operation.definition.operation === OperationTypeNode.SUBSCRIPTION;
      if (isSubscription) connection.takeSubscription();
      const context: Context = { engine, viewer: connection.viewer, connection, users: null, refused };
      const args: ExecutionArgs = { schema: gateway.schema, document, contextValue: context };
      if (payload.operationName != null) args.operationName = payload.operationName;
      if (payload.variables != null) args.variableValues = payload.variables;
      return { args, isSubscription };
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      const presented = presentError(error);
      refused(reasonOf(presented));
      return [presented];
    }
  }

  async function open(socket: ClientSocket, parameters: Record<string, unknown> | null): Promise<Connection | null> {
    const viewer = await viewerFrom(engine, parameters?.authorization ?? parameters?.Authorization);
    // It may have gone while its token was looked at; nobody would ever close a connection for it then.
    if (viewer === null || !socket.isOpen) return null;
    engine.devices.checkStill(viewer);
    const connection = engine.connections.open(viewer, (reason) => {
      const { userId: user, deviceId: device } = connection.viewer;
      log.info({ user, device, reason }, "connection ended");
      socket.closeFor(reason);
    });
    return connection;
  }

  return {
    ...options,
    present,
    refusal,
    prepare,

    async authenticate(socket, parameters) {
      try {
        return await open(socket, parameters);
      } catch (error) {
        const presented = presentError(error);
        if (error instanceof TooManyConnections) {
          refused("user_connections");
          socket.closeFor("tooManyOfUser");
        } else if (error instanceof SessionEnded) {
          refused("UNAUTHENTICATED");
          socket.closeFor("ended");
        } else if (presented.extensions.code !== "UNAUTHENTICATED") {
          refused(reasonOf(presented));
          socket.closeFor("tryLater");
        }
        return null;
      }
    },
  };
}
