import { expect, test } from "vitest";
import { describeInBrowser, enter, openWindow, startChat } from "./support.ts";

describeInBrowser("the chat page", () => {
  test("two people write to each other, and see how far it has come", async () => {
    const app = await startChat();
    const alice = await enter(app, "alice");
    const bob = await enter(app, "bob");

    await alice.page.getByRole("button", { name: "New conversation" }).first().click();
    await alice.page.getByLabel("User id").fill("bob");
    await alice.page.getByRole("button", { name: "Open" }).click();
    await alice.write("bob", "Are you there?");
    await alice.shows("Are you there?", "delivered");

    const inList = bob.conversation("alice");
    await inList.filter({ hasText: "Are you there?" }).filter({ hasText: "1 unread message" }).waitFor();
    await inList.click();
    await alice.shows("Are you there?", "read");

    await bob.write("alice", "Yes, here.");
    await alice.shows("Yes, here.", "received");
    await bob.shows("Yes, here.", "read");
    expect(await alice.texts()).toEqual(["Are you there?", "Yes, here."]);
    expect(await bob.texts()).toEqual(["Are you there?", "Yes, here."]);
  });

  test("somebody types, and it is seen", async () => {
    const app = await startChat();
    const alice = await enter(app, "alice");
    const bob = await enter(app, "bob");
    await bob.open("alice");
    await alice.open("bob");
    await alice.box("bob").pressSequentially("Well");
    await bob.page.getByText("alice is typing").first().waitFor();
    await alice.box("bob").press("Enter");
    await bob.shows("Well", "received");
    await bob.page.locator("[data-typing=true]").waitFor({ state: "detached" });
  });

  test("without tokens for development a pasted one lets in", async () => {
    const app = await startChat({ developmentTokens: false });
    await app.people("bob");
    const window = await openWindow(app);
    expect(await window.page.getByText("Sign in as alice").count()).toBe(0);
    await window.page.getByLabel("Paste a token").fill("no token");
    await window.page.getByRole("button", { name: "Sign in" }).click();
    await window.page.getByRole("alert").filter({ hasText: "This is no token" }).waitFor();
    await window.page.getByLabel("Paste a token").fill(`Bearer ${await app.token("carol")}`);
    await window.page.getByRole("button", { name: "Sign in" }).click();
    await window.inStep();
    await window.open("bob");
    await window.write("bob", "by a token");
    await window.shows("by a token", "sent");
  });

  test("signing out leaves nothing behind", async () => {
    const app = await startChat();
    await app.people("bob");
    const alice = await enter(app, "alice");
    await alice.open("bob");
    await alice.write("bob", "private");
    await alice.shows("private", "sent");
    await alice.page.getByRole("button", { name: "Account of alice" }).click();
    await alice.page.getByRole("menuitem", { name: "Sign out" }).click();
    await alice.page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();
    const kept = await alice.page.evaluate(async () => {
      const databases = await indexedDB.databases();
      let records = 0;
      for (const { name = "" } of databases) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open(name);
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        for (const store of database.objectStoreNames) {
          records += await new Promise<number>((resolve) => {
            const request = database.transaction(store).objectStore(store).count();
            request.onsuccess = () => resolve(request.result);
          });
        }
      }
      return { records, identity: sessionStorage.getItem("parley:identity") };
    });
    expect(kept).toEqual({ records: 0, identity: null });
  });
});
