/** The local store as the rest of the SDK uses it: every write tells who watches, here and in the other tabs. */
import { Batch } from "./batch.ts";
import { ParleyError, toParleyError } from "./errors.ts";
import type { MessageFragment } from "./generated.ts";
import { newId } from "./ids.ts";
import type { Viewer } from "./present.ts";
import type { LocalStore, Transaction } from "./store/store.ts";
import { joinTabs, type Tabs } from "./tabs.ts";

export class Local {
  readonly viewer: Viewer;
  readonly #store: LocalStore;
  readonly #tabs: Tabs;
  readonly #watchers = new Set<(peers: readonly string[]) => void>();
  #closed = false;
  /** A message of the outbox is on the server. */
  onSent: (message: MessageFragment) => void = () => {};

  constructor(store: LocalStore, viewer: Viewer) {
    this.viewer = viewer;
    this.#store = store;
    this.#tabs = joinTabs(store.sharedName, (peers) => this.#announce(peers));
  }

  /** @throws ParleyError STORE_FAILED */
  async #run<T>(mode: "read" | "write", work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ParleyError("SESSION_ENDED", "The client was closed.");
    try {
      return await this.#store.transaction(mode, work);
    } catch (error) {
      throw toParleyError(error, "STORE_FAILED");
    }
  }

  read<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#run("read", work);
  }

  /** One transaction of changes. It resolves when they are on disk and all who watch have been told. */
  async change<T>(work: (batch: Batch, transaction: Transaction) => Promise<T>): Promise<T> {
    const { result, peers, sent } = await this.#run("write", async (transaction) => {
      const batch = await Batch.open(transaction, this.viewer.id);
      const result = await work(batch, transaction);
      return { result, peers: await batch.finish(), sent: batch.sent };
    });
    for (const message of sent) this.onSent(message);
    this.#announce(peers);
    this.#tabs.tell(peers);
    return result;
  }

  /**
   * Makes sure that the store is this user's and has a device id.
   * @returns the id, and whether the device has logged in before
   * @throws ParleyError WRONG_USER where it holds another user's messages
   */
  async open(wanted: string | undefined): Promise<{ deviceId: string; entered: boolean }> {
    return this.#run("write", async (transaction) => {
      const known = await transaction.meta();
      if (known !== null && known.user !== this.viewer.id) {
        throw new ParleyError("WRONG_USER", `This store holds the messages of ${known.user}; give each user its own.`);
      }
      const deviceId = wanted ?? known?.deviceId ?? newId();
      if (known?.deviceId === deviceId) return known;
      // The cursors say what the server has handed to that other device.
      const cursors = { messages: null, updates: null, conversations: null };
      const meta = { activity: 0, ...known, user: this.viewer.id, deviceId, entered: false, cursors };
      await transaction.putMeta(meta);
      return meta;
    });
  }

  /** The device has logged in. */
  async enter(): Promise<void> {
    await this.#run("write", async (transaction) => {
      const meta = await transaction.meta();
      if (meta !== null) await transaction.putMeta({ ...meta, entered: true });
    });
  }

  /** Calls back with the peers whose conversations may look different. */
  watch(watcher: (peers: readonly string[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #announce(peers: readonly string[]): void {
    if (peers.length === 0) return;
    for (const watcher of this.#watchers) watcher(peers);
  }

  /** Runs the work while no other tab runs any of this name. */
  alone(name: string, work: () => Promise<void>): Promise<void> {
    return this.#tabs.alone(name, work);
  }

  async erase(): Promise<void> {
    await this.#store.erase();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tabs.close();
    this.#watchers.clear();
    this.#store.close();
  }
}
