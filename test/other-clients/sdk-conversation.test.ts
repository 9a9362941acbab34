import { createMemoryStore, login } from "parley/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { useConversation } from "../../examples/sdk-conversation.ts";
import { startApp } from "../support/app.ts";
import { renderHook } from "./render.tsx";

vi.setConfig({ testTimeout: 60_000 });

test("useConversation with the SDK shows what was said, what is older and what comes, and sends", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  for (let n = 1; n <= 3; n += 1) await alice.send("bob", String(n));
  const chat = await login({
    url: app.url,
    user: "bob",
    token: () => app.token("bob"),
    store: createMemoryStore(),
    webSocketImpl: WebSocket,
  });
  onTestFinished(() => chat.close());
  const now = await renderHook(
    () => useConversation(chat, "alice"),
    (children) => children,
  );
  const shows = (texts: string[]) =>
    vi.waitFor(() => expect(now().messages.map(({ content }) => content?.summary)).toEqual(texts), 20_000);
  await shows(["1", "2", "3"]);
  await alice.send("bob", "4");
  await shows(["1", "2", "3", "4"]);
  await now().send("mine").settled;
  await shows(["1", "2", "3", "4", "mine"]);
  expect(await alice.history("bob")).toHaveLength(5);
});
