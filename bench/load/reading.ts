/** What a client reads when somebody opens the app or scrolls up, over Parley's WebSocket. */
import type { ParleySocket } from "../systems/parley.ts";
import type { Ask } from "./closed-loop.ts";

const MESSAGE = `fragment MessageFields on Message {
  id
  seq
  clientMessageId
  sender { id }
  senderProfile { nickname avatarUrl }
  sentAt
  editedAt
  recalledAt
  content { __typename type summary ... on TextContent { text } }
}`;
const PAGE = `query Page($peer: ID!, $before: String, $last: Int, $first: Int) {
  history(peer: $peer, last: $last, before: $before, first: $first) {
    pageInfo { hasPreviousPage startCursor }
    nodes { ...MessageFields }
  }
}
${MESSAGE}`;
const CONTACTS = `query Contacts {
  conversations(first: 100) {
    pageInfo { hasNextPage endCursor }
    nodes { id peer { id nickname avatarUrl } lastMessage { ...MessageFields } unreadCount pinned muted updatedAt }
  }
}
${MESSAGE}`;

export interface PagePlace {
  readonly peer: string;
  readonly before?: string;
  readonly last?: number;
  readonly first?: number;
}

function ask(socket: ParleySocket, body: string, items: number): Ask {
  return (onAnswer) =>
    socket.run(body, (frame) => {
      const found = frame.split('"__typename":"TextContent"').length - 1;
      if (found !== items) throw new Error(`${found} items in place of ${items}: ${frame.slice(0, 500)}`);
      onAnswer();
    });
}

/** Asks for a page of fifty. */
export function pageOf(socket: ParleySocket, place: PagePlace, items = 50): Ask {
  return ask(socket, JSON.stringify({ query: PAGE, variables: place }), items);
}

export function contactsOf(socket: ParleySocket, items: number): Ask {
  return ask(socket, JSON.stringify({ query: CONTACTS }), items);
}

/** The cursor with so many pages below it, found as somebody does who scrolls up. */
export async function cursorAbove(socket: ParleySocket, peer: string, pages: number): Promise<string | undefined> {
  let before: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const place = before === undefined ? { peer, last: 50 } : { peer, last: 50, before };
    const frame = await new Promise<string>((resolve) =>
      socket.run(JSON.stringify({ query: PAGE, variables: place }), resolve),
    );
    before = /"startCursor":"([^"]+)"/.exec(frame)?.[1];
  }
  return before;
}
