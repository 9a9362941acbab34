/**
 * What clients saw, written down as it happened. It knows nothing of the server: the checker judges by it alone.
 */

/** A message as a client sees it, in an event or in history. */
export interface SeenMessage {
  readonly id: string;
  readonly seq: number;
  readonly from: string;
  readonly to: string;
  /** Null once it has been recalled. */
  readonly text: string | null;
}

export type SendOutcome =
  | { readonly kind: "acknowledged"; readonly id: string; readonly seq: number; readonly duplicate: boolean }
  | { readonly kind: "refused"; readonly code: string }
  /** The server said that nothing has happened. */
  | { readonly kind: "unavailable" }
  /** No answer came: it may have happened. */
  | { readonly kind: "unknown" };

/** One message that somebody wanted to send, with every answer that its attempts got. Its key is its text. */
export interface SendRecord {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly device: string;
  readonly outcomes: SendOutcome[];
  /** Whether the rules refuse it. */
  readonly forbidden: boolean;
  recall: "none" | "tried" | "done";
}

export type SessionEvent =
  | { readonly kind: "message"; readonly source: "OFFLINE" | "RECENT" | "LIVE"; readonly message: SeenMessage }
  | {
      readonly kind: "refresh";
      readonly offlineCount: number;
      readonly recentCount: number;
      /** Whether it says that something was missed that is not handed over. @default false */
      readonly truncated?: boolean;
    };

/** One connection of a device. */
export interface SessionRecord {
  /** Ids of the last messages that the device had acknowledged, or tried to, when it connected. */
  readonly confirmed: string | null;
  readonly attempted: string | null;
  /** Id of the message behind whose cursor it asked to begin. */
  readonly since: string | null;
  readonly events: SessionEvent[];
  /** True for the last one, which stayed until the device was in step. */
  readonly drained: boolean;
}

export interface DeviceRecord {
  readonly user: string;
  readonly device: string;
  readonly sessions: SessionRecord[];
}

/** What a user knew of a conversation's read mark. */
export interface MarkRecord {
  readonly user: string;
  readonly peer: string;
  /** In the order in which the requests were made, one after the other. */
  readonly steps: (
    | { readonly kind: "set"; readonly upToSeq: number; readonly confirmed: boolean }
    | { readonly kind: "seen"; readonly readSeq: number; readonly unread: number; readonly atTheEnd: boolean }
  )[];
}

export interface HistoryRecord {
  readonly user: string;
  readonly peer: string;
  readonly messages: readonly SeenMessage[];
}

export interface Journal {
  readonly sends: SendRecord[];
  readonly devices: DeviceRecord[];
  /** Devices that were connected for the first time at the end, and so were handed everything, in order. */
  readonly auditors: DeviceRecord[];
  readonly marks: MarkRecord[];
  readonly histories: HistoryRecord[];
}

export function emptyJournal(): Journal {
  return { sends: [], devices: [], auditors: [], marks: [], histories: [] };
}
