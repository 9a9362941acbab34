import "fake-indexeddb/auto";
import fc from "fast-check";
import { openDB } from "idb";
import { expect, test } from "vitest";
import { createMemoryStore, type LocalStore, openIndexedDbStore } from "../../src/client/index.ts";
import type { StoredMessage } from "../../src/client/store/store.ts";

const profile = { id: "bob", nickname: null, avatarUrl: null };

function message(peer: string, seq: number, epoch: number): StoredMessage {
  return {
    peer,
    seq,
    epoch,
    handed: true,
    message: {
      id: `${peer} ${seq}`,
      seq,
      cursor: null,
      clientMessageId: null,
      customData: null,
      sentAt: "2026-01-31T09:30:00.000Z",
      editedAt: null,
      recalledAt: null,
      deliveredToRecipient: false,
      readByRecipient: false,
      sender: profile,
      recipient: profile,
      senderProfile: { nickname: null, avatarUrl: null },
      content: null,
      replyTo: null,
    },
  };
}

const peer = fc.constantFrom("bob", "carol", "");
const seq = fc.integer({ min: 1, max: 30 });
const limit = fc.integer({ min: 1, max: 8 });
const operation = fc.oneof(
  fc.record({ do: fc.constant("put" as const), peer, seq, epoch: fc.nat(3) }),
  fc.record({ do: fc.constant("remove" as const), peer, first: seq, last: seq }),
  fc.record({ do: fc.constantFrom("below" as const, "above" as const), peer, seq, limit }),
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** Does it in one transaction that fails where it is told to, and gives what was read. */
async function run(store: LocalStore, operations: readonly Operation[], fails: boolean): Promise<unknown[]> {
  const read: unknown[] = [];
  const work = store.transaction("write", async (transaction) => {
    for (const step of operations) {
      if (step.do === "put") await transaction.putMessage(message(step.peer, step.seq, step.epoch));
      else if (step.do === "remove") await transaction.removeMessages(step.peer, step.first, step.last);
      else if (step.do === "below") read.push(await transaction.messagesBelow(step.peer, step.seq, step.limit));
      else read.push(await transaction.messagesAbove(step.peer, step.seq, step.limit));
    }
    if (fails) throw new Error("no");
  });
  await work.catch((error) => {
    if (!fails) throw error;
  });
  return read;
}

test("both stores keep, order, limit, remove and undo alike", async () => {
  let names = 0;
  const transactions = fc.array(fc.tuple(fc.array(operation, { maxLength: 12 }), fc.boolean()), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(transactions, async (scripts) => {
      names += 1;
      const [memory, indexed] = [createMemoryStore(), await openIndexedDbStore(`stores ${names}`)];
      for (const [operations, fails] of scripts) {
        expect(await run(indexed, operations, fails)).toEqual(await run(memory, operations, fails));
      }
      for (const who of ["bob", "carol", ""] as const) {
        const all: Operation[] = [{ do: "above", peer: who, seq: 0, limit: 100 }];
        expect(await run(indexed, all, false)).toEqual(await run(memory, all, false));
      }
      indexed.close();
    }),
  );
});

test("a database from before there were files is opened, and what waits in it is sent", async () => {
  const before = await openDB("of version 1", 1, {
    upgrade(database) {
      for (const name of ["meta", "messages", "conversations"]) database.createObjectStore(name);
      database.createObjectStore("outgoing", { keyPath: "clientMessageId" });
    },
  });
  await before.put("outgoing", { clientMessageId: "a", peer: "bob", order: 1, content: { text: { text: "hello" } } });
  before.close();
  const store = await openIndexedDbStore("of version 1");
  const waiting = await store.transaction("read", (transaction) => transaction.outgoing());
  expect(waiting).toMatchObject([{ clientMessageId: "a", files: [] }]);
  store.close();
});
