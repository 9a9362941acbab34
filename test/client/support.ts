/** The SDK against a real server, through a network that a test can break. */
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Chat, ChatEvents, LoginOptions, Message, Observable } from "../../src/client/index.ts";
import { createMemoryStore, login } from "../../src/client/index.ts";
import type { App } from "../support/app.ts";
import { NetworkProxy } from "../support/proxy.ts";

export const QUICK = { firstMs: 2, longestMs: 20 };

export async function startProxy(app: App): Promise<NetworkProxy> {
  const proxy = new NetworkProxy(() => app.port);
  await proxy.listen();
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Logs in with the SDK; closed when the test is over. */
export async function enter(app: App, user: string, options: Partial<LoginOptions> = {}): Promise<Chat> {
  const chat = await login({
    url: app.url,
    user,
    token: () => app.token(user),
    store: createMemoryStore(),
    webSocketImpl: WebSocket,
    backoff: QUICK,
    ...options,
  });
  onTestFinished(() => chat.close());
  return chat;
}

/** A WebSocket that keeps back the first frame that holds this text, until it is released. */
export function late(text: string) {
  const held: (() => void)[] = [];
  let tell = () => {};
  const isHeld = new Promise<void>((resolve) => {
    tell = resolve;
  });
  class Late extends WebSocket {
    override emit(name: string | symbol, ...args: unknown[]): boolean {
      const first = name === "message" && held.length === 0 && String(args[0]).includes(text);
      if (!first) return super.emit(name, ...args);
      held.push(() => void super.emit(name, ...args));
      tell();
      return true;
    }
  }
  const release = () => {
    for (const go of held) go();
  };
  return { webSocketImpl: Late, isHeld, release };
}

/** Resolves with the first snapshot that passes. */
export function until<T>(observable: Observable<T>, test: (snapshot: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    let stop = () => {};
    const look = () => {
      const snapshot = observable.getSnapshot();
      if (!test(snapshot)) return;
      stop();
      resolve(snapshot);
      stop = () => {};
    };
    const end = observable.subscribe(look);
    stop = end;
    look();
  });
}

export async function inStep(chat: Chat): Promise<Chat> {
  await until(chat.connection, ({ status }) => status === "inStep");
  return chat;
}

/** The next event of this name. */
export function next<Name extends keyof ChatEvents>(chat: Chat, name: Name): Promise<ChatEvents[Name]> {
  return new Promise((resolve) => {
    const stop = chat.on(name, (event) => {
      stop();
      resolve(event);
    });
  });
}

/** All events of this name from now on. */
export function collect<Name extends keyof ChatEvents>(chat: Chat, name: Name): ChatEvents[Name][] {
  const events: ChatEvents[Name][] = [];
  chat.on(name, (event) => events.push(event));
  return events;
}

export function texts(messages: readonly Message[]): (string | null)[] {
  return messages.map(({ content }) => content?.summary ?? null);
}

/** Subscribes, so that the list is kept up to date, and resolves once its messages say this. */
export async function shows(
  chat: Chat,
  peer: string,
  expected: readonly (string | null)[],
): Promise<readonly Message[]> {
  const list = chat.messages(peer);
  const snapshot = await until(
    list,
    ({ messages, complete, loading }) =>
      complete && !loading && JSON.stringify(texts(messages)) === JSON.stringify(expected),
  );
  return snapshot.messages;
}
