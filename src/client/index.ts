/** The client SDK of Parley: see docs/client.md. */
export type { BackoffOptions } from "./backoff.ts";
export type { Chat } from "./client.ts";
export { ParleyError, type ParleyErrorCode } from "./errors.ts";
export type { FileKind } from "./files.ts";
export type { FriendPolicy, FriendshipStatus, MessageContentInput, Platform, PushInput } from "./generated.ts";
export { type LoginOptions, login } from "./login.ts";
export type { MessageList } from "./message-list.ts";
export type {
  ChatEvents,
  ConnectionState,
  ContentInput,
  Conversation,
  Message,
  MessageContent,
  MessageListSnapshot,
  MessagePage,
  MessageStatus,
  Profile,
  Reply,
  SendFileOptions,
  SendOptions,
  User,
} from "./model.ts";
export type { Notifications, PushPreferences } from "./notifications.ts";
export type { Observable } from "./observable.ts";
export type { Sending } from "./outbox.ts";
export type { People } from "./people.ts";
export { openIndexedDbStore } from "./store/indexed-db.ts";
export { createMemoryStore } from "./store/memory.ts";
export type { LocalStore } from "./store/store.ts";
export type { UploadProgress } from "./uploads.ts";
