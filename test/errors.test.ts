import { readFileSync } from "node:fs";
import { isEnumType } from "graphql";
import { expect, test } from "vitest";
import { ERRORS } from "../src/engine/errors.ts";
import { schema } from "../src/graphql/schema.ts";

/** The codes in the first column of the tables of docs/errors.md. */
function documented(): string[] {
  const text = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  return [...text.matchAll(/^\|\s*`?([A-Z][A-Z_]+)`?\s*\|/gm)].map(([, code = ""]) => code);
}

test.each(Object.keys(ERRORS))("%s is described once in docs/errors.md", (code) => {
  expect(documented().filter((row) => row === code)).toEqual([code]);
});

test("docs/errors.md describes no code that does not exist", () => {
  const known = [...Object.keys(ERRORS), "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL_SERVER_ERROR"];
  expect(documented().filter((code) => !known.includes(code))).toEqual([]);
});

test("ErrorCode in the schema has the codes that may be data, and no others", () => {
  const type = schema.getType("ErrorCode");
  if (!isEnumType(type)) throw new Error("ErrorCode is no enum");
  const data = Object.entries(ERRORS).filter(([, { tier }]) => tier === "data");
  expect(new Set(type.getValues().map(({ name }) => name))).toEqual(new Set(data.map(([code]) => code)));
});

test("each code in the schema says what the engine says that it means", () => {
  const type = schema.getType("ErrorCode");
  if (!isEnumType(type)) throw new Error("ErrorCode is no enum");
  const meanings: Record<string, { meaning: string }> = ERRORS;
  for (const { name, description } of type.getValues()) expect(description).toBe(meanings[name]?.meaning);
});
