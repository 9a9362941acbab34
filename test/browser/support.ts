/** The chat page in a real browser: windows, and what is seen in them. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, describe, expect, onTestFinished } from "vitest";
import type { ServerOptions } from "../../src/server/server.ts";
import { type App, startApp } from "../support/app.ts";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
if (executablePath === undefined) {
  console.warn("No Chromium here: the tests in a browser are skipped. apt-get install chromium, or set CHROMIUM.");
}

/** As `describe`; skipped where there is no browser. */
export const describeInBrowser = describe.skipIf(executablePath === undefined);

/** A tone instead of a microphone, and nobody who is asked whether it may be heard. */
const NO_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

let browser: Promise<Browser> | null = null;
afterAll(async () => (await browser)?.close());

function launch(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox", ...NO_MICROPHONE] });
  return browser;
}

/** A server with the chat page, which gives tokens to it. */
export function startChat(options: Partial<ServerOptions> = {}): Promise<App> {
  return startApp({ chat: true, developmentTokens: true, ...options });
}

/** What a browser says of a broken connection, which a test may have broken. */
const OF_THE_NETWORK = /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_FAILED|WebSocket connection to/;

export interface WindowOptions extends BrowserContextOptions {
  /** Where the page is; by default at the server itself. */
  readonly url?: string;
  /** Another window of the same browser profile. */
  readonly beside?: ChatWindow;
}

/** A window with the chat page, and somebody in front of it. */
export class ChatWindow {
  readonly page: Page;
  /** Whatever the page did that it must not: errors, violations of its policy, requests to other hosts. */
  readonly troubles: string[] = [];

  constructor(page: Page, home: URL) {
    this.page = page;
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !OF_THE_NETWORK.test(text))
        this.troubles.push(`${text} ${message.location().url}`);
    });
    page.on("pageerror", (error) => this.troubles.push(error.message));
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== "data:" && protocol !== "blob:" && host !== home.host) this.troubles.push(request.url());
    });
  }

  async signIn(user: string): Promise<void> {
    const { page } = this;
    const readyMade = page.getByRole("button", { name: `Sign in as ${user}`, exact: true });
    if (user === "alice" || user === "bob") await readyMade.click();
    else {
      await page.getByLabel("Somebody else").fill(user);
      await page.getByRole("button", { name: "Sign in", exact: true }).first().click();
    }
    await this.inStep();
  }

  /** Resolves when the page is in step with the server. */
  async inStep(): Promise<void> {
    await this.page.getByRole("navigation", { name: "Conversations" }).waitFor({ state: "attached" });
    await this.page.locator("[data-connection]").waitFor({ state: "detached" });
  }

  /** Opens a conversation as by its link. */
  async open(peer: string): Promise<void> {
    await this.page.evaluate(
      (hash) => {
        location.hash = hash;
      },
      `#/${encodeURIComponent(peer)}`,
    );
    await this.box(peer).waitFor();
  }

  box(peer: string): Locator {
    return this.page.getByRole("textbox", { name: `Message to ${peer}`, exact: true });
  }

  async write(peer: string, text: string): Promise<void> {
    await this.box(peer).fill(text);
    await this.box(peer).press("Enter");
  }

  /** The message that says this. */
  message(text: string | RegExp): Locator {
    return this.page.getByRole("article").filter({ hasText: text });
  }

  /** Resolves when a message that says this has come so far. */
  async shows(text: string | RegExp, status: string): Promise<void> {
    await this.message(text)
      .and(this.page.locator(`[data-status="${status}"]`))
      .waitFor();
  }

  /** What the messages in the page say, in their order. */
  texts(): Promise<string[]> {
    return this.page
      .getByRole("article")
      .locator("[dir=auto]")
      .evaluateAll((all) => all.map(({ textContent }) => textContent ?? ""));
  }

  conversation(peer: string): Locator {
    return this.page.getByRole("navigation").getByRole("link").filter({ hasText: peer });
  }
}

/** A blank page in a browser profile of its own. */
export async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await launch()).newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  onTestFinished(() => context.close());
  return context.newPage();
}

/** Opens the page in a window of its own; at the end of the test it must have done nothing that it must not. */
export async function openWindow(app: App, options: WindowOptions = {}): Promise<ChatWindow> {
  const { url = new URL("/", app.url).href, beside, ...rest } = options;
  const context =
    beside?.page.context() ??
    (await (await launch()).newContext({ locale: "en-GB", reducedMotion: "reduce", ...rest }));
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const window = new ChatWindow(page, new URL(url));
  onTestFinished(async () => {
    await context.close();
    expect(window.troubles).toEqual([]);
  });
  await page.goto(url);
  return window;
}

/** Opens the page and signs in. */
export async function enter(app: App, user: string, options: WindowOptions = {}): Promise<ChatWindow> {
  const window = await openWindow(app, options);
  await window.signIn(user);
  return window;
}
