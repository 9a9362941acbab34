import { getIntrospectionQuery } from "graphql";
import { expect, test } from "vitest";
import { type Person, startApp } from "./support/app.ts";
import type { Result } from "./support/socket.ts";

function times(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(" ");
}

function codesOf({ errors }: Result): unknown[] {
  return (errors ?? []).map((error) => error.extensions?.code);
}

/** Asks over every transport; the codes must be the same on each. */
async function refusals(alice: Person, query: string, variables: object = {}): Promise<unknown[]> {
  const overHttp = codesOf(await alice.ask(query, variables));
  const socket = await alice.connect();
  const overSocket = codesOf(await socket.ask(query, variables));
  expect(overSocket).toEqual(overHttp);
  expect((await socket.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "alice" } });
  return overHttp;
}

/** `conversation { lastMessage { conversation { … } } }`, so many levels, with a leaf at the bottom. */
function nested(levels: number): string {
  const names = ["conversation", "lastMessage"];
  const open = times(levels - 2, (index) => `${names[index % 2 === 0 ? 1 : 0]} {`);
  return `{ conversation(peer: "bob") { ${open} __typename ${"}".repeat(levels - 2)} } }`;
}

const TOO_COMPLEX = ["QUERY_TOO_COMPLEX"];

test.each<[string, string]>([
  ["21 levels", nested(21)],
  ["1,000 levels", nested(1_000)],
  ["5,000 levels", nested(5_000)],
  ["an input list of 4,000 levels", `{ user(id: ${"[".repeat(4_000)}${"]".repeat(4_000)}) { id } }`],
  ["an input object of 2,000 levels", `{ user(id: ${"{a:".repeat(2_000)}1${"}".repeat(2_000)}) { id } }`],
  ["101 aliases", `{ ${times(101, (index) => `a${index}: viewer { id }`)} }`],
  ["101 aliases of __typename", `{ ${times(101, (index) => `a${index}: __typename`)} }`],
  ["101 aliases below the root", `{ viewer { ${times(101, (index) => `a${index}: id`)} } }`],
  ["120 root fields", `{ ${times(120, () => "viewer { id }")} }`],
  ["2,000 times the same field", `{ ${times(2_000, () => "__typename")} }`],
  ["51 directives", `{ viewer { id ${times(51, () => "@include(if: true)")} } }`],
  ["51 directives on fragments", `{ viewer { ${times(51, () => "... @include(if: true) { id }")} } }`],
  ["4,001 tokens", `{ viewer { ${times(4_000, () => "id")} } }`],
  [
    "101 aliases in a fragment named __schema",
    `{ ...__schema } fragment __schema on Query { ${times(101, (index) => `a${index}: __typename`)} }`,
  ],
  [
    "a fragment spread until there are 101 aliases",
    `{ ${times(51, () => "...F")} } fragment F on Query { a: __typename b: __typename }`,
  ],
  [
    "fragments that double each other 60 times",
    `{ ...F0 } ${times(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)}
     fragment F60 on Query { viewer { id } }`,
  ],
  [
    "levels hidden in fragments",
    `{ conversation(peer: "bob") { ...F0 } }
     ${times(12, (index) => `fragment F${index} on Conversation { lastMessage { conversation { ...F${index + 1} } } }`)}
     fragment F12 on Conversation { id }`,
  ],
])("%s are refused with QUERY_TOO_COMPLEX, once", async (_, query) => {
  const app = await startApp();
  expect(await refusals(await app.person("alice"), query)).toEqual(TOO_COMPLEX);
});

test.each<[string, string]>([
  ["20 levels", nested(20)],
  ["100 aliases", `{ ${times(100, (index) => `a${index}: __typename`)} }`],
  ["100 root fields", `{ ${times(100, () => "viewer { id }")} }`],
  ["50 directives", `{ viewer { ${times(50, () => "id @include(if: true)")} } }`],
])("%s are fine", async (_, query) => {
  const app = await startApp();
  expect(await refusals(await app.person("alice"), query)).toEqual([]);
});

