/** Searching messages: in one's own conversations, and for admins in anybody's. */
import { recordLook } from "../audit.ts";
import { nextTurn } from "../clock.ts";
import type { ContentType } from "../content.ts";
import { checkString, invalid } from "../content-checks.ts";
import { type Core, cutoffsNow } from "../core.ts";
import { decodeSearchCursor } from "../cursors.ts";
import { Refusal } from "../errors.ts";
import type { Message, UserId } from "../model.ts";
import { type Page, type PageArguments, type PageRange, pageRange } from "../pages.ts";
import { contentSeenBy, type MessageView, peerIn, requireAdmin, subjectOf, type Viewer } from "../viewer.ts";
import type { Indexing } from "./indexing.ts";
import type { Candidate, SearchIndex, SearchWanted, SearchWindow } from "./search-index.ts";
import { comparable, searchable } from "./text.ts";

const MOST_WORDS = 10;
const LONGEST_QUERY = 200;
/** Candidates that are looked at in one go. */
const LOOK_AT = 100;
/** Milliseconds that one look into the index should take: others wait meanwhile. */
const SLICE_MS = 5;
/** Milliseconds after which a search is given up. */
const PATIENCE_MS = 5_000;
/** Of time, in the first look: it doubles with every look that was quick. */
const FIRST_SPAN_MS = 60 * 60_000;

export interface SearchInput {
  readonly words?: string | null | undefined;
  readonly peer?: string | null | undefined;
  readonly types?: readonly ContentType[] | null | undefined;
  readonly since?: number | null | undefined;
  readonly until?: number | null | undefined;
  /** Admins: whose conversations. */
  readonly of?: string | null | undefined;
  /** Admins: everybody's conversations. */
  readonly everywhere?: boolean | null | undefined;
}

/** A message that was found, with its place for cursors. */
export interface Found {
  readonly place: number;
  readonly view: MessageView;
}

export interface FoundPage extends Page<Found> {
  /** Whose cursors these are. */
  readonly userId: UserId;
}

function readWords(words: string | null | undefined): string[] {
  if (words == null) return [];
  checkString(words, "words");
  if (Array.from(words).length > LONGEST_QUERY) throw invalid("words", `It has over ${LONGEST_QUERY} characters.`);
  const list = [...new Set(comparable(words).split(/\s+/u))].filter((word) => word !== "");
  if (list.length > MOST_WORDS) throw invalid("words", `These are over ${MOST_WORDS} words.`);
  return list;
}

