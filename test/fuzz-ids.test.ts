/** Ids that mallory has guessed, mended or made up: what is not mallory's answers as what does not exist. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Change, changed, changes, oddText, pick } from "./support/hostile.ts";
import { timeFor } from "./support/scale.ts";
import { besiege, codesOf, type Siege } from "./support/siege.ts";
import type { Data } from "./support/socket.ts";

/** A real id, perhaps changed, or a made-up one. */
type Id = { readonly real: number; readonly changes: readonly Change[] } | { readonly text: string };

function idFrom({ own, foreign }: Siege, id: Id): string {
  if ("text" in id) return id.text;
  const people = ["alice", "carol", "mallory"];
  const real = [...own.messages, ...foreign.messages, ...own.conversations, ...foreign.conversations, ...people];
  return changed(pick(real, id.real), id.changes);
}

const small = fc.integer({ min: -2, max: 6 });
const id: fc.Arbitrary<Id> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ real: fc.nat(20), changes: fc.constant([]) }) },
  { weight: 4, arbitrary: fc.record({ real: fc.nat(20), changes }) },
  { weight: 2, arbitrary: fc.record({ text: oddText }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("m", "c", "t", "x", ""), small, small)
      .map((parts) => ({ text: parts.join(":") })),
  },
  { weight: 1, arbitrary: fc.bigInt().map((number) => ({ text: `m:${number}:${number}` })) },
  {
    weight: 1,
    arbitrary: fc.tuple(small, fc.constantFrom("alice", "bob")).map(([at, of]) => ({ text: `c:${at}:${of}` })),
  },
);

const LOOK = `query Look($id: ID!) {
  node(id: $id) { id __typename }
  message(id: $id) { id sender { id } recipient { id } content { summary } customData clientMessageId
    replyTo { id } conversation { id } }
  user(id: $id) { id mutedUntil friendPolicy friendship }
  conversation(peer: $id) { id peer { id } lastMessage { content { summary } } }
  history(peer: $id) { nodes { id sender { id } recipient { id } content { summary } } }
}`;

const TOUCH = [
  "recallMessage(input: { id: $id }) { __typename ... on Error { code reason } }",
  'editMessage(input: { id: $id, content: { text: { text: "other" } } }) { __typename ... on Error { code reason } }',
  "deleteMessages(input: { ids: [$id] }) { deletedIds }",
  `sendMessage(input: { to: "carol", content: { text: { text: "as was said" } }, replyTo: $id }) {
    __typename ... on Error { code reason } }`,
  "markRead(input: { peer: $id, upToSeq: 1 }) { conversation { id } }",
  "pinConversation(input: { peer: $id }) { conversation { id } }",
  "muteConversation(input: { peer: $id }) { conversation { id } }",
  "clearConversation(input: { peer: $id }) { conversation { id } }",
  "setTyping(input: { peer: $id }) { typing }",
].map((field) => `mutation Touch($id: ID!) { ${field} }`);

function isMallorys({ sender, recipient }: Data): boolean {
  return sender.id === "mallory" || recipient.id === "mallory";
}

test(
  "whatever id is asked for, mallory sees nothing of others",
  () =>
    besiege("ids", 350, id, async (siege, input) => {
      const answer = await (await siege.socket()).ask(LOOK, { id: idFrom(siege, input) });
      expect(codesOf(answer)).toEqual([]);
      const { node, message, user, conversation, history } = answer.data ?? {};
      if (message !== null) expect(isMallorys(message)).toBe(true);
      if (conversation !== null) expect(conversation.id).toMatch(/:mallory$/);
      for (const message of history?.nodes ?? []) expect(isMallorys(message)).toBe(true);
      if (node?.__typename === "Message") expect(node.id).toBe(message?.id);
      if (node?.__typename === "Conversation") expect(node.id).toMatch(/:mallory$/);
      if (user !== null && user.id !== "mallory") expect(user).toMatchObject({ mutedUntil: null, friendPolicy: null });
    }),
  timeFor(120_000),
);

test(
  "whatever id is touched, what is not mallory's stays as it is",
  () =>
    besiege("ids in mutations", 350, fc.tuple(id, fc.constantFrom(...TOUCH)), async (siege, [input, document]) => {
      const before = siege.theirRows();
      const answer = await (await siege.socket()).ask(document, { id: idFrom(siege, input) });
      const allowed = ["MESSAGE_NOT_FOUND", "INVALID_CONTENT", "FORBIDDEN", "RECIPIENT_NOT_FOUND"];
      expect(codesOf(answer).filter((code) => !allowed.includes(code))).toEqual([]);
      expect(siege.theirRows()).toBe(before);
    }),
  timeFor(120_000),
);

const ABSENT = ["m:1:999999", "m:999999:1", "c:999999:alice", "c:999999:mallory"];

test(
  "what belongs to others answers to the letter as what does not exist",
  () =>
    besiege(
      "forbidden ids",
      100,
      fc.tuple(
        fc.constantFrom("messages" as const, "conversations" as const),
        fc.nat(9),
        fc.constantFrom(LOOK, ...TOUCH),
      ),
      async (siege, [kind, choice, document]) => {
        const forbidden = pick(siege.foreign[kind], choice);
        const absent = pick(
          ABSENT.filter((text) => text.startsWith(kind.charAt(0))),
          choice,
        );
        const socket = await siege.socket();
        const one = JSON.stringify(await socket.ask(document, { id: forbidden }));
        const other = JSON.stringify(await socket.ask(document, { id: absent }));
        expect(one.replaceAll(forbidden, "…")).toBe(other.replaceAll(absent, "…"));
      },
    ),
  timeFor(120_000),
);
