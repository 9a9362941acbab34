import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withExamples } from "./support/examples-in-docs.ts";

test.each(["clients.md", "hooks.md", "recipes.md", "tutorial.md"])(
  "the examples in docs/%s are what the tests run (`npm run reference` copies them)",
  async (name) => {
    const path = new URL(`../docs/${name}`, import.meta.url);
    await expect(withExamples(readFileSync(path, "utf8"))).toMatchFileSnapshot(`../docs/${name}`);
  },
);
