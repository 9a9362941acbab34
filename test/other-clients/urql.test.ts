import { readFileSync } from "node:fs";
import { Client, type Exchange, fetchExchange, gql, type TypedDocumentNode } from "@urql/core";
import { buildSchema, introspectionFromSchema, isIntrospectionType, isObjectType } from "graphql";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HISTORY, NEW_MESSAGE, type Page, type PageArguments, SEND } from "../../examples/operations.ts";
import type { Session } from "../../examples/session.ts";
import { createUrqlClient, overSse, overWebSocket, PARTS, receive } from "../../examples/urql.ts";
import { startApp } from "../support/app.ts";
import { type OtherClient, testClient, type View } from "./behaviour.ts";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
const SCHEMA = introspectionFromSchema(schema);

const VIEWER: TypedDocumentNode<{ viewer: { id: string } }, object> = gql`query Viewer { viewer { id } }`;
const NODE: TypedDocumentNode<{ node: { content?: { text?: string } | null } | null }, { id: string }> = gql`
  query Again($id: ID!) {
    node(id: $id) { id ... on Message { content { type summary ... on TextContent { text } } } }
  }
`;

async function show(client: Client, peer: string, start: PageArguments): Promise<View> {
  let page: Page | null | undefined;
  await new Promise<void>((resolve) => {
    const watching = client.query(HISTORY, { peer, ...start }).subscribe(({ data }) => {
      page = data?.history;
      resolve();
    });
    onTestFinished(() => watching.unsubscribe());
  });
  const now = () => {
    if (page == null) throw new Error("there is no page");
    return page;
  };
  async function load(args: PageArguments): Promise<void> {
    const { error } = await client.query(HISTORY, { peer, ...args });
    if (error !== undefined) throw error;
  }
  return {
    texts: () => now().edges.map(({ node }) => node.content?.summary ?? null),
    hasPrevious: () => now().pageInfo.hasPreviousPage,
    hasNext: () => now().pageInfo.hasNextPage,
    // The pageInfo of merged pages knows only of the ends that were paged from.
    loadPrevious: (last) => load({ last, before: now().edges[0]?.cursor ?? null }),
    loadNext: (first) => load({ first, after: now().edges.at(-1)?.cursor ?? null }),
  };
}

function enter(url: string, session: Session, subscriptions: Exchange): OtherClient {
  const client = createUrqlClient(url, session, SCHEMA, subscriptions);
  return {
    viewer: async () => (await client.query(VIEWER, {})).data?.viewer.id,
    async send(to, text, clientMessageId) {
      const input = { to, clientMessageId, content: { text: { text } } };
      return (await client.mutation(SEND, { input })).data?.sendMessage;
    },
    show: (peer, start) => show(client, peer, start),
    receive(failed) {
      onTestFinished(receive(client, failed));
    },
    async refetch(id) {
      const { data } = await client.query(NODE, { id }, { requestPolicy: "network-only" });
      return data?.node?.content === null ? null : data?.node?.content?.text;
    },
  };
}

describe("over graphql-ws", () => {
  testClient((url, session, socket) => enter(url, session, overWebSocket(url, session, socket)), { retries: true });
});

describe("over graphql-sse", () => {
  testClient((url, session) => enter(url, session, overSse(url, session, { retry: async () => {} })), {
    retries: true,
  });
});

test("urql's own event streams need no exchange", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const client = new Client({
    url: app.url,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    fetchOptions: { headers: { Authorization: `Bearer ${bob.token}` } },
    preferGetMethod: false,
  });
  const said: (string | undefined)[] = [];
  const watching = client.subscription(NEW_MESSAGE, {}).subscribe(({ data }) => {
    said.push(data?.newMessage.message.content?.summary);
  });
  onTestFinished(() => watching.unsubscribe());
  for (const text of ["1", "2"]) {
    await alice.send("bob", text);
    await vi.waitFor(() => expect(said.at(-1)).toBe(text), 10_000);
  }
  expect(said).toEqual(["1", "2"]);
});

test("the parts that the example names are all that has no id", () => {
  // Some are for admins alone, and no app's cache holds one.
  const passing =
    /^(Query|Mutation|Subscription|PageInfo|\w+(Connection|Edge|Payload|Success|Error|Event)|(Last)?Backup|PushRecord|PushStateCount|TestedPush|Hook|HookDelivery|Erasure|BroadcastFailure|SendOutcome|Import\w+Result|MessageArchives?|\w+(Stats|Queue))$/;
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const parts = types.filter(
    (type) => !("id" in type.getFields()) && !isIntrospectionType(type) && !passing.test(type.name),
  );
  expect(PARTS).toEqual(parts.map(({ name }) => name).sort());
});
