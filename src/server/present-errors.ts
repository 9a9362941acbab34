/** What of an error reaches clients: refusals with their code, GraphQL's own with one, and nothing of the rest. */
import { GraphQLError } from "graphql";
import type { Logger } from "pino";
import { Refusal } from "../engine/errors.ts";
import { OutcomeUnknown, StoreUnavailable } from "../engine/store.ts";

export type PresentError = (error: unknown) => GraphQLError;

function extensionsOf({ code, field, retryAfterMs, appCode }: Refusal): Record<string, unknown> {
  const extensions: Record<string, unknown> = { code };
  if (field !== undefined) extensions.field = field;
  if (retryAfterMs !== undefined) extensions.retryAfterMs = retryAfterMs;
  if (appCode !== undefined) extensions.appCode = appCode;
  return extensions;
}

/** Codes that Yoga gives to requests that it cannot read. */
const YOGAS_OWN = new Set<unknown>(["BAD_REQUEST", "OPERATION_RESOLUTION_FAILURE", "REQUEST_ENTITY_TOO_LARGE"]);

export function isYogasOwn(code: unknown): boolean {
  return YOGAS_OWN.has(code);
}

/** The error at the bottom of GraphQL's wrapping. */
function originOf(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) return error;
  return error.originalError === undefined ? error : originOf(error.originalError);
}

/** A GraphQLError with a code, at the place of the one that it stands for. */
function rewrite(place: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(place instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  return new GraphQLError(message, { nodes: place.nodes ?? null, path: place.path ?? null, extensions });
}

/** Makes what turns any error into one that may leave the server; what nobody foresaw is logged, without values. */
export function createPresentError(log: Logger): PresentError {
  return function presentError(error) {
    const origin = originOf(error);
    if (origin instanceof Refusal) return rewrite(error, origin.message, extensionsOf(origin));
    if (origin instanceof StoreUnavailable) return rewrite(error, origin.message, { code: "UNAVAILABLE" });
    if (origin instanceof OutcomeUnknown) return rewrite(error, origin.message, { code: "SHUTTING_DOWN" });
    if (origin instanceof GraphQLError) {
      const { code } = origin.extensions;
      if (typeof code === "string" && !isYogasOwn(code)) return origin;
      return rewrite(error, origin.message, { ...origin.extensions, code: "BAD_USER_INPUT" });
    }
    const path = error instanceof GraphQLError ? error.path : undefined;
    const stack = origin instanceof Error ? origin.stack : "a value that is no Error was thrown";
    log.error({ path, stack }, "an operation failed unexpectedly");
    return rewrite(error, "Something went wrong in the server; it has been logged.", { code: "INTERNAL_SERVER_ERROR" });
  };
}
