// Written by npm run codegen from schema.graphql and documents/. Do not edit.
import { operation } from "./operation.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Whom to ask for friendship. */
export type AddFriendInput = {
  /** What the request says, at most 500 bytes. */
  readonly greeting?: string | null | undefined;
  /** Id of the other. */
  readonly user: string;
};

/** A conversation to empty for the viewer. */
export type ClearConversationInput = {
  /** Id of the other side. */
  readonly peer: string;
};

/** The kind of a message's content. */
export type ContentType =
  /** The app's own: a red packet, a game, … */
  | 'CUSTOM'
  /** An emoticon of the app's own set. */
  | 'FACE'
  /** A file. */
  | 'FILE'
  /** A picture. */
  | 'IMAGE'
  /** A place on earth. */
  | 'LOCATION'
  /** From the system, not from a person. */
  | 'NOTICE'
  /** A voice note or other sound. */
  | 'SOUND'
  /** Text. */
  | 'TEXT'
  /** A short video. */
  | 'VIDEO';

/** What is going to be uploaded. */
export type CreateUploadInput = {
  /** What it is to be sent as. */
  readonly kind: MediaKind;
  /** What the client takes it for. The server goes by the bytes alone. */
  readonly mimeType?: string | null | undefined;
  /** What the file is called, 1 to 255 characters. */
  readonly name: string;
  /** Bytes: exactly so many must come. */
  readonly size: number;
};

/** The app's own content. */
export type CustomInput = {
  /** What the app makes of it. */
  readonly data: string;
  /** What a notification shows; without it a custom message is not pushed. */
  readonly description?: string | null | undefined;
  /** More of the app's own. */
  readonly extension?: string | null | undefined;
};

/** Why a message is handed over. */
export type DeliverySource =
  /** It came while the device was connected. */
  | 'LIVE'
  /** The device has missed it. */
  | 'OFFLINE'
  /** It is the last message of a recent contact who had nothing among what was missed. */
  | 'RECENT';

/** Other content for a message of one's own. */
export type EditMessageInput = {
  /** Of the same kind as before: text, face, location or custom. */
  readonly content: MessageContentInput;
  /** Id of the message. */
  readonly id: string;
};

/** Why something was refused. Codes stay; switch on them, not on `reason`. */
export type ErrorCode =
  /** The recipient has the sender on the blacklist, and refusals are shown. */
  | 'BLOCKED'
  /** A message over 12 KiB, an image or sound over 28 MiB, a file or video over 100 MiB. */
  | 'CONTENT_TOO_LARGE'
  /** The viewer may not do this: it is for admins, or for the sender. */
  | 'FORBIDDEN'
  /** The same sender used this clientMessageId for another recipient, content, customData or replyTo. */
  | 'IDEMPOTENCY_CONFLICT'
  /** An input breaks a rule; `field` says which. */
  | 'INVALID_CONTENT'
  /** There is no such message, or it is not the viewer's to see. */
  | 'MESSAGE_NOT_FOUND'
  /** An admin has muted the sender; `retryAfterMs` says for how long. */
  | 'MUTED'
  /** Only friends may write to each other here, and these two are none. */
  | 'NOT_FRIENDS'
  /** The other has not asked for this friendship, or no longer asks. */
  | 'NO_FRIEND_REQUEST'
  /** The user has stored, or begun to upload, as much as one user may. */
  | 'QUOTA_EXCEEDED'
  /** Too many at once; `retryAfterMs` says when to try again. */
  | 'RATE_LIMITED'
  /** The message is older than recallWindowSeconds. */
  | 'RECALL_WINDOW_PASSED'
  /** There is no such recipient, or its id is malformed. */
  | 'RECIPIENT_NOT_FOUND'
  /** The app's own before-send hook said no. */
  | 'REFUSED_BY_HOOK'
  /** An admin sends as a user that does not exist. */
  | 'SENDER_NOT_FOUND'
  /** The server's disk for media is nearly full: try again later. */
  | 'STORAGE_FULL'
  /** The sender has no such upload, or it has expired: upload it again. */
  | 'UPLOAD_NOT_FOUND'
  /** Not all of the upload has come, or it is being looked into: try again. */
  | 'UPLOAD_NOT_READY'
  /** The bytes are not what the upload was said to be; `reason` says why. */
  | 'UPLOAD_REFUSED'
  /** There is no such user, or its id is malformed. */
  | 'USER_NOT_FOUND';

/** An emoticon of the app's own set. */
export type FaceInput = {
  /** What else the app needs to show it. */
  readonly data?: string | null | undefined;
  /** Which one, 0 or more. */
  readonly index: number;
};

/** A file: `upload`, or `url` with name and size. */
export type FileInput = {
  /** Such as `application/pdf`. */
  readonly mimeType?: string | null | undefined;
  /** 1 to 255 characters. With `upload`: instead of its name. */
  readonly name?: string | null | undefined;
  /** Bytes, at most 100 MiB. */
  readonly size?: number | null | undefined;
  /** Id of an own upload of this kind that is READY. What else is said of it is passed over: its bytes tell. */
  readonly upload?: string | null | undefined;
  /** Where the media lies, http or https, at most 2,048 bytes. It is never fetched. */
  readonly url?: string | null | undefined;
};

