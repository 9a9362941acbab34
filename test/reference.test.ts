import { expect, test } from "vitest";
import { reference } from "./support/reference.ts";

test("docs/reference.md is the reference of this schema (`npm run reference` makes it)", async () => {
  await expect(reference()).toMatchFileSnapshot("../docs/reference.md");
});
