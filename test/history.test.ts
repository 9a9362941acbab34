import { beforeEach, describe, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

/** alice and bob have said the numbers from 1 on, in turns. */
async function talk(count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) {
    const [person, peer] = n % 2 === 1 ? [alice, "bob"] : [bob, "alice"];
    await person.send(peer, String(n));
  }
}

function numbersOf(page: Data): number[] {
  return page.edges.map((edge: Data) => Number(edge.node.content?.summary));
}

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

const HISTORY = `query H($peer: ID!, $first: Int, $after: String, $last: Int, $before: String, $of: ID) {
  history(peer: $peer, first: $first, after: $after, last: $last, before: $before, of: $of) { nodes { id } }
}`;

test("both sides read the same messages, in the order of seq", async () => {
  await talk(5);
  const [hers, his] = [await alice.history("bob"), await bob.history("alice")];
  expect(hers.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(texts(hers)).toEqual(["1", "2", "3", "4", "5"]);
  expect(his.map(({ id, seq }) => [id, seq])).toEqual(hers.map(({ id, seq }) => [id, seq]));
});

test("messages of the same millisecond have an order, and time never decides it", async () => {
  await talk(3);
  const times = new Set((await alice.history("bob")).map(({ sentAt }) => sentAt));
  expect(times.size).toBe(1);
  expect(times.has(new Date(app.clock.now()).toISOString())).toBe(true);
});

test("without arguments, history is the newest 50 in the order of seq", async () => {
  await talk(53);
  const page = await bob.historyPage("alice");
  expect(numbersOf(page)).toEqual(from(4, 53));
  expect(page.pageInfo).toEqual({
    hasNextPage: false,
    hasPreviousPage: true,
    startCursor: page.edges[0].cursor,
    endCursor: page.edges[49].cursor,
  });
});

test("upwards by `before`, page by page, to the beginning", async () => {
  await talk(7);
  const pages: [number[], boolean, boolean][] = [];
  let before: string | undefined;
  for (let n = 0; n < 3; n += 1) {
    const page = await bob.historyPage("alice", { last: 3, before });
    pages.push([numbersOf(page), page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]);
    before = page.pageInfo.startCursor;
  }
  expect(pages).toEqual([
    [[5, 6, 7], true, false],
    [[2, 3, 4], true, true],
    [[1], false, true],
  ]);
});

test("downwards by `after`, page by page, to the end and on as messages come", async () => {
  await talk(5);
  const pages: [number[], boolean, boolean][] = [];
  let after: string | undefined;
  for (let n = 0; n < 2; n += 1) {
    const page = await bob.historyPage("alice", { first: 3, after });
    pages.push([numbersOf(page), page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]);
    after = page.pageInfo.endCursor;
  }
  expect(pages).toEqual([
    [[1, 2, 3], false, true],
    [[4, 5], true, false],
  ]);
  expect(numbersOf(await bob.historyPage("alice", { first: 3, after }))).toEqual([]);
  await alice.send("bob", "6");
  expect(numbersOf(await bob.historyPage("alice", { first: 3, after }))).toEqual([6]);
});

test("a page that is exactly full knows that there is no more", async () => {
  await talk(3);
  expect(await bob.historyPage("alice", { first: 3 })).toMatchObject({
    pageInfo: { hasNextPage: false, hasPreviousPage: false },
  });
  expect(await bob.historyPage("alice", { last: 3 })).toMatchObject({
    pageInfo: { hasNextPage: false, hasPreviousPage: false },
  });
  expect(await bob.historyPage("alice", { first: 2 })).toMatchObject({
    pageInfo: { hasNextPage: true, hasPreviousPage: false },
  });
  expect(await bob.historyPage("alice", { last: 2 })).toMatchObject({
    pageInfo: { hasNextPage: false, hasPreviousPage: true },
  });
});

test("between two cursors lies what is between them", async () => {
  await talk(6);
  const { edges } = await bob.historyPage("alice", { first: 100 });
  const window = { after: edges[0].cursor, before: edges[5].cursor };
  expect(numbersOf(await bob.historyPage("alice", { first: 100, ...window }))).toEqual([2, 3, 4, 5]);
  expect(numbersOf(await bob.historyPage("alice", { first: 2, ...window }))).toEqual([2, 3]);
  expect(numbersOf(await bob.historyPage("alice", { last: 2, ...window }))).toEqual([4, 5]);
  expect(numbersOf(await bob.historyPage("alice", window))).toEqual([2, 3, 4, 5]);
});

test("a page of 100 is the largest", async () => {
  await talk(101);
  expect(numbersOf(await bob.historyPage("alice", { first: 100 }))).toEqual(from(1, 100));
  expect(numbersOf(await bob.historyPage("alice", { last: 100 }))).toEqual(from(2, 101));
});

test("a page of 0 is empty", async () => {
  await talk(2);
  for (const args of [{ first: 0 }, { last: 0 }]) {
    expect(await bob.historyPage("alice", args)).toMatchObject({
      edges: [],
      pageInfo: { startCursor: null, endCursor: null },
    });
  }
});

test("cursors stay where they are while messages come, go and are recalled", async () => {
  await talk(4);
  const { edges } = await bob.historyPage("alice", { first: 100 });
  const after = edges[1].cursor;
  await bob.deleteMessages(edges[1].node.id, edges[3].node.id);
  await alice.recall(edges[2].node.id);
  await alice.send("bob", "5");
  const page = await bob.historyPage("alice", { first: 100, after });
  expect(page.edges.map((edge: Data) => edge.node.seq)).toEqual([3, 5]);
  expect(numbersOf(await bob.historyPage("alice", { last: 100, before: after }))).toEqual([1]);
});

test("an empty cursor is none: the page begins at the end of the list", async () => {
  await talk(4);
  expect(numbersOf(await bob.historyPage("alice", { first: 2, after: "" }))).toEqual([1, 2]);
  expect(numbersOf(await bob.historyPage("alice", { last: 2, before: "" }))).toEqual([3, 4]);
});

test("cursors hold over a restart", async () => {
  await talk(4);
  const { pageInfo } = await bob.historyPage("alice", { first: 2 });
  await app.restart();
  expect(numbersOf(await bob.historyPage("alice", { first: 2, after: pageInfo.endCursor }))).toEqual([3, 4]);
});

test("nodes are the nodes of the edges", async () => {
  await talk(2);
  const query = '{ history(peer: "alice") { nodes { id } edges { node { id } } } }';
  const { history } = await bob.get(query);
  expect(history.nodes).toHaveLength(2);
  expect(history.nodes).toEqual(history.edges.map((edge: Data) => edge.node));
});

test("a conversation's messages are its history", async () => {
  await talk(4);
  const { pageInfo } = await bob.historyPage("alice", { first: 1 });
  const query = `query M($after: String) { conversation(peer: "alice") {
    messages(first: 2, after: $after) { edges { cursor node { seq } } pageInfo { hasNextPage hasPreviousPage } }
  } }`;
  const { conversation } = await bob.get(query, { after: pageInfo.endCursor });
  expect(conversation.messages).toMatchObject({
    edges: [{ node: { seq: 2 } }, { node: { seq: 3 } }],
    pageInfo: { hasNextPage: true, hasPreviousPage: true },
  });
  const next = await bob.historyPage("alice", { first: 1, after: conversation.messages.edges[1].cursor });
  expect(numbersOf(next)).toEqual([4]);
});

test("history with somebody who never wrote is an empty page", async () => {
  expect(await bob.historyPage("alice")).toEqual({
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test.each(["nobody", "", "no user", "c:1:bob", "\ud800"])(
  "there is no history with %j, who does not exist",
  async (peer) => {
    expect(await bob.historyPage(peer)).toBeNull();
  },
);

test("a third person's history with either is its own", async () => {
  await talk(2);
  const carol = await app.person("carol");
  await carol.send("bob", "from carol");
  expect(texts(await carol.history("bob"))).toEqual(["from carol"]);
  expect(await carol.history("alice")).toEqual([]);
  expect(await bob.history("alice")).toHaveLength(2);
});

test("what has expired is gone from every page to the millisecond, and pages know it", async () => {
  await talk(2);
  app.clock.advance(DAY);
  await alice.send("bob", "3");
  app.clock.advance(6 * DAY - 1);
  expect(numbersOf(await bob.historyPage("alice"))).toEqual([1, 2, 3]);
  app.clock.advance(1);
  const page = await bob.historyPage("alice", { last: 1 });
  expect(numbersOf(page)).toEqual([3]);
  expect(page.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: false });
});

describe("refused", () => {
  test.each([
    { first: 1, last: 1 },
    { first: -1 },
    { last: -1 },
    { first: 101 },
    { last: 101 },
    { first: 2_147_483_647 },
    { first: 2_147_483_648 },
    { first: 1, after: "garbage" },
    { first: 1, after: "\ud800" },
    { last: 1, before: "e30" },
    { last: 1, before: "x".repeat(5_000) },
  ])("are the page arguments %j", async (args) => {
    await talk(1);
    expect(await bob.refusal(HISTORY, { peer: "alice", ...args })).toBe("BAD_USER_INPUT");
  });

  test("is the other side's cursor", async () => {
    await talk(2);
    const { pageInfo } = await alice.historyPage("bob", { first: 1 });
    expect(await bob.refusal(HISTORY, { peer: "alice", first: 1, after: pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  });

  test("is a cursor of another conversation", async () => {
    await talk(2);
    await bob.send("bob", "a note");
    const { pageInfo } = await bob.historyPage("bob", { first: 1 });
    expect(await bob.refusal(HISTORY, { peer: "alice", first: 1, after: pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  });

  test("is a cursor where there is no conversation", async () => {
    await talk(2);
    await app.person("carol");
    const { pageInfo } = await bob.historyPage("alice", { first: 1 });
    expect(await bob.refusal(HISTORY, { peer: "carol", first: 1, after: pageInfo.endCursor })).toBe("BAD_USER_INPUT");
  });

  test("is a cursor of the list of conversations, or of a subscription", async () => {
    await talk(1);
    const { pageInfo } = await bob.conversationsPage({ first: 1 });
    const { refreshed } = await (await bob.login("laptop")).sync();
    for (const after of [pageInfo.endCursor, refreshed.cursor]) {
      expect(await bob.refusal(HISTORY, { peer: "alice", first: 1, after })).toBe("BAD_USER_INPUT");
    }
  });

  test("is a cursor of another version, or one that was tampered with", async () => {
    await talk(2);
    const { pageInfo } = await bob.historyPage("alice", { first: 1 });
    const parts = JSON.parse(Buffer.from(pageInfo.endCursor, "base64url").toString());
    const forged = [
      [99, ...parts.slice(1)],
      [...parts.slice(0, -1), -1],
      [...parts.slice(0, -1), "1"],
      [...parts.slice(0, -1), 1.5],
      parts.slice(0, -1),
    ];
    for (const parts of forged) {
      const after = Buffer.from(JSON.stringify(parts)).toString("base64url");
      expect(await bob.refusal(HISTORY, { peer: "alice", first: 1, after }), JSON.stringify(parts)).toBe(
        "BAD_USER_INPUT",
      );
    }
  });
});

test("an admin outside a conversation sees what a hidden message answers", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  await bob.block("alice");
  const { id } = await alice.send("bob", "unseen");
  const answer = await alice.send("bob", "unseen too", { replyTo: id });
  const query = "query M($id: ID!) { message(id: $id) { replyTo { id } } }";
  expect((await anna.get(query, { id: answer.id })).message).toEqual({ replyTo: { id } });
  expect((await bob.get(query, { id: answer.id })).message).toBeNull();
});