/** What becomes of friend requests to a user. */
export type FriendPolicy =
  /** Friends at once. */
  | 'ANYONE'
  /** A request to accept or decline. The default. */
  | 'ASK'
  /** Refused. */
  | 'NOBODY';

/** What stands between two users. */
export type FriendshipStatus =
  /** They are friends. */
  | 'FRIENDS'
  /** Nothing. */
  | 'NONE'
  /** The other has asked. */
  | 'RECEIVED'
  /** The viewer has asked. */
  | 'REQUESTED';

/** A picture: `upload`, or `url` with width, height, size and format. */
export type ImageInput = {
  /** `jpeg`, `png`, … Not needed for a video's cover. */
  readonly format?: string | null | undefined;
  /** Pixels. */
  readonly height?: number | null | undefined;
  /** Bytes, at most 28 MiB. */
  readonly size?: number | null | undefined;
  /** Id of an own upload of this kind that is READY. What else is said of it is passed over: its bytes tell. */
  readonly upload?: string | null | undefined;
  /** Where the media lies, http or https, at most 2,048 bytes. It is never fetched. */
  readonly url?: string | null | undefined;
  /** Pixels. */
  readonly width?: number | null | undefined;
};

/** A place on earth. */
export type LocationInput = {
  /** Degrees, -90 to 90. */
  readonly latitude: number;
  /** Degrees, -180 to 180. */
  readonly longitude: number;
  /** What the place is called. */
  readonly name: string;
};

/** The device that logs in. */
export type LoginInput = {
  /** 1 to 64 characters, chosen by the client and kept by it. */
  readonly deviceId: string;
  /** Its class. */
  readonly platform: Platform;
};

/** How far the viewer has read. */
export type MarkReadInput = {
  /** Id of the other side. */
  readonly peer: string;
  /** The `seq` of the last message read. Without it: all of it. */
  readonly upToSeq?: number | null | undefined;
};

/** What an upload is to be sent as. */
export type MediaKind =
  /** Anything, at most 100 MiB. */
  | 'FILE'
  /** JPEG, PNG, GIF, WebP or AVIF, at most 28 MiB. */
  | 'IMAGE'
  /** MP3, AAC, M4A, Ogg, Opus, WAV, FLAC, WebM or AMR, at most 28 MiB. */
  | 'SOUND'
  /** MP4, WebM, MOV, MKV or 3GP, at most 100 MiB. */
  | 'VIDEO';

/** What happened to a message. */
export type MessageChange =
  /** A first device of the recipient has acknowledged it and all before it. */
  | 'DELIVERED'
  /** It has other content. */
  | 'EDITED'
  /** The recipient has read it and all before it. */
  | 'READ'
  /** It was recalled: its content is gone. */
  | 'RECALLED';

/** What to say: exactly one kind. All strings together have at most 12 KiB in UTF-8, customData included. */
export type MessageContentInput =
  {   /** The app's own. */
  readonly custom: CustomInput; readonly face?: never; readonly file?: never; readonly image?: never; readonly location?: never; readonly notice?: never; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never;   /** An emoticon of the app's own set. */
  readonly face: FaceInput; readonly file?: never; readonly image?: never; readonly location?: never; readonly notice?: never; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never;   /** A file. */
  readonly file: FileInput; readonly image?: never; readonly location?: never; readonly notice?: never; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never;   /** A picture. */
  readonly image: ImageInput; readonly location?: never; readonly notice?: never; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never; readonly image?: never;   /** A place on earth. */
  readonly location: LocationInput; readonly notice?: never; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never; readonly image?: never; readonly location?: never;   /** A notice. Admins only. */
  readonly notice: NoticeInput; readonly sound?: never; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never; readonly image?: never; readonly location?: never; readonly notice?: never;   /** A voice note or other sound. */
  readonly sound: SoundInput; readonly text?: never; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never; readonly image?: never; readonly location?: never; readonly notice?: never; readonly sound?: never;   /** Text. */
  readonly text: TextInput; readonly video?: never; }
  |  { readonly custom?: never; readonly face?: never; readonly file?: never; readonly image?: never; readonly location?: never; readonly notice?: never; readonly sound?: never; readonly text?: never;   /** A short video. */
  readonly video: VideoInput; };

/** Whether a conversation notifies. */
export type MuteConversationInput = {
  /** False lets it notify again. */
  readonly muted?: boolean;
  /** Id of the other side. */
  readonly peer: string;
};

/** A notice, by admins only. Its sender is `system` unless `sendAs` names another. */
export type NoticeInput = {
  /** The text, not empty. */
  readonly body: string;
  /** The app's own. */
  readonly data?: string | null | undefined;
  /** A heading. */
  readonly title?: string | null | undefined;
};

/** What a notice tells of. */
export type NoticeKind =
  /** Sent by an admin to everybody. */
  | 'BROADCAST'
  /** The app's own, sent by an admin. */
  | 'CUSTOM'
  /** `subject` is a friend now. */
  | 'FRIEND_ACCEPTED'
  /** `subject` is no longer a friend. */
  | 'FRIEND_REMOVED'
  /** `subject` asks for friendship. */
  | 'FRIEND_REQUESTED';

/** Whether a conversation is kept at the top. */
export type PinConversationInput = {
  /** Id of the other side. */
  readonly peer: string;
  /** False lets it go again. */
  readonly pinned?: boolean;
};

