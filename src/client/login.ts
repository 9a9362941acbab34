/** Logging in. */
import type { BackoffOptions } from "./backoff.ts";
import { Chat } from "./client.ts";
import type { Platform } from "./generated.ts";
import { Local } from "./local.ts";
import { Session } from "./session.ts";
import { openIndexedDbStore } from "./store/indexed-db.ts";
import { createMemoryStore } from "./store/memory.ts";
import type { LocalStore } from "./store/store.ts";

export interface LoginOptions {
  /** The server's endpoint, such as `https://chat.example.com/graphql`. */
  readonly url: string;
  /** Id of the user who logs in. */
  readonly user: string;
  /** Gives a fresh JWT of the app's for this user. Called whenever one is needed: now, and before each runs out. */
  readonly token: () => Promise<string> | string;
  /** The device's class, for the server's limits of sessions. Default WEB. */
  readonly platform?: Platform;
  /** Id of the device, 1 to 64 characters. Without it one is made and kept in the store. */
  readonly deviceId?: string;
  /** Where messages are kept on this device. Default: IndexedDB where there is one, else memory. */
  readonly store?: LocalStore;
  /** A WebSocket class, where there is no global one (Node 20: `WebSocket` of the package `ws`). */
  readonly webSocketImpl?: unknown;
  /** How long it waits before it connects or sends again. */
  readonly backoff?: BackoffOptions;
  /** Milliseconds between signs of life; without one for as long the connection is given up. Default 15,000. */
  readonly heartbeatMs?: number;
  /** Milliseconds that a question waits for a connection and for its answer. Default 15,000. */
  readonly patienceMs?: number;
}

async function defaultStore({ url, user }: LoginOptions): Promise<LocalStore> {
  if (typeof indexedDB === "undefined") return createMemoryStore();
  try {
    return await openIndexedDbStore(`parley ${url} ${user}`);
  } catch {
    // A private window: nothing is kept beyond the page.
    return createMemoryStore();
  }
}

/**
 * Logs in as a user and stays connected. With something of this user in the store it does not wait for the network:
 * what is held is there at once, and `connection` says how things stand.
 * @throws ParleyError UNAUTHENTICATED, WRONG_USER, OFFLINE and others at the first login on this device
 */
export async function login(options: LoginOptions): Promise<Chat> {
  const { url, user, token, platform = "WEB" } = options;
  const store = options.store ?? (await defaultStore(options));
  const local = new Local(store, { id: user, url });
  try {
    const { deviceId, entered } = await local.open(options.deviceId);
    const session = new Session({ url, user, token, deviceId, platform });
    if (!entered) {
      await session.accessToken();
      await local.enter();
    }
    return new Chat(options, local, session);
  } catch (error) {
    local.close();
    throw error;
  }
}
