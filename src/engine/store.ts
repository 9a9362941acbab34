/**
 * What the engine asks of its store, in the domain's words. Every write is one transaction and resolves once it is
 * on disk; reads see committed data only. Nothing here decides who may do what: that is the engine's.
 */

import type { BroadcastStore } from "./broadcasts/broadcast-store.ts";
import type { ClusterStore } from "./cluster-store.ts";
import type { Content } from "./content.ts";
import type { Copying } from "./copying.ts";
import type { PeopleList, PersonPlace } from "./cursors.ts";
import type { MessageDraft } from "./draft.ts";
import type { ErasureStore } from "./erasure-store.ts";
import { Refusal } from "./errors.ts";
import type { EventStore } from "./event-store.ts";
import type { HookStore } from "./hook-store.ts";
import type {
  AuditEntry,
  AuditRecord,
  Device,
  FriendPolicy,
  LogEntry,
  Member,
  Message,
  Platform,
  Relation,
  Stream,
  User,
  UserId,
} from "./model.ts";
import type { Page, PageRange } from "./pages.ts";
import type { PushTimes } from "./push/model.ts";
import type { PushStore } from "./push-store.ts";
import type { RecordStore } from "./records/record-store.ts";
import type { Cutoffs, Settings } from "./settings.ts";
import type { StatsStore } from "./stats-store.ts";
import type { UploadStore } from "./upload-store.ts";

/** An entry that a change has appended to a user's log. */
export interface Appended extends LogEntry {
  readonly userId: UserId;
}

/** A change that may have written into users' logs. */
export interface Logged {
  /** In the order in which they were appended. */
  readonly appended: readonly Appended[];
}

/** Who sends. */
export type Sender = Pick<User, "id" | "nickname" | "avatarUrl" | "mutedUntil">;

/** What sending needs to know before it decides, read at once. Without a sender the rest is not known. */
export interface SendFacts {
  readonly sender: Sender | null;
  /** Null where there is no such user. */
  readonly recipientId: UserId | null;
  readonly friends: boolean;
  /** Whether the recipient has blocked the sender. */
  readonly blockedBy: boolean;
  /** The message that already has this clientMessageId, and the hash of what was first sent under it. */
  readonly sameKey: { readonly message: Message; readonly fingerprint: string } | null;
}

/** A log as it is at one moment, and how far a device has got in it. */
export interface LogState {
  readonly head: number;
  readonly acknowledged: Readonly<Record<Stream, number>>;
  /** Up to where something was swept that the device had not acknowledged. */
  readonly lost: Readonly<Record<Stream, number>>;
}

/** Which part of the audit trail; null: any. */
export interface AuditWanted {
  readonly actorId: UserId | null;
  readonly userId: UserId | null;
}

export interface DevicePlace {
  readonly userId: UserId;
  readonly deviceId: string;
}

export interface LogPage {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** How far the log has been read: there is nothing of this stream between the last entry and here. */
  readonly upTo: number;
}

/** Where a message lies, in a conversation's timeline. */
export interface TimelinePlace {
  readonly conversationId: number;
  readonly seq: number;
}

/** The moment at which a backlog is opened: all up to `head` is backlog, all behind it is live. */
export interface BacklogOpening {
  readonly head: number;
  /** Last message of each recent contact, in the order of the list. */
  readonly recent: readonly TimelinePlace[];
}

/** A message that a device may have missed. */
export interface MissedMessage extends TimelinePlace {
  readonly position: number;
  readonly peerId: UserId;
  /** False where it has left the offline cache. */
  readonly cached: boolean;
}

export interface BacklogRange {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly after: number;
  readonly upTo: number;
  readonly offlineCutoff: number;
  readonly now: number;
}

/** Which part of a timeline a user may see. */
export interface TimelineView {
  readonly userId: UserId;
  readonly conversationId: number;
  readonly clearedSeq: number;
  readonly roamingCutoff: number;
}

/** What lets a viewer open a session: the session of its own token, or when the app signed that. */
export type Credential = { readonly deviceId: string; readonly session: number } | { readonly issuedAt: number | null };

export interface SessionRequest {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly by: Credential;
  readonly platform: Platform;
  readonly now: number;
  readonly expiresAt: number;
  /** Sessions of this platform that may live at the same time; null: any number. */
  readonly limit: number | null;
}

export interface FriendChange extends Logged {
  /** True where something else came between the two first, such as a block: nothing was done. */
  readonly stale: boolean;
}

