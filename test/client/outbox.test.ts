import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { createMemoryStore } from "../../src/client/index.ts";
import { type App, startApp } from "../support/app.ts";
import { HOUR, SECOND } from "../support/clock.ts";
import type { Data } from "../support/socket.ts";
import { collect, enter, inStep, next, shows, startProxy, texts, until } from "./support.ts";

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${index + 1}`);
}

async function history(app: App, user: string, peer: string): Promise<Data[]> {
  return (await app.person(user)).history(peer);
}

test("what is written without a connection is sent in its order once there is one", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  const alice = await inStep(await enter(app, "alice", { url: proxy.url }));
  proxy.shut();
  await until(alice.connection, ({ status }) => status === "offline");
  const sendings = numbered(20).map((text) => alice.sendMessage("bob", text));
  const list = alice.messages("bob");
  const waiting = await until(list, ({ messages }) => messages.length === 20);
  expect(new Set(waiting.messages.map(({ status }) => status))).toEqual(new Set(["sending"]));
  expect(texts(waiting.messages)).toEqual(numbered(20));
  proxy.open();
  const sent = await Promise.all(sendings.map(({ settled }) => settled));
  expect(sent.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  const shown = await shows(alice, "bob", numbered(20));
  expect(shown.map(({ key }) => key)).toEqual(sendings.map(({ message }) => message.key));
});

test("what waits survives a reload, and is sent once", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  const store = createMemoryStore();
  const before = await inStep(await enter(app, "alice", { url: proxy.url, store }));
  proxy.shut();
  for (const text of numbered(3)) before.sendMessage("bob", text);
  await until(before.messages("bob"), ({ messages }) => messages.length === 3);
  before.close();

  const after = await enter(app, "alice", { url: proxy.url, store });
  const sent = collect(after, "messageSent");
  expect(texts((await after.getMessages("bob")).messages)).toEqual(numbered(3));
  proxy.open();
  await shows(after, "bob", numbered(3));
  await until(after.messages("bob"), ({ messages }) => messages.every(({ status }) => status === "sent"));
  expect(sent.map(({ message }) => message.seq)).toEqual([1, 2, 3]);
  expect(texts((await history(app, "alice", "bob")) as never)).toHaveLength(3);
});

test("a message whose answer was lost is not sent twice", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  let cut = false;
  // The first answer to a send is lost with its connection.
  class Lossy extends WebSocket {
    override emit(name: string | symbol, ...args: unknown[]): boolean {
      if (name === "message" && !cut && String(args[0]).includes('"sendMessage"')) {
        cut = true;
        proxy.cutAll();
        return true;
      }
      return super.emit(name, ...args);
    }
  }
  const alice = await inStep(await enter(app, "alice", { url: proxy.url, webSocketImpl: Lossy }));
  const sent = await alice.sendMessage("bob", "once").settled;
  expect(cut).toBe(true);
  expect(sent).toMatchObject({ status: "sent", seq: 1 });
  expect(await history(app, "bob", "alice")).toHaveLength(1);
});

test("a conversation does not wait for another, and keeps its order over what is slowed down", async () => {
  const app = await startApp({ sendRate: 1 });
  const [, carol] = await app.people("bob", "carol");
  await carol.get("{ viewer { id } }");
  const alice = await inStep(await enter(app, "alice"));
  const sendings = numbered(8).map((text, index) => alice.sendMessage(index % 2 === 0 ? "bob" : "carol", text));
  const sent = collect(alice, "messageSent");
  // The server's clock stands still until it is moved: each second lets one more through.
  while (sent.length < sendings.length) {
    const another = next(alice, "messageSent");
    app.clock.advance(SECOND);
    await another;
  }
  expect((await Promise.all(sendings.map(({ settled }) => settled))).map(({ status, seq }) => [status, seq])).toEqual(
    sendings.map((_, index) => ["sent", Math.floor(index / 2) + 1]),
  );
});

test("a message of somebody who is muted has failed, and can be sent when that is over", async () => {
  const app = await startApp();
  await app.person("bob");
  const alice = await inStep(await enter(app, "alice"));
  await (await app.admin()).mute("alice", 7_200);
  const failed = await alice.sendMessage("bob", "let me speak").settled;
  expect(failed).toMatchObject({ status: "failed", error: { code: "MUTED", retryable: true, retryAfterMs: 2 * HOUR } });
  const next = alice.sendMessage("bob", "and this");
  expect(await next.settled).toMatchObject({ status: "failed" });
  app.clock.advance(2 * HOUR);
  for (const message of [failed, next.message]) await alice.retry(message);
  await shows(alice, "bob", ["let me speak", "and this"]);
});

test("a failed message stays failed over a reload", async () => {
  const app = await startApp();
  const store = createMemoryStore();
  const before = await inStep(await enter(app, "alice", { store }));
  const failed = await before.sendMessage("nobody", "hello?").settled;
  before.close();
  const after = await inStep(await enter(app, "alice", { store }));
  const { messages } = await until(after.messages("nobody"), (list) => list.messages.length === 1);
  expect(messages).toMatchObject([
    { key: failed.key, status: "failed", error: { code: "RECIPIENT_NOT_FOUND", retryable: false } },
  ]);
});

test("a message that came by another way meanwhile is not shown twice", async () => {
  const app = await startApp();
  await app.person("bob");
  const proxy = await startProxy(app);
  // The answers to sends are swallowed, and nothing is cut: as when the answer is very late.
  class Deaf extends WebSocket {
    override emit(name: string | symbol, ...args: unknown[]): boolean {
      if (name === "message" && String(args[0]).includes('"sendMessage"')) return true;
      return super.emit(name, ...args);
    }
  }
  const alice = await inStep(await enter(app, "alice", { url: proxy.url, webSocketImpl: Deaf }));
  const sent = next(alice, "messageSent");
  const { message, settled } = alice.sendMessage("bob", "hello");
  await until(alice.messages("bob"), ({ messages }) => messages.length === 1);
  while ((await history(app, "bob", "alice")).length === 0);
  // The list of conversations tells of it when the device is back.
  proxy.cutAll();
  expect(await settled).toMatchObject({ key: message.key, seq: 1 });
  expect((await sent).message.key).toBe(message.key);
  const list = alice.messages("bob");
  const { messages } = await until(list, ({ messages }) => messages.every(({ status }) => status === "sent"));
  expect(messages).toMatchObject([{ key: message.key, seq: 1 }]);
});
