import { expect, test } from "vitest";
import { type ChatWindow, describeInBrowser, enter, startChat } from "./support.ts";

/** Chooses something from a message's menu. */
async function choose({ page }: ChatWindow, text: string, action: string): Promise<void> {
  const message = page.getByRole("article").filter({ hasText: text });
  await message.hover();
  await message.getByRole("button", { name: "Message actions" }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

describeInBrowser("what can be done with messages", () => {
  test("edit, recall, reply, and delete for oneself reach both sides", async () => {
    const app = await startChat();
    const alice = await enter(app, "alice");
    const bob = await enter(app, "bob");
    await alice.open("bob");
    await bob.open("alice");
    await alice.write("bob", "Diner at seven?");
    await bob.shows("Diner at seven?", "received");

    await choose(alice, "Diner at seven?", "Edit");
    expect(await alice.box("bob").inputValue()).toBe("Diner at seven?");
    await alice.write("bob", "Dinner at seven?");
    await bob.message("Dinner at seven?").filter({ hasText: "edited" }).waitFor();

    await choose(bob, "Dinner at seven?", "Reply");
    await bob.page.getByText("Replying to alice").waitFor();
    await bob.write("alice", "Gladly");
    await alice.message("Gladly").getByRole("button").filter({ hasText: "Dinner at seven?" }).waitFor();

    await alice.write("bob", "a slip");
    await bob.shows("a slip", "received");
    await choose(alice, "a slip", "Recall");
    await bob.page.getByText("alice recalled a message").waitFor();
    await alice.page.getByText("You recalled a message").waitFor();
    await bob.message("a slip").waitFor({ state: "detached" });

    await choose(alice, "Gladly", "Delete");
    await alice.message("Gladly").waitFor({ state: "detached" });
    await bob.shows("Gladly", "read");
  });

  test("a refused message says why, and can be tried again or discarded", async () => {
    const app = await startChat();
    await app.people("bob");
    const anna = await app.admin();
    const alice = await enter(app, "alice");
    await alice.open("bob");
    await anna.updateSettings({ friendsOnly: true });
    await alice.write("bob", "let in?");
    await alice.shows("let in?", "failed");
    await alice.message("Only friends may write to each other here.").waitFor();
    await alice.write("bob", "thrown away");
    await alice.shows("thrown away", "failed");
    await alice.message("thrown away").getByRole("button", { name: "Discard" }).click();
    await alice.message("thrown away").waitFor({ state: "detached" });
    await anna.updateSettings({ friendsOnly: false });
    await alice.message("let in?").getByRole("button", { name: "Try again" }).click();
    await alice.shows("let in?", "sent");
  });

  test("all nine kinds are shown, and media of other hosts waits to be asked for", async () => {
    const app = await startChat();
    const [bob, anna] = [(await app.people("bob"))[0], await app.admin()];
    const window = await enter(app, "alice");
    const media = { url: "https://media.example.com/one", size: 1_234_000 };
    await bob.send("alice", "see https://example.com/a?b=1#c.");
    await bob.send("alice", { face: { index: 3, data: "🐱" } });
    await bob.send("alice", { location: { name: "Vasa", latitude: 59.328, longitude: 18.0914 } });
    await bob.send("alice", { image: { ...media, width: 640, height: 480, format: "png" } });
    await bob.send("alice", { sound: { ...media, durationMs: 65_000 } });
    await bob.send("alice", { file: { ...media, name: "plan.pdf" } });
    await bob.send("alice", { video: { ...media, durationMs: 3_000, format: "mp4", width: 640, height: 360 } });
    await bob.send("alice", { custom: { data: '{"a":1}', description: "A red packet" } });
    await anna.send("alice", { notice: { title: "Maintenance", body: "On Sunday." } });

    await window.open("bob");
    const { page } = window;
    await page.getByRole("link", { name: "https://example.com/a?b=1#c", exact: true }).waitFor();
    await page.getByRole("img", { name: "🐱" }).waitFor();
    await page.getByRole("img", { name: "Vasa, at 59.328°, 18.0914°" }).waitFor();
    await page.getByRole("button", { name: /^Picture/ }).waitFor();
    await page.getByRole("button", { name: /^Sound · 1:05/ }).waitFor();
    await page.getByRole("link", { name: "plan.pdf 1.2 MB · media.example.com" }).waitFor();
    await page.getByRole("button", { name: /^Video · 0:03/ }).waitFor();
    await page.getByText("A red packet").first().waitFor();
    await window.conversation("System").click();
    await page
      .getByRole("article", { name: /Maintenance/ })
      .filter({ hasText: "On Sunday." })
      .waitFor();
    // That no request left for the other host is looked at when the window is closed.
  });

  test("a place and a sticker are sent", async () => {
    const app = await startChat();
    await app.people("bob");
    const alice = await enter(app, "alice");
    const { page } = alice;
    await alice.open("bob");
    await page.getByRole("button", { name: "Attach" }).click();
    await page.getByRole("menuitem", { name: "Location" }).click();
    await page.getByLabel("Name of the place").fill("Home");
    await page.getByLabel("Latitude").fill("59.33");
    await page.getByLabel("Longitude").fill("18.06");
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    await page.getByRole("img", { name: "Home, at 59.33°, 18.06°" }).waitFor();
    await page.getByRole("button", { name: "Emoji and stickers" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "🎉" }).first().click();
    await page.getByRole("article").locator('[role=img][aria-label="🎉"]').waitFor();
    const [bob] = await app.people("bob");
    await expect
      .poll(async () => (await bob.history("alice")).map(({ content }) => content.type))
      .toEqual(["LOCATION", "FACE"]);
  });

  test("pinned, muted and cleared conversations stay so", async () => {
    const app = await startChat();
    const [bob, carol] = await app.people("bob", "carol");
    const alice = await enter(app, "alice");
    await bob.send("alice", "from bob");
    await carol.send("alice", "from carol");
    const { page } = alice;
    const list = page.getByRole("navigation").getByRole("link");
    const inPane = async (action: string) => {
      await page.getByRole("button", { name: "More about this conversation" }).click();
      await page.getByRole("menuitem", { name: action, exact: true }).click();
    };
    await alice.open("bob");
    await inPane("Pin");
    await list.first().filter({ hasText: "bob" }).getByRole("img", { name: "Pinned" }).waitFor();
    await inPane("Mute");
    await list.first().getByRole("img", { name: "Muted" }).waitFor();
    await inPane("Clear conversation");
    await page.getByRole("dialog").getByRole("button", { name: "Clear conversation" }).click();
    await alice.message("from bob").waitFor({ state: "detached" });
    await page.reload();
    await alice.inStep();
    await list.first().filter({ hasText: "No messages" }).getByRole("img", { name: "Muted" }).waitFor();
  });

  test("friends are asked for, accepted and blocked", async () => {
    const app = await startChat();
    const alice = await enter(app, "alice");
    const bob = await enter(app, "bob");
    await alice.page.getByRole("button", { name: "Account of alice" }).click();
    await alice.page.getByRole("menuitem", { name: "Friends and requests" }).click();
    const dialog = alice.page.getByRole("dialog");
    await dialog.getByLabel("User id").fill("bob");
    await dialog.getByLabel("Greeting").fill("It is me");
    await dialog.getByRole("button", { name: "Add a friend" }).click();
    await alice.page.getByText("Asked bob.").waitFor();

    await bob.conversation("System").click();
    await bob.page.getByText("alice wants to be your friend").last().waitFor();
    await bob.page.getByRole("button", { name: "Accept" }).click();
    await bob.page.getByText("You are friends now.").waitFor();
    await dialog.getByText("bob", { exact: true }).waitFor();

    await bob.open("alice");
    await bob.page.getByRole("button", { name: "More about this conversation" }).click();
    await bob.page.getByRole("menuitem", { name: "Block", exact: true }).click();
    const [asBob] = await app.people("bob");
    await expect.poll(async () => (await asBob.sees("alice")).blocked).toBe(true);
  });

  test("a profile is changed, and others see it", async () => {
    const app = await startChat();
    const [bob] = await app.people("bob");
    const alice = await enter(app, "alice");
    await alice.page.getByRole("button", { name: "Account of alice" }).click();
    await alice.page.getByRole("menuitem", { name: "Your profile" }).click();
    await alice.page.getByLabel("Nickname").fill("Alice in the mountains");
    await alice.page.getByLabel("Friend requests").selectOption("ANYONE");
    await alice.page.getByRole("button", { name: "Save" }).click();
    await alice.page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await bob.sees("alice")).toMatchObject({ nickname: "Alice in the mountains" });
    expect(await bob.friend("add", "alice")).toMatchObject({ status: "FRIENDS" });
  });
});
