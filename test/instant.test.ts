import fc from "fast-check";
import { expect, test } from "vitest";
import { instantOf, instantText } from "../src/graphql/instant.ts";

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

test.each([
  ["2026-11-26T14:00:00Z", Date.UTC(2026, 10, 26, 14)],
  ["2026-11-26t14:00:00.5z", Date.UTC(2026, 10, 26, 14, 0, 0, 500)],
  ["2026-11-26T14:00:00.123999999+09:00", Date.UTC(2026, 10, 26, 5, 0, 0, 123)],
  ["2024-02-29T00:00:00-00:30", Date.UTC(2024, 1, 29, 0, 30)],
])("%s is read as the instant that it names", (text, instant) => {
  expect(instantOf(text)).toBe(instant);
});

test.each([
  "",
  "now",
  "2026-11-26",
  "2026-11-26T14:00:00",
  "2026-11-26 14:00:00Z",
  "2026-11-26T14:00Z",
  "2026-02-30T14:00:00Z",
  "2026-13-01T14:00:00Z",
  "2026-11-26T25:00:00Z",
  "2026-11-26T14:00:00+25:00",
  "+002026-11-26T14:00:00Z",
])("%j is no instant", (text) => {
  expect(instantOf(text)).toBeNull();
});
