import type { ClientOptions } from "graphql-ws";
import { RelayEnvironmentProvider } from "react-relay";
import { commitLocalUpdate, type Environment, fetchQuery } from "relay-runtime";
import { onTestFinished } from "vitest";
import type { PageArguments } from "../../examples/operations.ts";
import MessageAgainQuery, {
  type MessageAgainQuery as MessageAgain,
} from "../../examples/relay/__generated__/MessageAgainQuery.graphql.ts";
import { useConversation } from "../../examples/relay/Conversation.tsx";
import { createRelayEnvironment } from "../../examples/relay/environment.ts";
import { receive, send } from "../../examples/relay/Live.ts";
import { fetchViewer } from "../../examples/relay/Viewer.ts";
import type { Session } from "../../examples/session.ts";
import { type OtherClient, testClient, type View } from "./behaviour.ts";
import { renderHook } from "./render.tsx";

async function show(environment: Environment, peer: string, start: PageArguments): Promise<View> {
  const now = await renderHook(
    () => useConversation({ peer, ...start }),
    (children) => <RelayEnvironmentProvider environment={environment}>{children}</RelayEnvironmentProvider>,
  );
  function load(which: "loadNext" | "loadPrevious", count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      now()[which](count, { onComplete: (error) => (error === null ? resolve() : reject(error)) });
    });
  }
  return {
    texts: () => now().messages.map(({ content }) => content?.summary ?? null),
    hasPrevious: () => now().hasPrevious,
    hasNext: () => now().hasNext,
    loadPrevious: (count) => load("loadPrevious", count),
    loadNext: (count) => load("loadNext", count),
  };
}

function enter(url: string, session: Session, socket: Partial<ClientOptions>): OtherClient {
  const environment = createRelayEnvironment(url, session, socket);
  return {
    viewer: () => fetchViewer(environment),
    send: (to, text, clientMessageId) => send(environment, { to, clientMessageId, content: { text: { text } } }),
    show: (peer, start) => show(environment, peer, start),
    receive(failed) {
      onTestFinished(receive(environment, failed));
    },
    async refetch(id) {
      await fetchQuery<MessageAgain>(environment, MessageAgainQuery, { id }).toPromise();
      let text: unknown;
      commitLocalUpdate(environment, (store) => {
        const content = store.get(id)?.getLinkedRecord("content");
        text = content === null ? null : content?.getValue("text");
      });
      return text;
    },
  };
}

testClient(enter, { retries: false });