/** The class of a device. Each has its own limit of sessions at the same time. */
export type Platform =
  /** An Android device. 1 by default. */
  | 'ANDROID'
  /** A desktop application. 1 by default. */
  | 'DESKTOP'
  /** An iPhone or iPad. 1 by default. */
  | 'IOS'
  /** Anything else. 1 by default. */
  | 'OTHER'
  /** A browser. 10 by default. */
  | 'WEB';

/** Which of Apple's services. */
export type PushEnvironment =
  /** That of apps from a store, and the only one of other vendors. */
  | 'PRODUCTION'
  /** That of development builds. */
  | 'SANDBOX';

/** What a notification on a sleeping phone says. Kept with the message. */
export type PushInput = {
  /** In place of the summary. */
  readonly body?: string | null | undefined;
  /** Handed to the app. */
  readonly data?: string | null | undefined;
  /** True: no notification. */
  readonly disabled?: boolean;
  /** In place of the sender's nickname. */
  readonly title?: string | null | undefined;
};

/** How much of a message a notification shows. The server may show less. */
export type PushPreview =
  /** Who has written, and what. */
  | 'FULL'
  /** Who has written. */
  | 'NAME_ONLY'
  /** That there is something new. */
  | 'NONE';

/** Whose service reaches the device. */
export type PushVendor =
  /** Apple. */
  | 'APNS'
  /** Google's Firebase Cloud Messaging. */
  | 'FCM'
  /** HarmonyOS NEXT (5 and later). */
  | 'HARMONY'
  /** Honor. */
  | 'HONOR'
  /** Huawei's HMS, up to HarmonyOS 4. */
  | 'HUAWEI'
  /** Meizu. */
  | 'MEIZU'
  /** OPPO, realme, OnePlus. */
  | 'OPPO'
  /** vivo, iQOO. */
  | 'VIVO'
  /** Browsers. */
  | 'WEB_PUSH'
  /** Xiaomi. */
  | 'XIAOMI';

/** Hours of each day in which nothing is pushed. */
export type QuietHoursInput = {
  /** Minute of the day at which they begin, from 0 to 1,439. */
  readonly from: number;
  /** An IANA name such as `Asia/Seoul`. */
  readonly timeZone: string;
  /** Minute at which they end; before `from`, it is one of the next day. */
  readonly to: number;
};

/** Where the device of the token is reached. Register at each start of the app, and when the token changes. */
export type RegisterPushTokenInput = {
  /** SANDBOX for development builds on Apple's devices. */
  readonly environment?: PushEnvironment;
  /** Of the device, such as `ko`. */
  readonly language?: string | null | undefined;
  /** As the vendor's library gives it, at most 4 KiB; for WEB_PUSH the `PushSubscription` as JSON. */
  readonly token: string;
  /** Through whom. */
  readonly vendor: PushVendor;
};

/** Which tokens of the viewer's device. */
export type RemovePushTokensInput = {
  /** Of one vendor; left out: all. */
  readonly vendor?: PushVendor | null | undefined;
};

/** A message to send. */
export type SendMessageInput = {
  /** Idempotency key, 1 to 64 characters. The same one again gives the same message for as long as the message is kept. A refused send uses no key. With lifetimeSeconds 0: best effort. */
  readonly clientMessageId?: string | null | undefined;
  /** What to say. */
  readonly content: MessageContentInput;
  /** The sender's own data beside the content, at most 4 KiB. */
  readonly customData?: string | null | undefined;
  /** Seconds that it waits in the offline cache; more than the retention is cut to it, which is the default. 0: for connected devices only, not stored. */
  readonly lifetimeSeconds?: number | null | undefined;
  /** What a notification says. */
  readonly push?: PushInput | null | undefined;
  /** Id of the message of this conversation that it answers. */
  readonly replyTo?: string | null | undefined;
  /** Admins only: send as this user. Recorded in the audit trail. */
  readonly sendAs?: string | null | undefined;
  /** Whether the sender's other devices are handed it. */
  readonly syncToSender?: boolean;
  /** Id of the recipient; the viewer's own makes a note to oneself. */
  readonly to: string;
};

/** Whether the viewer types. */
export type SetTypingInput = {
  /** To whom. */
  readonly peer: string;
  /** False: stopped. */
  readonly typing?: boolean;
};

/** A sound: `upload`, or `url` with size and durationMs. */
export type SoundInput = {
  /** Milliseconds. */
  readonly durationMs?: number | null | undefined;
  /** Bytes, at most 28 MiB. */
  readonly size?: number | null | undefined;
  /** Id of an own upload of this kind that is READY. What else is said of it is passed over: its bytes tell. */
  readonly upload?: string | null | undefined;
  /** Where the media lies, http or https, at most 2,048 bytes. It is never fetched. */
  readonly url?: string | null | undefined;
};

/** Text. */
export type TextInput = {
  /** Not empty, no NUL, whole characters. */
  readonly text: string;
};

/** What is left out stays as it is; null clears it. */
export type UpdateProfileInput = {
  /** An http or https URL, at most 500 bytes. */
  readonly avatarUrl?: string | null | undefined;
  /** What becomes of friend requests; null for ASK. */
  readonly friendPolicy?: FriendPolicy | null | undefined;
  /** At most 500 bytes. */
  readonly nickname?: string | null | undefined;
  /** Admins only: whose profile to change. */
  readonly of?: string | null | undefined;
};