/** @param index null: this server keeps none */
export function createSearch(core: Core, index: SearchIndex | null, indexing: Indexing | null) {
  const { store, clock } = core;

  /** As whom the viewer looks; null for an admin who looks everywhere. */
  function sideOf(viewer: Viewer, { of, everywhere }: SearchInput): UserId | null {
    if (everywhere !== true) return subjectOf(viewer, of);
    requireAdmin(viewer, "`everywhere`");
    if (of != null) throw new Refusal("BAD_USER_INPUT", "Pass `of` or `everywhere`, not both.");
    return null;
  }

  function wantedBy(side: UserId | null, input: SearchInput): SearchWanted {
    const words = readWords(input.words);
    const types = [...new Set(input.types ?? [])];
    if (words.length === 0 && types.length === 0 && input.peer == null) {
      throw invalid("words", "Say what to look for: `words`, `types` or `peer`.");
    }
    return { words, side, peer: input.peer ?? null, types };
  }

  function isMeant({ words, types, side, peer }: SearchWanted, message: Message, viewedBy: UserId): boolean {
    const { content } = contentSeenBy(message, viewedBy);
    // The index knows who is named, not on which side.
    if (side !== null && peer !== null && peerIn(message, side) !== peer) return false;
    if (content === null || (types.length > 0 && !types.includes(content.type))) return false;
    const text = searchable(content);
    return words.every((word) => text.includes(word));
  }

  /** Walks through time, some milliseconds of work at a time, until there are enough. */
  async function collect(
    wanted: SearchWanted,
    whole: SearchWindow,
    newestFirst: boolean,
    limit: number,
    lookedAt: (candidates: readonly Candidate[]) => Promise<readonly Found[]>,
  ): Promise<Found[]> {
    const found: Found[] = [];
    if (index === null) return found;
    const begun = clock.monotonic();
    let span = index.placeAt(FIRST_SPAN_MS);
    let { from, to } = whole;
    while (found.length < limit && from < to) {
      if (clock.monotonic() - begun > PATIENCE_MS) {
        const reason = "The search takes too long: give more words, a peer, or a shorter time.";
        throw new Refusal("QUERY_TOO_COMPLEX", reason);
      }
      const window = newestFirst ? { from: Math.max(from, to - span), to } : { from, to: Math.min(to, from + span) };
      const started = clock.monotonic();
      const candidates = index.candidates(wanted, window, newestFirst, LOOK_AT);
      const took = clock.monotonic() - started;
      const last = candidates.length < LOOK_AT ? undefined : candidates.at(-1);
      if (newestFirst) to = last?.place ?? window.from;
      else from = last === undefined ? window.to : last.place + 1;
      if (took > SLICE_MS) span = Math.max(1, Math.floor(span / 2));
      else if (last === undefined) span *= 2;
      found.push(...(await lookedAt(candidates)));
      await nextTurn();
    }
    return found.slice(0, limit);
  }

  /**
   * Messages that hold all the words, whatever stands between them, newest first; each word may be a part of a word:
   * in Chinese, Japanese, Korean and scripts without spaces any part, in others any three letters or more in a row, or
   * the one or two that it begins with. What was sent a moment ago is found, unless the server is busy: then a little
   * later.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT, BAD_USER_INPUT, UNAVAILABLE where the server keeps no
   * index, QUERY_TOO_COMPLEX where it takes too long
   */
  async function search(viewer: Viewer, input: SearchInput, args: PageArguments): Promise<FoundPage> {
    const side = sideOf(viewer, input);
    const wanted = wantedBy(side, input);
    const range = pageRange(args, (cursor) => decodeSearchCursor(viewer.userId, cursor), "start");
    if (index === null || indexing === null) throw new Refusal("UNAVAILABLE", "This server keeps no search index.");
    await indexing.catchUp();
    const viewedBy = side ?? viewer.userId;
    const { roaming, erased } = cutoffsNow(core);

    async function look(candidates: readonly Candidate[]): Promise<Found[]> {
      const places = new Map(candidates.map(({ conversationId, seq, place }) => [`${conversationId}:${seq}`, place]));
      const messages = await store.visible(side, side === null ? erased : roaming, candidates);
      return messages.flatMap((message) => {
        const place = places.get(`${message.conversationId}:${message.seq}`);
        if (place === undefined || !isMeant(wanted, message, viewedBy)) return [];
        return { place, view: { message, viewedBy } };
      });
    }

    const extent = index.extent() ?? { from: 0, to: 0 };
    const whole = {
      from: Math.max(extent.from, input.since == null ? 0 : index.placeAt(input.since)),
      to: Math.min(extent.to, input.until == null ? extent.to : index.placeAt(input.until)),
    };
    const page = await pageOf(whole, range, (window, newestFirst, limit) =>
      collect(wanted, window, newestFirst, limit, look),
    );
    const ids = page.items.map(({ view }) => view.message.id);
    await recordLook(core, viewer, "searchMessages", side, ids.length === 0 ? "found nothing" : ids.join(" "));
    return { ...page, userId: viewer.userId };
  }

  return { search };
}

type Collect = (window: SearchWindow, newestFirst: boolean, limit: number) => Promise<Found[]>;

/** Newest first: the place falling. `after` is the upper end of a page, `before` the lower. */
async function pageOf(
  whole: SearchWindow,
  { from, after, before, limit }: PageRange<number>,
  collect: Collect,
): Promise<Page<Found>> {
  const window = {
    from: Math.max(whole.from, before === null ? 0 : before + 1),
    to: Math.min(whole.to, after ?? whole.to),
  };
  const newestFirst = from === "start";
  const found = await collect(window, newestFirst, limit + 1);
  const more = found.length > limit;
  const items = newestFirst ? found.slice(0, limit) : found.slice(0, limit).toReversed();
  const [head, tail] = [items[0], items.at(-1)];
  if (head === undefined || tail === undefined) return { items, hasNextPage: more, hasPreviousPage: false };
  const newer = { from: head.place + 1, to: whole.to };
  const older = { from: whole.from, to: tail.place };
  return {
    items,
    hasNextPage: newestFirst ? more : (await collect(older, true, 1)).length > 0,
    hasPreviousPage: newestFirst ? (await collect(newer, false, 1)).length > 0 : more,
  };
}
