/** A store in the browser's IndexedDB. Tabs that open the same name share it. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { LocalStore, Meta, Outgoing, OutgoingFile, Stored, StoredConversation, Transaction } from "./store.ts";

interface Schema extends DBSchema {
  meta: { key: string; value: Meta };
  messages: { key: [peer: string, seq: number]; value: Stored };
  conversations: { key: string; value: StoredConversation };
  outgoing: { key: string; value: Kept };
  /** Apart, since a browser copies a file each time that the record with it is written. */
  files: { key: [clientMessageId: string, index: number]; value: Blob };
}

/** A message of the outbox, without the bytes of its files. */
interface Kept extends Omit<Outgoing, "files"> {
  readonly files: readonly Omit<OutgoingFile, "blob">[];
}

function withoutBytes({ part, kind, name, ticket, done }: OutgoingFile): Kept["files"][number] {
  return { part, kind, name, ticket, done };
}

const VERSION = 2;
const STORES = ["meta", "messages", "conversations", "outgoing", "files"] as const;
/** There is one, under this key. */
const META = "meta";

/** @param onLost the connection to the database is closed, by a newer version of the app or by the browser */
function open(name: string, onLost: () => void): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, VERSION, {
    upgrade(database, version) {
      if (version < 1) {
        database.createObjectStore("meta");
        database.createObjectStore("messages", { keyPath: ["peer", "seq"] });
        database.createObjectStore("conversations", { keyPath: "peer" });
        database.createObjectStore("outgoing", { keyPath: "clientMessageId" });
      }
      database.createObjectStore("files");
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
  const files = running.objectStore("files");

  async function whole(kept: Kept): Promise<Outgoing> {
    const found: OutgoingFile[] = [];
    // Those of an earlier version have none.
    for (const [index, file] of (kept.files ?? []).entries()) {
      found.push({ ...file, blob: (await files.get([kept.clientMessageId, index])) ?? new Blob() });
    }
    return { ...kept, files: found };
  }

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
    async outgoing() {
      const found: Outgoing[] = [];
      for (const kept of await outgoing.getAll()) found.push(await whole(kept));
      return found.sort((a, b) => a.order - b.order);
    },
    async putOutgoing(message) {
      const { clientMessageId } = message;
      for (const [index, { blob }] of message.files.entries()) {
        const key: [string, number] = [clientMessageId, index];
        if ((await files.getKey(key)) === undefined) await files.put?.(blob, key);
      }
      await outgoing.put?.({ ...message, files: message.files.map(withoutBytes) });
    },
    removeOutgoing: async (clientMessageId) => {
      const known = (await outgoing.getKey(clientMessageId)) !== undefined;
      if (!known) return false;
      await outgoing.delete?.(clientMessageId);
      await files.delete?.(IDBKeyRange.bound([clientMessageId, 0], [clientMessageId, Number.MAX_SAFE_INTEGER]));
      return true;
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
