import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Person, SECRET, startApp, texts } from "./support/app.ts";
import { COMMAND } from "./support/child-server.ts";
import { NetworkProxy } from "./support/proxy.ts";

vi.setConfig({ testTimeout: 60_000 });

const ROOT = resolve(import.meta.dirname, "..");

interface Step {
  readonly commands: string;
  /** What they print, as JSON; null where the page does not say. */
  readonly output: unknown;
}

/** The commands of the page, in their order, with what it says that they print. */
function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)].map(([, language, text = ""]) => ({
    language,
    text,
  }));
  return blocks.flatMap(({ language, text }, at) => {
    if (language !== "sh") return [];
    const next = blocks[at + 1];
    return [{ commands: text, output: next?.language === "json" ? JSON.parse(next.text) : null }];
  });
}

/** A folder in which `npx parley` is this code. */
function folderWithNpx(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-recipes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const npx = join(folder, "npx");
  writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
  chmodSync(npx, 0o755);
  return folder;
}

test("the commands of docs/recipes.md print what it says", async () => {
  const app = await startApp();
  const steps = stepsOf(readFileSync(join(ROOT, "docs/recipes.md"), "utf8"));
  const script = steps.map(({ commands }) => `${commands}\nprintf '\\036'`).join("\n");
  const { stdout } = await promisify(execFile)(
    "bash",
    ["-euo", "pipefail", "-c", script.replaceAll("http://127.0.0.1:4000/graphql", app.url)],
    { cwd: ROOT, env: { PATH: `${folderWithNpx()}:${process.env.PATH ?? ""}`, PARLEY_SECRET: SECRET } },
  );
  const printed = stdout.split("\x1e").slice(0, -1);
  const said = steps.map(({ output }) => output);
  expect(said.filter((output) => output !== null).length).toBeGreaterThan(5);
  expect(printed.map((text) => (text === "" ? null : JSON.parse(text)))).toEqual(said);
});

/** The bot of examples/, in a process of its own. */
class Bot {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(url: string, token: string) {
    const env = { PATH: process.env.PATH, PARLEY_URL: url, PARLEY_TOKEN: token };
    this.#process = spawn(process.execPath, [join(ROOT, "examples/bot.mjs")], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#exited = new Promise((resolve) => this.#process.on("exit", resolve));
    onTestFinished(() => this.kill());
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}

async function saidToBot(person: Person, expected: string[]): Promise<void> {
  await vi.waitFor(async () => expect(texts(await person.history("bot"))).toEqual(expected), 20_000);
}

test("the bot answers each message once, over a crash of its own and a broken connection", async () => {
  const app = await startApp();
  const proxy = new NetworkProxy(() => Number(new URL(app.url).port));
  await proxy.listen();
  onTestFinished(() => proxy.close());
  const [alice] = await app.people("alice", "bot");
  const token = await app.token("bot");

  const bot = new Bot(proxy.url, token);
  await alice.send("bot", "1");
  const first = ["1", "You said: 1"];
  await saidToBot(alice, first);
  // It may not have acknowledged it yet.
  await bot.kill();

  await alice.send("bot", "2");
  await alice.send("bot", { face: { index: 1 } });
  await alice.send("bot", "3");
  new Bot(proxy.url, token);
  const second = [...first, "2", "[Face]", "3", "You said: 2", "You said: 3"];
  await saidToBot(alice, second);

  proxy.cutAll();
  await alice.send("bot", "4");
  await saidToBot(alice, [...second, "4", "You said: 4"]);
});
