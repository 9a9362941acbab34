/** A schema in which everything goes wrong that can, at once and later, and documents that ask for it. */
import fc from "fast-check";
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  type GraphQLFieldConfig,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
} from "graphql";

/** What subscriptions and mutations of this schema are handed. */
export interface Trouble {
  readonly done: string[];
  readonly source?: (() => unknown) | undefined;
}

type Config = GraphQLFieldConfig<unknown, Trouble>;

/** Resolves so many turns of the queue of promises later. */
async function later<T>(turns: number, value: T): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return value;
}

async function failing(turns: number, message: string): Promise<never> {
  await later(turns, null);
  throw new Error(message);
}

function fail(error: unknown): never {
  throw error;
}

function needed(type: GraphQLOutputType): GraphQLOutputType {
  return new GraphQLNonNull(type);
}

function listOf(type: GraphQLOutputType): GraphQLOutputType {
  return new GraphQLList(type);
}

const Choice = new GraphQLEnumType({ name: "Choice", values: { ONE: { value: 1 }, TWO: { value: "two" } } });
const Instant = new GraphQLScalarType({
  name: "Instant",
  serialize: (value) => (value === "nothing" ? null : new Date(Number(value)).toISOString()),
});
const Content = new GraphQLInputObjectType({
  name: "Content",
  isOneOf: true,
  fields: { text: { type: GraphQLString }, number: { type: GraphQLInt }, choice: { type: Choice } },
});
const Asked: GraphQLInputObjectType = new GraphQLInputObjectType({
  name: "Asked",
  fields: () => ({
    number: { type: new GraphQLNonNull(GraphQLInt) },
    choice: { type: Choice, defaultValue: "two" },
    flag: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: true },
    content: { type: Content },
    matrix: { type: new GraphQLList(new GraphQLList(new GraphQLNonNull(GraphQLInt))) },
    more: { type: Asked },
  }),
});

const echo: Config = {
  type: GraphQLString,
  args: {
    number: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 3 },
    numbers: { type: new GraphQLList(new GraphQLNonNull(GraphQLInt)) },
    choice: { type: Choice },
    asked: { type: Asked },
  },
  resolve: (_, args) => JSON.stringify(args),
};

const Named = new GraphQLInterfaceType({
  name: "Named",
  fields: () => ({ name: { type: GraphQLString }, thing: { type: Thing }, needed: { type: needed(GraphQLString) } }),
  resolveType: (value) => (value === "other" ? "Other" : "Thing"),
});
const Either = new GraphQLUnionType({
  name: "Either",
  types: () => [Thing, Other],
  resolveType: (value) => later(2, value === "other" ? "Other" : "Thing"),
});

const leaves: Record<string, Config> = {
  text: { type: GraphQLString, resolve: () => "text" },
  late: { type: GraphQLString, resolve: () => later(2, "late") },
  none: { type: GraphQLString, resolve: () => undefined },
  needed: { type: needed(GraphQLString), resolve: () => later(3, "needed") },
  thrown: { type: GraphQLString, resolve: () => fail(new Error("thrown")) },
  thrownNeeded: { type: needed(GraphQLString), resolve: () => fail(new Error("thrown needed")) },
  rejected: { type: GraphQLString, resolve: () => failing(1, "rejected") },
  rejectedNeeded: { type: needed(GraphQLString), resolve: () => failing(4, "rejected needed") },
  given: { type: GraphQLString, resolve: () => new RangeError("given") },
  notAnError: { type: GraphQLString, resolve: () => fail({ not: "an error" }) },
  elsewhere: {
    type: GraphQLString,
    resolve: () => fail(new GraphQLError("elsewhere", { path: ["else", 0], extensions: { code: "ELSEWHERE" } })),
  },
  extended: {
    type: GraphQLString,
    resolve: () => fail(Object.assign(new Error("extended"), { extensions: { a: 1 } })),
  },
  missing: { type: needed(GraphQLString), resolve: () => null },
  missingLater: { type: needed(GraphQLString), resolve: () => later(2, undefined) },
  count: { type: GraphQLInt, resolve: () => "many" },
  countNeeded: { type: needed(GraphQLInt), resolve: () => later(1, 1.5) },
  choice: { type: Choice, resolve: () => "two" },
  noChoice: { type: Choice, resolve: () => "three" },
  instant: { type: Instant, resolve: () => 0 },
  noInstant: { type: needed(Instant), resolve: () => Number.NaN },
  texts: { type: listOf(GraphQLString), resolve: () => new Set(["a", null, "b"]) },
  lateTexts: { type: listOf(GraphQLString), resolve: () => [later(3, "a"), failing(1, "b"), new Error("c"), "d"] },
  noTexts: { type: listOf(GraphQLString), resolve: () => "no list" },
  matrix: { type: listOf(listOf(needed(GraphQLInt))), resolve: () => [[1, 2], [3, "x"], null, later(1, [4, null])] },
  property: { type: GraphQLString },
  method: { type: GraphQLString },
  info: {
    type: GraphQLString,
    resolve: (_source, _args, _context, info) =>
      JSON.stringify({
        fieldName: info.fieldName,
        path: info.path,
        returnType: info.returnType,
        parentType: info.parentType.name,
        nodes: info.fieldNodes.length,
        fragments: Object.keys(info.fragments),
        rootValue: info.rootValue,
        operation: info.operation.name?.value,
        variables: info.variableValues,
        knowsSchema: info.schema === troubled,
      }),
  },
  echo,
};

