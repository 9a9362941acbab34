/** Sending and receiving, into the pages that are shown. */
import {
  ConnectionHandler,
  commitMutation,
  type Environment,
  graphql,
  type RecordProxy,
  type RecordSourceProxy,
  requestSubscription,
} from "relay-runtime";
import type { LiveAcknowledgeMutation } from "./__generated__/LiveAcknowledgeMutation.graphql";
import type { LiveNewMessageSubscription } from "./__generated__/LiveNewMessageSubscription.graphql";
import type {
  LiveSendMutation,
  LiveSendMutation$data,
  SendMessageInput,
} from "./__generated__/LiveSendMutation.graphql";
import type { LiveUpdatedSubscription } from "./__generated__/LiveUpdatedSubscription.graphql";

/**
 * Puts a message into its conversation, where the store has that: once and in its place, unless it belongs into a page
 * that is not here. What was missed while the app was away may be older than the pages that it shows.
 */
function addToHistory(store: RecordSourceProxy, message: RecordProxy): void {
  const peer = message.getLinkedRecord("conversation")?.getLinkedRecord("peer")?.getValue("id");
  const history = ConnectionHandler.getConnection(store.getRoot(), "Conversation_history", { peer });
  const cursor = message.getValue("cursor");
  // A message with lifetimeSeconds 0 has no cursor and is in no history.
  if (history == null || cursor == null) return;
  const edges = history.getLinkedRecords("edges") ?? [];
  const nodes = edges.map((edge) => edge.getLinkedRecord("node"));
  if (nodes.some((node) => node?.getDataID() === message.getDataID())) return;

  const seq = Number(message.getValue("seq"));
  const next = nodes.findIndex((node) => Number(node?.getValue("seq")) > seq);
  const pages = history.getLinkedRecord("pageInfo");
  if (next === 0 && pages?.getValue("hasPreviousPage") === true) return;
  if (next === -1 && pages?.getValue("hasNextPage") === true) return;
  const edge = ConnectionHandler.createEdge(store, history, message, "MessageEdge");
  edge.setValue(cursor, "cursor");
  history.setLinkedRecords(edges.toSpliced(next === -1 ? edges.length : next, 0, edge), "edges");
}

export function send(environment: Environment, input: SendMessageInput): Promise<LiveSendMutation$data["sendMessage"]> {
  return new Promise((resolve, reject) => {
    commitMutation<LiveSendMutation>(environment, {
      mutation: graphql`
        mutation LiveSendMutation($input: SendMessageInput!) {
          sendMessage(input: $input) {
            __typename
            ... on SendMessageSuccess { duplicate message { seq content { type ... on TextContent { text } } ...Message_message } }
            ... on SendMessageError { code reason retryAfterMs }
          }
        }
      `,
      variables: { input },
      updater(store) {
        const message = store.getRootField("sendMessage")?.getLinkedRecord("message");
        if (message != null) addToHistory(store, message);
      },
      onCompleted: ({ sendMessage }) => resolve(sendMessage),
      onError: reject,
    });
  });
}

// One that is lost does no harm: the next covers it, and what comes again is known by its id.
function acknowledge(environment: Environment, cursor: string): void {
  commitMutation<LiveAcknowledgeMutation>(environment, {
    mutation: graphql`
      mutation LiveAcknowledgeMutation($cursor: String!) {
        acknowledge(input: { cursor: $cursor }) { cursor }
      }
    `,
    variables: { cursor },
    onError() {},
  });
}

/** Keeps the store up to date while it runs. What is recalled, edited or read changes by itself, by its id. */
export function receive(environment: Environment, failed: (error: unknown) => void): () => void {
  const subscriptions = [
    requestSubscription<LiveNewMessageSubscription>(environment, {
      subscription: graphql`
        subscription LiveNewMessageSubscription {
          newMessage { source cursor message { ...Message_message } }
        }
      `,
      variables: {},
      updater(store) {
        const message = store.getRootField("newMessage").getLinkedRecord("message");
        addToHistory(store, message);
      },
      onNext(data) {
        if (data != null && data.newMessage.source !== "RECENT") acknowledge(environment, data.newMessage.cursor);
      },
      onError: failed,
    }),
    requestSubscription<LiveUpdatedSubscription>(environment, {
      subscription: graphql`
        subscription LiveUpdatedSubscription {
          messageUpdated { change cursor message { ...Message_message } }
        }
      `,
      variables: {},
      onNext(data) {
        if (data != null) acknowledge(environment, data.messageUpdated.cursor);
      },
      onError: failed,
    }),
  ];
  return () => {
    for (const subscription of subscriptions) subscription.dispose();
  };
}
