import { readFileSync } from "node:fs";
import { type ApolloClient, gql, type TypedDocumentNode } from "@apollo/client";
import { buildSchema, isAbstractType } from "graphql";
import type { ClientOptions } from "graphql-ws";
import { expect, onTestFinished, test } from "vitest";
import { addToHistory, createApolloClient, possibleTypes, receive } from "../../examples/apollo.ts";
import { HISTORY, type PageArguments, SEND } from "../../examples/operations.ts";
import type { Session } from "../../examples/session.ts";
import { type OtherClient, testClient, type View } from "./behaviour.ts";

const VIEWER: TypedDocumentNode<{ viewer: { id: string } }> = gql`query Viewer { viewer { id } }`;
const NODE: TypedDocumentNode<{ node: { content?: { text?: string } | null } | null }, { id: string }> = gql`
  query Again($id: ID!) {
    node(id: $id) { id ... on Message { content { type summary ... on TextContent { text } } } }
  }
`;

async function show(client: ApolloClient, peer: string, start: PageArguments): Promise<View> {
  const query = client.watchQuery({ query: HISTORY, variables: { peer, ...start } });
  await new Promise<void>((resolve) => {
    const watching = query.subscribe(({ loading }) => {
      if (!loading) resolve();
    });
    onTestFinished(() => watching.unsubscribe());
  });
  const page = () => {
    const { data, dataState } = query.getCurrentResult();
    if (dataState !== "complete" || data.history === null) throw new Error("there is no page");
    return data.history;
  };
  return {
    texts: () => page().edges.map(({ node }) => node.content?.summary ?? null),
    hasPrevious: () => page().pageInfo.hasPreviousPage,
    hasNext: () => page().pageInfo.hasNextPage,
    async loadPrevious(last) {
      await query.fetchMore({ variables: { peer, last, before: page().pageInfo.startCursor, first: undefined } });
    },
    async loadNext(first) {
      const variables = { peer, first, after: page().pageInfo.endCursor, last: undefined, before: undefined };
      await query.fetchMore({ variables });
    },
  };
}

function enter(url: string, session: Session, socket: Partial<ClientOptions>): OtherClient {
  const client = createApolloClient(url, session, socket);
  onTestFinished(() => client.stop());
  return {
    viewer: async () => (await client.query({ query: VIEWER })).data?.viewer.id,
    async send(to, text, clientMessageId) {
      const input = { to, clientMessageId, content: { text: { text } } };
      const { data } = await client.mutate({
        mutation: SEND,
        variables: { input },
        update(cache, { data }) {
          if (data?.sendMessage?.__typename === "SendMessageSuccess") addToHistory(cache, data.sendMessage.message);
        },
      });
      return data?.sendMessage;
    },
    show: (peer, start) => show(client, peer, start),
    receive(failed) {
      onTestFinished(receive(client, failed));
    },
    async refetch(id) {
      const { data } = await client.query({ query: NODE, variables: { id }, fetchPolicy: "network-only" });
      return data?.node?.content === null ? null : data?.node?.content?.text;
    },
  };
}

testClient(enter, { retries: true });

test("the possibleTypes of the example are those of the schema", () => {
  const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
  const types = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const possible = types.map((type) => [
    type.name,
    schema
      .getPossibleTypes(type)
      .map(({ name }) => name)
      .sort(),
  ]);
  expect(possibleTypes).toEqual(Object.fromEntries(possible));
});