/** What is found under a name in an object of any type. */
const a = { property: "a property", method: () => "a method" };

const objects: (thing: GraphQLOutputType) => Record<string, Config> = (thing) => ({
  thing: { type: thing, resolve: () => a },
  lateThing: { type: thing, resolve: () => later(2, a) },
  neededThing: { type: needed(thing), resolve: () => a },
  lateNeededThing: { type: needed(thing), resolve: () => later(1, a) },
  noThing: { type: thing, resolve: () => null },
  things: { type: listOf(thing), resolve: () => [a, null, later(2, a), new Error("no thing"), failing(3, "late"), a] },
  neededThings: { type: needed(listOf(needed(thing))), resolve: () => [a, a] },
  // What is late comes last: graphql-js leaves a rejection behind where an item fails at once after one that waits.
  lateThings: { type: listOf(needed(thing)), resolve: () => later(1, [a, later(1, a)]) },
  named: { type: Named, resolve: () => "other" },
  allNamed: { type: listOf(Named), resolve: () => ["other", a, later(1, "other")] },
  either: { type: Either, resolve: () => a },
  neededEither: { type: needed(Either), resolve: () => later(1, "other") },
  all: { type: listOf(Either), resolve: () => [a, "other", null] },
});

const Thing: GraphQLObjectType<unknown, Trouble> = new GraphQLObjectType({
  name: "Thing",
  interfaces: [Named],
  fields: () => ({ name: { type: GraphQLString, resolve: () => "thing" }, ...leaves, ...objects(Thing) }),
});
const Other: GraphQLObjectType<unknown, Trouble> = new GraphQLObjectType({
  name: "Other",
  interfaces: [Named],
  fields: () => ({
    name: { type: GraphQLString, resolve: () => later(1, "other") },
    thing: { type: Thing, resolve: () => a },
    needed: { type: needed(GraphQLString), resolve: () => failing(2, "what the other needs") },
  }),
});

function step(fails: boolean): Config {
  return {
    type: fails ? needed(GraphQLInt) : GraphQLInt,
    args: { turns: { type: new GraphQLNonNull(GraphQLInt) } },
    async resolve(_, { turns }, { done }, { path }) {
      done.push(`${path.key} begins`);
      await later(turns, null);
      done.push(`${path.key} ends`);
      return fails ? fail(new Error("a step that is needed")) : turns;
    },
  };
}

export const troubled = new GraphQLSchema({
  query: new GraphQLObjectType<unknown, Trouble>({
    name: "Query",
    fields: () => ({
      ...leaves,
      ...objects(Thing),
      early: { type: listOf(needed(Thing)), resolve: () => [later(1, a), a] },
    }),
  }),
  mutation: new GraphQLObjectType<unknown, Trouble>({
    name: "Mutation",
    fields: () => ({
      step: step(false),
      neededStep: step(true),
      thrown: { ...leaves.thrown, type: GraphQLInt },
      thing: { type: Thing, resolve: () => a },
    }),
  }),
  subscription: new GraphQLObjectType<unknown, Trouble>({
    name: "Subscription",
    fields: {
      thing: { type: Thing, subscribe: (_root, _args, { source }) => source?.(), resolve: () => a },
      event: { type: GraphQLString, subscribe: (_root, _args, { source }) => source?.(), resolve: (event) => event },
    },
  }),
});

// ── documents ───────────────────────────────────────────────────────────────────────────────────

const LEAVES = Object.keys(leaves).filter((name) => name !== "echo");
const OBJECTS = [
  "thing",
  "lateThing",
  "neededThing",
  "lateNeededThing",
  "noThing",
  "things",
  "neededThings",
  "lateThings",
];
const NAMED = ["named", "allNamed"];
const EITHER = ["either", "neededEither", "all"];
const DEEPEST = 3;

const condition = fc.oneof(
  { weight: 12, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(" @include(if: true)", " @skip(if: true)", " @skip(if: $yes)", " @include(if: $no)"),
  },
  { weight: 1, arbitrary: fc.constantFrom(" @skip(if: $maybe)", " @skip(if: $no) @include(if: $maybe)") },
);
/** An alias says what it stands for, so that two fields of one name are one. */
const prefix = fc.constantFrom("", "", "", "a_", "b_");

