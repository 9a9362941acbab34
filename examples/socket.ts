/** The WebSocket for subscriptions, as Apollo, urql and Relay all use it. */
import { type Client, type ClientOptions, CloseCode, createClient } from "graphql-ws";
import type { Session } from "./session.ts";

function codeOf(event: unknown): unknown {
  return typeof event === "object" && event !== null && "code" in event ? event.code : null;
}

/** @param more what differs, such as `webSocketImpl` where there is no global one, as in Node 20 */
export function createSocket(url: string, session: Session, more: Partial<ClientOptions> = {}): Client {
  let used = "";
  return createClient({
    url: url.replace(/^http/, "ws"),
    async connectionParams() {
      // Without a token the server closes with 4403, and the client comes back; an exception here would end it.
      used = await session.accessToken().catch(() => "");
      return { authorization: `Bearer ${used}` };
    },
    // By itself it tries five times, and never after a failure of the network.
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    on: {
      closed(event) {
        if (codeOf(event) === CloseCode.Forbidden) session.expire(used);
      },
    },
    ...more,
  });
}
