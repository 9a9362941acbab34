/** The one error of the SDK. */
import type { ErrorCode } from "./generated.ts";

/** The server's codes, and those of the SDK itself: OFFLINE, SESSION_ENDED, WRONG_USER, STORE_FAILED, DISCARDED, UNKNOWN. */
export type ParleyErrorCode =
  | ErrorCode
  | "UNAUTHENTICATED"
  | "BAD_USER_INPUT"
  | "CURSOR_EXPIRED"
  | "QUERY_TOO_COMPLEX"
  | "UNAVAILABLE"
  | "SHUTTING_DOWN"
  | "GRAPHQL_PARSE_FAILED"
  | "GRAPHQL_VALIDATION_FAILED"
  | "INTERNAL_SERVER_ERROR"
  /** There is no connection, or it was lost before there was an answer. */
  | "OFFLINE"
  /** The session is over: logged out, revoked, or another device took its place. */
  | "SESSION_ENDED"
  /** The token is of another user than the one that logs in. */
  | "WRONG_USER"
  /** The local store cannot be written or read. */
  | "STORE_FAILED"
  /** The message was discarded while its file was on its way. */
  | "DISCARDED"
  /** A code that this version of the SDK does not know. */
  | "UNKNOWN";

/** Whether doing the same again later may work. */
const RETRYABLE: Record<ParleyErrorCode, boolean> = {
  BLOCKED: false,
  CONTENT_TOO_LARGE: false,
  QUOTA_EXCEEDED: false,
  STORAGE_FULL: true,
  UPLOAD_NOT_FOUND: false,
  UPLOAD_NOT_READY: true,
  UPLOAD_REFUSED: false,
  FORBIDDEN: false,
  IDEMPOTENCY_CONFLICT: false,
  INVALID_CONTENT: false,
  MESSAGE_NOT_FOUND: false,
  MUTED: true,
  NOT_FRIENDS: false,
  NO_FRIEND_REQUEST: false,
  RATE_LIMITED: true,
  RECALL_WINDOW_PASSED: false,
  RECIPIENT_NOT_FOUND: false,
  REFUSED_BY_HOOK: false,
  SENDER_NOT_FOUND: false,
  USER_NOT_FOUND: false,
  UNAUTHENTICATED: true,
  BAD_USER_INPUT: false,
  CURSOR_EXPIRED: false,
  QUERY_TOO_COMPLEX: false,
  UNAVAILABLE: true,
  SHUTTING_DOWN: true,
  GRAPHQL_PARSE_FAILED: false,
  GRAPHQL_VALIDATION_FAILED: false,
  INTERNAL_SERVER_ERROR: true,
  OFFLINE: true,
  SESSION_ENDED: false,
  WRONG_USER: false,
  STORE_FAILED: true,
  DISCARDED: false,
  UNKNOWN: false,
};

/** What passes with the connection that it came on: another one may do. */
const PASSING: ReadonlySet<ParleyErrorCode> = new Set(["OFFLINE", "SHUTTING_DOWN", "UNAVAILABLE", "UNAUTHENTICATED"]);

function isCode(code: unknown): code is ParleyErrorCode {
  return typeof code === "string" && Object.hasOwn(RETRYABLE, code);
}

/** What is kept of an error with a message that could not be sent. */
export interface ErrorFacts {
  readonly code: ParleyErrorCode;
  readonly reason: string;
  /** Path of the input at fault, such as `content.text.text`. */
  readonly field: string | null;
  /** Milliseconds after which it may work. */
  readonly retryAfterMs: number | null;
}

/** Why something was refused or failed. Decide by `code`; `message` is for people and may change. */
export class ParleyError extends Error {
  override readonly name = "ParleyError";
  readonly code: ParleyErrorCode;
  readonly field: string | null;
  readonly retryAfterMs: number | null;

  constructor(code: ParleyErrorCode, reason: string, more: Partial<ErrorFacts> & { readonly cause?: unknown } = {}) {
    super(reason, { cause: more.cause });
    this.code = code;
    this.field = more.field ?? null;
    this.retryAfterMs = more.retryAfterMs ?? null;
  }

  /** Whether the same again, later, may work. */
  get retryable(): boolean {
    return RETRYABLE[this.code];
  }

  /** Whether it is the connection's to deal with, and nobody else's. */
  get passing(): boolean {
    return PASSING.has(this.code);
  }

  get facts(): ErrorFacts {
    return { code: this.code, reason: this.message, field: this.field, retryAfterMs: this.retryAfterMs };
  }

  static from({ code, reason, ...more }: ErrorFacts): ParleyError {
    return new ParleyError(code, reason, more);
  }
}

/** An error as GraphQL answers it. */
export interface GraphqlError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export function fromGraphql({ message, extensions = {} }: GraphqlError): ParleyError {
  const { code, field, retryAfterMs } = extensions;
  return new ParleyError(isCode(code) ? code : "UNKNOWN", message, {
    field: typeof field === "string" ? field : null,
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : null,
  });
}

/** Whatever was thrown, as a ParleyError. */
export function toParleyError(thrown: unknown, code: ParleyErrorCode): ParleyError {
  if (thrown instanceof ParleyError) return thrown;
  return new ParleyError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** A refusal that is data: the error branch of a mutation's union. */
export interface Refused {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly field: string | null;
  readonly retryAfterMs: number | null;
}

export function fromRefused(refused: Refused): ParleyError {
  return isCode(refused.code) ? ParleyError.from(refused) : new ParleyError("UNKNOWN", refused.reason);
}
