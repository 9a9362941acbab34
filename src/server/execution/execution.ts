/**
 * Executes operations with the results of graphql-js. That looks up everything anew for each object; here what an
 * operation asks is planned once, which makes one that comes again several times cheaper.
 */
import {
  assertValidSchema,
  createSourceEventStream,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from "graphql";
import type { Operation } from "../operations.ts";
import { createFields } from "./fields.ts";
import { createPlans } from "./plans.ts";
import { FieldErrors, isPromise, type MaybePromise, type ResultObject, type Run } from "./run.ts";
import { createVariables, type RawVariables } from "./variables.ts";

type Events = AsyncIterableIterator<ExecutionResult>;

export interface Execution {
  execute(operation: Operation, variables: RawVariables, contextValue: unknown): MaybePromise<ExecutionResult>;
  /** The events of a subscription, or why there are none; rejects where its source cannot be opened. */
  subscribe(operation: Operation, variables: RawVariables, contextValue: unknown): Promise<Events | ExecutionResult>;
}

/** Answers each event of a source. `return()` works while `next()` waits, as it must where the source waits. */
function answersTo(source: AsyncIterable<unknown>, answer: (event: unknown) => MaybePromise<ExecutionResult>): Events {
  const events = source[Symbol.asyncIterator]();
  const answers: Events = {
    async next() {
      const event = await events.next();
      return event.done === true ? event : { value: await answer(event.value), done: false };
    },
    async return() {
      await events.return?.();
      return { value: undefined, done: true };
    },
    async throw(error) {
      await events.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => answers,
  };
  return answers;
}

/** @throws Error for a schema that is not valid */
export function createExecution(schema: GraphQLSchema): Execution {
  assertValidSchema(schema);
  const plans = createPlans(schema);
  const coerce = createVariables(schema);
  const { resolveAll, resolveInTurn } = createFields(plans);

  function answer(run: Run): MaybePromise<ExecutionResult> {
    const { operation, variableValues, rootValue, errors } = run;
    const respond = (data: ResultObject | null) =>
      errors.found.length === 0 ? { data } : { errors: errors.found, data };
    const giveUp = (error: GraphQLError) => {
      errors.add(error, undefined);
      return respond(null);
    };
    try {
      const fields = plans.ofRoot(operation, variableValues);
      const isMutation = operation.definition.operation === OperationTypeNode.MUTATION;
      const data = isMutation ? resolveInTurn(run, fields, rootValue) : resolveAll(run, fields, rootValue, undefined);
      return isPromise(data) ? data.then(respond, giveUp) : respond(data);
    } catch (error) {
      return giveUp(error as GraphQLError);
    }
  }

  return {
    execute(operation, variables, contextValue) {
      const { coerced, errors } = coerce(operation.definition, variables);
      if (errors !== undefined) return { errors };
      return answer({
        schema,
        operation,
        rootValue: undefined,
        contextValue,
        variableValues: coerced,
        errors: new FieldErrors(),
      });
    },

    async subscribe(operation, variables, contextValue) {
      const { document, definition } = operation;
      const source = await createSourceEventStream({
        schema,
        document,
        operationName: definition.name?.value,
        variableValues: variables,
        contextValue,
      });
      if (!(Symbol.asyncIterator in source)) return source;
      const { coerced: variableValues = {} } = coerce(operation.definition, variables);
      return answersTo(source, (rootValue) =>
        answer({ schema, operation, rootValue, contextValue, variableValues, errors: new FieldErrors() }),
      );
    },
  };
}
