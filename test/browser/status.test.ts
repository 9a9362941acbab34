import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import type { App } from "../support/app.ts";
import { startApp } from "../support/app.ts";
import { fits, violations } from "./axe.ts";
import { describeInBrowser, openWindow, type WindowOptions } from "./support.ts";

function openStatus(app: App, options: WindowOptions = {}) {
  return openWindow(app, { url: new URL("/status", app.url).href, ...options });
}

function panel(page: Page, name: string): Locator {
  return page.getByRole("region", { name, exact: true });
}

async function paste(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token of an admin").fill(token);
  await page.getByRole("button", { name: "Show the status" }).click();
}

test("it comes with its types and a policy that lets nothing in, and is off where it was not asked for", async () => {
  const app = await startApp({ status: true });
  const page = await fetch(new URL("/status", app.url));
  expect(page.status).toBe(200);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'",
  );
  expect(policy).toContain("frame-ancestors 'none'");
  const html = await page.text();
  expect(html).toContain('content="no-tokens"');
  expect(html).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
  expect(assets.length).toBe(3);
  for (const asset of assets) {
    expect(asset).toMatch(/^\/status\/assets\//);
    const { status, headers } = await fetch(new URL(asset, app.url));
    expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  }
  const off = await startApp();
  for (const path of ["/status", ...assets]) expect((await fetch(new URL(path, off.url))).status).toBe(404);
});

describeInBrowser("the status page", () => {
  test("in development shows an admin at once who is online and what is sent, and keeps up", async () => {
    const app = await startApp({ status: true, developmentTokens: true });
    const [alice, bob] = await app.people("alice", "bob");
    await bob.sync();
    await alice.send("bob", "one");
    const { page } = await openStatus(app);
    await panel(page, "Online").getByText("1 user online").waitFor();
    await panel(page, "Messages").getByText("1 in the last hour").waitFor();
    await page.getByRole("img", { name: /^Messages in each of the last 60 minutes: 1 in all/ }).waitFor();
    await panel(page, "Stored").locator("div", { hasText: "Messages" }).getByText("1", { exact: true }).waitFor();
    await panel(page, "Storage")
      .getByText(/[KM]iB/)
      .first()
      .waitFor();
    await panel(page, "Retention").getByText("7 d").waitFor();
    await panel(page, "Pushes").getByText("No vendor is configured.").waitFor();
    await panel(page, "Hooks").getByText("No hook is configured.").waitFor();

    await alice.sync();
    await alice.send("bob", "two");
    await panel(page, "Online").getByText("2 users online").waitFor();
    await panel(page, "Messages").getByText("2 in the last hour").waitFor();
  });

  test("refuses who is no admin, and takes an admin's token for as long as the tab is open", async () => {
    const app = await startApp({ status: true });
    await app.people("bob");
    const { page, troubles } = await openStatus(app);
    await paste(page, await app.token("bob"));
    await page.getByText("This token is no admin's").waitFor();
    expect(await page.getByRole("region").count()).toBe(0);
    await paste(page, "nonsense");
    await page.getByText("The server does not take this token").waitFor();
    // The browser says so of itself.
    expect(troubles.splice(0)).toEqual([expect.stringContaining("401 (Unauthorized)")]);
    await paste(page, "un jeton à moi");
    await page.getByText("This is no token").waitFor();
    await paste(page, await app.token("anna", { role: "admin" }));
    await panel(page, "Online").waitFor();
    expect(await page.getByRole("status").textContent()).toBe("");

    await page.reload();
    await panel(page, "Online").waitFor();
    await page.getByRole("button", { name: "Use another token" }).click();
    await page.getByLabel("Token of an admin").waitFor();
    await page.reload();
    await page.getByLabel("Token of an admin").waitFor();
    expect(await page.getByRole("region").count()).toBe(0);
  });

  test("says when the server is away, keeps what it knew, and goes on when it is back", async () => {
    const app = await startApp({ status: true });
    const { page } = await openStatus(app);
    await paste(page, await app.token("anna", { role: "admin" }));
    await panel(page, "Online").waitFor();
    await page.context().setOffline(true);
    await page.getByText("The server does not answer.").waitFor();
    await panel(page, "Online").getByText("0 users online").waitFor();
    await page.context().setOffline(false);
    await page.getByText("The server does not answer.").waitFor({ state: "detached" });
    await panel(page, "Online").waitFor();
  });

  test.each(["light", "dark"] as const)(
    "can be read by everybody, on a phone too, in the %s colours",
    async (colorScheme) => {
      const app = await startApp({ status: true });
      const window = await openStatus(app, { colorScheme, viewport: { width: 360, height: 740 } });
      await window.page.getByLabel("Token of an admin").waitFor();
      expect(await violations(window)).toEqual([]);
      await paste(window.page, await app.token("anna", { role: "admin" }));
      await panel(window.page, "Health").waitFor();
      expect(await violations(window)).toEqual([]);
      await fits(window);
    },
  );
});
