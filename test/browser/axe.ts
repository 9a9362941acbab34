/** What is wrong with a page for those who cannot see it, or see it on a small screen. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { expect } from "vitest";
import type { ChatWindow } from "./support.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds wrong. The page's policy lets no script in, so it comes by the debugger. */
export async function violations({ page }: ChatWindow): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate((): Promise<AxeResults> => {
    const { axe }: { readonly axe: typeof import("axe-core") } = globalThis as never;
    return axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

/** Loses nothing on its right edge. */
export async function fits({ page }: ChatWindow): Promise<void> {
  const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(wide).toBeLessThanOrEqual(view ?? 0);
}
