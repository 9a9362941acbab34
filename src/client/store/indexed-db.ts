/** A store in the browser's IndexedDB. Tabs that open the same name share it. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { LocalStore, Meta, Outgoing, Stored, StoredConversation, Transaction } from "./store.ts";

interface Schema extends DBSchema {
  meta: { key: string; value: Meta };
  messages: { key: [peer: string, seq: number]; value: Stored };
  conversations: { key: string; value: StoredConversation };
  outgoing: { key: string; value: Outgoing };
}

const VERSION = 1;
const STORES = ["meta", "messages", "conversations", "outgoing"] as const;
/** There is one, under this key. */
const META = "meta";

/** @param onLost the connection to the database is closed, by a newer version of the app or by the browser */
function open(name: string, onLost: () => void): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, VERSION, {
    upgrade(fresh) {
      fresh.createObjectStore("meta");
      fresh.createObjectStore("messages", { keyPath: ["peer", "seq"] });
      fresh.createObjectStore("conversations", { keyPath: "peer" });
      fresh.createObjectStore("outgoing", { keyPath: "clientMessageId" });
    },
    blocking(_current, _wanted, event) {
      onLost();
      if (event.target instanceof IDBDatabase) event.target.close();
    },
    terminated: onLost,
  });
}

function begin(database: IDBPDatabase<Schema>, mode: "read" | "write") {
  // Strict: what has been committed is on disk before it is acknowledged to the server.
  return database.transaction(STORES, mode === "read" ? "readonly" : "readwrite", { durability: "strict" });
}

function over(running: ReturnType<typeof begin>): Transaction {
  const messages = running.objectStore("messages");
  const conversations = running.objectStore("conversations");
  const outgoing = running.objectStore("outgoing");
  const meta = running.objectStore("meta");

  /**
   * Stretch by stretch: a range is read at once, a cursor that goes down row by row takes up to twice as long. How far
   * down the range must reach is known where no number is left out; where some are, the next stretch follows.
   */
  async function below(peer: string, seq: number, limit: number): Promise<Stored[]> {
    const found: Stored[] = [];
    for (let end = seq; end > 0 && found.length < limit; ) {
      const range = IDBKeyRange.bound([peer, 0], [peer, end], false, true);
      const highest = (await messages.openKeyCursor(range, "prev"))?.key[1];
      if (highest === undefined) break;
      const first = Math.max(0, highest - (limit - found.length) + 1);
      const stretch = await messages.getAll(IDBKeyRange.bound([peer, first], [peer, highest]));
      found.push(...stretch.reverse());
      end = first;
    }
    return found;
  }

  return {
    meta: async () => (await meta.get(META)) ?? null,
    putMeta: async (value) => void (await meta.put?.(value, META)),
    message: async (peer, seq) => (await messages.get([peer, seq])) ?? null,
    messagesBelow: below,
    messagesAbove: (peer, seq, limit) =>
      messages.getAll(IDBKeyRange.bound([peer, seq], [peer, Number.MAX_SAFE_INTEGER], true), limit),
    putMessage: async (message) => void (await messages.put?.(message)),
    removeMessages: async (peer, first, last) => {
      if (first <= last) await messages.delete?.(IDBKeyRange.bound([peer, first], [peer, last]));
    },
    conversation: async (peer) => (await conversations.get(peer)) ?? null,
    conversations: () => conversations.getAll(),
    putConversation: async (conversation) => void (await conversations.put?.(conversation)),
    outgoing: async () => (await outgoing.getAll()).sort((a, b) => a.order - b.order),
    putOutgoing: async (message) => void (await outgoing.put?.(message)),
    removeOutgoing: async (clientMessageId) => {
      const known = (await outgoing.getKey(clientMessageId)) !== undefined;
      if (known) await outgoing.delete?.(clientMessageId);
      return known;
    },
  };
}

/**
 * Opens the database of this name; one for each user, or what one user wrote is shown to the next.
 * @throws DOMException where the browser lets nothing be kept, as in some private windows
 */
export async function openIndexedDbStore(name: string): Promise<LocalStore> {
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  /** Browsers close databases of pages that sleep: it is opened again where it has to be. */
  const database = () => {
    opened ??= open(name, () => {
      opened = null;
    });
    return opened;
  };
  await database();
  return {
    sharedName: name,
    async transaction(mode, work) {
      const running = begin(await database(), mode);
      try {
        const result = await work(over(running));
        await running.done;
        return result;
      } catch (error) {
        running.done.catch(() => {});
        try {
          running.abort();
        } catch {
          // It had ended by itself.
        }
        throw error;
      }
    },
    async erase() {
      const running = begin(await database(), "write");
      await Promise.all([...STORES.map((store) => running.objectStore(store).clear?.()), running.done]);
    },
    close: () => void opened?.then((open) => open.close()).catch(() => {}),
  };
}
