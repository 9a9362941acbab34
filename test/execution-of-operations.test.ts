/**
 * Every root field of the product, executed by graphql-js on one server and by the server's own execution on another
 * that began with the same data. What they say and what they leave behind must be the same.
 */
import fc from "fast-check";
import { type DocumentNode, type ExecutionResult, execute, getOperationAST, parse, subscribe, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Viewer } from "../src/engine/viewer.ts";
import type { Context } from "../src/graphql/context.ts";
import { schema } from "../src/graphql/schema.ts";
import { viewerFrom } from "../src/server/bearer.ts";
import { fieldsOf, withFragments } from "./support/access.ts";
import { createBothWays, documentOf, told, type Variables } from "./support/both-ways.ts";
import { MovableClock } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import { LASTING, MUTATIONS, QUERIES, SUBSCRIPTIONS, stir } from "./support/examples.ts";
import { documentOf as generated, mutationAsked } from "./support/hostile-schema.ts";
import { runs, timeFor } from "./support/scale.ts";
import { type Caller, copyOf, createWorld, EVERYBODY, makeBackups, type World } from "./support/world.ts";

const { own, open } = createBothWays(schema);

/** Two servers that began with the same data and the same time. */
interface Twins {
  /** Asked by graphql-js. */
  readonly left: World;
  /** Asked by the server's own execution. */
  readonly right: World;
  readonly viewers: ReadonlyMap<Caller, Viewer>;
}

let planted: World;
let twins: Twins;

async function createTwins(): Promise<Twins> {
  const now = planted.app.clock.now();
  // What hooks are told is told in the background, in which no two are alike.
  const left = await copyOf(planted, new MovableClock(now), { hooks: null });
  const right = await copyOf(planted, new MovableClock(now), { hooks: null });
  const viewers = new Map<Caller, Viewer>();
  for (const [caller, { token }] of Object.entries(left.people)) {
    const viewer = await viewerFrom(left.app.server.engine, `Bearer ${token}`);
    if (viewer !== null) viewers.set(caller as Caller, viewer);
  }
  return { left, right, viewers };
}

async function withTwins(work: (twins: Twins) => Promise<void>): Promise<void> {
  const own = await createTwins();
  try {
    await work(own);
  } finally {
    await own.left.end();
    await own.right.end();
  }
}

beforeAll(async () => {
  planted = await createWorld();
  await planted.app.stop();
  twins = await createTwins();
  await makeBackups(twins.left);
  await makeBackups(twins.right);
});
afterAll(async () => {
  for (const world of [twins.left, twins.right, planted]) await world.end();
});

function contextFor(world: World, { viewers }: Twins, caller: Caller, document: DocumentNode): Context {
  const users = getOperationAST(document)?.operation === "query" ? new Map() : null;
  const { engine } = world.app.server;
  return { engine, viewer: viewers.get(caller) ?? null, connection: null, users, refused() {} };
}

function isValid(text: string): boolean {
  try {
    return validate(schema, parse(text)).length === 0;
  } catch {
    return false;
  }
}

