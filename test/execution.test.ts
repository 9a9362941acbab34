/**
 * The server's own execution against that of graphql-js, on a schema in which everything goes wrong that can. What the
 * product's schema says both ways is in execution-of-operations.test.ts.
 */
import fc from "fast-check";
import { type ExecutionResult, getVariableValues, Kind, parse, subscribe, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { Feed } from "../src/engine/live/feed.ts";
import { schema } from "../src/graphql/schema.ts";
import { createPlans } from "../src/server/execution/plans.ts";
import { createVariables } from "../src/server/execution/variables.ts";
import { createOperations } from "../src/server/operations.ts";
import { createBothWays, documentOf, told, type Variables } from "./support/both-ways.ts";
import { mutationAsked } from "./support/hostile-schema.ts";
import { runs, timeFor } from "./support/scale.ts";
import { type Trouble, troubled, troubledDocument, troubledVariables } from "./support/troubled-schema.ts";

const { ask, open, own } = createBothWays(troubled);

/** Asks both ways, and gives what they agree on. */
async function agreed(text: string, variables: Variables = {}): Promise<ExecutionResult> {
  const document = documentOf(text);
  const [reference, first, second] = await ask(document, variables, () => ({ done: [] }));
  expect(first).toBe(reference);
  expect(second).toBe(reference);
  return own(document, variables, { done: [] });
}

test(
  "whatever goes wrong, both say the same in the same order",
  async () => {
    let valid = 0;
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(troubledDocument, troubledVariables, troubledVariables, async (text, variables, others) => {
        tried += 1;
        if (validate(troubled, parse(text)).length > 0) return;
        valid += 1;
        await agreed(text, variables);
        await agreed(text, others);
      }),
      { numRuns: runs(300) },
    );
    // Otherwise the generator tries nothing.
    expect(valid / tried).toBeGreaterThan(0.9);
  },
  timeFor(60_000),
);

test.each<[string, string, Variables]>([
  [
    "names that mean something in JavaScript",
    "{ __proto__: text constructor: late toJSON: count then: thing { text } }",
    {},
  ],
  [
    "the same field in several places",
    "{ thing { text } thing { late } ...F } fragment F on Query { thing { choice } }",
    {},
  ],
  [
    "a fragment under two conditions",
    "query ($yes: Boolean!) { thing { ...F @skip(if: $yes) } other: thing { ...F } } fragment F on Thing { text }",
    { yes: true },
  ],
  [
    "a condition that is null",
    "query ($maybe: Boolean = true) { thing { text @include(if: $maybe) } }",
    { maybe: null },
  ],
  ["nothing but what is skipped", "{ text @skip(if: true) thing @include(if: false) { text } }", {}],
  ["a root that must be there and is not", "{ text missing rejected thing { thrown } }", {}],
  [
    "errors of siblings and of what is above them",
    "{ things { thrown late rejectedNeeded missing } lateThings { missingLater } }",
    {},
  ],
  [
    "introspection",
    '{ __schema { queryType { name } } __type(name: "Asked") { inputFields { name defaultValue } } __typename }',
    {},
  ],
  [
    "what resolvers are told",
    "query Named($a: Int) { thing { things { info echo(numbers: [$a, 1]) } } info }",
    { a: 1 },
  ],
  ["variables that are not given", "query ($a: Int, $b: [Int!]) { echo(number: $a, numbers: $b) }", {}],
  [
    "variables that are null",
    "query ($a: Int = 1, $b: [Int!]) { echo(number: $a, numbers: $b) }",
    { a: null, b: null },
  ],
  [
    "a variable of a name that means something",
    "query ($__proto__: Int) { echo(number: $__proto__) }",
    JSON.parse('{"__proto__": 5}'),
  ],
])("both agree on %s", async (_, text, variables) => {
  await agreed(text, variables);
});

