/** Which rows are in the page: those in sight, and enough above and below them for a while of scrolling. */

/** Places of rows; `to` is behind the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Rows above and below what is in sight that are put into the page, and that there are at least. */
const MARGIN = 50;
const LEAST = 35;

/**
 * @param keys of all rows
 * @param around keys of rows in sight, or that were, from the top; null: the end
 */
export function spanAround(keys: readonly string[], around: readonly string[] | null): Span {
  const end = { from: Math.max(0, keys.length - 2 * MARGIN), to: keys.length };
  if (around === null) return end;
  const first = around.map((key) => keys.indexOf(key)).find((index) => index >= 0);
  if (first === undefined) return end;
  return { from: Math.max(0, first - MARGIN), to: Math.min(keys.length, first + around.length + MARGIN) };
}

/** Whether one may soon scroll past what is in the page. */
export function isScarce({ from, to }: Span, count: number, seen: Span): boolean {
  return (from > 0 && seen.from - from < LEAST) || (to < count && to - seen.to < LEAST);
}
