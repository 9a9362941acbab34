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

/**
 * The answers to the events of a source. `return()` works while `next()` waits, as it must where the source waits; and
 * what waits is one promise, since subscriptions do little else.
 */
class Answers implements Events {
  readonly #source: AsyncIterator<unknown>;
  readonly #answer: (event: IteratorResult<unknown>) => MaybePromise<IteratorResult<ExecutionResult>>;

  constructor(source: AsyncIterable<unknown>, answer: (event: unknown) => MaybePromise<ExecutionResult>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#answer = (event) => {
      if (event.done === true) return event;
      const answered = answer(event.value);
      return isPromise(answered) ? answered.then(toResult) : toResult(answered);
    };
  }

  next(): Promise<IteratorResult<ExecutionResult>> {
    return this.#source.next().then(this.#answer);
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult>> {
    await this.#source.return?.();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toResult(value: ExecutionResult): IteratorResult<ExecutionResult> {
  return { value, done: false };
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
      return new Answers(source, (rootValue) =>
        answer({ schema, operation, rootValue, contextValue, variableValues, errors: new FieldErrors() }),
      );
    },
  };
}
