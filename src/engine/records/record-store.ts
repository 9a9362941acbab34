/** What imports and exports ask of the store. */
import type { Content } from "../content.ts";
import type { Upload } from "../media.ts";
import type { AuditEntry, Message, Profile, UserId } from "../model.ts";
import type { Logged, TimelinePlace, TimelineView } from "../store.ts";

/** A message of another time and place that has passed the rules. */
export interface ImportedDraft {
  readonly senderId: UserId;
  readonly recipientId: UserId;
  readonly senderProfile: Profile;
  readonly content: Content;
  readonly customData: string | null;
  readonly clientMessageId: string;
  readonly fingerprint: string;
  readonly sentAt: number;
  /** Whether the recipient has read it. */
  readonly read: boolean;
  /** What its content is made of, and whose that must be; null where it is made of none. */
  readonly uploads: { readonly owner: UserId; readonly ids: readonly string[] } | null;
}

/** What became of one: it is there now, was there before, or its key stands for something else. */
export type ImportedMessage =
  | { readonly outcome: "imported" | "duplicate"; readonly message: Message }
  | { readonly outcome: "conflict" };

/** What stands between two users, as it stood elsewhere. */
export interface ImportedRelation {
  readonly kind: "FRIENDS" | "BLOCKED";
  readonly userId: UserId;
  readonly otherId: UserId;
  readonly since: number;
}

/** `blocked`: one of two that should be friends has the other on the blacklist. */
export type RelationOutcome = "imported" | "duplicate" | "blocked";

export interface RecordStore {
  /**
   * Stores messages in this order, all in one transaction. No device is handed them, nobody is pushed to.
   * @param now when they are imported
   * @param erased what was sent at or before this instant holds no key any more
   * @param audit for each pair of sender and recipient it gets the sender, and what was imported
   * @throws UploadGone: nothing is imported
   */
  importMessages(
    drafts: readonly ImportedDraft[],
    now: number,
    erased: number,
    audit: AuditEntry,
  ): Promise<Logged & { readonly outcomes: readonly ImportedMessage[] }>;
  /** Stores relations in this order, all in one transaction. Nobody is told. */
  importRelations(relations: readonly ImportedRelation[], audit: AuditEntry): Promise<readonly RelationOutcome[]>;

  /** A user's conversations behind a peer, in the order of the peers' ids. */
  conversationSpans(userId: UserId, afterPeer: string, limit: number): Promise<readonly ConversationSpan[]>;
  conversationSpan(userId: UserId, peerId: UserId): Promise<ConversationSpan>;
  /** Messages of a conversation behind a place that are younger than the cutoff, oldest first, whoever may see them. */
  keptMessages(
    conversationId: number,
    afterSeq: number,
    cutoff: number,
    limit: number,
  ): Promise<readonly ExportedMessage[]>;
  /** As one of its sides may see them. */
  seenMessages(view: TimelineView, afterSeq: number, limit: number): Promise<readonly ExportedMessage[]>;
  /** A message with what lies beside it; null where it is not there. */
  exportedMessage(place: TimelinePlace): Promise<ExportedMessage | null>;
  /** A user's uploads behind an id, in the order of their ids. */
  uploadsOf(userId: UserId, after: string, limit: number): Promise<readonly Upload[]>;
}

export interface ConversationSpan {
  readonly peerId: UserId;
  /** How many messages are in it at most: those that have been erased in between are counted. */
  readonly count: number;
}

export interface ExportedMessage {
  readonly message: Message;
  /** Up to where its recipient has read. */
  readonly readSeq: number;
  /** Who has deleted it for themselves; null where that is not to be seen. */
  readonly deletedBy: readonly UserId[] | null;
}
