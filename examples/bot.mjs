/**
 * A bot that answers each message once, also over a crash: it acknowledges a message when it has answered it, and what
 * it has not acknowledged comes again. It answers with a key made from the message, so that a second answer is the first.
 *
 *     PARLEY_URL=http://127.0.0.1:4000/graphql PARLEY_TOKEN=$(npx parley token bot) node bot.mjs
 */
import { createClient } from "graphql-ws";
import { WebSocket } from "ws"; // Node 20 has none of its own

const { PARLEY_URL: url = "http://127.0.0.1:4000/graphql", PARLEY_TOKEN: token } = process.env;

const NEW_MESSAGE = `subscription {
  newMessage { source cursor message { id sender { id } content { type ... on TextContent { text } } } }
}`;
const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { duplicate } ... on Error { code reason } }
}`;
const ACKNOWLEDGE = `mutation Acknowledge($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }`;

/** Put your own in here; null: no answer. */
function answerTo(text) {
  return `You said: ${text}`;
}

const client = createClient({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
  // It comes back whatever happens; where its token is no longer good, its supervisor gives it another.
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
  on: {
    connected: () => console.log("connected"),
    closed: ({ code, reason }) => {
      console.log(`closed: ${code} ${reason}`);
      if (code === 4401 || code === 4403) process.exit(1);
    },
  },
});

/** One answer over the same socket; waits for the connection to come back. */
async function ask(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors !== undefined) throw new Error(errors[0].message);
    return data;
  }
}

// One after the other, since an acknowledgement counts for all that came before it.
for await (const { data, errors } of client.iterate({ query: NEW_MESSAGE })) {
  if (errors !== undefined) throw new Error(errors[0].message);
  const { source, cursor, message } = data.newMessage;
  // RECENT is only for showing; what was missed comes as OFFLINE, what is new as LIVE.
  if (source === "RECENT") continue;
  const answer = message.content?.type === "TEXT" ? answerTo(message.content.text) : null;
  if (answer !== null) {
    const input = { to: message.sender.id, content: { text: { text: answer } }, clientMessageId: `re:${message.id}` };
    const { sendMessage } = await ask(SEND, { input });
    if (sendMessage.code !== undefined) console.log(`not answered: ${sendMessage.code} ${sendMessage.reason}`);
    else console.log(`answered ${message.id}${sendMessage.duplicate ? " (had been answered)" : ""}`);
  }
  await ask(ACKNOWLEDGE, { cursor });
}
