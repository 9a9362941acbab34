import type { Locator, Page } from "playwright-core";
import { test } from "vitest";
import type { App } from "../support/app.ts";
import { describeInBrowser, openWindow, startChat } from "./support.ts";

/** GraphiQL in a window of its own. */
async function openGraphiql(app: App): Promise<Page> {
  const { page } = await openWindow(app, { url: app.url });
  return page;
}

/** What stands where answers come. */
function result(page: Page): Locator {
  return page.getByRole("region", { name: "Result Window" });
}

/** Goes to a tab and presses play, until GraphiQL knows that it is at another one: it looks after a while. */
async function play(page: Page, tab: string): Promise<void> {
  await page.getByRole("tablist").getByRole("button", { name: tab, exact: true }).click();
  const stale = result(page).filter({ hasText: "Cannot infer operation" });
  do {
    await page.getByRole("button", { name: /^Execute query/ }).click();
    await result(page)
      .filter({ hasText: /"(data|errors)"/ })
      .waitFor();
  } while ((await stale.count()) > 0);
}

async function answers(page: Page, text: string): Promise<void> {
  await result(page).filter({ hasText: text }).waitFor();
}

describeInBrowser("GraphiQL in development", () => {
  test("is signed in as an admin, and its tabs run as they are", async () => {
    const app = await startChat();
    await app.people("alice", "bob");
    const page = await openGraphiql(app);
    await play(page, "WhoAmI");
    await answers(page, '"id": "anna"');
    await play(page, "Send");
    await answers(page, '"duplicate": false');
    await play(page, "SendAs");
    await answers(page, '"id": "alice"');
    await play(page, "History");
    await answers(page, "Written by an admin, as alice.");
  });

  test("a notice that one window sends comes in the subscription of another", async () => {
    const app = await startChat();
    const [alice] = await app.people("alice", "bob");
    const subscribed = await openGraphiql(app);
    await play(subscribed, "WhoAmI");
    await answers(subscribed, '"id": "anna"');
    await alice.send("anna", "Missed.");
    await play(subscribed, "NewMessage");
    await answers(subscribed, "Missed.");
    const other = await openGraphiql(app);
    await play(other, "Notice");
    await answers(other, '"id": "system"');
    await answers(subscribed, "Back at nine.");
  });

  test("a pasted token goes before", async () => {
    const app = await startChat();
    const page = await openGraphiql(app);
    await page.evaluate(
      (token) => sessionStorage.setItem("parley:authorization", token),
      `Bearer ${await app.token("bob")}`,
    );
    await play(page, "WhoAmI");
    await answers(page, '"id": "bob"');
  });
});
