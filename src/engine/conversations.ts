/** Conversations as one side sees them, and their history. */
import { recordLook } from "./audit.ts";
import { nextTurn } from "./clock.ts";
import { announced, type Core, cutoffsNow } from "./core.ts";
import { type ContactPlace, decodeContactCursor, decodeHistoryCursor } from "./cursors.ts";
import { isUserId, parseConversationId } from "./ids.ts";
import { type Member, SYSTEM_USER, type UserId } from "./model.ts";
import { type Page, type PageArguments, pageOfList, pageRange } from "./pages.ts";
import { limitChanges } from "./permissions.ts";
import type { TimelineView } from "./store.ts";
import { isAdmin, type MessageView, peerIn, subjectOf, type Viewer } from "./viewer.ts";

/** Where counting ends: nobody is shown more. */
const MOST_UNREAD = 10_000;
/** A count that took long enough to let others have their turn after it. */
const LONG_COUNT = 1_000;

/** Pinned first, then the latest: falling, so the comparison is turned round. */
function compareContacts(a: ContactPlace, b: ContactPlace): number {
  return Number(b.pinned) - Number(a.pinned) || b.lastPosition - a.lastPosition;
}

export interface MessagePage extends Page<MessageView> {
  /** Whose cursors the page has. */
  readonly userId: UserId;
}

export interface Arrangement {
  readonly pinned?: boolean;
  readonly muted?: boolean;
  readonly cleared?: true;
}

