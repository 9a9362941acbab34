/** What any GraphQL client must be able to do with Parley: one list of behaviours, each client in its own idioms. */
import type { ClientOptions } from "graphql-ws";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import type { PageArguments } from "../../examples/operations.ts";
import { createSession, type Session } from "../../examples/session.ts";
import { type App, NEW_MESSAGE, type Person, startApp } from "../support/app.ts";
import { MINUTE } from "../support/clock.ts";
import { NetworkProxy } from "../support/proxy.ts";

// They wait for what happens, however busy the machine is.
vi.setConfig({ testTimeout: 60_000 });

/** A part of a conversation as the client's cache has it. */
export interface View {
  /** What its messages say, in the order in which they are shown; null: recalled. */
  texts(): (string | null)[];
  hasPrevious(): boolean;
  hasNext(): boolean;
  loadPrevious(count: number): Promise<void>;
  loadNext(count: number): Promise<void>;
}

/** A client under test, signed in. */
export interface OtherClient {
  viewer(): Promise<string | undefined>;
  send(to: string, text: string, clientMessageId: string): Promise<unknown>;
  show(peer: string, start: PageArguments): Promise<View>;
  /** Subscribes, and keeps what it shows up to date. */
  receive(failed: (error: unknown) => void): void;
  /** What `node` says of a message, past the cache; the cache takes it up. */
  refetch(id: string): Promise<unknown>;
}

export type Enter = (url: string, session: Session, socket: Partial<ClientOptions>) => OtherClient;

type More = "previous" | "next" | "both" | "none";

interface Scene {
  readonly app: App;
  readonly proxy: NetworkProxy;
  readonly alice: Person;
  readonly client: OtherClient;
  readonly errors: unknown[];
  receive(): void;
}

/** bob with the client under test, behind a network that can break; alice writes to him. */
async function setScene(enter: Enter): Promise<Scene> {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const proxy = new NetworkProxy(() => Number(new URL(app.url).port));
  await proxy.listen();
  onTestFinished(() => proxy.close());
  const appToken = () => app.token("bob", { expiresIn: 10 * MINUTE });
  const session = createSession(proxy.url, { deviceId: "browser", platform: "WEB" }, appToken);
  // It tries again when it can succeed, and not after a while.
  const client = enter(proxy.url, session, { webSocketImpl: WebSocket, retryWait: () => proxy.untilOpen() });
  const errors: unknown[] = [];
  return { app, proxy, alice, client, errors, receive: () => client.receive((error) => errors.push(error)) };
}

/** alice says the numbers from 1 on. */
async function count(alice: Person, to: number): Promise<void> {
  for (let n = 1; n <= to; n += 1) await alice.send("bob", String(n));
}

/** Waits until it shows this, and checks in which directions it says that there is more. */
async function shows(view: View, texts: (string | null)[], { more }: { more?: More } = {}): Promise<void> {
  await vi.waitFor(() => expect(view.texts()).toEqual(texts), { timeout: 20_000, interval: 5 });
  if (more === undefined) return;
  expect(view.hasPrevious()).toBe(more === "both" || more === "previous");
  expect(view.hasNext()).toBe(more === "both" || more === "next");
}