/** What is left out stays as it is. */
export type UpdatePushPreferencesInput = {
  /** None come for so many seconds from now; 0: they come. At most 31,536,000. */
  readonly muteSeconds?: number | null | undefined;
  /** How much notifications show. */
  readonly preview?: PushPreview | null | undefined;
  /** When none come; null: they always do. */
  readonly quietHours?: QuietHoursInput | null | undefined;
};

/** How far an upload has come. */
export type UploadState =
  /** All have, and they are being looked into. */
  | 'PROCESSING'
  /** It can be sent. */
  | 'READY'
  /** It is not what it was said to be; its bytes are gone. */
  | 'REFUSED'
  /** Not all of its bytes have come. */
  | 'UPLOADING';

/** A video: `upload`, or `url` with size, durationMs and format. */
export type VideoInput = {
  /** A picture to show before it plays. */
  readonly cover?: ImageInput | null | undefined;
  /** Milliseconds. */
  readonly durationMs?: number | null | undefined;
  /** `mp4`, … */
  readonly format?: string | null | undefined;
  /** Pixels. */
  readonly height?: number | null | undefined;
  /** Bytes, at most 100 MiB. */
  readonly size?: number | null | undefined;
  /** Id of an own upload of this kind that is READY. What else is said of it is passed over: its bytes tell. */
  readonly upload?: string | null | undefined;
  /** Where the media lies, http or https, at most 2,048 bytes. It is never fetched. */
  readonly url?: string | null | undefined;
  /** Pixels. */
  readonly width?: number | null | undefined;
};

export type ConversationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ConversationsQuery = { readonly conversations: { readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly nodes: ReadonlyArray<ConversationFragment> } | null };

export type ConversationWithQueryVariables = Exact<{
  peer: string;
}>;


export type ConversationWithQuery = { readonly conversation: ConversationFragment | null };

export type MarkReadMutationVariables = Exact<{
  input: MarkReadInput;
}>;


export type MarkReadMutation = { readonly markRead: { readonly conversation: ConversationFragment | null } | null };

export type PinConversationMutationVariables = Exact<{
  input: PinConversationInput;
}>;


export type PinConversationMutation = { readonly pinConversation: { readonly conversation: ConversationFragment | null } | null };

export type MuteConversationMutationVariables = Exact<{
  input: MuteConversationInput;
}>;


export type MuteConversationMutation = { readonly muteConversation: { readonly conversation: ConversationFragment | null } | null };

export type ClearConversationMutationVariables = Exact<{
  input: ClearConversationInput;
}>;


export type ClearConversationMutation = { readonly clearConversation: { readonly conversation: ConversationFragment | null } | null };

export type UploadFragment = { readonly id: string, readonly state: UploadState, readonly refusal: string | null };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { readonly createUpload:
    | (
      { readonly field: string | null, readonly retryAfterMs: number | null }
      & Refused_CreateUploadError_Fragment
    )
    | { readonly endpoint: string, readonly ticket: string, readonly upload: UploadFragment }
   | null };

export type UploadNowQueryVariables = Exact<{
  id: string;
}>;


export type UploadNowQuery = { readonly upload: UploadFragment | null };

export type DeleteUploadMutationVariables = Exact<{
  id: string;
}>;


export type DeleteUploadMutation = { readonly deleteUpload: { readonly deletedId: string | null } | null };

export type MessageNowQueryVariables = Exact<{
  id: string;
}>;


export type MessageNowQuery = { readonly node:
    | { readonly __typename: 'Conversation' }
    | (
      { readonly __typename: 'Message' }
      & MessageFragment
    )
    | { readonly __typename: 'Upload' }
    | { readonly __typename: 'User' }
   | null };

export type ProfileFragment = { readonly id: string, readonly nickname: string | null, readonly avatarUrl: string | null };

export type VariantFragment = { readonly url: string, readonly width: number, readonly height: number, readonly size: number };

type Content_CustomContent_Fragment = { readonly __typename: 'CustomContent', readonly data: string | null, readonly description: string | null, readonly extension: string | null, readonly type: ContentType, readonly summary: string };

type Content_FaceContent_Fragment = { readonly __typename: 'FaceContent', readonly index: number, readonly data: string | null, readonly type: ContentType, readonly summary: string };

type Content_FileContent_Fragment = { readonly __typename: 'FileContent', readonly url: string, readonly name: string, readonly size: number, readonly mimeType: string | null, readonly type: ContentType, readonly summary: string };

type Content_ImageContent_Fragment = { readonly __typename: 'ImageContent', readonly url: string, readonly width: number | null, readonly height: number | null, readonly size: number, readonly format: string, readonly type: ContentType, readonly summary: string, readonly thumbnail: VariantFragment | null, readonly large: VariantFragment | null };

type Content_LocationContent_Fragment = { readonly __typename: 'LocationContent', readonly name: string, readonly latitude: number, readonly longitude: number, readonly type: ContentType, readonly summary: string };