test.each<[string, string]>([
  ["in itself", "{ ...A } fragment A on Query { viewer { id } ...A }"],
  ["in a circle of two", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"],
  ["in a circle below a field", "{ viewer { ...A } } fragment A on User { id ...B } fragment B on User { ...A }"],
])("a fragment that stands %s is refused by validation", async (_, query) => {
  const app = await startApp();
  const codes = await refusals(await app.person("alice"), query);
  expect(new Set(codes)).toEqual(new Set(["GRAPHQL_VALIDATION_FAILED"]));
});

test("an input list of 1,500 levels is a literal of the wrong type, and the server lives", async () => {
  const app = await startApp();
  const query = `{ user(id: ${"[".repeat(1_500)}${"]".repeat(1_500)}) { id } }`;
  expect(await refusals(await app.person("alice"), query)).toEqual(["BAD_USER_INPUT"]);
});

const PAGES = `query Pages($first: Int) {
  conversations(first: $first) { nodes { messages(first: $first) { nodes { id seq sentAt } } } }
}`;

test("what a page costs is counted with each request's variables, not with the first one's", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await refusals(alice, PAGES, { first: 1 })).toEqual([]);
  expect(await refusals(alice, PAGES, { first: 100 })).toEqual(TOO_COMPLEX);
  expect(await refusals(alice, PAGES, { first: 2 })).toEqual([]);
});

test("a huge page by variable is refused also where a small one of the same document was answered", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const query = 'query Page($first: Int) { history(peer: "bob", first: $first) { nodes { id } } }';
  expect(await refusals(alice, query, { first: 1 })).toEqual([]);
  expect(await refusals(alice, query, { first: 2_147_483_647 })).toEqual(["BAD_USER_INPUT"]);
});

test("what a page costs is counted with the default of a variable, and with that of the page", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await refusals(alice, PAGES.replace("$first: Int", "$first: Int = 100"))).toEqual(TOO_COMPLEX);
  const wide = "{ id seq sentAt sender { id nickname avatarUrl } recipient { id nickname avatarUrl } }";
  const query = `{ conversations { nodes { messages { nodes ${wide} } } } }`;
  expect(await refusals(alice, query)).toEqual(TOO_COMPLEX);
});

test("a costly operation does not keep a cheap one of the same document from running", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const query = `query Cheap { viewer { id } }
    query Costly { conversations(first: 100) { nodes { messages(first: 100) { nodes { id seq sentAt } } } } }`;
  const wire = await alice.connect();
  expect((await wire.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "alice" } });
  const ask = async (operationName: string) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${alice.token}` };
    const body = JSON.stringify({ query, operationName });
    return (await (await fetch(app.url, { method: "POST", headers, body })).json()) as Result;
  };
  for (let round = 0; round < 2; round += 1) {
    expect(codesOf(await ask("Costly"))).toEqual(TOO_COMPLEX);
    expect((await ask("Cheap")).data).toEqual({ viewer: { id: "alice" } });
  }
});

test("a costly subscription is refused before it starts", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const query = `subscription { newMessage { message { conversation {
    messages(first: 100) { nodes { conversation { messages(first: 100) { nodes { id seq sentAt } } } } }
  } } } }`;
  expect(await refusals(alice, query)).toEqual(TOO_COMPLEX);
});

test("the longest document that fits through a transport is refused, and the server goes on", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const socket = await alice.connect();
  expect(codesOf(await socket.ask(`{ ${times(60_000, () => "a")} }`))).toEqual(TOO_COMPLEX);
  expect(codesOf(await alice.ask(`{ ${times(125_000, () => "a")} }`))).toEqual(TOO_COMPLEX);
  expect((await socket.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "alice" } });
});

test.each([
  ["as it is", {}],
  [
    "with all that it can ask for",
    {
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    },
  ],
])("the introspection query of tools passes %s", async (_, options) => {
  const app = await startApp();
  const query = getIntrospectionQuery(options);
  const alice = await app.person("alice");
  expect((await alice.get(query)).__schema.queryType.name).toBe("Query");
  expect((await (await alice.connect()).ask(query)).data?.__schema.queryType.name).toBe("Query");
});

test.each([
  ["the schema ten times", `{ ${times(10, (index) => `a${index}: __schema { ...S }`)} } `],
  ["its types ten times", `{ __schema { ${times(10, (index) => `a${index}: types { ...T }`)} } } `],
])("introspection cannot be used to make a short question into a long answer: %s", async (_, operation) => {
  const app = await startApp();
  const fragments = `
    fragment S on __Schema { types { ...T } }
    fragment T on __Type { name description fields { name description type { ...R } args { name description type { ...R } } } }
    fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;
  const used = operation.includes("...S") ? fragments : fragments.replace(/fragment S.*/, "");
  expect(await refusals(await app.person("alice"), operation + used)).toEqual(TOO_COMPLEX);
});

test("introspection in circles is refused by validation", async () => {
  const app = await startApp();
  const query = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }";
  expect(await refusals(await app.person("alice"), query)).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
});

test("a literal that is nested 3,900 deep and never closed is too complex, not an accident", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const { errors } = await bob.ask(`{ history(peer: ${"[".repeat(3_900)}`);
  expect(errors).toMatchObject([{ extensions: { code: "QUERY_TOO_COMPLEX" } }]);
  expect(app.logged).not.toContain("failed unexpectedly");
});
