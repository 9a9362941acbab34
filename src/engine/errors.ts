/**
 * Every way in which the engine says no: one table of codes, what each means, and whether a mutation's error
 * type may carry it (`data`) or only a top-level error (`request`).
 */
export const ERRORS = {
  RECIPIENT_NOT_FOUND: { tier: "data", meaning: "There is no such recipient, or its id is malformed." },
  SENDER_NOT_FOUND: { tier: "data", meaning: "An admin sends as a user that does not exist." },
  USER_NOT_FOUND: { tier: "data", meaning: "There is no such user, or its id is malformed." },
  NO_FRIEND_REQUEST: { tier: "data", meaning: "The other has not asked for this friendship, or no longer asks." },
  NOT_FRIENDS: { tier: "data", meaning: "Only friends may write to each other here, and these two are none." },
  BLOCKED: { tier: "data", meaning: "The recipient has the sender on the blacklist, and refusals are shown." },
  MUTED: { tier: "data", meaning: "An admin has muted the sender; `retryAfterMs` says for how long." },
  FORBIDDEN: { tier: "data", meaning: "The viewer may not do this: it is for admins, or for the sender." },
  INVALID_CONTENT: { tier: "data", meaning: "An input breaks a rule; `field` says which." },
  CONTENT_TOO_LARGE: {
    tier: "data",
    meaning: "A message over 12 KiB, an image or sound over 28 MiB, a file or video over 100 MiB.",
  },
  UPLOAD_NOT_FOUND: { tier: "data", meaning: "The sender has no such upload, or it has expired: upload it again." },
  UPLOAD_NOT_READY: { tier: "data", meaning: "Not all of the upload has come, or it is being looked into: try again." },
  UPLOAD_REFUSED: { tier: "data", meaning: "The bytes are not what the upload was said to be; `reason` says why." },
  QUOTA_EXCEEDED: { tier: "data", meaning: "The user has stored, or begun to upload, as much as one user may." },
  STORAGE_FULL: { tier: "data", meaning: "The server's disk for media is nearly full: try again later." },
  IDEMPOTENCY_CONFLICT: {
    tier: "data",
    meaning: "The same sender used this clientMessageId for another recipient, content, customData or replyTo.",
  },
  MESSAGE_NOT_FOUND: { tier: "data", meaning: "There is no such message, or it is not the viewer's to see." },
  RECALL_WINDOW_PASSED: { tier: "data", meaning: "The message is older than recallWindowSeconds." },
  RATE_LIMITED: { tier: "data", meaning: "Too many at once; `retryAfterMs` says when to try again." },
  REFUSED_BY_HOOK: { tier: "data", meaning: "The app's own before-send hook said no." },
  UNAUTHENTICATED: { tier: "request", meaning: "The token is missing, malformed, forged, expired or revoked." },
  BAD_USER_INPUT: {
    tier: "request",
    meaning: "A page or cursor that cannot be used, a setting out of its range, or what GraphQL cannot coerce.",
  },
  CURSOR_EXPIRED: { tier: "request", meaning: "The log no longer reaches back to this cursor; ask `history`." },
  QUERY_TOO_COMPLEX: { tier: "request", meaning: "The document is too long, too deep, too wide or too costly." },
  UNAVAILABLE: {
    tier: "request",
    meaning: "The server cannot write, or cannot check this token, now; nothing has happened. Try again.",
  },
  SHUTTING_DOWN: {
    tier: "request",
    meaning: "The server is going down or has lost its disk; the outcome may be unknown.",
  },
} as const satisfies Record<string, { tier: "data" | "request"; meaning: string }>;

export type RefusalCode = keyof typeof ERRORS;
/** The codes that `ErrorCode` has in the schema. */
export type DataCode = { [C in RefusalCode]: (typeof ERRORS)[C]["tier"] extends "data" ? C : never }[RefusalCode];

export interface RefusalDetails {
  /** Path of the input at fault, such as `content.location.latitude`. */
  readonly field?: string;
  readonly retryAfterMs?: number;
  /** The app's own code, from its hook. */
  readonly appCode?: string;
}

/** A refusal that the caller should hear of: it has a stable code and a reason that says how to mend it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly appCode: string | undefined;

  constructor(code: RefusalCode, reason: string, details: RefusalDetails = {}) {
    super(reason);
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
    this.appCode = details.appCode;
  }

  /** Whether a mutation's error type can carry it. */
  get isData(): boolean {
    return ERRORS[this.code].tier === "data";
  }
}

/** For the default branch of an exhaustive switch: the compiler refuses a forgotten case. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
