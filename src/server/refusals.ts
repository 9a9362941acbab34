/** Every reason for which the server says no, as its metrics count them: a bounded list. */
import type { GraphQLError } from "graphql";
import { ERRORS, type RefusalCode } from "../engine/errors.ts";

/** Codes of operations that are not the engine's own. */
const GRAPHQL_CODES = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"] as const;

/** What transports refuse before there is an operation, or end. */
const TRANSPORT_REASONS = [
  "address_rate",
  "address_connections",
  "user_connections",
  "server_connections",
  "waiting_connections",
  "init_timeout",
  "origin",
  "protocol",
  "frame_too_big",
  "body_too_big",
  "slow_reader",
  "unread_bytes",
  "silent",
] as const;

export type RefusalReason = RefusalCode | (typeof GRAPHQL_CODES)[number] | (typeof TRANSPORT_REASONS)[number];

/** Counts one refusal. */
export type CountRefusal = (reason: RefusalReason) => void;

export const REFUSAL_REASONS: readonly RefusalReason[] = [
  ...(Object.keys(ERRORS) as RefusalCode[]),
  ...GRAPHQL_CODES,
  ...TRANSPORT_REASONS,
];

/** Why an operation failed, from its error as clients get it. */
export function reasonOf({ extensions: { code } }: GraphQLError): RefusalReason {
  return REFUSAL_REASONS.find((reason) => reason === code) ?? "INTERNAL_SERVER_ERROR";
}

/** Nobody knows when a connection will close; a client that waits this long does no harm. */
export const RETRY_CONNECTION_MS = 5_000;

/** How a GraphQL client is told, outside of any operation, that there is too much of something. */
export function tooManyExtensions(retryAfterMs: number) {
  const headers = { "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) };
  return { code: "RATE_LIMITED", retryAfterMs, http: { status: 429, headers } };
}