test("a condition holds for one run alone", async () => {
  const text = "query ($yes: Boolean!) { text @include(if: $yes) thing { late @skip(if: $yes) choice } }";
  for (const yes of [true, false, true]) {
    expect(await agreed(text, { yes })).toEqual({
      data: yes ? { text: "text", thing: { choice: "TWO" } } : { thing: { late: "late", choice: "TWO" } },
    });
  }
});

describe("exactly one", () => {
  const query = "query ($content: Content) { echo(asked: { number: 1, content: $content }) }";

  test.each<[string, unknown]>([
    ["none", {}],
    ["two", { text: "a", number: 1 }],
    ["two of which one is null", { text: "a", number: null }],
    ["one that is null", { text: null }],
    ["one that is unknown", { other: 1 }],
    ["one and an unknown one", { text: "a", other: 1 }],
    ["one of the wrong type", { number: "1" }],
    ["a list", [{ text: "a" }]],
    ["a text", "text"],
  ])("%s is refused in a variable", async (_, content) => {
    const { data, errors } = await agreed(query, { content });
    expect(data).toBeUndefined();
    expect(errors?.length).toBeGreaterThan(0);
  });

  test.each(["{}", '{ text: "a", number: 1 }', "{ text: null }", '{ text: "a", number: null }', "{ text: $text }"])(
    "%s is refused as a literal, even where it was not validated",
    async (content) => {
      const text = `query ($text: String) { echo(asked: { number: 1, content: ${content} }) }`;
      const { data, errors } = await agreed(text, { text: null });
      expect(data).toEqual({ echo: null });
      expect(errors).toHaveLength(1);
    },
  );

  test("one is taken", async () => {
    const { data } = await agreed(query, { content: { choice: "TWO" } });
    expect(data?.echo).toContain('"content":{"choice":"two"}');
  });
});

test(
  "variables of every mutation are coerced as graphql-js does, or refused in its words",
  () => {
    const coerce = createVariables(schema);
    let taken = 0;
    fc.assert(
      fc.property(mutationAsked, ({ query, variables }) => {
        const [operation] = parse(query).definitions;
        if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("there is no operation");
        const definitions = operation.variableDefinitions ?? [];
        const wanted = getVariableValues(schema, definitions, variables, { maxErrors: 50 });
        if (wanted.coerced !== undefined) taken += 1;
        expect(JSON.stringify(coerce(operation, variables))).toBe(JSON.stringify(wanted));
      }),
      { numRuns: runs(3_000) },
    );
    expect(taken).toBeGreaterThan(runs(300));
  },
  timeFor(60_000),
);

test("mutations run one after the other, and none after one that must not fail", async () => {
  const document = parse(
    "mutation { a: step(turns: 5) thrown b: step(turns: 0) c: neededStep(turns: 2) d: step(turns: 0) }",
  );
  const done: string[] = [];
  const result = await own(document, {}, { done });
  expect(done).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(result.data).toBeNull();
  expect(result.errors?.map(({ path }) => path)).toEqual([["thrown"], ["c"]]);
});

test("mutations go on after one that fails, and after one whose arguments do", async () => {
  const document = parse(
    "mutation ($n: Int = 1) { thrown a: step(turns: $n) b: step(turns: 1) thing { thrown text } }",
  );
  const done: string[] = [];
  const { data, errors } = await own(document, { n: null }, { done });
  expect(done).toEqual(["b begins", "b ends"]);
  expect(data).toEqual({ thrown: null, a: null, b: 1, thing: { thrown: null, text: "text" } });
  expect(errors?.map(({ path }) => path)).toEqual([["thrown"], ["a"], ["thing", "thrown"]]);
});

test("an item that fails at once leaves no rejection of those before it behind, which would end the process", async () => {
  // The runner fails where one is left behind.
  const { data } = await own(parse("{ early { thrownNeeded } }"), {}, { done: [] });
  expect(data).toEqual({ early: null });
});