type Content_NoticeContent_Fragment = { readonly __typename: 'NoticeContent', readonly kind: NoticeKind, readonly title: string | null, readonly body: string, readonly data: string | null, readonly type: ContentType, readonly summary: string, readonly subject: ProfileFragment | null };

type Content_SoundContent_Fragment = { readonly __typename: 'SoundContent', readonly url: string, readonly size: number, readonly durationMs: number, readonly type: ContentType, readonly summary: string };

type Content_TextContent_Fragment = { readonly __typename: 'TextContent', readonly text: string, readonly type: ContentType, readonly summary: string };

type Content_VideoContent_Fragment = { readonly __typename: 'VideoContent', readonly url: string, readonly size: number, readonly durationMs: number, readonly format: string, readonly width: number | null, readonly height: number | null, readonly type: ContentType, readonly summary: string, readonly cover: VariantFragment | null };

export type ContentFragment =
  | Content_CustomContent_Fragment
  | Content_FaceContent_Fragment
  | Content_FileContent_Fragment
  | Content_ImageContent_Fragment
  | Content_LocationContent_Fragment
  | Content_NoticeContent_Fragment
  | Content_SoundContent_Fragment
  | Content_TextContent_Fragment
  | Content_VideoContent_Fragment
;

export type MessageFragment = { readonly id: string, readonly seq: number, readonly cursor: string | null, readonly clientMessageId: string | null, readonly customData: string | null, readonly sentAt: string, readonly editedAt: string | null, readonly recalledAt: string | null, readonly deliveredToRecipient: boolean, readonly readByRecipient: boolean, readonly sender: ProfileFragment, readonly recipient: ProfileFragment, readonly senderProfile: { readonly nickname: string | null, readonly avatarUrl: string | null }, readonly content:
    | Content_CustomContent_Fragment
    | Content_FaceContent_Fragment
    | Content_FileContent_Fragment
    | Content_ImageContent_Fragment
    | Content_LocationContent_Fragment
    | Content_NoticeContent_Fragment
    | Content_SoundContent_Fragment
    | Content_TextContent_Fragment
    | Content_VideoContent_Fragment
   | null, readonly replyTo: { readonly id: string, readonly seq: number, readonly sender: { readonly id: string }, readonly content:
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
      | { readonly summary: string }
     | null } | null };

export type ConversationFragment = { readonly pinned: boolean, readonly muted: boolean, readonly readSeq: number, readonly peerReadSeq: number, readonly clearedSeq: number, readonly unreadCount: number, readonly updatedAt: string, readonly peer: ProfileFragment, readonly lastMessage: MessageFragment | null };

type Refused_CreateUploadError_Fragment = { readonly code: ErrorCode, readonly reason: string };

type Refused_EditMessageError_Fragment = { readonly code: ErrorCode, readonly reason: string };

type Refused_FriendshipError_Fragment = { readonly code: ErrorCode, readonly reason: string };

type Refused_RecallMessageError_Fragment = { readonly code: ErrorCode, readonly reason: string };

type Refused_SendMessageError_Fragment = { readonly code: ErrorCode, readonly reason: string };

export type RefusedFragment =
  | Refused_CreateUploadError_Fragment
  | Refused_EditMessageError_Fragment
  | Refused_FriendshipError_Fragment
  | Refused_RecallMessageError_Fragment
  | Refused_SendMessageError_Fragment
;

export type NewMessageSubscriptionVariables = Exact<{
  since?: string | null | undefined;
}>;


export type NewMessageSubscription = { readonly newMessage: { readonly source: DeliverySource, readonly cursor: string, readonly message: MessageFragment } };

export type RefreshSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type RefreshSubscription = { readonly refresh: { readonly offlineCount: number, readonly recentCount: number, readonly truncated: boolean, readonly truncatedPeers: ReadonlyArray<string>, readonly cursor: string } };

export type MessageUpdatedSubscriptionVariables = Exact<{
  since?: string | null | undefined;
}>;


export type MessageUpdatedSubscription = { readonly messageUpdated: { readonly change: MessageChange, readonly cursor: string, readonly message: MessageFragment } };

export type ConversationUpdatedSubscriptionVariables = Exact<{
  since?: string | null | undefined;
}>;


export type ConversationUpdatedSubscription = { readonly conversationUpdated: { readonly cursor: string, readonly conversation: ConversationFragment, readonly deletedMessage: { readonly seq: number } | null } };

export type TypingSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type TypingSubscription = { readonly typing: { readonly typing: boolean, readonly user: { readonly id: string } } };

export type AcknowledgeMutationVariables = Exact<{
  cursor: string;
}>;


export type AcknowledgeMutation = { readonly acknowledge: { readonly cursor: string } | null };

export type SetTypingMutationVariables = Exact<{
  input: SetTypingInput;
}>;


export type SetTypingMutation = { readonly setTyping: { readonly typing: boolean } | null };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { readonly sendMessage:
    | (
      { readonly field: string | null, readonly retryAfterMs: number | null }
      & Refused_SendMessageError_Fragment
    )
    | { readonly message: MessageFragment }
   | null };

export type EditMessageMutationVariables = Exact<{
  input: EditMessageInput;
}>;


export type EditMessageMutation = { readonly editMessage:
    | (
      { readonly field: string | null, readonly retryAfterMs: number | null }
      & Refused_EditMessageError_Fragment
    )
    | { readonly message: MessageFragment }
   | null };

