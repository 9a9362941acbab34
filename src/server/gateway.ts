/** The one way in for operations of all transports: what may run, how it runs, and what is counted. */
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema, OperationTypeNode } from "graphql";
import { Refusal } from "../engine/errors.ts";
import type { Context } from "../graphql/context.ts";
import { checkCost } from "./complexity.ts";
import { createDocuments, type Documents } from "./documents.ts";
import { createExecution } from "./execution/execution.ts";
import type { Limits } from "./limits.ts";
import { createOperations, type Operation, type Operations } from "./operations.ts";
import type { PresentError } from "./present-errors.ts";
import { type CountRefusal, reasonOf, tooManyExtensions } from "./refusals.ts";

export type SubscribeResult = AsyncIterableIterator<ExecutionResult> | ExecutionResult;

export interface Gateway {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  /** The operation of this name; null where there is none. Without a name, the only one. */
  find: Operations["find"];
  /** Counts refusals that mutations give as data. */
  readonly refused: CountRefusal;
  /** Errors of results are as clients get them, and have been counted. */
  execute(args: ExecutionArgs): Promise<ExecutionResult>;
  subscribe(args: ExecutionArgs): Promise<SubscribeResult>;
  /** Takes no further operations, and resolves once those that run have answered. */
  drain(): Promise<void>;
}

/** A query reads each profile once; a mutation may change them on its way. */
function contextFor({ definition }: Operation, context: Context): Context {
  return definition.operation === OperationTypeNode.QUERY ? { ...context, users: new Map() } : context;
}

/** What has no data did not run, and GraphQL over HTTP has a status for that; `http` never leaves the server. */
function withStatus(result: ExecutionResult): ExecutionResult {
  if (result.data !== undefined) return result;
  for (const { extensions } of result.errors ?? []) {
    extensions.http ??= extensions.code === "SHUTTING_DOWN" ? { status: 503 } : { spec: true, status: 400 };
  }
  return result;
}

/** In the words of graphql-js. */
function unknownOperation(name: string | null | undefined): GraphQLError {
  if (name != null) return new GraphQLError(`Unknown operation named "${name}".`);
  return new GraphQLError("Must provide operation name if query contains multiple operations.");
}

export interface GatewayOptions {
  readonly schema: GraphQLSchema;
  readonly limits: Pick<Limits, "documentTokens">;
  readonly presentError: PresentError;
  readonly refused: CountRefusal;
}

/** @throws GraphQLError RATE_LIMITED for a query or a subscription too many of this user */
function limitReads({ engine, viewer, connection }: Context): void {
  const reader = connection?.viewer ?? viewer;
  try {
    if (reader !== null) engine.limitReads(reader);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new GraphQLError(error.message, { extensions: tooManyExtensions(error.retryAfterMs ?? 0) });
  }
}

/** Who was let in on this server may have been shut out on another one since; null where that is known already. */
function confirmation({ engine, viewer, connection }: Context): Promise<void> | null {
  const asking = connection?.viewer ?? viewer;
  return engine.confirm === null || asking === null ? null : engine.confirm(asking.userId);
}

export function createGateway({ schema, limits, presentError, refused }: GatewayOptions): Gateway {
  const documents = createDocuments(schema, limits.documentTokens);
  const operations = createOperations();
  const execution = createExecution(schema);
  let running = 0;
  let draining = false;
  let whenIdle: (() => void) | null = null;

  /** The operation that is asked for, if it may run; mutations have rates of their own, per field. */
  function admit({ document, operationName, contextValue, variableValues }: ExecutionArgs): Operation | GraphQLError {
    if (draining) {
      const extensions = { code: "SHUTTING_DOWN" };
      return new GraphQLError("The server is going down; connect again and retry.", { extensions });
    }
    try {
      const operation = operations.find(document, operationName);
      if (operation?.definition.operation !== OperationTypeNode.MUTATION) limitReads(contextValue as Context);
      if (operation === null) return unknownOperation(operationName);
      if (!operation.cheap) checkCost(document, operation.definition, variableValues);
      return operation;
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
  }

  function presented(result: ExecutionResult): ExecutionResult {
    if (result.errors === undefined) return result;
    const errors = result.errors.map((error) => presentError(error));
    for (const error of errors) refused(reasonOf(error));
    return { ...result, errors };
  }

  function presentedEvent(event: IteratorResult<ExecutionResult, undefined>): typeof event {
    return event.done === true ? event : { done: false, value: presented(event.value) };
  }

  function presentedFailure(error: unknown): never {
    const presentedError = presentError(error);
    refused(reasonOf(presentedError));
    throw presentedError;
  }

  /** The events of a subscription, and why it failed where it does. */
  function presentedStream(
    source: AsyncIterableIterator<ExecutionResult>,
  ): AsyncGenerator<ExecutionResult, void, void> {
    const { next } = source;
    return Object.assign(source as AsyncGenerator<ExecutionResult, void, void>, {
      next: () => next.call(source).then(presentedEvent, presentedFailure),
    });
  }

  async function execute(args: ExecutionArgs): Promise<ExecutionResult> {
    const operation = admit(args);
    if (operation instanceof GraphQLError) return withStatus(presented({ errors: [operation] }));
    running += 1;
    try {
      const confirming = confirmation(args.contextValue as Context);
      if (confirming !== null) await confirming;
      const context = contextFor(operation, args.contextValue as Context);
      return withStatus(presented(await execution.execute(operation, args.variableValues, context)));
    } catch (error) {
      return withStatus(presented({ errors: [presentError(error)] }));
    } finally {
      running -= 1;
      if (running === 0) whenIdle?.();
    }
  }

  async function subscribe(args: ExecutionArgs): Promise<SubscribeResult> {
    const operation = admit(args);
    if (operation instanceof GraphQLError) return presented({ errors: [operation] });
    try {
      const confirming = confirmation(args.contextValue as Context);
      if (confirming !== null) await confirming;
      const result = await execution.subscribe(operation, args.variableValues, args.contextValue);
      return Symbol.asyncIterator in result ? presentedStream(result) : presented(result);
    } catch (error) {
      // Thrown, it would close the socket, and with it all that runs there.
      return presented({ errors: [presentError(error)] });
    }
  }

  return {
    schema,
    find: operations.find,
    documents: {
      known: documents.known,
      parse(text) {
        try {
          return documents.parse(text);
        } catch (error) {
          refused(reasonOf(presentError(error)));
          throw error;
        }
      },
      validate(document) {
        const errors = documents.validate(document);
        for (const error of errors) refused(reasonOf(error));
        return errors;
      },
    },
    refused,
    execute,
    subscribe,
    drain() {
      draining = true;
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => {
        whenIdle = resolve;
      });
    },
  };
}
