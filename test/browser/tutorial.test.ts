/** The app of docs/tutorial.md, as it lies in examples/tutorial, with its back end and its development server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "playwright-core";
import { createServer } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { type App, SECRET, startApp } from "../support/app.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { describeInBrowser, openPage } from "./support.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TUTORIAL = join(ROOT, "examples/tutorial");
/** Where the tutorial has Parley. */
const PARLEY = "http://127.0.0.1:4000";

/** Starts the back end. @returns its port */
async function startBackend(): Promise<string> {
  const child = spawn(process.execPath, ["backend.mjs"], {
    cwd: TUTORIAL,
    env: { PARLEY_SECRET: SECRET, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const [line] = await once(createInterface(child.stdout), "line");
  return /\d+/.exec(String(line))?.[0] ?? "";
}

/** Serves the page as `npx vite` does, with Parley elsewhere. @returns its address */
async function serve(parley: string): Promise<string> {
  const backend = await startBackend();
  const server = await createServer({
    root: TUTORIAL,
    configFile: join(TUTORIAL, "vite.config.ts"),
    cacheDir: join(ROOT, "node_modules/.vite-tutorial"),
    logLevel: "error",
    resolve: { alias: { "parley/client": join(ROOT, "src/client/index.ts") } },
    server: { host: "127.0.0.1", port: 0, strictPort: false, proxy: { "/chat-token": `http://127.0.0.1:${backend}` } },
    plugins: [
      {
        name: "parley-elsewhere",
        enforce: "pre",
        transform: (code, id) => (id.endsWith("src/main.tsx") ? code.replace(PARLEY, parley) : null),
      },
    ],
  });
  onTestFinished(() => server.close());
  await server.listen();
  return server.resolvedUrls?.local[0] ?? "";
}

/** Parley behind a network that can be shut. */
async function startParley(): Promise<{ app: App; network: NetworkProxy }> {
  const app = await startApp({ allowedOrigins: ["*"] });
  const network = new NetworkProxy(() => Number(new URL(app.url).port));
  await network.listen();
  onTestFinished(() => network.close());
  return { app, network };
}

async function enter(home: string, user: string): Promise<Page> {
  const page = await openPage();
  await page.goto(home);
  await page.getByRole("link", { name: `I am ${user}` }).click();
  await says(page, "inStep");
  return page;
}

function says(page: Page, status: string): Promise<void> {
  return page.getByRole("status").filter({ hasText: status }).waitFor();
}

/** Resolves when the page shows an own message that has come so far. */
function shows(page: Page, text: string, status = ""): Promise<void> {
  return page
    .getByRole("article")
    .filter({ hasText: new RegExp(`^${text} ${status}$`) })
    .waitFor();
}

async function write(page: Page, peer: string, text: string): Promise<void> {
  const box = page.getByRole("textbox", { name: `Message to ${peer}` });
  await box.fill(text);
  await box.press("Enter");
}

async function open(page: Page, peer: string): Promise<void> {
  await page.getByRole("navigation").getByRole("button", { name: peer }).click();
}

describeInBrowser("the tutorial", () => {
  test("alice and bob chat, also after a time without a connection, and on another device", async () => {
    const { app, network } = await startParley();
    const home = await serve(new URL(network.url).origin);
    const alice = await enter(home, "alice");
    const bob = await enter(home, "bob");

    const to = alice.getByRole("textbox", { name: "Write to" });
    await to.fill("bob");
    await to.press("Enter");
    await write(alice, "bob", "hello");
    await shows(alice, "hello", "delivered");
    await bob.locator("mark").filter({ hasText: "1" }).waitFor();
    await open(bob, "alice");
    await shows(alice, "hello", "read");
    await bob.getByRole("textbox", { name: "Message to alice" }).pressSequentially("hi");
    await alice.getByText("bob is typing").waitFor();
    await write(bob, "alice", "hi, alice");
    await shows(alice, "hi, alice");

    network.shut();
    await says(alice, "offline");
    await write(alice, "bob", "offline");
    await shows(alice, "offline", "sending");
    await alice.reload();
    await open(alice, "bob");
    await shows(alice, "offline", "sending");
    network.open();
    await shows(bob, "offline");
    await shows(alice, "offline", "read");

    const person = await app.person("alice");
    for (let number = 1; number <= 60; number += 1) await person.send("bob", `Number ${number}`);
    const laptop = await enter(home, "bob");
    await open(laptop, "alice");
    await shows(laptop, "Number 60");
    expect(await laptop.getByRole("article").count()).toBe(30);
    const older = laptop.getByRole("button", { name: "Older" });
    await older.click();
    await shows(laptop, "Number 1");
    await older.click();
    await shows(laptop, "hello");
    await older.waitFor({ state: "detached" });

    await alice.getByRole("button", { name: "Log out" }).click();
    await alice.getByRole("link", { name: "I am alice" }).waitFor();
  });
});