/** Ids of what is stored nowhere, ids of uploads, tickets for these, and how the machine is: nobody can foresee them. */
const CHANCE =
  /(?<="(\w+Bytes|eventLoopDelayMs)": )[\d.e-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|u:[\w-]{22}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** What both say to this, if it is the same; asked twice, since what was asked before is planned already. */
async function agreed(of: Twins, caller: Caller, text: string, variableValues: Variables = {}): Promise<string> {
  const document = documentOf(text);
  expect(validate(schema, document)).toEqual([]);
  let said = "";
  for (let time = 0; time < 2; time += 1) {
    const contextValue = contextFor(of.left, of, caller, document);
    said = told(await execute({ schema, document, variableValues, contextValue })).replace(CHANCE, "chance");
    const answer = await own(document, variableValues, contextFor(of.right, of, caller, document));
    expect(told(answer).replace(CHANCE, "chance"), caller).toBe(said);
  }
  return said;
}

function expectSameData({ left, right }: Twins): void {
  const [had, has] = [everythingStored(left.app), everythingStored(right.app)].map(({ uploads = [], ...rest }) => {
    // In the order of ids that are by chance.
    const stated = uploads.map((upload) => JSON.stringify({ ...(upload as object), id: "chance" }));
    return { ...rest, uploads: stated.sort() };
  });
  expect(has).toEqual(had);
}

test.each(fieldsOf("Query").map(({ name }) => name.replace("Query.", "")))(
  "both agree on the query %s",
  async (name) => {
    const example = QUERIES[name];
    if (example === undefined) throw new Error(`${name} has no example`);
    let data = 0;
    for (const caller of EVERYBODY) {
      const said = await agreed(twins, caller, withFragments(example(twins.left.ids)));
      if (said.includes('"__typename"')) data += 1;
    }
    expect(data).toBeGreaterThan(0);
    expectSameData(twins);
  },
);

const HISTORY = `query History($peer: ID!, $last: Int = 50, $before: String, $more: Boolean!, $less: Boolean = false) {
  history(peer: $peer, last: $last, before: $before) {
    __typename
    edges { at: cursor node { ...Seen ... @include(if: $more) { sender { nickname online } deliveredToRecipient } } }
    nodes { id ...Seen content { ... on TextContent @skip(if: $less) { words: text } ... on NoticeContent { body } } }
    pageInfo { hasPreviousPage startCursor }
  }
}
fragment Seen on Message { seq sentAt content { type summary __typename } replyTo @skip(if: $less) { id content { summary } } }`;

test.each<[string, Variables]>([
  ["with all of it", { peer: "bob", more: true }],
  ["with less of it", { peer: "bob", more: false, less: true }],
  ["with a default that is null", { peer: "bob", more: false, less: null }],
  ["with an empty page", { peer: "bob", more: true, last: 0 }],
  ["with a page that is refused", { peer: "bob", more: true, last: -1 }],
  ["with a cursor that is none", { peer: "bob", more: true, before: "nonsense" }],
  ["with nobody", { more: true }],
  ["with variables of the wrong type", { peer: ["bob"], more: "yes", last: "fifty", other: 1 }],
])("both agree on history %s", async (_, variables) => {
  for (const caller of EVERYBODY) await agreed(twins, caller, HISTORY, variables);
  expectSameData(twins);
});

const SEND = `mutation Send($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename
  ... on SendMessageSuccess { duplicate message { ...Message2 } }
  ... on Error { code reason }
  ... on SendMessageError { field retryAfterMs }
} }`;

const MEDIA = { url: "https://example.org/a", size: 3 };

describe("both agree on sending", () => {
  test.each<[string, unknown]>([
    ["text", { text: { text: "hello" } }],
    ["a face", { face: { index: 1 } }],
    ["a location", { location: { name: "Rome", latitude: 41.9, longitude: 12 } }],
    ["an image", { image: { ...MEDIA, width: 1, height: 2, format: "png" } }],
    ["a sound", { sound: { ...MEDIA, durationMs: 4 } }],
    ["a file", { file: { ...MEDIA, name: "f" } }],
    ["a video", { video: { ...MEDIA, durationMs: 4, format: "mp4", cover: { ...MEDIA, width: 1, height: 1 } } }],
    ["what is custom", { custom: { data: "x" } }],
    ["a notice", { notice: { body: "b" } }],
    ["nothing", {}],
    ["two kinds", { text: { text: "a" }, face: { index: 1 } }],
    ["two kinds of which one is null", { text: { text: "a" }, face: null }],
    ["a kind that is null", { text: null }],
    ["a kind that there is not", { poem: { text: "a" } }],
    ["a kind without what it needs", { text: {} }],
    ["what breaks a rule", { text: { text: "" } }],
    ["a number that is too large", { face: { index: 2 ** 40 } }],
    ["no content at all", undefined],
  ])("%s", async (_, content) => {
    for (const caller of EVERYBODY) await agreed(twins, caller, withFragments(SEND), { input: { to: "bob", content } });
    expectSameData(twins);
  });
});

const mutations = fieldsOf("Mutation").map(({ name }) => name.replace("Mutation.", ""));
test.each(mutations.filter((name) => !LASTING.includes(name)))("both agree on the mutation %s", async (name) => {
  const example = MUTATIONS[name];
  if (example === undefined) throw new Error(`${name} has no example`);
  await withTwins(async (fresh) => {
    for (const caller of EVERYBODY.toReversed()) {
      await agreed(fresh, caller, withFragments(`mutation { ${example(fresh.left.ids, fresh.left)} }`));
    }
    expectSameData(fresh);
  });
});

test("both agree on many mutations in one document, some of which are refused", async () => {
  const { said } = twins.left.ids;
  const text = `mutation ($id: ID = "${said}") {
    one: setTyping(input: { peer: "bob" }) { typing }
    muteUser(input: { user: "carol", seconds: 1 }) { mutedUntil }
    recallMessage(input: { id: $id }) { ... on Error { code } }
    two: setTyping(input: { peer: "bob", typing: false }) { typing }
  }`;
  for (const caller of EVERYBODY) await agreed(twins, caller, text, { id: null });
  expectSameData(twins);
});

test(
  "both agree on whatever is asked",
  () =>
    withTwins(async (fresh) => {
      const question = generated("query").map((query) => ({ name: "", query, variables: {} }));
      const asked = fc.tuple(fc.constantFrom(...EVERYBODY), fc.oneof(question, mutationAsked));
      await fc.assert(
        fc.asyncProperty(asked, async ([caller, { name, query, variables }]) => {
          // Then there would be nobody left to ask.
          if (name === "revokeTokens" || LASTING.includes(name) || !isValid(query)) return;
          await agreed(fresh, caller, query, variables);
        }),
        { numRuns: runs(300) },
      );
      expectSameData(fresh);
    }),
  timeFor(60_000),
);

// ── subscriptions ───────────────────────────────────────────────────────────────────────────────

/** What causes the last event of each, and how that is told from those before it. */
const LAST: Readonly<Record<string, readonly [cause: (world: World) => Promise<unknown>, mark: string]>> = {
  newMessage: [({ people }) => people.admin.send("alice", { notice: { body: "the end" } }), "the end"],
  refresh: [async () => {}, "offlineCount"],
  messageUpdated: [({ people, ids }) => people.owner.edit(ids.said, "the end"), "the end"],
  conversationUpdated: [
    async ({ people }) => (await people.owner.login("canary-device", "DESKTOP")).arrange("pin", "mallory"),
    '"id": "mallory"',
  ],
  typing: [({ people }) => people.peer.setTyping("alice", false), '"typing": false'],
};

type Events = AsyncIterableIterator<ExecutionResult>;

/** All that a subscription of alice's says until its last event. */
async function heard(
  world: World,
  of: Twins,
  name: string,
  openAs: (document: DocumentNode, context: Context) => Promise<Events | ExecutionResult>,
): Promise<string[]> {
  const [cause, mark] = LAST[name] ?? [];
  const example = SUBSCRIPTIONS[name];
  if (cause === undefined || mark === undefined || example === undefined) throw new Error(`${name} has no example`);
  const document = parse(withFragments(`subscription { ${example} }`));
  // A refresh comes once messages have been handed over on the same device.
  const messages = parse("subscription { newMessage { source } }");
  const context = contextFor(world, of, "owner", document);
  const [events, beside] = [await openAs(document, context), await openAs(messages, context)];
  if (!(Symbol.asyncIterator in events && Symbol.asyncIterator in beside)) throw new Error("it was not opened");
  await stir(world);
  await cause(world);
  const draining = name === "refresh" ? drain(beside) : null;
  const said: string[] = [];
  for await (const event of events) {
    said.push(told(event));
    if (said.at(-1)?.includes(mark)) break;
  }
  await beside.return?.();
  await draining;
  return said;
}

async function drain(events: Events): Promise<void> {
  for await (const { errors } of events) expect(errors).toBeUndefined();
}

test.each(fieldsOf("Subscription").map(({ name }) => name.replace("Subscription.", "")))(
  "both agree on the subscription %s",
  async (name) => {
    await withTwins(async (fresh) => {
      const wanted = await heard(fresh.left, fresh, name, (document, contextValue) =>
        subscribe({ schema, document, contextValue }),
      );
      const said = await heard(fresh.right, fresh, name, (document, context) => open(document, {}, context));
      expect(said).toEqual(wanted);
      expect(wanted.length).toBeGreaterThan(0);
    });
  },
);

test.each([
  ["without a token", "nobody", "subscription { newMessage { cursor } }", {}],
  [
    "behind a cursor that is none",
    "owner",
    "subscription ($s: String) { newMessage(since: $s) { cursor } }",
    { s: "x" },
  ],
  [
    "with a variable of the wrong type",
    "owner",
    "subscription ($s: String) { newMessage(since: $s) { cursor } }",
    { s: 1 },
  ],
] as const)("both refuse a subscription %s", async (_, caller, text, variables) => {
  const document = parse(text);
  const contextValue = contextFor(twins.left, twins, caller, document);
  const wanted = await subscribe({ schema, document, variableValues: variables, contextValue });
  const answer = await open(document, variables, contextFor(twins.right, twins, caller, document));
  if (Symbol.asyncIterator in wanted || Symbol.asyncIterator in answer) throw new Error("it was opened");
  expect(told(answer)).toBe(told(wanted));
});
