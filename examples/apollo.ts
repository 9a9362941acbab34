/** Parley with Apollo Client: https://www.apollographql.com/docs/react */
import {
  type ApolloCache,
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
} from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { RetryLink } from "@apollo/client/link/retry";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import type { ClientOptions } from "graphql-ws";
import { ACKNOWLEDGE, HISTORY, MESSAGE_UPDATED, type Message, NEW_MESSAGE, withMessage } from "./operations.ts";
import type { Session } from "./session.ts";
import { createSocket } from "./socket.ts";

/** What stands for each interface and union, so that the cache knows what `... on Error` matches. */
export const possibleTypes = {
  CreateUploadResult: ["CreateUploadError", "CreateUploadSuccess"],
  EditMessageResult: ["EditMessageError", "EditMessageSuccess"],
  Error: ["CreateUploadError", "EditMessageError", "FriendshipError", "RecallMessageError", "SendMessageError"],
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
  Node: ["Conversation", "Message", "Upload", "User"],
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
  // Where the network failed. A send may be repeated: its clientMessageId makes it the same message.
  const retry = new RetryLink({ attempts: { retryIf: (error) => error instanceof TypeError } });
  return new ApolloClient({
    cache: createCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(createSocket(url, session, socket)),
      ApolloLink.from([renew, retry, authorize, new HttpLink({ uri: url })]),
    ),
  });
}

/** Puts a message into its conversation, where the cache has that. */
export function addToHistory(cache: ApolloCache, message: Message): void {
  const variables = { peer: message.conversation.peer.id };
  cache.updateQuery({ query: HISTORY, variables }, (data) =>
    data?.history == null ? undefined : { history: withMessage(data.history, message) },
  );
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
        addToHistory(client.cache, message);
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
