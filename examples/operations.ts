/** What the examples ask. With code generation these types come from schema.graphql; here they are written out. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";

export interface Message {
  readonly __typename: "Message";
  readonly id: string;
  readonly seq: number;
  readonly cursor: string | null;
  readonly sentAt: string;
  readonly recalledAt: string | null;
  readonly sender: { readonly id: string; readonly nickname: string | null };
  readonly content: { readonly type: string; readonly summary: string; readonly text?: string } | null;
  readonly conversation: { readonly id: string; readonly unreadCount: number; readonly peer: { readonly id: string } };
}

// One fragment for all operations: then every answer brings all that any of them shows.
const MESSAGE = `fragment MessageParts on Message {
  id seq cursor sentAt recalledAt
  sender { id nickname }
  content { type summary ... on TextContent { text } }
  conversation { id unreadCount peer { id } }
}`;

export interface Page {
  readonly __typename: "MessageConnection";
  readonly edges: readonly { readonly __typename: "MessageEdge"; readonly cursor: string; readonly node: Message }[];
  readonly pageInfo: {
    readonly hasPreviousPage: boolean;
    readonly hasNextPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/**
 * The page with this message, once and in its place; the same page where the message belongs into one that is not here:
 * what was missed while the app was away may be older than the pages that it shows.
 */
export function withMessage(page: Page, message: Message): Page {
  const { edges, pageInfo } = page;
  const { seq, cursor } = message;
  // A message with lifetimeSeconds 0 is in no history.
  if (cursor === null || edges.some(({ node }) => node.id === message.id)) return page;
  const isOlder = pageInfo.hasPreviousPage && seq < (edges.at(0)?.node.seq ?? 0);
  const isNewer = pageInfo.hasNextPage && seq > (edges.at(-1)?.node.seq ?? 0);
  if (isOlder || isNewer) return page;
  const added = [...edges, { __typename: "MessageEdge" as const, cursor, node: message }];
  return { ...page, edges: added.sort((a, b) => a.node.seq - b.node.seq) };
}

export interface PageArguments {
  readonly first?: number;
  readonly after?: string | null;
  readonly last?: number;
  readonly before?: string | null;
}

export const HISTORY: TypedDocumentNode<{ history: Page | null }, PageArguments & { peer: string }> = parse(`
  query History($peer: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    history(peer: $peer, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { ...MessageParts } }
      pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
    }
  }
  ${MESSAGE}
`);

export interface SendInput {
  readonly to: string;
  readonly clientMessageId: string;
  readonly content: { readonly text: { readonly text: string } };
}

export type SendResult =
  | { readonly __typename: "SendMessageSuccess"; readonly duplicate: boolean; readonly message: Message }
  | {
      readonly __typename: "SendMessageError";
      readonly code: string;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    };

export const SEND: TypedDocumentNode<{ sendMessage: SendResult | null }, { input: SendInput }> = parse(`
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) {
      __typename
      ... on SendMessageSuccess { duplicate message { ...MessageParts } }
      ... on SendMessageError { code reason retryAfterMs }
    }
  }
  ${MESSAGE}
`);

export const NEW_MESSAGE: TypedDocumentNode<{
  newMessage: { readonly source: "OFFLINE" | "RECENT" | "LIVE"; readonly cursor: string; readonly message: Message };
}> = parse(`
  subscription NewMessage { newMessage { source cursor message { ...MessageParts } } }
  ${MESSAGE}
`);

export const MESSAGE_UPDATED: TypedDocumentNode<{
  messageUpdated: { readonly change: string; readonly cursor: string; readonly message: Message };
}> = parse(`
  subscription MessageUpdated { messageUpdated { change cursor message { ...MessageParts } } }
  ${MESSAGE}
`);

export const ACKNOWLEDGE: TypedDocumentNode<{ acknowledge: { readonly cursor: string } | null }, { cursor: string }> =
  parse(`mutation Acknowledge($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }`);
