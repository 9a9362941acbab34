import type { ApolloClient } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createApolloClient, receive } from "../../examples/apollo.ts";
import { useConversation } from "../../examples/apollo-conversation.ts";
import { Conversation } from "../../examples/Conversation.tsx";
import { createSession } from "../../examples/session.ts";
import { type App, startApp } from "../support/app.ts";
import { renderHook, renderPage } from "./render.tsx";

// They wait for what happens, however busy the machine is.
vi.setConfig({ testTimeout: 60_000 });

/** bob's client. */
function createClient(app: App): ApolloClient {
  const session = createSession(app.url, { deviceId: "browser", platform: "WEB" }, () => app.token("bob"));
  const client = createApolloClient(app.url, session, { webSocketImpl: WebSocket });
  onTestFinished(receive(client, (error) => expect.unreachable(String(error))));
  return client;
}

/** bob's view of his conversation with somebody. */
async function open(app: App, peer: string) {
  const client = createClient(app);
  const now = await renderHook(
    () => useConversation(peer),
    (children) => <ApolloProvider client={client}>{children}</ApolloProvider>,
  );
  const shows = (texts: string[]) =>
    vi.waitFor(() => expect(now().messages.map(({ content }) => content?.summary)).toEqual(texts), 20_000);
  return { now, shows };
}

function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => String(first + n));
}

test("useConversation shows the newest page, then what is older and what comes", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  for (const text of numbers(1, 24)) await alice.send("bob", text);
  const { now, shows } = await open(app, "alice");
  await shows(numbers(5, 24));
  expect(now().hasOlder).toBe(true);
  await now().loadOlder();
  await shows(numbers(1, 24));
  expect(now().hasOlder).toBe(false);
  await alice.send("bob", "25");
  await shows(numbers(1, 25));
});

test("useConversation sends, and says why something was not sent", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const { now, shows } = await open(app, "alice");
  expect(await now().send("Hello")).toMatchObject({ __typename: "SendMessageSuccess" });
  await shows(["Hello"]);
  expect(await alice.history("bob")).toHaveLength(1);
  expect(await now().send("")).toMatchObject({ __typename: "SendMessageError", code: "INVALID_CONTENT" });
});

test("the component shows what is said, sends what is written, and says what was refused", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  await alice.send("bob", "Are you there?");
  const page = renderPage(
    <ApolloProvider client={createClient(app)}>
      <Conversation peer="alice" />
    </ApolloProvider>,
  );
  const shows = (texts: string[]) =>
    vi.waitFor(
      () => expect([...page.querySelectorAll("p")].map(({ textContent }) => textContent)).toEqual(texts),
      20_000,
    );
  const write = (text: string) => {
    const box = page.querySelector("input");
    if (box === null) throw new Error("there is no box");
    box.value = text;
    page.querySelector("form")?.requestSubmit();
  };
  await shows(["alice: Are you there?", ""]);
  write("Yes.");
  await shows(["alice: Are you there?", "bob: Yes.", ""]);
  write("");
  await shows(["alice: Are you there?", "bob: Yes.", expect.stringMatching(/./)]);
});
