/**
 * Page arguments in the sense of the Relay cursor connections specification
 * (https://relay.dev/graphql/connections.htm), with one difference: what is out of range is refused, never cut. An empty
 * cursor counts as none: Apollo's `relayStylePagination` has it as the `startCursor` and `endCursor` of an empty page.
 */
import { Refusal } from "./errors.ts";

export const LARGEST_PAGE = 100;
export const DEFAULT_PAGE = 50;

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A window on a list: everything behind `after` and ahead of `before`, then `limit` of it from one end. */
export interface PageRange<Place> {
  readonly from: "start" | "end";
  readonly limit: number;
  readonly after: Place | null;
  readonly before: Place | null;
}

/** One page, in the list's order. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/**
 * Reads page arguments: `first` or `last` from 0 to 100, not both; without either, 50 from the end that
 * `fallback` names.
 * @throws Refusal BAD_USER_INPUT
 */
export function pageRange<Place>(
  args: PageArguments,
  decode: (cursor: string) => Place,
  fallback: "start" | "end",
): PageRange<Place> {
  const first = args.first ?? null;
  const last = args.last ?? null;
  if (first !== null && last !== null) {
    throw new Refusal("BAD_USER_INPUT", "Pass `first` or `last`, not both: a page starts at one end.");
  }
  const limit = first ?? last ?? DEFAULT_PAGE;
  if (limit < 0 || limit > LARGEST_PAGE) {
    const name = first === null ? "last" : "first";
    throw new Refusal("BAD_USER_INPUT", `\`${name}\` is ${limit}; a page holds 0 to ${LARGEST_PAGE}.`);
  }
  const place = (cursor: string | null | undefined) => (cursor == null || cursor === "" ? null : decode(cursor));
  return {
    from: first !== null ? "start" : last !== null ? "end" : fallback,
    limit,
    after: place(args.after),
    before: place(args.before),
  };
}

/** Cuts a page out of a whole, sorted list that is small enough to be held. */
export function pageOfList<Item, Place>(
  list: readonly Item[],
  range: PageRange<Place>,
  compare: (item: Item, place: Place) => number,
): Page<Item> {
  const { after, before, limit } = range;
  const inside = list.filter(
    (item) => (after === null || compare(item, after) > 0) && (before === null || compare(item, before) < 0),
  );
  const items = range.from === "start" ? inside.slice(0, limit) : inside.slice(Math.max(0, inside.length - limit));
  const head = items[0];
  const tail = items.at(-1);
  return {
    items,
    hasPreviousPage: head === undefined ? false : list[0] !== head,
    hasNextPage: tail === undefined ? false : list.at(-1) !== tail,
  };
}
