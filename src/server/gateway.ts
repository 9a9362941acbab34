/** The one way in for operations of all transports: what may run, how it runs, and what is counted. */
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute as executeGraphql,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  subscribe as subscribeGraphql,
} from "graphql";
import type { Context } from "../graphql/context.ts";
import { checkCost, hasVariablePages } from "./complexity.ts";
import { createDocuments, type Documents } from "./documents.ts";

export type SubscribeResult = AsyncIterableIterator<ExecutionResult> | ExecutionResult;

export interface Gateway {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  execute(args: ExecutionArgs): Promise<ExecutionResult>;
  subscribe(args: ExecutionArgs): Promise<SubscribeResult>;
  /** Takes no further operations, and resolves once those that run have answered. */
  drain(): Promise<void>;
}

/** A query reads each profile once; a mutation may change them on its way. */
function withProfiles(args: ExecutionArgs): ExecutionArgs {
  if (getOperationAST(args.document, args.operationName)?.operation !== OperationTypeNode.QUERY) return args;
  return { ...args, contextValue: { ...(args.contextValue as Context), users: new Map() } };
}

/** What has no data did not run, and GraphQL over HTTP has a status for that; `http` never leaves the server. */
function withStatus(result: ExecutionResult): ExecutionResult {
  if (result.data !== undefined) return result;
  for (const { extensions } of result.errors ?? []) {
    extensions.http ??= extensions.code === "SHUTTING_DOWN" ? { status: 503 } : { spec: true, status: 400 };
  }
  return result;
}

export function createGateway(schema: GraphQLSchema): Gateway {
  /** Per document: its operations that are cheap enough with any variables. */
  const cheap = new WeakMap<DocumentNode, Set<string>>();
  let running = 0;
  let draining = false;
  let whenIdle: (() => void) | null = null;

  function refusal({ document, operationName, variableValues }: ExecutionArgs): GraphQLError | null {
    if (draining) {
      const extensions = { code: "SHUTTING_DOWN" };
      return new GraphQLError("The server is going down; connect again and retry.", { extensions });
    }
    const name = operationName ?? "";
    if (cheap.get(document)?.has(name) === true) return null;
    const operation = getOperationAST(document, operationName);
    if (operation == null) return null;
    try {
      checkCost(document, operation, variableValues);
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
    if (!hasVariablePages(document)) cheap.set(document, (cheap.get(document) ?? new Set<string>()).add(name));
    return null;
  }

  async function execute(args: ExecutionArgs): Promise<ExecutionResult> {
    const refused = refusal(args);
    if (refused !== null) return withStatus({ errors: [refused] });
    running += 1;
    try {
      return withStatus(await executeGraphql(withProfiles(args)));
    } finally {
      running -= 1;
      if (running === 0) whenIdle?.();
    }
  }

  async function subscribe(args: ExecutionArgs): Promise<SubscribeResult> {
    const refused = refusal(args);
    if (refused !== null) return { errors: [refused] };
    const result = await subscribeGraphql(args);
    return Symbol.asyncIterator in result ? (result as AsyncGenerator<ExecutionResult, void, void>) : result;
  }

  return {
    schema,
    documents: createDocuments(schema),
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
