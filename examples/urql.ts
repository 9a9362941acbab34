/** Parley with urql and its normalised cache: https://commerce.nearform.com/open-source/urql/docs */
import { Client, type Exchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { type Cache, type CacheExchangeOpts, cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { retryExchange } from "@urql/exchange-retry";
import { createClient as createSse, type ClientOptions as SseOptions } from "graphql-sse";
import type { ClientOptions } from "graphql-ws";
import {
  ACKNOWLEDGE,
  HISTORY,
  MESSAGE_UPDATED,
  type Message,
  NEW_MESSAGE,
  type SendResult,
  withMessage,
} from "./operations.ts";
import type { Session } from "./session.ts";
import { createSocket } from "./socket.ts";

/** What has no id of its own: the cache keeps it inside what it belongs to. */
export const PARTS = [
  "AuditEntry",
  "CustomContent",
  "Device",
  "FaceContent",
  "FileContent",
  "ImageContent",
  "ImageVariant",
  "LocationContent",
  "NoticeContent",
  "PushPreferences",
  "PushToken",
  "QuietHours",
  "RecordLink",
  "SenderProfile",
  "Settings",
  "SoundContent",
  "TextContent",
  "VideoContent",
];

/** Puts a message into the newest page of its conversation, where the cache has that. */
function addToHistory(cache: Cache, message: Message): void {
  const peer = message.conversation.peer.id;
  for (const { fieldName, arguments: variables } of cache.inspectFields("Query")) {
    const isNewest = variables?.after == null && variables?.before == null && variables?.first == null;
    if (fieldName !== "history" || variables?.peer !== peer || !isNewest) continue;
    cache.updateQuery({ query: HISTORY, variables: { ...variables, peer } }, (data) =>
      data?.history == null ? data : { ...data, history: withMessage(data.history, message) },
    );
  }
}

type Schema = NonNullable<CacheExchangeOpts["schema"]>;

function createCache(schema: Schema): Exchange {
  return cacheExchange({
    // It says what implements what: without it the cache guesses, and warns of that.
    schema,
    keys: Object.fromEntries(PARTS.map((name) => [name, () => null])),
    resolvers: {
      Query: {
        // Older pages go ahead of the newest, however many there are.
        history: relayPagination({ mergeMode: "outwards" }),
        message: (_, { id }) => ({ __typename: "Message", id }),
      },
      Conversation: { messages: relayPagination({ mergeMode: "outwards" }) },
    },
    updates: {
      Mutation: {
        sendMessage({ sendMessage }: { sendMessage: SendResult | null }, _, cache) {
          if (sendMessage?.__typename === "SendMessageSuccess") addToHistory(cache, sendMessage.message);
        },
      },
      Subscription: {
        newMessage({ newMessage }: { newMessage: { message: Message } }, _, cache) {
          addToHistory(cache, newMessage.message);
        },
      },
    },
  });
}

function authorize(session: Session): Exchange {
  return authExchange(async ({ appendHeaders }) => {
    let token = await session.accessToken();
    return {
      addAuthToOperation: (operation) => appendHeaders(operation, { Authorization: `Bearer ${token}` }),
      didAuthError: ({ graphQLErrors }) =>
        graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED"),
      async refreshAuth() {
        session.expire(token);
        token = await session.accessToken();
      },
    };
  });
}

export function overWebSocket(url: string, session: Session, more: Partial<ClientOptions> = {}): Exchange {
  const socket = createSocket(url, session, more);
  return subscriptionExchange({
    forwardSubscription: ({ query = "", variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    }),
  });
}

/** Where no WebSocket gets through. A browser has six such streams at a time, unless the proxy speaks HTTP/2. */
export function overSse(url: string, session: Session, more: Partial<SseOptions> = {}): Exchange {
  const streams = createSse({
    url,
    headers: async () => ({ Authorization: `Bearer ${await session.accessToken()}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    ...more,
  });
  return subscriptionExchange({
    forwardSubscription: ({ query = "", variables }) => ({
      subscribe: (sink) => ({ unsubscribe: streams.subscribe({ query, variables }, sink) }),
    }),
  });
}

/** @param schema the answer to an introspection query, or `minifyIntrospectionQuery` of it */
export function createUrqlClient(url: string, session: Session, schema: Schema, subscriptions: Exchange): Client {
  // Where the network failed. A send may be repeated: its clientMessageId makes it the same message.
  const retry = retryExchange({ maxNumberAttempts: 5 });
  const exchanges = [createCache(schema), retry, authorize(session), fetchExchange, subscriptions];
  return new Client({ url, exchanges, preferGetMethod: false });
}

/** Keeps the cache up to date while it runs. What is recalled, edited or read changes by itself, by its id. */
export function receive(client: Client, failed: (error: unknown) => void): () => void {
  // One that is lost does no harm: the next covers it, and what comes again is known by its id.
  function acknowledge(cursor: string): void {
    void client.mutation(ACKNOWLEDGE, { cursor }).toPromise();
  }
  const subscriptions = [
    client.subscription(NEW_MESSAGE, {}).subscribe(({ data, error }) => {
      if (data == null) failed(error);
      else if (data.newMessage.source !== "RECENT") acknowledge(data.newMessage.cursor);
    }),
    client.subscription(MESSAGE_UPDATED, {}).subscribe(({ data, error }) => {
      if (data == null) failed(error);
      else acknowledge(data.messageUpdated.cursor);
    }),
  ];
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
