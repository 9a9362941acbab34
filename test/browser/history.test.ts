import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { App } from "../support/app.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { type ChatWindow, describeInBrowser, enter, startChat } from "./support.ts";

const AT_ONCE = 20;

/** Alice sends bob so many, numbered from `first`: one request does several, one after the other. */
async function sendMany(app: App, count: number, first = 0): Promise<void> {
  const [alice] = await app.people("alice", "bob");
  const all = Array.from({ length: count }, (_, index) => {
    const filler = index % 7 === 0 ? " and some more words, so that not all rows are of one height".repeat(4) : "";
    const text = `number ${first + index}${filler}`;
    return `m${index}: sendMessage(input: { to: "bob", content: { text: { text: "${text}" } } }) { __typename }`;
  });
  for (let from = 0; from < count; from += AT_ONCE) {
    const sent = await alice.get(`mutation { ${all.slice(from, from + AT_ONCE).join("\n")} }`);
    expect(new Set(Object.values(sent).map(({ __typename }) => __typename))).toEqual(new Set(["SendMessageSuccess"]));
  }
}

/** The numbers of the messages that are to be seen, from the top. */
function seen({ page }: ChatWindow): Promise<number[]> {
  return page.evaluate(() => {
    const box = document.querySelector("[data-messages]")?.getBoundingClientRect();
    if (box === undefined) return [];
    const texts = [...document.querySelectorAll("article [dir=auto]")].filter((text) => {
      const { top, bottom } = text.getBoundingClientRect();
      return bottom > box.top && top < box.bottom;
    });
    return texts.flatMap(({ textContent }) => /number (\d+)/.exec(textContent ?? "")?.[1] ?? []).map(Number);
  });
}

function consecutive(all: readonly number[]): boolean {
  return all.every((value, index) => index === 0 || value === (all[index - 1] ?? 0) + 1);
}

/**
 * Scrolls up to the beginning; each view must hang together with the one before it.
 * @returns all that was seen
 */
async function scrollToBeginning(window: ChatWindow): Promise<Set<number>> {
  const { page } = window;
  const scroller = page.locator("[data-messages]");
  // Not by the wheel: browsers smooth what that does, and nobody can say when it has ended.
  const up = () => scroller.evaluate((node) => node.scrollBy({ top: -0.8 * node.clientHeight, behavior: "instant" }));
  const all = new Set<number>();
  let before = await seen(window);
  for (const value of before) all.add(value);
  while (!all.has(0)) {
    const top = before[0] ?? 0;
    let now: number[] = [];
    await up();
    await expect
      .poll(
        async () => {
          now = await seen(window);
          return (now[0] ?? top) < top && consecutive(now);
        },
        { timeout: 15_000 },
      )
      .toBe(true);
    expect(now.at(-1)).toBeGreaterThanOrEqual(top - 1);
    for (const value of now) all.add(value);
    before = now;
  }
  return all;
}

/** Keeps back what the server answers when it is asked for history. @returns to let it go */
async function holdHistory(page: Page): Promise<() => void> {
  let held: (() => void)[] | null = [];
  await page.routeWebSocket(/graphql/, (socket) => {
    const server = socket.connectToServer();
    const asked = new Set<string>();
    socket.onMessage((text) => {
      const { id, payload } = JSON.parse(String(text));
      if (String(payload?.query).startsWith("query History")) asked.add(id);
      server.send(text);
    });
    server.onMessage((text) => {
      if (held !== null && asked.has(JSON.parse(String(text)).id)) held.push(() => socket.send(text));
      else socket.send(text);
    });
  });
  return () => {
    for (const go of held ?? []) go();
    held = null;
  };
}

