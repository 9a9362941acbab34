/** What can be done to a store, for tests that do the same to two of them, or in two ways. */
import fc from "fast-check";
import type { MessageDraft } from "../../src/engine/draft.ts";
import { type Message, SYSTEM_USER } from "../../src/engine/model.ts";
import type { Store } from "../../src/engine/store.ts";
import { draftOf } from "./draft.ts";

export const NOW = Date.UTC(2030, 0, 1);
const PEOPLE = ["alice", "bob", "carol"] as const;
/** What acts change. */
export const TABLES = [
  "users",
  "conversations",
  "members",
  "messages",
  "message_runs",
  "user_log",
  "log_runs",
  "deleted_messages",
  "devices",
];

type Person = (typeof PEOPLE)[number];
export type Act =
  | { do: "send"; from: string; to: Person; key: number | null; hidden: boolean; sync: boolean; at: number }
  | { do: "recall" | "edit"; which: number }
  | { do: "read" | "pin"; who: Person; peer: Person }
  | { do: "acknowledge"; who: Person; position: number }
  | { do: "sweep"; upTo: number; batch: number };

const person = fc.constantFrom(...PEOPLE);
/** The clock goes forward, or is set forward and back. */
const instant = fc.integer({ min: NOW - 3, max: NOW + 3 });
export const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      from: fc.constantFrom(...PEOPLE, SYSTEM_USER),
      to: person,
      // Few, so that some come twice, and fail.
      key: fc.option(fc.nat(20)),
      hidden: fc.boolean(),
      sync: fc.boolean(),
      at: instant,
    }),
  },
  fc.record({ do: fc.constantFrom("recall" as const, "edit" as const), which: fc.nat(3) }),
  fc.record({ do: fc.constantFrom("read" as const, "pin" as const), who: person, peer: person }),
  fc.record({ do: fc.constant("acknowledge" as const), who: person, position: fc.nat(9) }),
  fc.record({ do: fc.constant("sweep" as const), upTo: instant, batch: fc.integer({ min: 1, max: 9 }) }),
);

function draft({ from, to, key, hidden, sync, at }: Extract<Act, { do: "send" }>): MessageDraft {
  return draftOf({
    senderId: from,
    recipientId: to,
    sentAt: at,
    hidden,
    syncToSender: sync,
    clientMessageId: key === null ? null : `key ${key}`,
    fingerprint: key === null ? null : "fingerprint",
    origin: from === SYSTEM_USER ? null : "phone",
  });
}

export interface Known {
  readonly messages: readonly Message[];
}

/** What there is before: everybody has written to everybody else. */
export async function prepare(store: Store): Promise<Known> {
  const messages: Message[] = [];
  for (const id of PEOPLE) await store.ensureUser(id, NOW);
  for (const [from, to] of [
    ["alice", "bob"],
    ["bob", "carol"],
    ["carol", "alice"],
    ["bob", "alice"],
  ] as const) {
    const send = { do: "send", from, to, key: null, hidden: false, sync: true, at: NOW } as const;
    const appended = await store.append(draft(send));
    if (appended !== null) messages.push(appended.message);
  }
  return { messages };
}

/** Does it, and gives what is answered. */
export async function perform(store: Store, { messages }: Known, act: Act): Promise<unknown> {
  switch (act.do) {
    case "send":
      return store.append(draft(act));
    case "recall":
    case "edit": {
      const message = messages[act.which];
      if (message === undefined) return null;
      if (act.do === "recall") return store.recall(message, NOW, null);
      return store.edit(message, { type: "TEXT", text: "hello again" }, NOW, false);
    }
    case "read":
    case "pin": {
      const side = { userId: act.who, peerId: act.peer, conversationId: 1 } as Parameters<Store["markRead"]>[0];
      if (act.do === "read") return store.markRead(side, null, NOW, "phone");
      return store.arrange(side, { pinned: true }, NOW, "phone");
    }
    case "acknowledge":
      return store.acknowledge(act.who, "phone", "messages", act.position, NOW);
    case "sweep":
      return store.sweep({ offline: act.upTo, roaming: act.upTo, erased: act.upTo, audit: 0 }, act.batch);
    default:
      return act satisfies never;
  }
}

/** Rows of tables, or answers, so far as they do not tell when the store was made, nor which. */
export function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/"created_at":\d+/g, '"created_at":0'));
}