export function createConversations(core: Core) {
  const { store, timekeeper } = core;

  function viewOf(userId: UserId, conversationId: number, clearedSeq: number): TimelineView {
    return { userId, conversationId, clearedSeq, roamingCutoff: cutoffsNow(core).roaming };
  }

  /** The viewer's side of the conversation with a peer; null where nothing was ever written. */
  async function withPeer(viewer: Viewer, peer: string, of: string | null | undefined): Promise<Member | null> {
    const userId = subjectOf(viewer, of);
    if (!isUserId(peer)) return null;
    await recordLook(core, viewer, "conversation", userId, peer);
    return store.member(userId, peer);
  }

  /** The side with this id, if it is the viewer's or the viewer is an admin. */
  async function find(viewer: Viewer, id: string): Promise<Member | null> {
    const side = parseConversationId(id);
    if (side === null || (side.userId !== viewer.userId && !isAdmin(viewer))) return null;
    const member = await store.memberByConversation(side.userId, side.conversationId);
    if (member !== null) await recordLook(core, viewer, "conversation", side.userId, member.peerId);
    return member;
  }

  /** The side of a message's conversation that it is seen from; null from outside it, and before it has begun. */
  async function sideOf(viewer: Viewer, { message, viewedBy }: MessageView): Promise<Member | null> {
    const peer = peerIn(message, viewedBy);
    if (peer === null) return null;
    await recordLook(core, viewer, "conversation", viewedBy, peer);
    return store.member(viewedBy, peer);
  }

  /**
   * Recent contacts: the newest `recentContactsLimit`, pinned before the rest.
   * @throws Refusal BAD_USER_INPUT for page arguments or cursors
   */
  async function list(viewer: Viewer, args: PageArguments, of: string | null | undefined): Promise<Page<Member>> {
    const userId = subjectOf(viewer, of);
    const range = pageRange(args, (cursor) => decodeContactCursor(userId, cursor), "start");
    const contacts = await store.recentContacts(userId, core.settings.recentContactsLimit);
    const page = pageOfList(contacts, range, compareContacts);
    const peers = page.items.map(({ peerId }) => peerId);
    await recordLook(core, viewer, "conversations", userId, peers.join(" "));
    return page;
  }

  async function timeline(viewer: Viewer, view: TimelineView, peer: UserId, args: PageArguments): Promise<MessagePage> {
    const { userId, conversationId } = view;
    const range = pageRange(args, (cursor) => decodeHistoryCursor(userId, conversationId, cursor), "end");
    const page = await store.timeline(view, range);
    const seqs = page.items.length === 0 ? "nothing" : `${page.items[0]?.seq} to ${page.items.at(-1)?.seq}`;
    await recordLook(core, viewer, "history", userId, `${peer} ${seqs}`);
    return { ...page, userId, items: page.items.map((message) => ({ message, viewedBy: userId })) };
  }

  /** As `history`, of a side that is at hand. */
  function messagesOf(viewer: Viewer, member: Member, args: PageArguments): Promise<MessagePage> {
    const { userId, peerId, conversationId, clearedSeq } = member;
    return timeline(viewer, viewOf(userId, conversationId, clearedSeq), peerId, args);
  }

  /**
   * Roaming history in the order of seq; null for a peer that does not exist.
   * @throws Refusal FORBIDDEN for `of`, BAD_USER_INPUT for page arguments or cursors
   */
  async function history(
    viewer: Viewer,
    peer: string,
    args: PageArguments,
    of: string | null | undefined,
  ): Promise<MessagePage | null> {
    const userId = subjectOf(viewer, of);
    if (!isUserId(peer) || (await store.users([peer])).size === 0) return null;
    const conversationId = (await store.conversationBetween(userId, peer)) ?? 0;
    const member = await store.member(userId, peer);
    // Only the system has no side of what it wrote; an erased person has none any more, whoever has the id now.
    const clearedSeq = member?.clearedSeq ?? (userId === SYSTEM_USER ? 0 : Number.MAX_SAFE_INTEGER);
    return timeline(viewer, viewOf(userId, conversationId, clearedSeq), peer, args);
  }

  async function lastMessage(viewer: Viewer, member: Member): Promise<MessageView | null> {
    const { userId, conversationId, clearedSeq, lastSeq } = member;
    const message = await store.lastMessage(viewOf(userId, conversationId, clearedSeq), lastSeq);
    if (message === null) return null;
    await recordLook(core, viewer, "message", userId, message.id);
    return { message, viewedBy: userId };
  }

  /** Messages of the peer behind the highest of read mark, cleared mark and last own message, up to 10,000. */
  async function unreadCount(member: Member): Promise<number> {
    const { userId, conversationId, clearedSeq, readSeq, lastOwnSeq, lastSeq } = member;
    const view = viewOf(userId, conversationId, clearedSeq);
    const count = await store.unreadCount(view, Math.max(readSeq, lastOwnSeq), lastSeq, MOST_UNREAD);
    if (count > LONG_COUNT) await nextTurn();
    return count;
  }

  /** How far the peer has read of what this side may see. */
  async function peerReadSeq({ userId, peerId, readSeq, lastSeq }: Member): Promise<number> {
    if (peerId === userId) return readSeq;
    return Math.min((await store.member(peerId, userId))?.readSeq ?? 0, lastSeq);
  }

  /**
   * Moves the viewer's read mark forward: to `upToSeq`, or to the newest message; never back.
   * @returns the conversation afterwards; null where nothing was ever written
   */
  async function markRead(viewer: Viewer, peer: string, upToSeq: number | null | undefined): Promise<Member | null> {
    limitChanges(core, viewer);
    const member = await withPeer(viewer, peer, null);
    if (member === null) return null;
    announced(core, await store.markRead(member, upToSeq ?? null, timekeeper.latest(), viewer.deviceId));
    core.push?.expect(core.clock.now());
    return store.member(viewer.userId, member.peerId);
  }

  /** Pins, mutes or clears the viewer's side; null where nothing was ever written. */
  async function arrange(viewer: Viewer, peer: string, change: Arrangement): Promise<Member | null> {
    limitChanges(core, viewer);
    const member = await withPeer(viewer, peer, null);
    if (member === null) return null;
    announced(core, await store.arrange(member, change, timekeeper.latest(), viewer.deviceId));
    return store.member(viewer.userId, member.peerId);
  }

  return {
    withPeer,
    find,
    sideOf,
    list,
    messagesOf,
    history,
    lastMessage,
    unreadCount,
    peerReadSeq,
    markRead,
    arrange,
  };
}
