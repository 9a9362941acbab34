/** Parley with Apollo Client: https://www.apollographql.com/docs/react */
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import type { ClientOptions } from "graphql-ws";
import { ACKNOWLEDGE, HISTORY, MESSAGE_UPDATED, type Message, NEW_MESSAGE } from "./operations.ts";
import type { Session } from "./session.ts";
import { createSocket } from "./socket.ts";

/** What stands for each interface and union, so that the cache knows what `... on Error` matches. */
export const possibleTypes = {
  EditMessageResult: ["EditMessageError", "EditMessageSuccess"],
  Error: ["EditMessageError", "FriendshipError", "RecallMessageError", "SendMessageError"],
  FriendshipResult: ["FriendshipError", "FriendshipSuccess"],
  MessageContent: [
    "CustomContent",
    "FaceContent",
    "FileContent",
    "ImageContent",
    "LocationContent",
    "NoticeContent",
    "SoundContent",
    "TextContent",
    "VideoContent",
  ],
  Node: ["Conversation", "Message", "User"],
  RecallMessageResult: ["RecallMessageError", "RecallMessageSuccess"],
  SendMessageResult: ["SendMessageError", "SendMessageSuccess"],
};

function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          history: relayStylePagination(["peer"]),
          conversations: relayStylePagination(),
          message: (_, { args, toReference }) => toReference({ __typename: "Message", id: args?.id }),
        },
      },
      Conversation: { fields: { messages: relayStylePagination() } },
    },
  });
}

export function createApolloClient(url: string, session: Session, socket: Partial<ClientOptions> = {}): ApolloClient {
  const authorize = new SetContextLink(async ({ headers }) => {
    const token = await session.accessToken();
    return { token, headers: { ...headers, authorization: `Bearer ${token}` } };
  });
  const renew = new ErrorLink(({ error, operation, forward }) => {
    const codes = CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions?.code) : [];
    if (!codes.includes("UNAUTHENTICATED")) return;
    session.expire(operation.getContext().token);
    return forward(operation);
  });
  return new ApolloClient({
    cache: createCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(createSocket(url, session, socket)),
      ApolloLink.from([renew, authorize, new HttpLink({ uri: url })]),
    ),
  });
}

/** Puts a message into the pages of its conversation that are in the cache, once and in its place. */
export function addToHistory({ cache }: ApolloClient, message: Message): void {
  const { cursor } = message;
  // A message with lifetimeSeconds 0 is in no history.
  if (cursor === null) return;
  cache.updateQuery({ query: HISTORY, variables: { peer: message.conversation.peer.id } }, (data) => {
    const page = data?.history;
    if (page == null || page.edges.some(({ node }) => node.id === message.id)) return;
    // Behind the pages that are here are others, which have it.
    if (page.pageInfo.hasNextPage) return;
    const edges = [...page.edges, { __typename: "MessageEdge" as const, cursor, node: message }];
    return { history: { ...page, edges: edges.sort((a, b) => a.node.seq - b.node.seq) } };
  });
}

/** Keeps the cache up to date while it runs. What is recalled, edited or read changes by itself, by its id. */
export function receive(client: ApolloClient, failed: (error: unknown) => void): () => void {
  // One that is lost does no harm: the next covers it, and what comes again is known by its id.
  function acknowledge(cursor: string): void {
    client.mutate({ mutation: ACKNOWLEDGE, variables: { cursor } }).catch(() => {});
  }
  const subscriptions = [
    client.subscribe({ query: NEW_MESSAGE }).subscribe({
      next({ data, error }) {
        if (data == null) return failed(error);
        const { message, source, cursor } = data.newMessage;
        addToHistory(client, message);
        if (source !== "RECENT") acknowledge(cursor);
      },
      error: failed,
    }),
    client.subscribe({ query: MESSAGE_UPDATED }).subscribe({
      next({ data, error }) {
        if (data == null) return failed(error);
        acknowledge(data.messageUpdated.cursor);
      },
      error: failed,
    }),
  ];
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
