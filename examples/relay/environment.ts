/** Parley with Relay: https://relay.dev. The rest of this folder is what an app writes on top. */
import type { ClientOptions } from "graphql-ws";
import {
  Environment,
  type GraphQLResponse,
  Network,
  Observable,
  RecordSource,
  type RequestParameters,
  Store,
  type SubscribeFunction,
  type Variables,
} from "relay-runtime";
import type { Session } from "../session.ts";
import { createSocket } from "../socket.ts";

export function createRelayEnvironment(url: string, session: Session, more: Partial<ClientOptions> = {}): Environment {
  async function post(body: object): Promise<GraphQLResponse & { refused: boolean }> {
    const token = await session.accessToken();
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const refused = response.status === 401;
    if (refused) session.expire(token);
    return { ...(await response.json()), refused };
  }
  async function ask({ text: query }: RequestParameters, variables: Variables): Promise<GraphQLResponse> {
    const answer = await post({ query, variables });
    // The token has run out: with another one it may work.
    return answer.refused ? post({ query, variables }) : answer;
  }
  const socket = createSocket(url, session, more);
  const subscribe: SubscribeFunction = ({ text, name }, variables) =>
    Observable.create((sink) =>
      socket.subscribe(
        { operationName: name, query: text ?? "", variables },
        {
          next({ data, errors }) {
            if (data != null) sink.next({ data });
            else sink.error(new Error(errors?.[0]?.message));
          },
          error: sink.error,
          complete: sink.complete,
        },
      ),
    );
  return new Environment({ network: Network.create(ask, subscribe), store: new Store(new RecordSource()) });
}
