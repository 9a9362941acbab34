/** A conversation as a React component needs it, with Apollo Client: what was said, older pages, and sending. */
import { useMutation, useQuery } from "@apollo/client/react";
import { addToHistory } from "./apollo.ts";
import { HISTORY, SEND, type SendResult } from "./operations.ts";

export function useConversation(peer: string) {
  const { data, error, fetchMore } = useQuery(HISTORY, { variables: { peer, last: 20 } });
  const [mutate] = useMutation(SEND, {
    update(cache, { data }) {
      if (data?.sendMessage?.__typename === "SendMessageSuccess") addToHistory(cache, data.sendMessage.message);
    },
  });
  const page = data?.history;

  return {
    messages: page?.edges.map(({ node }) => node) ?? [],
    error,
    hasOlder: page?.pageInfo.hasPreviousPage ?? false,
    async loadOlder(): Promise<void> {
      await fetchMore({ variables: { before: page?.pageInfo.startCursor } });
    },
    /** What became of it: show `reason` of a SendMessageError. Rejects where there was no answer. */
    async send(text: string): Promise<SendResult | null | undefined> {
      const input = { to: peer, clientMessageId: crypto.randomUUID(), content: { text: { text } } };
      return (await mutate({ variables: { input } })).data?.sendMessage;
    },
  };
}
