/**
 * Subscriptions over server-sent events: each stream is a connection of its own. Where a WebSocket would be closed
 * with a code, a stream ends with an error event that carries the same code.
 */
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from "graphql";
import type { Connection, EndReason } from "../engine/connections.ts";
import type { Context } from "../graphql/context.ts";
import { closeCodeOf } from "./close-codes.ts";
import type { Gateway, SubscribeResult } from "./gateway.ts";
import type { PresentError } from "./present-errors.ts";

function endOf(reason: EndReason): ExecutionResult {
  const { code: closeCode, reason: message } = closeCodeOf(reason);
  const code = reason === "ended" || reason === "expired" ? "UNAUTHENTICATED" : "SHUTTING_DOWN";
  return { errors: [new GraphQLError(`${message}.`, { extensions: { code, closeCode } })] };
}

/** The stream of a subscription. When its connection is ended it says why, as its last event. */
function streamOf(
  source: AsyncIterableIterator<ExecutionResult>,
  connection: Connection,
  presentError: PresentError,
): AsyncIterableIterator<ExecutionResult> {
  let done = false;

  async function finish(): Promise<void> {
    done = true;
    connection.close();
    await source.return?.();
  }

  const stream: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      if (done) return { value: undefined, done: true };
      try {
        const next = await source.next();
        if (next.done !== true) return next;
        await finish();
        return connection.endedBy === null ? next : { value: endOf(connection.endedBy), done: false };
      } catch (error) {
        await finish();
        return { value: { errors: [presentError(error)] }, done: false };
      }
    },
    async return() {
      await finish();
      return { value: undefined, done: true };
    },
    async throw(error) {
      await finish();
      throw error;
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}

/** Runs a subscription that came over HTTP. */
export async function subscribeOverSse(
  gateway: Gateway,
  args: ExecutionArgs,
  presentError: PresentError,
): Promise<SubscribeResult> {
  const context = args.contextValue as Context;
  if (context.viewer === null) return gateway.subscribe(args);
  // Ending the source is what makes a stream that waits look up.
  let endSource = () => {};
  const connection = context.engine.connections.open(context.viewer, () => endSource());
  let result: SubscribeResult;
  try {
    result = await gateway.subscribe({ ...args, contextValue: { ...context, connection } });
  } catch (error) {
    connection.close();
    throw error;
  }
  if (!(Symbol.asyncIterator in result)) {
    connection.close();
    return result;
  }
  const source = result;
  endSource = () => {
    source.return?.().catch(presentError);
  };
  if (connection.endedBy !== null) endSource();
  return streamOf(source, connection, presentError);
}
