/** What is asked for the second time goes the short way; it must be answered as the first time, which goes Yoga's. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Person, startApp } from "./support/app.ts";

interface Asked {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
}

const OPERATIONS: Record<string, Asked> = {
  "a query": { query: "{ viewer { id nickname online friendPolicy } }" },
  "nothing found": { query: '{ message(id: "m:1:1") { id } user(id: "nobody") { id } }' },
  "one of several": { query: "query A { viewer { id } } query B { viewer { nickname } }", operationName: "B" },
  "several, none named": { query: "query A { viewer { id } } query B { viewer { nickname } }" },
  "several, another named": { query: "query A { viewer { id } }", operationName: "C" },
  "variables that are left out": { query: "query ($id: ID!) { user(id: $id) { id } }" },
  "variables that are null": { query: "query ($id: ID!) { user(id: $id) { id } }", variables: null },
  "variables of another type": {
    query: "query ($n: Int) { conversations(first: $n) { nodes { id } } }",
    variables: { n: "x" },
  },
  "a page that is too long": { query: "{ conversations(first: 1000) { nodes { id } } }" },
  "a mutation": { query: 'mutation { updateProfile(input: { nickname: "Alice" }) { user { nickname } } }' },
  "a mutation that is refused": {
    query:
      'mutation { sendMessage(input: { to: "nobody", content: { text: { text: "hi" } } }) { ... on Error { code reason } } }',
  },
  "a mutation that fails beside one that does not": {
    query:
      "mutation { a: importUsers(input: { users: [] }) { users { id } } b: updateProfile(input: {}) { user { id } } }",
  },
  "two kinds of content": {
    query:
      'mutation ($content: MessageContentInput!) { sendMessage(input: { to: "bob", content: $content }) { __typename } }',
    variables: { content: { text: { text: "hi" }, face: { index: 1 } } },
  },
  "a directive": {
    query: "query ($yes: Boolean!) { viewer { id @skip(if: $yes) nickname } }",
    variables: { yes: true },
  },
  "too much": { query: "{ conversations(first: 100) { nodes { messages(first: 100) { nodes { id sentAt seq } } } } }" },
};

const ACCEPTS = [
  null,
  "*/*",
  "application/json",
  "application/graphql-response+json",
  "application/json, application/graphql-response+json",
  "application/graphql-response+json, application/json;q=0.9",
  "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
  "text/html, application/json",
  "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
  "text/event-stream, application/json",
  "image/png",
  "application/*",
];

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

async function post(
  { app }: Person,
  authorization: string | null,
  accept: string | null,
  body: string,
): Promise<Answer> {
  const response = await fetch(app.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(authorization === null ? {} : { authorization }),
      ...(accept === null ? {} : { accept }),
    },
    body,
  });
  const { date: _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

test("an operation is answered the second time as the first time, whoever asks and accepts what", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const bearers = {
    alice: `Bearer ${alice.token}`,
    nobody: null,
    "no token": "Bearer nonsense",
    "no bearer": "Basic YQ==",
  };
  let documents = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(OPERATIONS)),
      fc.constantFrom(...ACCEPTS),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant("alice" as const) },
        { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(bearers) as (keyof typeof bearers)[])) },
      ),
      async (name, accept, bearer) => {
        documents += 1;
        const { query, ...rest } = OPERATIONS[name] ?? { query: "" };
        // A document that nobody has sent before.
        const body = JSON.stringify({ query: `${query} # ${documents}`, ...rest });
        const first = await post(alice, bearers[bearer], accept, body);
        const second = await post(alice, bearers[bearer], accept, body);
        expect({ name, accept, bearer, ...second }).toEqual({ name, accept, bearer, ...first });
      },
    ),
    { numRuns: 400 },
  );
});
