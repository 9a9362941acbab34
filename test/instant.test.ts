import fc from "fast-check";
import { expect, test } from "vitest";
import { instantText } from "../src/graphql/instant.ts";

test("an instant is written as the machine writes it", () => {
  const anyInstant = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
  const aroundMidnight = fc.tuple(fc.integer({ min: -40_000, max: 40_000 }), fc.integer({ min: -2_000, max: 2_000 }));
  fc.assert(
    fc.property(
      fc.oneof(
        anyInstant,
        aroundMidnight.map(([day, ms]) => day * 86_400_000 + ms),
      ),
      (ms) => {
        expect(instantText(ms)).toBe(new Date(ms).toISOString());
      },
    ),
    { numRuns: 5_000, examples: [[0], [-1], [253_402_300_799_999], [253_402_300_800_000], [-62_167_219_200_001]] },
  );
});

test("what is no instant is written as nothing", () => {
  expect(() => instantText(Number.NaN)).toThrow(RangeError);
  expect(() => instantText(8_640_000_000_000_001)).toThrow(RangeError);
});
