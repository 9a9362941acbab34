import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Download, Locator } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { HOUR } from "../support/clock.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { pictureOf, pictureOfBytes } from "../support/samples.ts";
import { filesOf, hashOf } from "../support/uploads.ts";
import { type ChatWindow, describeInBrowser, enter, startChat } from "./support.ts";

const MIB = 1024 * 1024;

/** A file on disk, as it is chosen in a browser. */
function onDisk(bytes: Buffer, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-file-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

/** Chooses files in the menu, and sends them. */
async function choose({ page }: ChatWindow, what: "Photo or video" | "File", ...paths: string[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach", exact: true }).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
  await (await chooser).setFiles(paths);
  await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
}

/** Resolves once the picture has been loaded from where it begins with this. */
async function loaded(picture: Locator, from: string): Promise<void> {
  await picture.waitFor();
  await expect
    .poll(() =>
      picture.evaluate((node: HTMLImageElement) => (node.complete && node.naturalWidth > 0 ? node.currentSrc : "")),
    )
    .toContain(from);
}

describeInBrowser("files", () => {
  test("a picture of 28 MiB is shown from the device, and then on both sides from the server", async () => {
    const app = await startChat();
    const [alice, bob] = [await enter(app, "alice"), await enter(app, "bob")];
    await alice.open("bob");
    await bob.open("alice");
    const path = onDisk(await pictureOfBytes(28 * MIB), "고양이.png");
    await choose(alice, "Photo or video", path);
    await loaded(alice.page.getByRole("article").getByRole("img"), "blob:");
    await alice.page.locator('[data-status="delivered"], [data-status="read"]').first().waitFor();
    for (const { page } of [alice, bob]) await loaded(page.getByRole("article").getByRole("img"), "/media/");
    const original = await bob.page.getByRole("article").getByRole("link").getAttribute("href");
    const answer = await fetch(new URL(original ?? "", app.url));
    expect(hashOf(await answer.arrayBuffer())).toBe(hashOf(readFileSync(path)));
  });

  test("a file of 100 MiB goes on after the network broke and the page was loaded anew", {
    timeout: 120_000,
  }, async () => {
    const app = await startChat();
    const proxy = new NetworkProxy(() => app.port);
    await proxy.listen();
    onTestFinished(() => proxy.close());
    const bytes = randomBytes(100 * MIB);
    const path = onDisk(bytes, "all of it.bin");
    const bob = await enter(app, "bob");
    const alice = await enter(app, "alice", { url: new URL("/", proxy.url).href });
    await alice.open("bob");
    // Of its connections none brings more than a fifth of it.
    proxy.cutAll();
    const cut = proxy.cuts;
    proxy.fates.push(...Array.from({ length: 8 }, () => ({ cutAfterUp: 20 * MIB })));
    await choose(alice, "File", path);
    const progress = alice.page.getByRole("progressbar", { name: "Uploading" });
    await expect.poll(() => proxy.cuts, { timeout: 30_000 }).toBeGreaterThan(cut);
    expect(await progress.evaluate((bar: HTMLProgressElement) => bar.value)).toBeGreaterThan(0);
    await alice.page.reload();
    await alice.page.locator('[data-status="delivered"], [data-status="sent"]').first().waitFor({ timeout: 60_000 });
    await bob.open("alice");
    const link = bob.page.getByRole("article").getByRole("link", { name: "all of it.bin" });
    const answer = await fetch(new URL((await link.getAttribute("href")) ?? "", app.url));
    expect(hashOf(await answer.arrayBuffer())).toBe(hashOf(bytes));
    expect(await bob.page.getByRole("article").count()).toBe(1);
    expect(filesOf(app)).toEqual(["original"]);
    // Where the server still writes what came before the cut, it says so, and the page tries again.
    alice.troubles.splice(
      0,
      alice.troubles.length,
      ...alice.troubles.filter((text) => !text.includes("status of 409")),
    );
  });

  test("an upload is cancelled, and nothing of it stays", async () => {
    const app = await startChat();
    const proxy = new NetworkProxy(() => app.port);
    await proxy.listen();
    onTestFinished(() => proxy.close());
    await app.person("bob");
    const alice = await enter(app, "alice", { url: new URL("/", proxy.url).href });
    await alice.open("bob");
    await choose(alice, "File", onDisk(randomBytes(60 * MIB), "too much.bin"));
    await alice.page.getByRole("button", { name: "Cancel the upload" }).click();
    await alice.page.getByRole("article").waitFor({ state: "detached" });
    await expect.poll(() => filesOf(app)).toEqual([]);
  });

  test("a voice note is recorded, sent, and can be played", async () => {
    const app = await startChat();
    const bob = await enter(app, "bob");
    const alice = await enter(app, "alice");
    await alice.open("bob");
    await alice.page.getByRole("button", { name: "Attach", exact: true }).click();
    await alice.page.getByRole("menuitem", { name: "Voice note" }).click();
    await alice.page.getByText("Recording").waitFor();
    // A busy browser has recorded less than its timer says.
    await alice.page.getByRole("timer").getByText("0:03").waitFor();
    await alice.page.getByRole("button", { name: "Send the voice note" }).click();
    await bob.open("alice");
    const player = bob.page.getByRole("article").locator("audio");
    await player.waitFor();
    await expect
      .poll(() => player.evaluate((node: HTMLAudioElement) => node.readyState), { timeout: 15_000 })
      .toBeGreaterThan(0);
    const person = await app.person("bob");
    const [message] = await person.history("alice");
    expect(message?.content).toMatchObject({ type: "SOUND" });
    const { node } = await person.get(
      `{ node(id: "${message?.id}") { ... on Message { content { ... on SoundContent { durationMs } } } } }`,
    );
    expect(node.content.durationMs).toBeGreaterThan(500);
  });

  test("what is dropped is looked at once more, and a video has a picture of its own", async () => {
    const app = await startChat();
    const [alice, bob] = [await enter(app, "alice"), await enter(app, "bob")];
    await alice.open("bob");
    const film = readFileSync(new URL("../samples/film.webm", import.meta.url)).toString("base64");
    const data = await alice.page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], "film.webm", { type: "video/webm" }));
      transfer.items.add(new File(["not this one"], "secret.txt", { type: "text/plain" }));
      return transfer;
    }, film);
    await alice.box("bob").dispatchEvent("drop", { dataTransfer: data });
    const dialog = alice.page.getByRole("dialog", { name: "Send to bob" });
    await dialog.getByRole("button", { name: "Remove secret.txt" }).click();
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
    await bob.open("alice");
    const player = bob.page.getByRole("article").locator("video");
    await player.waitFor();
    expect(await player.getAttribute("poster")).toContain("/media/");
    expect(await bob.page.getByRole("article").count()).toBe(1);
  });

  test("what has been kept for longer than its link is shown all the same", async () => {
    const app = await startChat();
    const [alice, bob] = [await enter(app, "alice"), await enter(app, "bob")];
    await alice.open("bob");
    await choose(alice, "Photo or video", onDisk(await pictureOf(300, 200), "a.jpg"));
    await bob.open("alice");
    const picture = bob.page.getByRole("article").getByRole("img");
    await loaded(picture, "/media/");
    const before = await picture.getAttribute("src");
    app.clock.advance(25 * HOUR);
    const browser = await bob.page.context().newCDPSession(bob.page);
    await browser.send("Network.enable");
    await browser.send("Network.setCacheDisabled", { cacheDisabled: true });
    await bob.page.reload();
    await expect.poll(() => picture.getAttribute("src").catch(() => before)).not.toBe(before);
    await loaded(picture, "/media/");
    // The browser says so of the link that has run out.
    bob.troubles.splice(0, bob.troubles.length, ...bob.troubles.filter((text) => !text.includes("status of 403")));
  });

  test("a file is had by a link that is asked for anew where it has run out", async () => {
    const app = await startChat();
    const [alice, bob] = [await enter(app, "alice"), await enter(app, "bob")];
    await alice.open("bob");
    const bytes = randomBytes(1_000);
    await choose(alice, "File", onDisk(bytes, "plan.bin"));
    await bob.open("alice");
    const link = bob.page.getByRole("article").getByRole("link", { name: "plan.bin" });
    await link.waitFor();
    app.clock.advance(25 * HOUR);
    const downloading = new Promise<Download>((resolve) =>
      bob.page.context().on("page", (tab) => tab.on("download", resolve)),
    );
    await link.click();
    const file = await (await downloading).path();
    expect(hashOf(readFileSync(file))).toBe(hashOf(bytes));
    // The browser says so of the link that has run out.
    bob.troubles.splice(0, bob.troubles.length, ...bob.troubles.filter((text) => !text.includes("status of 403")));
  });
});
