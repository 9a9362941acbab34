/** A store in memory: for tests, for Node, and where a browser keeps nothing. */
import type { LocalStore, Meta, Outgoing, Stored, StoredConversation, Transaction } from "./store.ts";

/** The messages of a conversation, in the order of seq. */
class Timeline {
  readonly #messages = new Map<number, Stored>();
  /** Rising. */
  readonly #seqs: number[] = [];

  get(seq: number): Stored | undefined {
    return this.#messages.get(seq);
  }

  set(seq: number, message: Stored): void {
    if (!this.#messages.has(seq)) this.#seqs.splice(this.#placeOf(seq), 0, seq);
    this.#messages.set(seq, message);
  }

  delete(seq: number): void {
    if (this.#messages.delete(seq)) this.#seqs.splice(this.#placeOf(seq), 1);
  }

  /** How many lie below. */
  #placeOf(seq: number): number {
    let [low, high] = [0, this.#seqs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seqs[middle] ?? seq) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Those from `first` up to but not including `end`; at most `limit`, the lowest. */
  slice(first: number, end: number, limit: number): Stored[] {
    const from = this.#placeOf(first);
    return this.#at(from, Math.min(this.#placeOf(end), from + limit));
  }

  /** The `limit` highest below a seq, the highest first. */
  below(seq: number, limit: number): Stored[] {
    const end = this.#placeOf(seq);
    return this.#at(Math.max(0, end - limit), end).reverse();
  }

  #at(from: number, end: number): Stored[] {
    return this.#seqs.slice(from, end).flatMap((seq) => this.#messages.get(seq) ?? []);
  }
}

interface Contents {
  meta: Meta | null;
  /** By peer. */
  messages: Map<string, Timeline>;
  conversations: Map<string, StoredConversation>;
  outgoing: Map<string, Outgoing>;
}

function empty(): Contents {
  return { meta: null, messages: new Map(), conversations: new Map(), outgoing: new Map() };
}

function transactionOver(contents: Contents, undo: (() => void)[]): Transaction {
  interface Table<Key, Item> {
    get(key: Key): Item | undefined;
    set(key: Key, item: Item): unknown;
    delete(key: Key): unknown;
  }

  function put<Key, Item>(table: Table<Key, Item>, key: Key, item: Item | undefined): void {
    const before = table.get(key);
    undo.push(() => (before === undefined ? table.delete(key) : table.set(key, before)));
    if (item === undefined) table.delete(key);
    else table.set(key, item);
  }

  function timeline(peer: string): Timeline {
    const messages = contents.messages.get(peer) ?? new Timeline();
    contents.messages.set(peer, messages);
    return messages;
  }

  return {
    async meta() {
      return contents.meta;
    },
    async putMeta(meta) {
      const before = contents.meta;
      undo.push(() => {
        contents.meta = before;
      });
      contents.meta = meta;
    },
    async message(peer, seq) {
      return timeline(peer).get(seq) ?? null;
    },
    async messagesBelow(peer, seq, limit) {
      return timeline(peer).below(seq, limit);
    },
    async messagesAbove(peer, seq, limit) {
      return timeline(peer).slice(seq + 1, Number.POSITIVE_INFINITY, limit);
    },
    async putMessage(message) {
      put(timeline(message.peer), message.seq, message);
    },
    async removeMessages(peer, first, last) {
      const messages = timeline(peer);
      const gone = messages.slice(first, last + 1, Number.POSITIVE_INFINITY);
      for (const { seq } of gone) put(messages, seq, undefined);
    },
    async conversation(peer) {
      return contents.conversations.get(peer) ?? null;
    },
    async conversations() {
      return [...contents.conversations.values()];
    },
    async putConversation(conversation) {
      put(contents.conversations, conversation.peer, conversation);
    },
    async outgoing() {
      return [...contents.outgoing.values()].sort((a, b) => a.order - b.order);
    },
    async putOutgoing(outgoing) {
      put(contents.outgoing, outgoing.clientMessageId, outgoing);
    },
    async removeOutgoing(clientMessageId) {
      const known = contents.outgoing.has(clientMessageId);
      if (known) put(contents.outgoing, clientMessageId, undefined);
      return known;
    },
  };
}

/** A store that lives as long as this object: give it to the next `login` too, to go on where the last one was. */
export function createMemoryStore(): LocalStore {
  let contents = empty();
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  return {
    sharedName: null,
    transaction: (_mode, work) =>
      inTurn(async () => {
        const undo: (() => void)[] = [];
        try {
          return await work(transactionOver(contents, undo));
        } catch (error) {
          for (const step of undo.reverse()) step();
          throw error;
        }
      }),
    erase: () =>
      inTurn(async () => {
        contents = empty();
      }),
    close() {},
  };
}
