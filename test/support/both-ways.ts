/** The same operation executed by graphql-js and by the server's own execution, for comparing what they say. */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
} from "graphql";
import { createExecution } from "../../src/server/execution/execution.ts";
import { createOperations, type Operation } from "../../src/server/operations.ts";

export type Variables = Readonly<Record<string, unknown>>;

const parsed = new Map<string, DocumentNode>();

/** A document, parsed once for each text, as the server does: the same one is asked with other variables. */
export function documentOf(text: string): DocumentNode {
  const document = parsed.get(text) ?? parse(text);
  parsed.set(text, document);
  return document;
}

/** All that a result says, in its order, and what it keeps to itself: where its errors come from. */
export function told(result: ExecutionResult): string {
  const said = result.errors?.map((error) => {
    const { originalError } = error;
    return { ...error.toJSON(), name: error.name, origin: originalError?.message, kind: originalError?.name };
  });
  return JSON.stringify({ keys: Object.keys(result), said, data: result.data }, null, 1);
}

export interface BothWays {
  /** What each says, graphql-js first. The server's own is asked twice: to make its plan, and to use it. */
  ask(document: DocumentNode, variables: Variables, contextFor: () => unknown): Promise<string[]>;
  own(document: DocumentNode, variables: Variables, context: unknown): Promise<ExecutionResult>;
  open: (...args: Parameters<BothWays["own"]>) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
}

export function createBothWays(schema: GraphQLSchema): BothWays {
  const operations = createOperations();
  const execution = createExecution(schema);

  function operationOf(document: DocumentNode): Operation {
    const operation = operations.find(document, null);
    if (operation === null) throw new Error("there is no operation");
    return operation;
  }

  async function own(document: DocumentNode, variables: Variables, context: unknown): Promise<ExecutionResult> {
    return execution.execute(operationOf(document), variables, context);
  }

  return {
    own,
    open: (document, variables, context) => execution.subscribe(operationOf(document), variables, context),
    async ask(document, variableValues, contextFor) {
      const reference = await execute({ schema, document, variableValues, contextValue: contextFor() });
      const isMutation = getOperationAST(document)?.operation === OperationTypeNode.MUTATION;
      if (isMutation) throw new Error("a mutation is not asked for twice");
      const first = await own(document, variableValues, contextFor());
      const second = await own(document, variableValues, contextFor());
      return [reference, first, second].map(told);
    },
  };
}