export type RecallMessageMutationVariables = Exact<{
  id: string;
}>;


export type RecallMessageMutation = { readonly recallMessage:
    | (
      { readonly field: string | null, readonly retryAfterMs: number | null }
      & Refused_RecallMessageError_Fragment
    )
    | { readonly message: MessageFragment }
   | null };

export type DeleteMessagesMutationVariables = Exact<{
  ids: ReadonlyArray<string> | string;
}>;


export type DeleteMessagesMutation = { readonly deleteMessages: { readonly deletedIds: ReadonlyArray<string> } | null };

export type HistoryQueryVariables = Exact<{
  peer: string;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;


export type HistoryQuery = { readonly history: { readonly pageInfo: { readonly hasPreviousPage: boolean }, readonly nodes: ReadonlyArray<MessageFragment> } | null };

export type PersonFragment = (
  { readonly online: boolean | null, readonly friendship: FriendshipStatus | null, readonly blocked: boolean | null, readonly friendPolicy: FriendPolicy | null }
  & ProfileFragment
);

export type PeopleFragment = { readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly nodes: ReadonlyArray<PersonFragment> };

type Friendship_FriendshipError_Fragment = (
  { readonly field: string | null, readonly retryAfterMs: number | null }
  & Refused_FriendshipError_Fragment
);

type Friendship_FriendshipSuccess_Fragment = { readonly status: FriendshipStatus };

export type FriendshipFragment =
  | Friendship_FriendshipError_Fragment
  | Friendship_FriendshipSuccess_Fragment
;

export type GetUserQueryVariables = Exact<{
  id: string;
}>;


export type GetUserQuery = { readonly user: PersonFragment | null };

export type FriendsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type FriendsQuery = { readonly friends: PeopleFragment | null };

export type FriendRequestsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type FriendRequestsQuery = { readonly friendRequests: PeopleFragment | null };

export type BlockedUsersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type BlockedUsersQuery = { readonly blockedUsers: PeopleFragment | null };

export type AddFriendMutationVariables = Exact<{
  input: AddFriendInput;
}>;


export type AddFriendMutation = { readonly addFriend:
    | Friendship_FriendshipError_Fragment
    | Friendship_FriendshipSuccess_Fragment
   | null };

export type AcceptFriendMutationVariables = Exact<{
  user: string;
}>;


export type AcceptFriendMutation = { readonly acceptFriend:
    | Friendship_FriendshipError_Fragment
    | Friendship_FriendshipSuccess_Fragment
   | null };

export type DeclineFriendMutationVariables = Exact<{
  user: string;
}>;


export type DeclineFriendMutation = { readonly declineFriend:
    | Friendship_FriendshipError_Fragment
    | Friendship_FriendshipSuccess_Fragment
   | null };

export type RemoveFriendMutationVariables = Exact<{
  user: string;
}>;


export type RemoveFriendMutation = { readonly removeFriend:
    | Friendship_FriendshipError_Fragment
    | Friendship_FriendshipSuccess_Fragment
   | null };

export type BlockUserMutationVariables = Exact<{
  user: string;
}>;


export type BlockUserMutation = { readonly blockUser: { readonly blocked: boolean } | null };

export type UnblockUserMutationVariables = Exact<{
  user: string;
}>;


export type UnblockUserMutation = { readonly unblockUser: { readonly blocked: boolean } | null };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { readonly updateProfile: { readonly user: PersonFragment } | null };

export type RegisterPushTokenMutationVariables = Exact<{
  input: RegisterPushTokenInput;
}>;


export type RegisterPushTokenMutation = { readonly registerPushToken: { readonly pushToken: { readonly vendor: PushVendor } } | null };

export type RemovePushTokensMutationVariables = Exact<{
  input: RemovePushTokensInput;
}>;


export type RemovePushTokensMutation = { readonly removePushTokens: { readonly removed: boolean } | null };

export type PushPreferencesFragment = { readonly preview: PushPreview, readonly mutedUntil: string | null, readonly quietHours: { readonly from: number, readonly to: number, readonly timeZone: string } | null };

export type PushPreferencesNowQueryVariables = Exact<{ [key: string]: never; }>;


export type PushPreferencesNowQuery = { readonly pushPreferences: PushPreferencesFragment | null };

export type UpdatePushPreferencesMutationVariables = Exact<{
  input: UpdatePushPreferencesInput;
}>;


export type UpdatePushPreferencesMutation = { readonly updatePushPreferences: { readonly pushPreferences: PushPreferencesFragment } | null };

export type LoginMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LoginMutation = { readonly login: { readonly accessToken: string, readonly expiresAt: string, readonly viewer: { readonly id: string } } | null };

export type RenewSessionMutationVariables = Exact<{
  token: string;
}>;


export type RenewSessionMutation = { readonly renewSession: { readonly accessToken: string, readonly expiresAt: string } | null };

export type LogoutMutationVariables = Exact<{ [key: string]: never; }>;


export type LogoutMutation = { readonly logout: { readonly deviceId: string } | null };

const UploadText = "fragment Upload on Upload{id state refusal}";
const ProfileText = "fragment Profile on User{id nickname avatarUrl}";
const VariantText = "fragment Variant on ImageVariant{url width height size}";
const ContentText = "fragment Content on MessageContent{__typename type summary ...on TextContent{text}...on FaceContent{index data}...on LocationContent{name latitude longitude}...on ImageContent{url width height size format thumbnail{...Variant}large{...Variant}}...on SoundContent{url size durationMs}...on FileContent{url name size mimeType}...on VideoContent{url size durationMs format width height cover{...Variant}}...on CustomContent{data description extension}...on NoticeContent{kind title body data subject{...Profile}}}";
const MessageText = "fragment Message on Message{id seq cursor clientMessageId customData sentAt editedAt recalledAt deliveredToRecipient readByRecipient sender{...Profile}recipient{...Profile}senderProfile{nickname avatarUrl}content{...Content}replyTo{id seq sender{id}content{summary}}}";
const ConversationText = "fragment Conversation on Conversation{peer{...Profile}pinned muted readSeq peerReadSeq clearedSeq unreadCount updatedAt lastMessage{...Message}}";
const RefusedText = "fragment Refused on Error{code reason}";
const PersonText = "fragment Person on User{...Profile online friendship blocked friendPolicy}";
const PeopleText = "fragment People on UserConnection{pageInfo{hasNextPage endCursor}nodes{...Person}}";
const FriendshipText = "fragment Friendship on FriendshipResult{...on FriendshipSuccess{status}...Refused ...on FriendshipError{field retryAfterMs}}";
const PushPreferencesText = "fragment PushPreferences on PushPreferences{preview quietHours{from to timeZone}mutedUntil}";

export const Conversations = operation<ConversationsQuery, ConversationsQueryVariables>("query Conversations($first:Int$after:String){conversations(first:$first after:$after){pageInfo{hasNextPage endCursor}nodes{...Conversation}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const ConversationWith = operation<ConversationWithQuery, ConversationWithQueryVariables>("query ConversationWith($peer:ID!){conversation(peer:$peer){...Conversation}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const MarkRead = operation<MarkReadMutation, MarkReadMutationVariables>("mutation MarkRead($input:MarkReadInput!){markRead(input:$input){conversation{...Conversation}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const PinConversation = operation<PinConversationMutation, PinConversationMutationVariables>("mutation PinConversation($input:PinConversationInput!){pinConversation(input:$input){conversation{...Conversation}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const MuteConversation = operation<MuteConversationMutation, MuteConversationMutationVariables>("mutation MuteConversation($input:MuteConversationInput!){muteConversation(input:$input){conversation{...Conversation}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const ClearConversation = operation<ClearConversationMutation, ClearConversationMutationVariables>("mutation ClearConversation($input:ClearConversationInput!){clearConversation(input:$input){conversation{...Conversation}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const CreateUpload = operation<CreateUploadMutation, CreateUploadMutationVariables>("mutation CreateUpload($input:CreateUploadInput!){createUpload(input:$input){...on CreateUploadSuccess{upload{...Upload}endpoint ticket}...Refused ...on CreateUploadError{field retryAfterMs}}}" + RefusedText + UploadText);
export const UploadNow = operation<UploadNowQuery, UploadNowQueryVariables>("query UploadNow($id:ID!){upload(id:$id){...Upload}}" + UploadText);
export const DeleteUpload = operation<DeleteUploadMutation, DeleteUploadMutationVariables>("mutation DeleteUpload($id:ID!){deleteUpload(input:{id:$id}){deletedId}}");
export const MessageNow = operation<MessageNowQuery, MessageNowQueryVariables>("query MessageNow($id:ID!){node(id:$id){__typename ...on Message{...Message}}}" + ContentText + MessageText + ProfileText + VariantText);
export const NewMessage = operation<NewMessageSubscription, NewMessageSubscriptionVariables>("subscription NewMessage($since:String){newMessage(since:$since){source cursor message{...Message}}}" + ContentText + MessageText + ProfileText + VariantText);
export const Refresh = operation<RefreshSubscription, RefreshSubscriptionVariables>("subscription Refresh{refresh{offlineCount recentCount truncated truncatedPeers cursor}}");
export const MessageUpdated = operation<MessageUpdatedSubscription, MessageUpdatedSubscriptionVariables>("subscription MessageUpdated($since:String){messageUpdated(since:$since){change cursor message{...Message}}}" + ContentText + MessageText + ProfileText + VariantText);
export const ConversationUpdated = operation<ConversationUpdatedSubscription, ConversationUpdatedSubscriptionVariables>("subscription ConversationUpdated($since:String){conversationUpdated(since:$since){cursor conversation{...Conversation}deletedMessage{seq}}}" + ContentText + ConversationText + MessageText + ProfileText + VariantText);
export const Typing = operation<TypingSubscription, TypingSubscriptionVariables>("subscription Typing{typing{typing user{id}}}");
export const Acknowledge = operation<AcknowledgeMutation, AcknowledgeMutationVariables>("mutation Acknowledge($cursor:String!){acknowledge(input:{cursor:$cursor}){cursor}}");
export const SetTyping = operation<SetTypingMutation, SetTypingMutationVariables>("mutation SetTyping($input:SetTypingInput!){setTyping(input:$input){typing}}");
export const SendMessage = operation<SendMessageMutation, SendMessageMutationVariables>("mutation SendMessage($input:SendMessageInput!){sendMessage(input:$input){...on SendMessageSuccess{message{...Message}}...Refused ...on SendMessageError{field retryAfterMs}}}" + ContentText + MessageText + ProfileText + RefusedText + VariantText);
export const EditMessage = operation<EditMessageMutation, EditMessageMutationVariables>("mutation EditMessage($input:EditMessageInput!){editMessage(input:$input){...on EditMessageSuccess{message{...Message}}...Refused ...on EditMessageError{field retryAfterMs}}}" + ContentText + MessageText + ProfileText + RefusedText + VariantText);
export const RecallMessage = operation<RecallMessageMutation, RecallMessageMutationVariables>("mutation RecallMessage($id:ID!){recallMessage(input:{id:$id}){...on RecallMessageSuccess{message{...Message}}...Refused ...on RecallMessageError{field retryAfterMs}}}" + ContentText + MessageText + ProfileText + RefusedText + VariantText);
export const DeleteMessages = operation<DeleteMessagesMutation, DeleteMessagesMutationVariables>("mutation DeleteMessages($ids:[ID!]!){deleteMessages(input:{ids:$ids}){deletedIds}}");
export const History = operation<HistoryQuery, HistoryQueryVariables>("query History($peer:ID!$last:Int$before:String){history(peer:$peer last:$last before:$before){pageInfo{hasPreviousPage}nodes{...Message}}}" + ContentText + MessageText + ProfileText + VariantText);
export const GetUser = operation<GetUserQuery, GetUserQueryVariables>("query GetUser($id:ID!){user(id:$id){...Person}}" + PersonText + ProfileText);
export const Friends = operation<FriendsQuery, FriendsQueryVariables>("query Friends($first:Int$after:String){friends(first:$first after:$after){...People}}" + PeopleText + PersonText + ProfileText);
export const FriendRequests = operation<FriendRequestsQuery, FriendRequestsQueryVariables>("query FriendRequests($first:Int$after:String){friendRequests(first:$first after:$after){...People}}" + PeopleText + PersonText + ProfileText);
export const BlockedUsers = operation<BlockedUsersQuery, BlockedUsersQueryVariables>("query BlockedUsers($first:Int$after:String){blockedUsers(first:$first after:$after){...People}}" + PeopleText + PersonText + ProfileText);
export const AddFriend = operation<AddFriendMutation, AddFriendMutationVariables>("mutation AddFriend($input:AddFriendInput!){addFriend(input:$input){...Friendship}}" + FriendshipText + RefusedText);
export const AcceptFriend = operation<AcceptFriendMutation, AcceptFriendMutationVariables>("mutation AcceptFriend($user:ID!){acceptFriend(input:{user:$user}){...Friendship}}" + FriendshipText + RefusedText);
export const DeclineFriend = operation<DeclineFriendMutation, DeclineFriendMutationVariables>("mutation DeclineFriend($user:ID!){declineFriend(input:{user:$user}){...Friendship}}" + FriendshipText + RefusedText);
export const RemoveFriend = operation<RemoveFriendMutation, RemoveFriendMutationVariables>("mutation RemoveFriend($user:ID!){removeFriend(input:{user:$user}){...Friendship}}" + FriendshipText + RefusedText);
export const BlockUser = operation<BlockUserMutation, BlockUserMutationVariables>("mutation BlockUser($user:ID!){blockUser(input:{user:$user}){blocked}}");
export const UnblockUser = operation<UnblockUserMutation, UnblockUserMutationVariables>("mutation UnblockUser($user:ID!){unblockUser(input:{user:$user}){blocked}}");
export const UpdateProfile = operation<UpdateProfileMutation, UpdateProfileMutationVariables>("mutation UpdateProfile($input:UpdateProfileInput!){updateProfile(input:$input){user{...Person}}}" + PersonText + ProfileText);
export const RegisterPushToken = operation<RegisterPushTokenMutation, RegisterPushTokenMutationVariables>("mutation RegisterPushToken($input:RegisterPushTokenInput!){registerPushToken(input:$input){pushToken{vendor}}}");
export const RemovePushTokens = operation<RemovePushTokensMutation, RemovePushTokensMutationVariables>("mutation RemovePushTokens($input:RemovePushTokensInput!){removePushTokens(input:$input){removed}}");
export const PushPreferencesNow = operation<PushPreferencesNowQuery, PushPreferencesNowQueryVariables>("query PushPreferencesNow{pushPreferences{...PushPreferences}}" + PushPreferencesText);
export const UpdatePushPreferences = operation<UpdatePushPreferencesMutation, UpdatePushPreferencesMutationVariables>("mutation UpdatePushPreferences($input:UpdatePushPreferencesInput!){updatePushPreferences(input:$input){pushPreferences{...PushPreferences}}}" + PushPreferencesText);
export const Login = operation<LoginMutation, LoginMutationVariables>("mutation Login($input:LoginInput!){login(input:$input){accessToken expiresAt viewer{id}}}");
export const RenewSession = operation<RenewSessionMutation, RenewSessionMutationVariables>("mutation RenewSession($token:String!){renewSession(input:{token:$token}){accessToken expiresAt}}");
export const Logout = operation<LogoutMutation, LogoutMutationVariables>("mutation Logout{logout{deviceId}}");
