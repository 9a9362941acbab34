/** The table of docs/hostile-input.md, held to the tests that it names. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

function rows(): { number: number; answer: string; heldBy: string }[] {
  const text = readFileSync(join(ROOT, "docs/hostile-input.md"), "utf8");
  return [...text.matchAll(/^\| (\d+) \| .+ \| (.+) \| (.*)\|$/gm)].map(([, number, answer = "", heldBy = ""]) => {
    return { number: Number(number), answer, heldBy };
  });
}

test("docs/hostile-input.md has all 64 inputs in their order", () => {
  expect(rows().map(({ number }) => number)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
});

test("each input has an answer and tests that hold it, or says why not", () => {
  const open = rows().filter(({ answer, heldBy }) => heldBy.trim() === "" && !answer.includes("does not apply: "));
  expect(open).toEqual([]);
});

test.each(rows().filter(({ heldBy }) => heldBy.trim() !== ""))("the tests of input $number exist", ({ heldBy }) => {
  const places = [...heldBy.matchAll(/\]\(\.\.\/(test\/[\w.-]+)\)([^[]+)/g)];
  expect(places).not.toEqual([]);
  for (const [, file = "", names = ""] of places) {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const source = readFileSync(join(ROOT, file), "utf8");
    const quoted = [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => `"${name}"`);
    expect(quoted).not.toEqual([]);
    expect(quoted.filter((name) => !source.includes(name))).toEqual([]);
  }
});
