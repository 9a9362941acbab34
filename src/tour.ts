/** The tour: alice writes to bob, who is away; bob comes back on two devices. Played by real clients. */
import { randomUUID } from "node:crypto";
import { type Client, createClient } from "graphql-ws";
import { WebSocket } from "ws";

export interface TourOptions {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  readonly tokenFor: (user: string, admin: boolean) => Promise<string>;
  readonly say: (text: string) => void;
}

interface NewMessage {
  readonly newMessage: {
    readonly source: "OFFLINE" | "RECENT" | "LIVE";
    readonly cursor: string;
    readonly message: {
      readonly id: string;
      readonly seq: number;
      readonly content: { readonly summary: string } | null;
    };
  };
}
interface Refresh {
  readonly refresh: { readonly offlineCount: number; readonly recentCount: number; readonly cursor: string };
}

async function ask<T>(url: string, token: string, query: string, variables: object = {}): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as { data?: T; errors?: unknown };
  if (body.data == null || body.errors !== undefined) throw new Error(`The tour was refused: ${JSON.stringify(body)}`);
  return body.data;
}

const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess { duplicate message { id seq } }
    ... on Error { code reason }
  }
}`;
const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }`;
const CONTACTS = `{ conversations { nodes { peer { id } unreadCount lastMessage { content { summary } } } } }`;
const HISTORY = `query History($peer: ID!) { history(peer: $peer, last: 10) { nodes { seq content { summary } } } }`;
const NEW_MESSAGE = `subscription { newMessage { source cursor message { id seq content { summary } } } }`;
const REFRESH = `subscription { refresh { offlineCount recentCount cursor } }`;
const ACKNOWLEDGE = `mutation Acknowledge($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }`;

/** A device of bob's: prints what it is handed, and waits for what the tour expects. */
function connect(url: string, accessToken: string, name: string, say: (text: string) => void) {
  const client: Client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${accessToken}` },
    retryAttempts: 0,
  });
  const live: ((text: string) => void)[] = [];
  const arrived: string[] = [];

  const inStep = new Promise<string>((resolve, reject) => {
    client.subscribe<NewMessage>(
      { query: NEW_MESSAGE },
      {
        next({ data }) {
          if (data == null) return;
          const { source, message } = data.newMessage;
          const text = message.content?.summary ?? "(recalled)";
          say(`    ${name} ← ${source.padEnd(7)} seq ${message.seq}  ${text}`);
          if (source !== "LIVE") return;
          arrived.push(text);
          for (const notify of live.splice(0)) notify(text);
        },
        error: reject,
        complete: () => {},
      },
    );
    client.subscribe<Refresh>(
      { query: REFRESH },
      {
        next({ data }) {
          if (data == null) return;
          const { offlineCount, recentCount, cursor } = data.refresh;
          say(`    ${name} ← refresh: in step (${offlineCount} missed, ${recentCount} recent)`);
          resolve(cursor);
        },
        error: reject,
        complete: () => {},
      },
    );
  });

  return {
    inStep,
    nextLive: () =>
      new Promise<string>((resolve) => {
        const waiting = arrived.shift();
        if (waiting === undefined) live.push(resolve);
        else resolve(waiting);
      }),
    close: () => client.dispose(),
  };
}

/** Plays the whole offline flow against a running server, as fresh users, and says each step. */
export async function playTour({ url, tokenFor, say }: TourOptions): Promise<void> {
  // Users of this tour alone, so that it can be played again on the same data.
  const suffix = randomUUID().slice(0, 4);
  const [aliceId, bobId] = [`alice-${suffix}`, `bob-${suffix}`];
  const [alice, bob] = [await tokenFor(aliceId, false), await tokenFor(bobId, false)];
  const send = async (text: string, key: string) => {
    const input = { to: bobId, content: { text: { text } }, clientMessageId: key };
    const { sendMessage } = await ask<{ sendMessage: { duplicate?: boolean; message?: { seq: number } } }>(
      url,
      alice,
      SEND,
      { input },
    );
    if (sendMessage.message === undefined) throw new Error(`Not sent: ${JSON.stringify(sendMessage)}`);
    return { seq: sendMessage.message.seq, duplicate: sendMessage.duplicate === true };
  };

  say(`\nThe tour. Two people, ${aliceId} and ${bobId}; their app has signed a token for each.`);
  await ask(url, bob, "{ viewer { id } }");
  say(`\n1. ${bobId} is away. ${aliceId} writes to him; each answer means that the message is on disk.`);
  for (const text of ["Are you there?", "Dinner at seven?", "I'll bring the wine."]) {
    const { seq } = await send(text, `key-${text}`);
    say(`    ${aliceId} → seq ${seq}  ${text}`);
  }
  say(`\n2. The network hiccups and her phone sends the last one again, under the same key.`);
  const again = await send("I'll bring the wine.", "key-I'll bring the wine.");
  say(`    ${aliceId} → seq ${again.seq} again: a duplicate, nothing new was stored`);

  say(`\n3. ${bobId}'s recent contacts already hold her.`);
  const { conversations } = await ask<{
    conversations: {
      nodes: { peer: { id: string }; unreadCount: number; lastMessage: { content: { summary: string } } }[];
    };
  }>(url, bob, CONTACTS);
  for (const { peer, unreadCount, lastMessage } of conversations.nodes) {
    say(`    ${peer.id}: ${unreadCount} unread, last “${lastMessage.content.summary}”`);
  }

  say(`\n4. ${bobId} logs in on his phone and on his laptop. Each is handed all that it missed, then one refresh.`);
  const login = async (deviceId: string, platform: string) =>
    (await ask<{ login: { accessToken: string } }>(url, bob, LOGIN, { input: { deviceId, platform } })).login
      .accessToken;
  const phoneToken = await login("phone", "IOS");
  const phone = connect(url, phoneToken, "phone ", say);
  const phoneCursor = await phone.inStep;
  const laptopToken = await login("laptop", "WEB");
  const laptop = connect(url, laptopToken, "laptop", say);
  await laptop.inStep;

  say(`\n5. Now both are connected, and the next message arrives at once.`);
  const arrival = Promise.all([phone.nextLive(), laptop.nextLive()]);
  await send("Great, see you!", "key-see-you");
  await arrival;

  say(
    `\n6. The phone has kept the first three, says so, and breaks its connection. When it is back, it goes on there.`,
  );
  await ask(url, phoneToken, ACKNOWLEDGE, { cursor: phoneCursor });
  await phone.close();
  const phoneAgain = connect(url, phoneToken, "phone ", say);
  await phoneAgain.inStep;

  say(`\n7. And history keeps it all, in the one order that everybody sees.`);
  const { history } = await ask<{ history: { nodes: { seq: number; content: { summary: string } }[] } }>(
    url,
    bob,
    HISTORY,
    { peer: aliceId },
  );
  for (const { seq, content } of history.nodes) say(`    seq ${seq}  ${content.summary}`);
  await Promise.all([phoneAgain.close(), laptop.close()]);
  say("\nThat was the tour.");
}
