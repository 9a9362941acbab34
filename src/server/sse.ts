/**
 * Subscriptions over server-sent events: each stream is a connection of its own. Where a WebSocket would be closed
 * with a code, a stream ends with an error event that carries the same code.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from "graphql";
import { type Connection, type EndReason, TooManyConnections } from "../engine/connections.ts";
import { Refusal } from "../engine/errors.ts";
import type { Viewer } from "../engine/viewer.ts";
import type { Context } from "../graphql/context.ts";
import type { Admission } from "./admission.ts";
import { closeCodeOf } from "./close-codes.ts";
import type { Gateway, SubscribeResult } from "./gateway.ts";
import type { PresentError } from "./present-errors.ts";
import { RETRY_CONNECTION_MS, tooManyExtensions } from "./refusals.ts";
import type { SlowReaders } from "./slow-readers.ts";

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

export interface SseOptions {
  readonly admission: Admission;
  readonly gateway: Gateway;
  readonly presentError: PresentError;
  readonly slowReaders: SlowReaders;
}

/** What Yoga adds to the context of an operation that came over HTTP. */
interface HttpContext extends Context {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

function takesEvents({ headers: { accept = "*/*" } }: IncomingMessage): boolean {
  return /text\/event-stream|text\/\*|\*\/\*/i.test(accept);
}

function refusal(reason: string, status: number): ExecutionResult {
  const extensions = { code: "BAD_USER_INPUT", http: { status } };
  return { errors: [new GraphQLError(reason, { extensions })] };
}

function tooMany(reason: string): ExecutionResult {
  return { errors: [new GraphQLError(reason, { extensions: tooManyExtensions(RETRY_CONNECTION_MS) })] };
}

interface Place {
  readonly connection: Connection;
  giveBack(): void;
}

/** A place for a stream: one of the address's, one of the user's, and one subscription; or why there is none. */
function takePlace(viewer: Viewer, context: HttpContext, options: SseOptions, onEnd: () => void): Place | string {
  const { admission, gateway } = options;
  const leaveAddress = admission.connect(context.req);
  if (leaveAddress === null) return "This address has all the connections open that it may have; close some.";
  let connection: Connection | null = null;
  const giveBack = () => {
    connection?.close();
    leaveAddress();
  };
  try {
    connection = context.engine.connections.open(viewer, onEnd);
    connection.takeSubscription();
    return { connection, giveBack };
  } catch (error) {
    giveBack();
    if (!(error instanceof Refusal)) throw error;
    gateway.refused(error instanceof TooManyConnections ? "user_connections" : error.code);
    return error.message;
  }
}

/** Runs a subscription that came over HTTP. */
export async function subscribeOverSse(args: ExecutionArgs, options: SseOptions): Promise<SubscribeResult> {
  const { gateway, presentError, slowReaders } = options;
  const context = args.contextValue as HttpContext;
  const { viewer, req, res } = context;
  if (!takesEvents(req)) return refusal("Subscriptions are answered as text/event-stream; accept it.", 406);
  if (viewer === null) return gateway.subscribe(args);
  // A response that waits behind another on its connection is never told that the client has gone.
  if (res.socket === null)
    return refusal("A stream cannot be pipelined behind another request; open a connection.", 400);

  let source: AsyncIterableIterator<ExecutionResult> | null = null;
  // Ending the source is what makes a stream that waits look up.
  const endSource = () => {
    source?.return?.().catch(presentError);
  };
  const place = takePlace(viewer, context, options, endSource);
  if (typeof place === "string") return tooMany(place);
  const { connection } = place;
  const unwatch = slowReaders.watch(req.socket, () => {
    gateway.refused("slow_reader");
    connection.end("tooSlow");
    res.destroy();
  });
  const leave = () => {
    unwatch();
    place.giveBack();
    endSource();
  };
  res.once("close", leave);
  try {
    const result = await gateway.subscribe({ ...args, contextValue: { ...context, connection } });
    if (Symbol.asyncIterator in result) source = result;
    if (source !== null && !res.closed && connection.endedBy === null)
      return streamOf(source, connection, presentError);
    leave();
    return source === null || connection.endedBy === null ? result : endOf(connection.endedBy);
  } catch (error) {
    leave();
    throw error;
  }
}
