import { expect, test } from "vitest";
import { describeInBrowser, enter, openWindow, startChat } from "./support.ts";

describeInBrowser("what is kept", () => {
  test("what was being sent when the page is loaded anew is sent, once and in order", async () => {
    const app = await startChat();
    const [bob] = await app.people("bob");
    const alice = await openWindow(app);
    let letThrough = false;
    // The server never hears of what is sent.
    await alice.page.routeWebSocket(/graphql/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        if (letThrough || !String(message).includes("sendMessage")) server.send(message);
      });
    });
    await alice.page.reload();
    await alice.signIn("alice");
    await alice.open("bob");
    for (const text of ["one", "two", "three"]) await alice.write("bob", text);
    await alice.shows("three", "sending");
    expect(await bob.conversations()).toEqual([]);

    letThrough = true;
    await alice.page.reload();
    await alice.inStep();
    await alice.shows("three", "sent");
    expect(await alice.texts()).toEqual(["one", "two", "three"]);
    expect((await bob.history("alice")).map(({ content }) => content.summary)).toEqual(["one", "two", "three"]);
  });

  test("two tabs of one user show the same", async () => {
    const app = await startChat();
    const [bob] = await app.people("bob");
    const first = await enter(app, "alice");
    await first.open("bob");
    const second = await enter(app, "alice", { beside: first });
    await second.open("bob");
    await first.write("bob", "from the first");
    await second.shows("from the first", "sent");
    await second.write("bob", "from the second");
    await first.shows("from the second", "sent");
    await bob.send("alice", "from bob");
    await first.shows("from bob", "received");
    await second.shows("from bob", "received");
    const all = ["from the first", "from the second", "from bob"];
    expect(await first.texts()).toEqual(all);
    expect(await second.texts()).toEqual(all);
  });

  test("a draft and the open conversation outlast a reload", async () => {
    const app = await startChat();
    await app.people("bob", "carol");
    const alice = await enter(app, "alice");
    await alice.open("bob");
    await alice.box("bob").fill("not yet");
    await alice.open("carol");
    await alice.page.reload();
    await alice.box("carol").waitFor();
    await alice.open("bob");
    expect(await alice.box("bob").inputValue()).toBe("not yet");
  });

  test("what is held is there without a connection", async () => {
    const app = await startChat();
    const [, bob] = await app.people("alice", "bob");
    await bob.send("alice", "kept");
    const alice = await enter(app, "alice");
    await alice.open("bob");
    await alice.shows("kept", "received");
    await alice.page.routeWebSocket(/graphql/, (socket) => void socket.close());
    await alice.page.route("**/graphql", (route) => route.abort());
    await alice.page.reload();
    await alice.page.locator("[data-connection=offline]").waitFor();
    await alice.shows("kept", "received");
    await alice.conversation("bob").filter({ hasText: "kept" }).waitFor();
  });
});
