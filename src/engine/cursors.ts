/**
 * Cursors: opaque to clients, versioned, and bound to the user and the kind of list that they came from, so that
 * a cursor of somebody else, of another list or of another version is told apart from a place that is gone.
 */
import { Refusal } from "./errors.ts";
import type { Stream, UserId } from "./model.ts";

const VERSION = 1;

/** A cursor's payload: its kind, whose it is, and numbers or names that say where. */
type Parts = readonly (string | number)[];

function encode(kind: string, owner: UserId, parts: Parts): string {
  return Buffer.from(JSON.stringify([VERSION, kind, owner, ...parts])).toString("base64url");
}

function decode(cursor: string, kinds: readonly string[], owner: UserId): { kind: string; parts: unknown[] } {
  let payload: unknown = null;
  try {
    if (cursor.length <= 1_024) payload = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    // Not JSON: refused below with everything else that is no cursor.
  }
  if (!Array.isArray(payload)) throw malformed("It is no cursor of this server");
  const [version, kind, cursorOwner, ...parts] = payload as unknown[];
  if (version !== VERSION) throw malformed("It is of another version");
  if (typeof kind !== "string" || !kinds.includes(kind)) throw malformed("It belongs to another list");
  if (cursorOwner !== owner) throw malformed("It belongs to another user");
  return { kind, parts };
}

function malformed(why: string): Refusal {
  return new Refusal(
    "BAD_USER_INPUT",
    `This cursor cannot be used here. ${why}; pass one that this field gave, unchanged.`,
  );
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

const STREAM_KINDS: Record<Stream, string> = { messages: "m", updates: "u", conversations: "c" };
const STREAMS = new Map(Object.entries(STREAM_KINDS).map(([stream, kind]) => [kind, stream as Stream]));

/** A place in a user's log, and the subscription that gave it. */
export interface LogCursor {
  readonly stream: Stream;
  /** The store generation: another one after a restore from a backup. */
  readonly generation: string;
  readonly position: number;
}

export function encodeLogCursor(owner: UserId, cursor: LogCursor): string {
  return encode(STREAM_KINDS[cursor.stream], owner, [cursor.generation, cursor.position]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor of this user's log. */
export function decodeLogCursor(owner: UserId, text: string): LogCursor {
  const { kind, parts } = decode(text, [...STREAMS.keys()], owner);
  const [generation, position] = parts;
  const stream = STREAMS.get(kind);
  if (stream === undefined || typeof generation !== "string" || !isPlace(position)) throw malformed("It is damaged");
  return { stream, generation, position };
}

/** A place in a conversation's timeline. */
export function encodeHistoryCursor(owner: UserId, conversationId: number, seq: number): string {
  return encode("h", owner, [conversationId, seq]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor of this user's view of this conversation. */
export function decodeHistoryCursor(owner: UserId, conversationId: number, text: string): number {
  const [conversation, seq] = decode(text, ["h"], owner).parts;
  if (!isPlace(conversation) || !isPlace(seq)) throw malformed("It is damaged");
  if (conversation !== conversationId) throw malformed("It belongs to another conversation");
  return seq;
}

/** A place in the list of recent contacts: pinned first, then by the last message's position in the user's log. */
export interface ContactPlace {
  readonly pinned: boolean;
  readonly lastPosition: number;
}

export function encodeContactCursor(owner: UserId, place: ContactPlace): string {
  return encode("l", owner, [place.pinned ? 1 : 0, place.lastPosition]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor of this user's conversations. */
export function decodeContactCursor(owner: UserId, text: string): ContactPlace {
  const [pinned, lastPosition] = decode(text, ["l"], owner).parts;
  if (!isPlace(pinned) || !isPlace(lastPosition)) throw malformed("It is damaged");
  return { pinned: pinned === 1, lastPosition };
}

/** A place in the audit trail: the number of an entry. */
export function encodeAuditCursor(owner: UserId, id: number): string {
  return encode("a", owner, [id]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor that this admin was given. */
export function decodeAuditCursor(owner: UserId, text: string): number {
  const [id] = decode(text, ["a"], owner).parts;
  if (!isPlace(id)) throw malformed("It is damaged");
  return id;
}

/** A place in what a search has found. */
export function encodeSearchCursor(owner: UserId, place: number): string {
  return encode("s", owner, [place]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor of a search of this user's. */
export function decodeSearchCursor(owner: UserId, text: string): number {
  const [place] = decode(text, ["s"], owner).parts;
  if (!isPlace(place)) throw malformed("It is damaged");
  return place;
}

/** The lists of users that a user has. */
export type PeopleList = "friends" | "friendRequests" | "blockedUsers";
const PEOPLE_KINDS: Record<PeopleList, string> = { friends: "pf", friendRequests: "pr", blockedUsers: "pb" };

/** A place in a list of people, newest first. */
export interface PersonPlace {
  readonly since: number;
  readonly userId: UserId;
}

export function encodePersonCursor(owner: UserId, list: PeopleList, place: PersonPlace): string {
  return encode(PEOPLE_KINDS[list], owner, [place.since, place.userId]);
}

/** @throws Refusal BAD_USER_INPUT where it is no cursor of this list of this user. */
export function decodePersonCursor(owner: UserId, list: PeopleList, text: string): PersonPlace {
  const [since, userId] = decode(text, [PEOPLE_KINDS[list]], owner).parts;
  if (!isPlace(since) || typeof userId !== "string") throw malformed("It is damaged");
  return { since, userId };
}
