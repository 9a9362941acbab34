/** Cursors that were tampered with, that belong to others or to another list: refused, or good for what is one's own. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Person } from "./support/app.ts";
import { openBeside } from "./support/data.ts";
import { type Change, changed, changes, oddJson, oddText, pick } from "./support/hostile.ts";
import { timeFor } from "./support/scale.ts";
import { besiege, codesOf, type Siege } from "./support/siege.ts";
import type { Data } from "./support/socket.ts";

type Cursor =
  /** A real one: perhaps changed as text, perhaps as what it holds. */
  | { readonly real: number; readonly changes: readonly Change[] }
  | { readonly real: number; readonly part: number; readonly value: unknown }
  | { readonly parts: readonly unknown[] }
  | { readonly text: string };

const cursor: fc.Arbitrary<Cursor> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ real: fc.nat(40), changes: fc.constant([]) }) },
  { weight: 4, arbitrary: fc.record({ real: fc.nat(40), changes }) },
  { weight: 4, arbitrary: fc.record({ real: fc.nat(40), part: fc.nat(4), value: oddJson }) },
  {
    weight: 4,
    arbitrary: fc.record({ real: fc.nat(40), part: fc.constantFrom(3, 4), value: fc.integer({ min: -3, max: 80 }) }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(1, 0, 2, "1"),
        fc.constantFrom("h", "m", "u", "c", "l", "pf", "pr", "pb", "x"),
        fc.constantFrom("mallory", "alice", "bob"),
        oddJson,
        oddJson,
      )
      .map((parts) => ({ parts })),
  },
  { weight: 1, arbitrary: fc.record({ text: oddText }) },
);

function encode(parts: unknown): string {
  return Buffer.from(JSON.stringify(parts) ?? "").toString("base64url");
}

const LISTS = `query Lists($peer: ID!) {
  history(peer: $peer) { edges { cursor } }
  conversations { edges { cursor } }
  friends { edges { cursor } }
  friendRequests { edges { cursor } }
  blockedUsers { edges { cursor } }
}`;

/** Cursors of every kind that this person can get. */
async function cursorsOf(person: Person, peer: string): Promise<string[]> {
  const lists = await person.get(LISTS, { peer });
  const socket = await person.connect();
  const streams = ["newMessage", "messageUpdated", "conversationUpdated"].map((field) =>
    socket.subscribe(`subscription { ${field} { cursor } }`),
  );
  const { id } = await person.send(peer, "soon in other words");
  await person.edit(id, "in other words");
  await (await person.login("another", "WEB")).arrange("pin", peer, { pinned: true });
  const places = await Promise.all(streams.map(async (stream): Promise<string> => (await stream.next()).cursor));
  await socket.cut();
  return [...Object.values(lists).flatMap((list: Data) => list.edges.map(({ cursor }: Data) => cursor)), ...places];
}

const real = new WeakMap<Siege, Promise<string[]>>();

/** mallory's own cursors and those of others, gathered once for each server. */
function realCursors(siege: Siege): Promise<string[]> {
  let gathered = real.get(siege);
  if (gathered === undefined) {
    gathered = (async () => {
      const own = await cursorsOf(siege.mallory, "carol");
      const others = await Promise.all([cursorsOf(siege.alice, "bob"), cursorsOf(siege.bob, "alice")]);
      // mallory's own twice as often: more comes of those.
      return [...own, ...own, ...others.flat()];
    })();
    real.set(siege, gathered);
  }
  return gathered;
}

async function cursorFrom(siege: Siege, from: Cursor): Promise<string> {
  if ("text" in from) return from.text;
  if ("parts" in from) return encode(from.parts);
  const chosen = pick(await realCursors(siege), from.real);
  if ("changes" in from) return changed(chosen, from.changes);
  const parts = JSON.parse(Buffer.from(chosen, "base64url").toString()) as unknown[];
  parts[from.part] = from.value;
  return encode(parts);
}

const PAGES = [
  "history(peer: $peer, first: 5, after: $cursor) { nodes { sender { id } recipient { id } content { summary } } }",
  "history(peer: $peer, last: 5, before: $cursor) { nodes { sender { id } recipient { id } content { summary } } }",
  "history(peer: $peer, after: $cursor, before: $cursor) { nodes { sender { id } recipient { id } } }",
  "conversations(first: 5, after: $cursor) { nodes { id lastMessage { content { summary } } } }",
  "conversations(last: 5, before: $cursor) { nodes { id lastMessage { content { summary } } } }",
  "friends(first: 5, after: $cursor) { edges { cursor node { id } } }",
  "friendRequests(first: 5, after: $cursor) { edges { greeting: cursor node { id } } }",
  "blockedUsers(last: 5, before: $cursor) { edges { cursor node { id } } }",
].map((field) => `query Page($peer: ID! = "carol", $cursor: String!) { peer: user(id: $peer) { id } ${field} }`);

