/** What the SDK shows. All of it is read-only, and a new object wherever something changed. */
import type { ParleyError } from "./errors.ts";
import type { FileKind } from "./files.ts";
import type {
  ContentFragment,
  DeliverySource,
  FriendPolicy,
  FriendshipStatus,
  MessageChange,
  MessageContentInput,
  PushInput,
} from "./generated.ts";

interface ContentTypes {
  TextContent: "TEXT";
  FaceContent: "FACE";
  LocationContent: "LOCATION";
  ImageContent: "IMAGE";
  SoundContent: "SOUND";
  FileContent: "FILE";
  VideoContent: "VIDEO";
  CustomContent: "CUSTOM";
  NoticeContent: "NOTICE";
}

type ContentNamed<Name extends keyof ContentTypes> = Omit<
  Extract<ContentFragment, { readonly __typename: Name }>,
  "__typename" | "type"
> & { readonly type: ContentTypes[Name] };

/** What a message says. Switch on `type`; for a kind that you do not know show `summary`. */
export type MessageContent = { [Name in keyof ContentTypes]: ContentNamed<Name> }[keyof ContentTypes];

/** What to send: text as it is, or one of the nine kinds, such as `{ image: { url, width, height, size, format } }`. */
export type ContentInput = string | MessageContentInput;

export interface SendOptions {
  /** The message of this conversation that it answers; one that has been sent. */
  readonly replyTo?: Message;
  /** The app's own data beside the content, at most 4 KiB. */
  readonly customData?: string;
  /** What a notification says. */
  readonly push?: PushInput;
  /** Seconds that it waits for devices that are away; 0: for connected devices only, kept nowhere. */
  readonly lifetimeSeconds?: number;
}

export interface SendFileOptions extends SendOptions {
  /** What it is sent as. Default: by its type and size; what no browser shows goes as a file. */
  readonly kind?: FileKind;
  /** What it is called. Default: the name of the file. */
  readonly name?: string;
  /** A picture to show before a video plays. */
  readonly cover?: Blob;
}

/**
 * `sending`, `failed`, `sent`, `delivered` (to a device of the recipient) and `read` for the viewer's own, `received`
 * for the peer's.
 */
export type MessageStatus = "sending" | "failed" | "sent" | "delivered" | "read" | "received";

export interface Profile {
  readonly id: string;
  readonly nickname: string | null;
  readonly avatarUrl: string | null;
}

/** What a message answers, in short; `summary` is null where that was recalled. */
export interface Reply {
  readonly id: string;
  readonly sender: string;
  readonly summary: string | null;
}

export interface Message {
  /** The same from the optimistic message to the stored one: what a list is keyed by. */
  readonly key: string;
  /** Null until it is sent. */
  readonly id: string | null;
  /** Its place in the conversation, the only order. Null until it is sent; 0 for what is kept nowhere. */
  readonly seq: number | null;
  /** The other side of its conversation. */
  readonly peer: string;
  /** Id of the sender. */
  readonly sender: string;
  /** Whether the viewer sent it. */
  readonly mine: boolean;
  readonly status: MessageStatus;
  /** Why it failed; `retryable` says whether trying again makes sense. */
  readonly error: ParleyError | null;
  /** Null once it is recalled. */
  readonly content: MessageContent | null;
  /** The file that is sent with it, until it is sent: to show it from. The content's `url` is empty as long. */
  readonly file: Blob | null;
  /** Whether that file is on its way: `uploadProgress` says how far, and `discard` stops it. */
  readonly uploading: boolean;
  readonly customData: string | null;
  /** RFC 3339; by this device's clock until it is sent. */
  readonly sentAt: string;
  readonly editedAt: string | null;
  readonly recalledAt: string | null;
  /** The sender's name and picture as they were when it was sent. */
  readonly senderProfile: { readonly nickname: string | null; readonly avatarUrl: string | null };
  readonly replyTo: Reply | null;
  /** True: between this message and the one before it in the list some may be missing. */
  readonly gapBefore: boolean;
}

/** A page of a conversation, oldest first. */
export interface MessagePage {
  readonly messages: readonly Message[];
  /** Nothing is missing between its messages, nor behind the last where it is the newest page. */
  readonly complete: boolean;
  /** Whether there are, or may be, older ones. */
  readonly hasMore: boolean;
}

/** A conversation as it is shown: its newest messages, and what is still on its way. */
export interface MessageListSnapshot extends MessagePage {
  /** Being fetched from the server. */
  readonly loading: boolean;
  /** Whether the peer types now. */
  readonly peerTyping: boolean;
}

export interface Conversation {
  readonly peer: Profile;
  readonly lastMessage: Message | null;
  readonly unreadCount: number;
  readonly pinned: boolean;
  readonly muted: boolean;
  /** Up to where the viewer has read: a `seq`. */
  readonly readSeq: number;
  /** Up to where the peer has: it tells what of the viewer's is read, and not how far the peer is in its own. */
  readonly peerReadSeq: number;
}

/** Somebody, as the server knows it now. */
export interface User extends Profile {
  readonly online: boolean | null;
  readonly friendship: FriendshipStatus | null;
  readonly blocked: boolean | null;
  readonly friendPolicy: FriendPolicy | null;
}

export type ConnectionState =
  | { readonly status: "connecting" | "catchingUp" | "inStep" }
  /** It tries again by itself after `retryInMs`. */
  | { readonly status: "offline"; readonly error: ParleyError; readonly retryInMs: number }
  /** It does not come back: log in again. */
  | { readonly status: "ended"; readonly error: ParleyError };

export interface ChatEvents {
  /** A message that this device had not been handed before; also the viewer's own from other devices. */
  newMessage: { readonly message: Message; readonly source: DeliverySource };
  /** Recalled, edited, delivered or read (that and all before it). */
  messageUpdated: { readonly message: Message; readonly change: MessageChange };
  /** An own message is on the server's disk. */
  messageSent: { readonly message: Message };
  /** An own message was refused; it waits for `retry` or `discard`. */
  messageFailed: { readonly message: Message; readonly error: ParleyError };
  /** Another device of the viewer's pinned, muted, cleared, deleted or read. */
  conversationUpdated: { readonly peer: string };
  /** The device is in step with the server. */
  refresh: {
    readonly offlineCount: number;
    readonly recentCount: number;
    readonly truncated: boolean;
    readonly truncatedPeers: readonly string[];
  };
  typing: { readonly peer: string; readonly typing: boolean };
  connection: ConnectionState;
  /** Something went wrong in the background; the SDK goes on by itself. */
  error: ParleyError;
}
