/** One message: what is needed of it everywhere, and how to fetch it again by its id. */
import { graphql } from "relay-runtime";

export const MESSAGE = graphql`
  fragment Message_message on Message @refetchable(queryName: "MessageAgainQuery") {
    id
    seq
    cursor
    recalledAt
    content { type summary ... on TextContent { text } }
    conversation { unreadCount peer { id } }
  }
`;