function aliased(name: string, as: string): string {
  return as === "" ? name : `${as}${name}: ${name}`;
}

const LITERALS = [
  "number: 1",
  "number: $number",
  "numbers: 5",
  "numbers: [1, $number]",
  "asked: { number: $number, choice: $choice }",
  "asked: { number: 1, content: { text: $text } }",
  "asked: { number: 1, content: { choice: ONE }, flag: false, matrix: [[1], 2, null], more: { number: 2 } }",
  "asked: $asked, choice: $choice",
  "choice: TWO, asked: null",
  "",
];
/** One call each, under a name of its own. */
const echoed = fc.nat({ max: LITERALS.length - 1 }).map((index) => {
  const args = LITERALS[index] ?? "";
  return `echo${index}: echo${args === "" ? "" : `(${args})`}`;
});

function selection(depth: number, fragments: readonly string[]): fc.Arbitrary<string> {
  const leaf = fc
    .tuple(fc.constantFrom(...LEAVES), prefix, condition)
    .map(([name, as, when]) => aliased(name, as) + when);
  const spread = fc.tuple(fc.constantFrom(...fragments, "text"), condition).map(([name, when]) => {
    // At the root, which is no thing, and in the last fragment there is nothing to spread.
    return depth === 0 || name === "text" ? `text${when}` : `...${name}${when}`;
  });
  const plain = fc.oneof(
    { weight: 8, arbitrary: leaf },
    { weight: 1, arbitrary: echoed },
    { weight: 1, arbitrary: fc.constant("__typename") },
    { weight: 1, arbitrary: spread },
  );
  if (depth === DEEPEST) return plain;
  const below = selections(depth + 1, fragments);
  const objectField = fc
    .tuple(fc.constantFrom(...OBJECTS), prefix, condition, below)
    .map(([name, as, when, inner]) => `${aliased(name, as)}${when} { ${inner} }`);
  const named = fc
    .tuple(fc.constantFrom(...NAMED), below, condition)
    .map(([name, inner, when]) => `${name}${when} { name needed __typename thing { ${inner} } ... on Thing { text } }`);
  const either = fc
    .tuple(fc.constantFrom(...EITHER), below, condition)
    .map(
      ([name, inner, when]) =>
        `${name} { ... on Thing${when} { ${inner} } ... on Other { name } ... on Named { needed } }`,
    );
  const inline = fc.tuple(below, condition).map(([inner, when]) => `...${when} { ${inner} }`);
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 4, arbitrary: objectField },
    { weight: 1, arbitrary: named },
    { weight: 1, arbitrary: either },
    { weight: 1, arbitrary: inline },
  );
}

function selections(depth: number, fragments: readonly string[]): fc.Arbitrary<string> {
  return fc.array(selection(depth, fragments), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(" "));
}

const VARIABLES =
  '$yes: Boolean!, $no: Boolean! = false, $maybe: Boolean = true, $number: Int! = 7, $text: String! = "text", $choice: Choice = ONE, $asked: Asked';
/** Validation asks that all that is declared is used. */
const USES = `used: thing { ...F ...G ...H
  used: echo(number: $number, choice: $choice, asked: $asked) @skip(if: $no)
  also: echo(asked: { number: 1, content: { text: $text } }) @include(if: $yes) @skip(if: $maybe)
}`;

/** Queries that ask for trouble; now and then one that is not valid. */
export const troubledDocument: fc.Arbitrary<string> = fc
  .tuple(selections(0, ["F", "G"]), selections(2, ["G", "H"]), selections(3, ["H"]), selections(3, []))
  .map(([root, f, g, h]) => {
    const fragments = Object.entries({ F: f, G: g, H: h }).map(
      ([name, text]) => `fragment ${name} on Thing { ${text} }`,
    );
    return `query Trouble(${VARIABLES}) { ${root} ${USES} } ${fragments.join(" ")}`;
  });

const something = fc.constantFrom(undefined, null, 1, "1", "ONE", true, [], {}, 1.5, "x");
export const troubledVariables: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    yes: fc.oneof({ weight: 20, arbitrary: fc.boolean() }, something),
    no: fc.oneof({ weight: 20, arbitrary: fc.boolean() }, something),
    maybe: fc.oneof({ weight: 10, arbitrary: fc.boolean() }, something),
    number: fc.oneof({ weight: 10, arbitrary: fc.integer({ min: -3, max: 3 }) }, something),
    text: fc.oneof({ weight: 10, arbitrary: fc.constant("text") }, something),
    choice: fc.oneof({ weight: 10, arbitrary: fc.constantFrom("ONE", "TWO") }, something),
    asked: fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({
          number: fc.integer({ min: 0, max: 9 }),
          content: fc.constantFrom({ text: "t" }, { choice: "TWO" }),
        }),
      },
      something,
    ),
  },
  { requiredKeys: ["yes"] },
);
