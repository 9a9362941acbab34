/** Generators of what no good client sends. */
import fc from "fast-check";

/** Texts that have broken servers: what ends, turns, hides or names something, and what is long. */
const ODD_TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\n",
  "\ud83d",
  "\ude00",
  "\ude00\ud83d",
  "\u202eevil",
  "\u200d".repeat(50),
  "e\u0301".repeat(20),
  "\ufeff",
  "\ufffe",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "true",
  "NaN",
  "-1",
  "0",
  "1e308",
  "9007199254740993",
  "' or 1=1 --",
  '"; drop table users; --',
  "%",
  "_",
  "../../etc/passwd",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "http://[",
  "{{7*7}}",
  "#{7*7}",
  "<script>alert(1)</script>",
  "system",
  "x".repeat(129),
  "x".repeat(10_000),
  "😀".repeat(3_100),
];

const ODD_NUMBERS = [
  0,
  -0,
  -1,
  1.5,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_649,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  1e21,
  1e308,
  -1e308,
  5e-324,
];

export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0xd800, max: 0xdfff }), { maxLength: 4 }).map(fromUnits) },
);

function fromUnits(units: number[]): string {
  return String.fromCharCode(...units);
}

export const oddNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...ODD_NUMBERS),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Whatever JSON can say, keys that mean something in JavaScript included. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: oddText },
  { weight: 3, arbitrary: oddNumber },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { "": null }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("__proto__", "constructor", "prototype", "toJSON", "length", "then"), fc.jsonValue())
      .map(([key, value]) => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 500 }).map(nested) },
);

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Something else made of a text. */
export interface Change {
  readonly at: number;
  readonly how: "drop" | "insert" | "replace" | "cut" | "double" | "swap";
  readonly length: number;
  readonly what: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom("drop", "insert", "replace", "cut", "double", "swap"),
  length: fc.integer({ min: 1, max: 8 }),
  what: fc.oneof(
    fc.constantFrom("0", "9", "-", ":", ".", "=", "{", "}", "[", "]", '"', "\\", "\0", "\r\n", " ", "é", "\ud83d"),
    fc.string({ minLength: 1, maxLength: 3 }),
  ),
});

function apply(text: string, { at, how, length, what }: Change): string {
  const start = Math.floor(at * text.length);
  const end = Math.min(text.length, start + length);
  const part = text.slice(start, end);
  switch (how) {
    case "drop":
      return text.slice(0, start) + text.slice(end);
    case "insert":
      return text.slice(0, start) + what + text.slice(start);
    case "replace":
      return text.slice(0, start) + what + text.slice(start + 1);
    case "cut":
      return text.slice(0, start);
    case "double":
      return text.slice(0, end) + part + text.slice(end);
    case "swap":
      return text.slice(0, start) + part.split("").reverse().join("") + text.slice(end);
    default:
      return how satisfies never;
  }
}

export const changes: fc.Arbitrary<Change[]> = fc.array(change, { minLength: 1, maxLength: 3 });

export function changed(text: string, how: readonly Change[]): string {
  return how.reduce(apply, text);
}

/** One of some, chosen by a number, so that what is chosen from may be there later only. */
export function pick<Item>(items: readonly Item[], choice: number): Item {
  const item = items[choice % items.length];
  if (item === undefined) throw new Error("there is nothing to choose from");
  return item;
}
