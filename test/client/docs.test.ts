import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

test("the examples of docs/client.md fit the SDK", () => {
  const text = readFileSync(join(ROOT, "docs/client.md"), "utf8");
  const examples = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  expect(examples.length).toBeGreaterThan(4);
  const folder = mkdtempSync(join(tmpdir(), "parley-examples-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // As one module, in their order, each in a block of its own but for what the first one makes.
  const imports = examples.flatMap((code) => code.match(/^import .*$/gm) ?? []);
  const [first = "", ...others] = examples.map((code) => code.replaceAll(/^import .*$/gm, ""));
  writeFileSync(
    join(folder, "examples.ts"),
    [...imports, first, ...others.map((code) => `{\n${code}\n}`), "export {};"].join("\n"),
  );
  const sdk = join(ROOT, "src/client/index.ts");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "ES2023",
    module: "ESNext",
    moduleResolution: "Bundler",
    allowImportingTsExtensions: true,
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
    // Of the libraries that the SDK is made of.
    skipLibCheck: true,
    paths: { "parley/client": [sdk] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["examples.ts"] }));
  const compile = () => execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
  expect(compile).not.toThrow();
});