export function testClient(enter: Enter, { retries }: { retries: boolean }): void {
  // They warn of what they have to guess.
  beforeEach(() => {
    vi.spyOn(console, "warn");
    vi.spyOn(console, "error");
  });
  afterEach(() => {
    expect(vi.mocked(console.warn).mock.calls).toEqual([]);
    expect(vi.mocked(console.error).mock.calls).toEqual([]);
    vi.restoreAllMocks();
  });

  test("asks", async () => {
    const { client } = await setScene(enter);
    expect(await client.viewer()).toBe("bob");
  });

  test("sends, and sends again with the same key", async () => {
    const { alice, client } = await setScene(enter);
    const result = await client.send("alice", "Hello", "key-1");
    expect(result).toMatchObject({
      __typename: "SendMessageSuccess",
      duplicate: false,
      message: { seq: 1, content: { type: "TEXT", text: "Hello" } },
    });
    expect(await client.send("alice", "Hello", "key-1")).toMatchObject({ duplicate: true, message: { seq: 1 } });
    expect(await alice.history("bob")).toHaveLength(1);
  });

  test("is told why something was not sent, by the type of the answer", async () => {
    const { client } = await setScene(enter);
    expect(await client.send("nobody", "Hello", "key-1")).toMatchObject({
      __typename: "SendMessageError",
      code: "RECIPIENT_NOT_FOUND",
      reason: expect.any(String),
      retryAfterMs: null,
    });
  });

  if (retries) {
    test("a send that met a broken network is repeated, and is one message", async () => {
      const { proxy, alice, client } = await setScene(enter);
      await client.viewer();
      proxy.shut();
      const refused = proxy.refused;
      const sending = client.send("alice", "Hello", "key-1");
      await vi.waitFor(() => expect(proxy.refused).toBeGreaterThan(refused), 20_000);
      proxy.open();
      expect(await sending).toMatchObject({ __typename: "SendMessageSuccess" });
      expect(await alice.history("bob")).toHaveLength(1);
    });
  }

  test("pages from the middle to both ends, each message once", async () => {
    const { app, alice, client } = await setScene(enter);
    await count(alice, 9);
    const { edges } = await (await app.person("bob")).historyPage("alice", { first: 100 });
    const view = await client.show("alice", { last: 2, before: edges[5].cursor });
    await shows(view, ["4", "5"]);
    await view.loadPrevious(2);
    await shows(view, ["2", "3", "4", "5"]);
    await view.loadNext(3);
    await shows(view, ["2", "3", "4", "5", "6", "7", "8"], { more: "both" });
    await view.loadPrevious(2);
    await shows(view, ["1", "2", "3", "4", "5", "6", "7", "8"], { more: "next" });
    await view.loadNext(3);
    await shows(view, ["1", "2", "3", "4", "5", "6", "7", "8", "9"], { more: "none" });
  });

  test("goes on from a page that was empty", async () => {
    const { alice, client } = await setScene(enter);
    const view = await client.show("alice", { last: 2 });
    await shows(view, [], { more: "none" });
    await count(alice, 3);
    await view.loadNext(2);
    await shows(view, ["1", "2"]);
    await view.loadNext(2);
    await shows(view, ["1", "2", "3"]);
  });

  test("receives what it has missed and what comes, and shows it once", async () => {
    const { app, alice, client, errors, receive } = await setScene(enter);
    await count(alice, 2);
    const view = await client.show("alice", { last: 10 });
    receive();
    await client.send("alice", "mine", "key-1");
    await shows(view, ["1", "2", "mine"]);
    await alice.send("bob", "3");
    await shows(view, ["1", "2", "mine", "3"]);
    expect(errors).toEqual([]);
    // It has acknowledged: another start of the same device is handed nothing that it has had.
    const bob = await (await app.person("bob")).login("browser");
    await vi.waitFor(async () => {
      const { source } = await (await bob.connect()).subscribe(NEW_MESSAGE).next();
      expect(source).toBe("RECENT");
    }, 20_000);
  });

  test("what it has missed and does not show is in its older pages, once", async () => {
    const { alice, client, errors, receive } = await setScene(enter);
    await count(alice, 5);
    const view = await client.show("alice", { last: 2 });
    receive();
    await alice.send("bob", "6");
    await shows(view, ["4", "5", "6"]);
    await view.loadPrevious(2);
    await shows(view, ["2", "3", "4", "5", "6"]);
    await view.loadPrevious(2);
    await shows(view, ["1", "2", "3", "4", "5", "6"], { more: "none" });
    expect(errors).toEqual([]);
  });

  test("what is recalled vanishes from the page that it has cached, and from what it fetches again", async () => {
    const { alice, client, errors, receive } = await setScene(enter);
    const { id } = await alice.send("bob", "a secret");
    await alice.send("bob", "2");
    const view = await client.show("alice", { last: 10 });
    expect(await client.refetch(id)).toBe("a secret");
    receive();
    await alice.recall(id);
    await shows(view, [null, "2"]);
    expect(await client.refetch(id)).toBeNull();
    expect(errors).toEqual([]);
  });

  test("what it fetches again by id changes the page that it shows", async () => {
    const { alice, client } = await setScene(enter);
    const { id } = await alice.send("bob", "befor");
    const view = await client.show("alice", { last: 10 });
    await alice.edit(id, "before");
    expect(view.texts()).toEqual(["befor"]);
    expect(await client.refetch(id)).toBe("before");
    await shows(view, ["before"]);
  });

  test("comes back when its connection was cut, and misses and repeats nothing", async () => {
    const { proxy, alice, client, errors, receive } = await setScene(enter);
    await count(alice, 1);
    const view = await client.show("alice", { last: 10 });
    receive();
    await alice.send("bob", "2");
    await shows(view, ["1", "2"]);
    proxy.shut();
    await alice.send("bob", "3");
    await alice.send("bob", "4");
    proxy.open();
    await shows(view, ["1", "2", "3", "4"]);
    await alice.send("bob", "5");
    await shows(view, ["1", "2", "3", "4", "5"]);
    expect(errors).toEqual([]);
  });

  test("renews a token that has run out when it asks", async () => {
    const { app, client } = await setScene(enter);
    expect(await client.viewer()).toBe("bob");
    app.clock.advance(11 * MINUTE);
    const sent = await client.send("alice", "mine", "key-1");
    expect(sent).toMatchObject({ __typename: "SendMessageSuccess" });
  });

  test("renews a token that has run out while it was subscribed", async () => {
    const { app, alice, client, errors, receive } = await setScene(enter);
    const view = await client.show("alice", { last: 10 });
    receive();
    await alice.send("bob", "1");
    await shows(view, ["1"]);
    app.clock.advance(11 * MINUTE);
    await alice.send("bob", "2");
    await shows(view, ["1", "2"]);
    expect(errors).toEqual([]);
  });
}