test(
  "whatever cursor a page is asked for, it is refused or shows what is mallory's",
  () =>
    besiege("cursors of pages", 300, fc.tuple(cursor, fc.constantFrom(...PAGES)), async (siege, [from, document]) => {
      const answer = await (await siege.socket()).ask(document, { cursor: await cursorFrom(siege, from) });
      const codes = codesOf(answer);
      if (codes.length > 0) {
        expect(codes).toEqual(["BAD_USER_INPUT"]);
        return;
      }
      const { history, conversations } = answer.data ?? {};
      for (const { sender, recipient } of history?.nodes ?? []) expect([sender.id, recipient.id]).toContain("mallory");
      for (const { id } of conversations?.nodes ?? []) expect(id).toMatch(/:mallory$/);
    }),
  timeFor(120_000),
);

/** How far each device has acknowledged, and the head of each user's log. */
function marks({ app }: Siege): { devices: Data[]; heads: Map<string, number> } {
  const database = openBeside(app);
  try {
    const devices = database
      .prepare<[], Data>("select user_id, device_id, acked_messages, acked_updates, acked_conversations from devices")
      .all();
    const heads = database.prepare<[], { id: string; head: number }>("select id, head from users").all();
    return { devices, heads: new Map(heads.map(({ id, head }) => [id, head])) };
  } finally {
    database.close();
  }
}

const KINDS = ["acked_messages", "acked_updates", "acked_conversations"] as const;

test(
  "whatever cursor is acknowledged, a mark goes forward and no further than the log, for the device that asks",
  () =>
    besiege("cursors to acknowledge", 250, fc.tuple(cursor, fc.boolean()), async (siege, [from, asLaptop]) => {
      const text = await cursorFrom(siege, from);
      const device = asLaptop ? siege.laptop : siege.mallory;
      const deviceId = asLaptop ? "mallory-laptop" : "default";
      const before = marks(siege);
      const mutation = "mutation A($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";
      const codes = codesOf(await device.ask(mutation, { cursor: text }));
      const after = marks(siege);
      expect(after.devices.filter((row) => row.user_id !== "mallory" || row.device_id !== deviceId)).toEqual(
        before.devices.filter((row) => row.user_id !== "mallory" || row.device_id !== deviceId),
      );
      if (codes.length > 0) {
        expect(["BAD_USER_INPUT", "CURSOR_EXPIRED"]).toContain(codes[0]);
        expect(after).toEqual(before);
        return;
      }
      const find = ({ devices }: { devices: Data[] }) =>
        devices.find((row) => row.device_id === deviceId && row.user_id === "mallory");
      for (const kind of KINDS) {
        expect(find(after)?.[kind]).toBeGreaterThanOrEqual(find(before)?.[kind] ?? 0);
        expect(find(after)?.[kind]).toBeLessThanOrEqual(after.heads.get("mallory") ?? 0);
      }
    }),
  timeFor(120_000),
);

const STREAMS = ["newMessage", "messageUpdated", "conversationUpdated"] as const;

test(
  "whatever cursor a subscription begins behind, it is refused or goes on",
  () =>
    besiege(
      "cursors to resume from",
      150,
      fc.tuple(cursor, fc.constantFrom(...STREAMS)),
      async (siege, [from, field]) => {
        const since = await cursorFrom(siege, from);
        const socket = await siege.socket();
        const inside =
          field === "conversationUpdated"
            ? "conversation { id }"
            : "message { sender { id } recipient { id } content { summary } }";
        const stream = socket.subscribe(
          `subscription S($since: String) { ${field}(since: $since) { cursor ${inside} } }`,
          { since },
        );
        const first = stream.result();
        // Something to hand over, whatever the place: from others, and from another device of mallory's.
        const told = (async () => {
          // Once this is answered, the subscription that was sent before it has begun.
          await socket.ask("{ viewer { id } }");
          if (field === "newMessage") await siege.carol.send("mallory", "more");
          else if (field === "messageUpdated") await siege.carol.edit(siege.own.messages[1] ?? "", "in other words");
          else for (const pinned of [true, false]) await siege.laptop.arrange("pin", "carol", { pinned });
        })();
        const answer = await first;
        await told;
        stream.stop();
        const codes = codesOf(answer);
        if (codes.length > 0) {
          expect(["BAD_USER_INPUT", "CURSOR_EXPIRED"]).toContain(codes[0]);
          return;
        }
        const { message, conversation } = answer.data?.[field] ?? {};
        if (message !== undefined) expect([message.sender.id, message.recipient.id]).toContain("mallory");
        if (conversation !== undefined) expect(conversation.id).toMatch(/:mallory$/);
      },
    ),
  timeFor(120_000),
);
