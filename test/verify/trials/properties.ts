/** The suite's own properties, tried more often: generated hostile input, interleavings, and the model. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Findings, findings, type Scale, type Trial } from "../findings.ts";

interface Tried {
  readonly kind: string;
  readonly count: number;
}

/** Runs test files at a scale; gives what they say they tried, and the output where they fail. */
async function runTests(files: readonly string[], scale: number): Promise<{ tried: Tried[]; failure: string | null }> {
  const folder = mkdtempSync(join(tmpdir(), "parley-tally-"));
  const tally = join(folder, "tally.jsonl");
  const parameters = ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...files];
  const env = { ...process.env, PARLEY_VERIFY_SCALE: String(scale), PARLEY_VERIFY_TALLY: tally, NO_COLOR: "1" };
  try {
    const failure = await new Promise<string | null>((resolve) => {
      execFile(process.execPath, parameters, { env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        resolve(error === null ? null : `${stdout}\n${stderr}`);
      });
    });
    const lines = existsSync(tally) ? readFileSync(tally, "utf8").trim().split("\n") : [];
    return { tried: lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Tried), failure };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param times the scale of the short form, and of the long */
async function tryProperties(matches: RegExp, scale: Scale, times: readonly [number, number]): Promise<Findings> {
  const files = readdirSync("test").filter((name) => name.endsWith(".test.ts") && matches.test(name));
  const { tried, failure } = await runTests(
    files.map((name) => join("test", name)),
    scale.pick(...times),
  );
  const breaches = failure === null ? [] : [{ kind: "other" as const, what: failure }];
  return findings({ inputs: tried.reduce((all, { count }) => all + count, 0), breaches });
}

/** Not less than the tests' own scale: what memory may grow by is known from there on. */
export const hostileInput: Trial = {
  name: "hostile input, generated",
  run: (scale) => tryProperties(/^fuzz/, scale, [1, 30]),
};

export const properties: Trial = {
  name: "interleavings, random scripts against the model, and clocks that jump under the sweeper",
  run: (scale) => tryProperties(/^(interleavings|model|delivery\.properties|runs)\./, scale, [0.1, 30]),
};