describeInBrowser("history", () => {
  test("scrolls up through thousands without a jump, a gap or a repeat", { timeout: 180_000 }, async () => {
    const app = await startChat();
    await sendMany(app, 3_000);
    const bob = await enter(app, "bob", { viewport: { width: 1100, height: 1400 } });
    await bob.open("alice");
    await bob.message("number 2999").waitFor();
    const all = await scrollToBeginning(bob);
    expect(all.size).toBe(3_000);
    await bob.page.getByText("This is where your conversation begins.").waitFor();
    // Few of them are in the page, however many there are.
    expect(await bob.page.getByRole("article").count()).toBeLessThan(150);
  });

  test("what comes does not move what one reads, and the way to it says how much there is", async () => {
    const app = await startChat();
    await sendMany(app, 120);
    const bob = await enter(app, "bob");
    await bob.open("alice");
    await bob.message("number 119").waitFor();
    await bob.page.locator("[data-messages]").hover();
    await bob.page.mouse.wheel(0, -1_500);
    await bob.page.getByRole("button", { name: "To the newest message" }).waitFor();
    const read = bob.page.getByRole("article").filter({ visible: true }).nth(6);
    const key = await read.getAttribute("data-message");
    const place = () =>
      bob.page.locator(`[data-message="${key}"]`).evaluate((node) => node.getBoundingClientRect().top);
    const before = await place();
    await sendMany(app, 5, 120);
    const way = bob.page.getByRole("button", { name: "To the newest message, 5 unread" });
    await way.waitFor();
    expect(await place()).toBe(before);
    await way.click();
    await bob.message("number 124").waitFor();
    await way.waitFor({ state: "detached" });
    const [alice] = await app.people("alice");
    await expect.poll(async () => (await alice.conversation("bob"))?.peerReadSeq).toBe(125);
  });

  test("what is missing is shown as missing, with a way to fetch it, until it is there", async () => {
    const app = await startChat();
    await (await app.admin()).updateSettings({ offlineMessagesPerContact: 2 });
    await sendMany(app, 10);
    const bob = await enter(app, "bob");
    await bob.open("alice");
    await bob.message("number 9").waitFor();
    await bob.page.goto("about:blank");
    await sendMany(app, 250, 10);

    const release = await holdHistory(bob.page);
    await bob.page.goto(new URL("/#/alice", app.url).href);
    await bob.message("number 259").waitFor();
    const hole = bob.page.getByText("Some messages are missing here.");
    await hole.waitFor();
    expect((await seen(bob)).slice(-4)).toEqual([8, 9, 258, 259]);
    await bob.page.getByRole("button", { name: "Load", exact: true }).click();
    await bob.page.getByRole("button", { name: "Loading…", disabled: true }).waitFor();
    release();
    await hole.waitFor({ state: "detached" });
    // Whether one stays at the end or at what was above the hole depends on where one was when it was filled.
    const way = bob.page.getByRole("button", { name: /^To the newest message/ });
    if (await way.isVisible()) await way.click();
    await bob.message("number 259").waitFor();
    expect((await scrollToBeginning(bob)).size).toBe(260);
  });

  test("offline for 250 messages, it shows all of them once and in order when it is back", {
    timeout: 120_000,
  }, async () => {
    const app = await startChat();
    await sendMany(app, 10);
    const proxy = new NetworkProxy(() => Number(new URL(app.url).port));
    await proxy.listen();
    const bob = await enter(app, "bob", { url: new URL("/", proxy.url).href });
    await bob.open("alice");
    await bob.message("number 9").waitFor();

    proxy.shut();
    await bob.page.locator("[data-connection=offline]").waitFor();
    await bob.write("alice", "written offline");
    await bob.shows("written offline", "sending");
    await sendMany(app, 250, 10);

    proxy.open();
    // As the browser says it; where the page has tried again by itself meanwhile, it does nothing.
    await bob.page.evaluate(() => dispatchEvent(new Event("online")));
    await bob.inStep();
    await bob.shows("written offline", "sent");
    await bob.message("number 259").waitFor();
    expect([...(await scrollToBeginning(bob))].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 260 }, (_, at) => at),
    );
    proxy.close();
  });
});
