import { expect, test } from "vitest";
import { fits, violations } from "./axe.ts";
import { describeInBrowser, enter, openWindow, startChat } from "./support.ts";

describeInBrowser("for everybody", () => {
  test.each(["light", "dark"] as const)(
    "axe finds nothing wrong in the %s colours",
    { timeout: 120_000 },
    async (colorScheme) => {
      const app = await startChat();
      const [bob, anna] = [(await app.people("bob"))[0], await app.admin()];
      const signingIn = await openWindow(app, { colorScheme });
      expect(await violations(signingIn)).toEqual([]);
      await signingIn.page.close();

      const alice = await enter(app, "alice", { colorScheme });
      expect(await violations(alice)).toEqual([]);
      const asked = await bob.send("alice", "Have you seen https://example.com?");
      await bob.send("alice", { location: { name: "Vasa", latitude: 59.328, longitude: 18.0914 } });
      await bob.send("alice", { file: { url: "https://files.example.com/a.pdf", name: "a.pdf", size: 900 } });
      await bob.send("alice", {
        image: { url: "https://m.example.com/a", size: 9, width: 9, height: 9, format: "png" },
      });
      await bob.send("alice", { custom: { data: "{}", description: "A red packet" } });
      await bob.friend("add", "alice", { greeting: "Hello" });
      await anna.send("alice", { notice: { title: "Maintenance", body: "On Sunday." } });
      await alice.open("bob");
      await alice.write("bob", "Yes, I have.");
      await alice.shows("Yes, I have.", "sent");
      await bob.markRead("alice");
      await alice.shows("Yes, I have.", "read");
      await alice.message(asked.content.summary).hover();
      await alice.message(asked.content.summary).getByRole("button", { name: "Message actions" }).click();
      await alice.page.getByRole("menuitem", { name: "Reply" }).waitFor();
      expect(await violations(alice)).toEqual([]);
      await alice.page.getByRole("menuitem", { name: "Reply" }).click();
      await alice.page.getByRole("button", { name: "Emoji and stickers" }).click();
      expect(await violations(alice)).toEqual([]);
      await alice.conversation("System").click();
      await alice.page.getByText("bob wants to be your friend").last().waitFor();
      expect(await violations(alice)).toEqual([]);
      for (const name of ["Your profile", "Friends and requests", "Settings", "Keyboard shortcuts"]) {
        await alice.page.getByRole("button", { name: "Account of alice" }).click();
        await alice.page.getByRole("menuitem", { name }).click();
        await alice.page.getByRole("dialog", { name }).waitFor();
        expect(await violations(alice)).toEqual([]);
        await alice.page.keyboard.press("Escape");
        await alice.page.getByRole("dialog").waitFor({ state: "detached" });
      }
    },
  );

  test("all that matters is done with the keyboard", async () => {
    const app = await startChat();
    const [bob] = await app.people("bob");
    const alice = await openWindow(app);
    const { page } = alice;
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await page.getByRole("button", { name: /alice/ }).waitFor();
    await press("Tab");
    expect(await page.locator(":focus").textContent()).toContain("alice");
    await press("Enter");
    await alice.inStep();

    await press("Alt+n");
    await page.getByRole("dialog", { name: "New conversation" }).waitFor();
    await page.keyboard.type("bob");
    await press("Enter");
    await alice.box("bob").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("by the keyboard");
    await press("Shift+Enter");
    await page.keyboard.type("in two lines");
    await press("Enter");
    await alice.shows("by the keyboard", "sent");
    expect((await bob.history("alice"))[0]?.content.summary).toBe("by the keyboard in two lines");

    await press("ArrowUp");
    await page.getByText("Editing your message").waitFor();
    await press("Escape");
    await page.getByText("Editing your message").waitFor({ state: "detached" });

    await bob.send("alice", "an answer");
    await alice.shows("an answer", "received");
    await press("Alt+m");
    await alice.message("an answer").and(page.locator(":focus")).waitFor();
    await press("ArrowUp");
    await alice.message("by the keyboard").and(page.locator(":focus")).waitFor();
    await press("ArrowDown", "r");
    await page.getByText("Replying to bob").waitFor();
    await page.keyboard.type("and one to that");
    await press("Enter");
    await alice.message("and one to that").getByRole("button").filter({ hasText: "an answer" }).waitFor();
    await alice.shows("and one to that", "sent");

    await press("Alt+m");
    await alice.message("and one to that").and(page.locator(":focus")).waitFor();
    await press("Enter");
    await page.getByRole("menuitem", { name: "Reply" }).and(page.locator(":focus")).waitFor();
    await press("Escape");
    await alice.message("and one to that").and(page.locator(":focus")).waitFor();

    await press("Escape");
    await page.getByText("Choose a conversation").waitFor();
    await alice.conversation("bob").and(page.locator(":focus")).waitFor();
    await press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await press("Escape");
    await alice.conversation("bob").and(page.locator(":focus")).waitFor();
    await press("Enter");
    await alice.box("bob").waitFor();
  });

  test("a screen reader is told what comes", async () => {
    const app = await startChat();
    const [bob] = await app.people("bob");
    const alice = await enter(app, "alice");
    await bob.send("alice", "listen");
    await alice.page.getByRole("log").getByText("bob: listen").waitFor();
  });

  test("on a phone one pane is shown at a time, and the way back leads back", async () => {
    const app = await startChat();
    const [, bob] = await app.people("alice", "bob");
    await bob.send("alice", "w".repeat(300));
    const phone = { width: 360, height: 640 };
    const alice = await enter(app, "alice", { viewport: phone, hasTouch: true, isMobile: true });
    await fits(alice);
    await alice.conversation("bob").tap();
    await alice.shows(/w{300}/, "received");
    expect(await alice.page.getByRole("navigation").isVisible()).toBe(false);
    await fits(alice);
    await alice.page.goBack();
    await alice.page.getByRole("navigation").waitFor();
    expect(await alice.message(/w/).count()).toBe(0);
    await alice.conversation("bob").tap();
    await alice.page.getByRole("button", { name: "Back to the conversations" }).tap();
    await alice.page.getByRole("navigation").waitFor();
  });

  test.each([
    ["ko-KR", "대화", "메시지를 입력하세요", "ko"],
    ["zh-CN", "对话", "输入消息", "zh-Hans"],
    ["fr-FR", "Conversations", "Write a message", "en"],
  ])("a browser in %s finds its language", async (locale, title, placeholder, lang) => {
    const app = await startChat();
    await app.people("bob");
    const window = await openWindow(app, { locale });
    await window.page.getByRole("button", { name: /alice/ }).click();
    await window.page.getByRole("heading", { name: title, exact: true }).waitFor();
    await window.page.evaluate(() => {
      location.hash = "#/bob";
    });
    await window.page.getByPlaceholder(placeholder).waitFor();
    expect(await window.page.locator("html").getAttribute("lang")).toBe(lang);
  });

  test("language and colours can be chosen, and stay", async () => {
    const app = await startChat();
    const alice = await enter(app, "alice", { colorScheme: "light" });
    const ground = () => alice.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await alice.page.getByRole("button", { name: "Account of alice" }).click();
    await alice.page.getByRole("menuitem", { name: "Settings" }).click();
    await alice.page.getByLabel("Appearance").selectOption("dark");
    expect(await ground()).not.toBe(light);
    await alice.page.getByLabel("Language").selectOption("ko");
    await alice.page.getByRole("dialog", { name: "설정" }).waitFor();
    await alice.page.reload();
    await alice.page.getByRole("heading", { name: "대화", exact: true }).waitFor();
    expect(await ground()).not.toBe(light);
  });
});
