/** The local store's interface, in the SDK's words, and what is kept in it. */
import type { ErrorFacts } from "../errors.ts";
import type { MediaKind, MessageContentInput, MessageFragment, PushInput } from "../generated.ts";
import type { Reply } from "../model.ts";
import type { Ranges } from "../ranges.ts";

/** A message of the server's. Its key is peer and seq. */
export interface StoredMessage {
  readonly peer: string;
  readonly seq: number;
  /** The conversation's epoch when the server last told of it: one of an earlier epoch may be out of date or gone. */
  readonly epoch: number;
  /** A subscription has handed it over, so that the app has been told of it. */
  readonly handed: boolean;
  readonly message: MessageFragment;
}

/** In the place of a message that the viewer has deleted, so that whatever still tells of it does not bring it back. */
export interface DeletedMark {
  readonly peer: string;
  readonly seq: number;
  readonly epoch: number;
  readonly message: null;
  /** Tells it from another message of this seq, as there may be after a restore; null where it is not known. */
  readonly sentAt: string | null;
}

export type Stored = StoredMessage | DeletedMark;

export function isMessage(stored: Stored): stored is StoredMessage {
  return stored.message !== null;
}

export interface StoredConversation {
  readonly peer: string;
  readonly nickname: string | null;
  readonly avatarUrl: string | null;
  readonly pinned: boolean;
  readonly muted: boolean;
  readonly readSeq: number;
  /** A read mark that the server has not confirmed yet. */
  readonly readPending: boolean;
  readonly peerReadSeq: number;
  readonly peerDeliveredSeq: number;
  readonly clearedSeq: number;
  readonly lastOwnSeq: number;
  /** The highest seq that is known to exist. */
  readonly headSeq: number;
  /** Something may lie behind `headSeq` that no subscription will hand over. */
  readonly tailUnknown: boolean;
  readonly ranges: Ranges;
  /** Counts up each time that what is held has to be asked for again. */
  readonly epoch: number;
  /** The server's count of unread messages, and the seq up to which it counted. */
  readonly serverUnread: number;
  readonly countedSeq: number;
  /** What the list shows. */
  readonly unreadCount: number;
  readonly last: StoredMessage | null;
  /** Rises with each message: what the list is sorted by. */
  readonly activity: number;
}

/** What the server gave for an upload. */
export interface UploadTicket {
  readonly id: string;
  /** Where it begins, and the token for it. */
  readonly endpoint: string;
  readonly token: string;
  /** Where it goes on; null until it has begun. */
  readonly url: string | null;
}

export interface OutgoingFile {
  readonly part: "content" | "cover";
  readonly kind: MediaKind;
  readonly name: string;
  readonly blob: Blob;
  /** Null until the server was asked. */
  readonly ticket: UploadTicket | null;
  readonly done: boolean;
}

/** A message that waits to be sent, or could not be. */
export interface Outgoing {
  readonly clientMessageId: string;
  readonly peer: string;
  /** Its place among all that wait. */
  readonly order: number;
  readonly createdAt: string;
  readonly content: MessageContentInput;
  /** What is uploaded before it is sent: the file of the content, and then its cover; empty where it has none. */
  readonly files: readonly OutgoingFile[];
  readonly replyTo: Reply | null;
  readonly customData: string | null;
  readonly push: PushInput | null;
  readonly lifetimeSeconds: number | null;
  /** Null while it waits. */
  readonly failure: ErrorFacts | null;
}

export type StreamName = "messages" | "updates" | "conversations";

export interface Meta {
  /** Whose messages these are. */
  readonly user: string;
  readonly deviceId: string;
  /** Whether this device has logged in. */
  readonly entered: boolean;
  /** The places in the user's log up to which everything is in this store. */
  readonly cursors: { readonly [Name in StreamName]: string | null };
  /** The highest `activity` given so far. */
  readonly activity: number;
}

/**
 * Reads and writes that stand or fall together. Between its operations nothing else may be waited for, since a
 * transaction of IndexedDB ends by itself when nobody asks it anything.
 */
export interface Transaction {
  meta(): Promise<Meta | null>;
  putMeta(meta: Meta): Promise<void>;

  message(peer: string, seq: number): Promise<Stored | null>;
  /** Those below a seq, the highest first; `limit` is 1 or more. */
  messagesBelow(peer: string, seq: number, limit: number): Promise<Stored[]>;
  /** Those above a seq, the lowest first; `limit` is 1 or more. */
  messagesAbove(peer: string, seq: number, limit: number): Promise<Stored[]>;
  putMessage(stored: Stored): Promise<void>;
  /** Removes `first` to `last`. */
  removeMessages(peer: string, first: number, last: number): Promise<void>;

  conversation(peer: string): Promise<StoredConversation | null>;
  conversations(): Promise<StoredConversation[]>;
  putConversation(conversation: StoredConversation): Promise<void>;

  /** In their order. */
  outgoing(): Promise<Outgoing[]>;
  putOutgoing(outgoing: Outgoing): Promise<void>;
  /** @returns whether it was there */
  removeOutgoing(clientMessageId: string): Promise<boolean>;
}

export interface LocalStore {
  /** Names what several tabs share; null where nobody else sees this store. */
  readonly sharedName: string | null;
  /** Runs the work alone; nothing of it is kept where it throws. */
  transaction<T>(mode: "read" | "write", work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Erases everything. */
  erase(): Promise<void>;
  close(): void;
}
