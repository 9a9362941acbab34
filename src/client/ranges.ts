/**
 * Which numbers of a conversation the local store knows all about: disjoint, rising, inclusive ranges of `seq`, none of
 * which touches the next. Not every number has a message that the viewer sees; inside a range, what is not held does
 * not exist for the viewer.
 */
export type Range = readonly [first: number, last: number];
export type Ranges = readonly Range[];

/** The ranges with `first` to `last` added; an empty one adds nothing. */
export function addRange(ranges: Ranges, first: number, last: number): Ranges {
  if (last < first) return ranges;
  if (covers(ranges, first, last)) return ranges;
  let [low, high] = [first, last];
  const result: Range[] = [];
  for (const range of ranges) {
    if (range[1] < first - 1 || range[0] > last + 1) result.push(range);
    else [low, high] = [Math.min(low, range[0]), Math.max(high, range[1])];
  }
  result.push([low, high]);
  return result.sort((a, b) => a[0] - b[0]);
}

/** Whether all of `first` to `last` is known; what is empty is. */
export function covers(ranges: Ranges, first: number, last: number): boolean {
  return last < first || ranges.some((range) => range[0] <= first && last <= range[1]);
}

/** The highest stretch of `first` to `last` that is not known; null where all of it is. */
export function highestHole(ranges: Ranges, first: number, last: number): Range | null {
  if (last < first) return null;
  let high = last;
  for (const range of ranges.toReversed()) {
    if (range[0] > high) continue;
    if (range[1] < high) return range[1] < first ? [first, high] : [range[1] + 1, high];
    high = range[0] - 1;
    if (high < first) return null;
  }
  return [first, high];
}
