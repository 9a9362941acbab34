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

/** The stream of a subscription, which ends with an error event when its connection is ended. */
function streamOf(
  source: AsyncIterableIterator<ExecutionResult>,
  connection: Connection,
  ended: Promise<EndReason>,
  presentError: PresentError,
): AsyncIterableIterator<ExecutionResult> {
  let done = false;
  const close = () => {
    done = true;
    connection.close();
  };

  const stream: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      if (done) return { value: undefined, done: true };
      try {
        const next = await Promise.race([source.next(), ended]);
        if (typeof next !== "string") {
          if (next.done === true) close();
          return next;
        }
        close();
        await source.return?.();
        return { value: endOf(next), done: false };
      } catch (error) {
        close();
        return { value: { errors: [presentError(error)] }, done: false };
      }
    },
    async return() {
      close();
      await source.return?.();
      return { value: undefined, done: true };
    },
    async throw(error) {
      close();
      await source.return?.();
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
  let onEnd: (reason: EndReason) => void = () => {};
  const ended = new Promise<EndReason>((resolve) => {
    onEnd = resolve;
  });
  const connection = context.engine.connections.open(context.viewer, onEnd);
  const result = await gateway.subscribe({ ...args, contextValue: { ...context, connection } });
  if (!(Symbol.asyncIterator in result)) {
    connection.close();
    return result;
  }
  return streamOf(result, connection, ended, presentError);
}