/** A built-in notice that a change of friendship causes. */
export interface Notice {
  readonly to: UserId;
  /** Null: nobody is told. */
  readonly content: Content | null;
  readonly at: number;
  readonly pushes: PushTimes | null;
}

export interface ProfileChange {
  readonly nickname?: string | null;
  readonly avatarUrl?: string | null;
  readonly friendPolicy?: FriendPolicy;
}

export interface Store
  extends UploadStore,
    PushStore,
    StatsStore,
    EventStore,
    HookStore,
    BroadcastStore,
    ErasureStore,
    ClusterStore,
    RecordStore {
  /** Names this life of the data; cursors of another one cannot be served. */
  readonly generation: string;

  // People.
  users(ids: readonly UserId[]): Promise<ReadonlyMap<UserId, User>>;
  /** Creates the user where there is none. */
  ensureUser(id: UserId, now: number): Promise<void>;
  /** Creates or changes users; what a change leaves out stays. */
  saveProfiles(changes: ReadonlyMap<UserId, ProfileChange>, now: number, audit: readonly AuditEntry[]): Promise<void>;
  muteUser(id: UserId, until: number | null, audit: AuditEntry): Promise<void>;

  // Relations.
  relation(userId: UserId, otherId: UserId): Promise<Relation>;
  /** Notes that `from` asks for `to`'s friendship; once more does nothing. */
  requestFriend(from: UserId, to: UserId, hidden: boolean, notice: Notice): Promise<FriendChange>;
  /** Makes two users friends and drops requests between them. */
  befriend(
    a: UserId,
    b: UserId,
    notices: readonly Notice[],
    now: number,
    audit: readonly AuditEntry[],
  ): Promise<FriendChange>;
  declineFriend(userId: UserId, asker: UserId): Promise<boolean>;
  /** Ends a friendship and withdraws the user's own request. */
  unfriend(userId: UserId, otherId: UserId, notice: Notice): Promise<FriendChange>;
  block(userId: UserId, otherId: UserId, now: number, audit: AuditEntry | null): Promise<void>;
  unblock(userId: UserId, otherId: UserId, now: number, audit: AuditEntry | null): Promise<void>;
  people(list: PeopleList, userId: UserId, range: PageRange<PersonPlace>): Promise<Page<PersonPlace>>;

  // Messages.
  sendFacts(senderId: UserId, recipientId: UserId, clientMessageId: string | null): Promise<SendFacts>;
  /** Stores a message and its log entries; null where the key is taken after all. @throws UploadGone, UserGone */
  append(draft: MessageDraft): Promise<(Logged & { readonly message: Message }) | null>;
  message(conversationId: number, seq: number): Promise<Message | null>;
  /** Messages behind a place, in the order of conversations and seqs. */
  messagesFrom(after: TimelinePlace, limit: number): Promise<readonly Message[]>;
  /** Those of these messages that the side may see, in the order of the places; null: all that are kept. */
  visible(side: UserId | null, roamingCutoff: number, places: readonly TimelinePlace[]): Promise<readonly Message[]>;
  /** Whether this user has deleted or cleared the message for itself. */
  isPutAway(userId: UserId, message: Message): Promise<boolean>;
  /** Erases content and marks as recalled; `message` is null where it was recalled before. */
  recall(
    message: Message,
    now: number,
    audit: AuditEntry | null,
  ): Promise<Logged & { readonly message: Message | null }>;
  /** Changes content; with `onlyForSender` nobody else is told or sees it. Null where it has been recalled. */
  edit(
    message: Message,
    content: Content,
    now: number,
    onlyForSender: boolean,
  ): Promise<(Logged & { readonly message: Message }) | null>;
  deleteForUser(userId: UserId, messages: readonly Message[], now: number, origin: string | null): Promise<Logged>;

  // Conversations.
  member(userId: UserId, peerId: UserId): Promise<Member | null>;
  memberByConversation(userId: UserId, conversationId: number): Promise<Member | null>;
  conversationBetween(a: UserId, b: UserId): Promise<number | null>;
  recentContacts(userId: UserId, limit: number): Promise<readonly Member[]>;
  timeline(view: TimelineView, range: PageRange<number>): Promise<Page<Message>>;
  /** The newest that the side may see; none is looked for behind `upToSeq`. */
  lastMessage(view: TimelineView, upToSeq: number): Promise<Message | null>;
  /** Messages of the peer between two places, counted up to `limit`. */
  unreadCount(view: TimelineView, afterSeq: number, upToSeq: number, limit: number): Promise<number>;
  /** Moves the read mark forward to `upToSeq`, or to the newest message. */
  markRead(member: Member, upToSeq: number | null, now: number, origin: string | null): Promise<Logged>;
  arrange(
    member: Member,
    change: { readonly pinned?: boolean; readonly muted?: boolean; readonly cleared?: true },
    now: number,
    origin: string | null,
  ): Promise<Logged>;

  // The log.
  logState(userId: UserId, deviceId: string): Promise<LogState>;
  /** Entries of one stream behind a position. */
  log(userId: UserId, stream: Stream, after: number, limit: number): Promise<LogPage>;
  /** Messages, as received or sent, by their positions in a range of the log. */
  logMessages(userId: UserId, after: number, upTo: number): Promise<ReadonlyMap<number, Message>>;
  openBacklog(userId: UserId, recentLimit: number, roamingCutoff: number): Promise<BacklogOpening>;
  /** Messages of a range for this device that its user has not put away, oldest first. */
  missed(range: BacklogRange): Promise<readonly MissedMessage[]>;
  /** Whether the next entry of the stream behind `after` that is not this device's own is too old for the cache. */
  hasExpired(viewer: DevicePlace, stream: Stream, after: number, offlineCutoff: number): Promise<boolean>;
  /** Moves a device's mark forward and tells senders of the first delivery; gives the mark as it is then. */
  acknowledge(
    userId: UserId,
    deviceId: string,
    stream: Stream,
    position: number,
    now: number,
  ): Promise<Logged & { readonly position: number }>;

  // Devices.
  /** Null where the credential has been revoked, or its session has ended. */
  openSession(request: SessionRequest): Promise<{ readonly device: Device; readonly ended: readonly Device[] } | null>;
  renewSession(userId: UserId, deviceId: string, expiresAt: number): Promise<void>;
  endSession(userId: UserId, deviceId: string, now: number, audit: AuditEntry | null): Promise<void>;
  /**
   * Revokes what the app signed for a user before `tokensFrom`, and ends its sessions, or the one of a device; gives
   * those that have ended.
   */
  revokeTokens(
    userId: UserId,
    deviceId: string | null,
    tokensFrom: number,
    audit: AuditEntry,
  ): Promise<readonly Device[]>;
  device(userId: UserId, deviceId: string): Promise<Device | null>;
  devices(userId: UserId): Promise<readonly Device[]>;

  // Settings, audit, retention, health.
  loadSettings(): Promise<Partial<Settings>>;
  saveSettings(changed: Partial<Settings>, audit: AuditEntry): Promise<void>;
  recordAudit(entry: AuditEntry): Promise<void>;
  /** The trail behind `cutoff`, newest first; null in the filter is anybody. */
  auditTrail(wanted: AuditWanted, cutoff: number, range: PageRange<number>): Promise<Page<AuditRecord>>;
  /** What the clock said when it was last believed; null for a store that is new. */
  rememberedInstant(): Promise<number | null>;
  rememberInstant(at: number): Promise<void>;
  /**
   * Erases one batch of what is past its time; gives how many rows went, 0 once there is nothing left.
   * @param batch messages at most, with twice as many entries of logs
   */
  sweep(cutoffs: Cutoffs, batch: number): Promise<number>;
  /** Gives erased space back to the disk. */
  tidy(): Promise<void>;
  /**
   * Begins to copy all that is stored into a file of this name, where backups go; there is one at a time. What was
   * committed before is in it. `close` gives it up.
   * @throws NameTaken where there is such a file, NotWritten where none can be made
   */
  backUp(name: string): Promise<Copying>;
  close(): Promise<void>;
}

/** This user has been erased, it may be just now: nothing of what was asked has happened. */
export class UserGone extends Refusal {
  readonly userId: UserId;

  constructor(userId: UserId) {
    super("USER_NOT_FOUND", "There is no such user any more.");
    this.userId = userId;
  }
}

/** The store cannot be asked now, such as while its database is started anew: nothing has happened. */
export class StoreUnavailable extends Error {
  override readonly name: string = "StoreUnavailable";
}

/** The store cannot write now, such as on a full disk: nothing of what was asked has happened. */
export class NotWritten extends StoreUnavailable {
  override readonly name = "NotWritten";
}

/** The disk failed in the middle of a commit: what was asked may or may not have happened. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}