test("plans are forgotten when there are too many, and made anew", () => {
  const plans = createPlans(troubled, 10);
  const operations = createOperations();
  const planOf = (text: string) => {
    const operation = operations.find(parse(text), null);
    if (operation === null) throw new Error("there is no operation");
    return () => plans.ofRoot(operation, {});
  };
  const first = planOf("{ text late }");
  const kept = first();
  expect(first()).toBe(kept);
  planOf("{ a: text b: text c: text d: text e: text }")();
  expect(first()).toBe(kept);
  planOf("{ a: text b: text c: text d: text }")();
  expect(first()).not.toBe(kept);
  expect(first()).toEqual(kept);
});

// ── subscriptions ───────────────────────────────────────────────────────────────────────────────

type Events = AsyncIterableIterator<ExecutionResult>;

function isStream(result: Events | ExecutionResult): result is Events {
  return Symbol.asyncIterator in result;
}

/** All that a subscription says, both ways, and that it is the same. */
async function streamed(text: string, source: () => unknown): Promise<string[]> {
  const document = parse(text);
  const contextValue: Trouble = { done: [], source };
  const all: string[][] = [];
  for (const subscribeTo of [
    async () => subscribe({ schema: troubled, document, contextValue }),
    () => open(document, {}, contextValue),
  ]) {
    const said: string[] = [];
    try {
      const result = await subscribeTo();
      if (isStream(result)) for await (const event of result) said.push(told(event));
      else said.push(told(result));
    } catch (error) {
      said.push(`thrown: ${String(error)}`);
    }
    all.push(said);
  }
  expect(all[1]).toEqual(all[0]);
  return all[0] ?? [];
}

async function* eventsThenFailure(): AsyncGenerator<string> {
  yield "one";
  yield "two";
  throw new Error("the source is dry");
}

test.each<[string, string, () => unknown, number]>([
  ["events, and a source that fails", "subscription { event }", eventsThenFailure, 3],
  ["errors of events", "subscription { thing { text thrown } }", eventsThenFailure, 3],
  ["events that must not be null", "subscription { thing { missing } }", eventsThenFailure, 3],
  [
    "a source that cannot be opened",
    "subscription { event }",
    () => {
      throw new Error("closed");
    },
    1,
  ],
  ["a source that opens later", "subscription { event }", async () => eventsThenFailure(), 3],
  ["a source that is an error", "subscription { event }", () => new Error("given"), 1],
  ["a source that is none", "subscription { event }", () => "nothing to iterate", 1],
])("both agree on %s", async (_, text, source, count) => {
  expect(await streamed(text, source)).toHaveLength(count);
});

test("a subscription ends while it waits for its source, as a feed does", async () => {
  let ended = 0;
  class Silent extends Feed<never> {
    protected override async pull(): Promise<null> {
      return null;
    }
    protected override left(): void {
      ended += 1;
    }
  }
  const feed = new Silent();
  const stream = await open(parse("subscription { event }"), {}, { done: [], source: () => feed });
  if (!isStream(stream)) throw new Error(told(stream));
  const waiting = stream.next();
  expect(await stream.return?.()).toEqual({ value: undefined, done: true });
  expect(await waiting).toEqual({ value: undefined, done: true });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  expect(ended).toBe(1);
});

test("variables of a subscription are coerced before it opens", async () => {
  const text = "subscription ($n: Int!) { thing { echo(number: $n) } }";
  const source = () => eventsThenFailure();
  const refused = await open(parse(text), { n: "one" }, { done: [], source });
  const wanted = await subscribe({ schema: troubled, document: parse(text), variableValues: { n: "one" } });
  if (isStream(refused) || isStream(wanted)) throw new Error("it was opened");
  expect(told(refused)).toBe(told(wanted));
  const stream = await open(parse(text), { n: 4 }, { done: [], source });
  if (!isStream(stream)) throw new Error(told(stream));
  expect((await stream.next()).value.data).toEqual({ thing: { echo: '{"number":4}' } });
});
