/** A store in memory: for tests, for Node, and where a browser keeps nothing. */
import type { LocalStore, Meta, Outgoing, StoredConversation, StoredMessage, Transaction } from "./store.ts";

interface Contents {
  meta: Meta | null;
  /** By peer, and there by seq. */
  messages: Map<string, Map<number, StoredMessage>>;
  conversations: Map<string, StoredConversation>;
  outgoing: Map<string, Outgoing>;
}

function empty(): Contents {
  return { meta: null, messages: new Map(), conversations: new Map(), outgoing: new Map() };
}

function transactionOver(contents: Contents, undo: (() => void)[]): Transaction {
  function put<Key, Item>(map: Map<Key, Item>, key: Key, item: Item | undefined): void {
    const before = map.get(key);
    undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
    if (item === undefined) map.delete(key);
    else map.set(key, item);
  }

  function timeline(peer: string): Map<number, StoredMessage> {
    const messages = contents.messages.get(peer) ?? new Map<number, StoredMessage>();
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
      const below = [...timeline(peer).values()].filter((message) => message.seq < seq);
      return below.sort((a, b) => b.seq - a.seq).slice(0, limit);
    },
    async messagesAbove(peer, seq, limit) {
      const above = [...timeline(peer).values()].filter((message) => message.seq > seq);
      return above.sort((a, b) => a.seq - b.seq).slice(0, limit);
    },
    async putMessage(message) {
      put(timeline(message.peer), message.seq, message);
    },
    async removeMessages(peer, first, last) {
      for (const seq of timeline(peer).keys()) if (seq >= first && seq <= last) put(timeline(peer), seq, undefined);
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
