import fc from "fast-check";
import { expect, test } from "vitest";
import { addRange, covers, highestHole, type Ranges } from "../../src/client/ranges.ts";

const seq = fc.integer({ min: 1, max: 40 });
const pairs = fc.array(fc.tuple(seq, seq), { maxLength: 12 });

/** What the ranges stand for: the numbers themselves. */
function numbersOf(list: readonly (readonly [number, number])[]): Set<number> {
  return new Set(
    list.flatMap(([first, last]) => Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)),
  );
}

function build(list: readonly (readonly [number, number])[]): Ranges {
  return list.reduce<Ranges>((ranges, [first, last]) => addRange(ranges, first, last), []);
}

test("ranges hold the numbers that were added, and no others", () => {
  fc.assert(
    fc.property(pairs, (list) => {
      expect(numbersOf(build(list))).toEqual(numbersOf(list));
    }),
  );
});

test("ranges rise, and none touches the next", () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const ranges = build(list);
      ranges.forEach(([first, last], index) => {
        expect(first).toBeLessThanOrEqual(last);
        expect(first).toBeGreaterThan((ranges[index - 1]?.[1] ?? -1) + 1);
      });
    }),
  );
});

test("what is covered is what holds every number", () => {
  fc.assert(
    fc.property(pairs, seq, seq, (list, first, last) => {
      const held = numbersOf(list);
      expect(covers(build(list), first, last)).toBe(
        [...numbersOf([[first, last]])].every((number) => held.has(number)),
      );
    }),
  );
});

test("the highest hole is all of the highest stretch that is missing", () => {
  fc.assert(
    fc.property(pairs, seq, seq, (list, first, last) => {
      const held = numbersOf(list);
      const missing = [...numbersOf([[first, last]])].filter((number) => !held.has(number));
      const high = missing.at(-1);
      let low = high;
      while (low !== undefined && low > first && !held.has(low - 1)) low -= 1;
      expect(highestHole(build(list), first, last)).toEqual(high === undefined ? null : [low, high]);
    }),
  );
});

test("adding what is known changes nothing", () => {
  fc.assert(
    fc.property(pairs, fc.nat(11), (list, pick) => {
      const ranges = build(list);
      const [first, last] = list[pick] ?? [2, 1];
      expect(addRange(ranges, first, last)).toBe(ranges);
    }),
  );
});
