/** A conversation, page by page. */
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import type { Conversation_history$key } from "./__generated__/Conversation_history.graphql";
import type { ConversationPageQuery } from "./__generated__/ConversationPageQuery.graphql";
import type { ConversationQuery, ConversationQuery$variables } from "./__generated__/ConversationQuery.graphql";

/** Suspends until the first page is there. Begin with `last`: the newest messages. */
export function useConversation(start: ConversationQuery$variables) {
  const query = useLazyLoadQuery<ConversationQuery>(
    graphql`
      query ConversationQuery($peer: ID!, $first: Int, $after: String, $last: Int, $before: String) {
        ...Conversation_history @arguments(peer: $peer, first: $first, after: $after, last: $last, before: $before)
      }
    `,
    start,
  );
  const { data, ...paging } = usePaginationFragment<ConversationPageQuery, Conversation_history$key>(
    graphql`
      fragment Conversation_history on Query
      @refetchable(queryName: "ConversationPageQuery")
      @argumentDefinitions(
        peer: { type: "ID!" }
        first: { type: "Int" }
        after: { type: "String" }
        last: { type: "Int" }
        before: { type: "String" }
      ) {
        history(peer: $peer, first: $first, after: $after, last: $last, before: $before)
          @connection(key: "Conversation_history", filters: ["peer"]) {
          edges {
            node {
              id
              seq
              sender { id nickname }
              content { summary ... on TextContent { text } }
              ...Message_message
            }
          }
        }
      }
    `,
    query,
  );
  return { messages: data.history?.edges.map(({ node }) => node) ?? [], ...paging };
}
