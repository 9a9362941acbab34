import { createClient } from "graphql-sse";
import { expect, onTestFinished, test } from "vitest";
import { type Person, startApp } from "./support/app.ts";
import { HOUR, SECOND } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";
import { openSse } from "./support/sse.ts";

const VIEWER = "{ viewer { id } }";
const NEW_MESSAGE = "subscription { newMessage { source message { content { summary } } } }";
const SEND = `mutation Send($to: ID!, $text: String!) {
  sendMessage(input: { to: $to, content: { text: { text: $text } } }) {
    ... on SendMessageSuccess { message { content { summary } } }
    ... on SendMessageError { code }
  }
}`;

function message(source: string, summary: string): object {
  return { event: "next", data: { data: { newMessage: { source, message: { content: { summary } } } } } };
}

/** Asks until somebody is seen on or off line: the server hears of a hang-up in its own time. */
async function seenOnline(by: Person, user: string, online: boolean): Promise<boolean> {
  let seen = await by.sees(user);
  while (seen.online !== online) seen = await by.sees(user);
  return seen.online;
}

test("a subscription over SSE hands over what was missed and then what comes", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "missed");
  const stream = await openSse(bob, NEW_MESSAGE);
  expect(stream.response.status).toBe(200);
  expect(stream.response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(await stream.next()).toEqual(message("OFFLINE", "missed"));
  await alice.send("bob", "live");
  expect(await stream.next()).toEqual(message("LIVE", "live"));
});

test("a query over SSE is answered and complete", async () => {
  const app = await startApp();
  const stream = await openSse(await app.person("alice"), VIEWER);
  expect(await stream.next()).toEqual({ event: "next", data: { data: { viewer: { id: "alice" } } } });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  expect(await stream.next()).toBeNull();
});

test.each<[string, string, object, string]>([
  ["a syntax error", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", "subscription { nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"],
  [
    "a bad variable",
    "subscription S($since: String) { newMessage(since: $since) { cursor } }",
    { since: 7 },
    "BAD_USER_INPUT",
  ],
  ["a bad cursor", 'subscription { newMessage(since: "x") { cursor } }', {}, "BAD_USER_INPUT"],
])("%s is one event with its code, and the end", async (_, query, variables, code) => {
  const app = await startApp();
  const stream = await openSse(await app.person("alice"), query, variables);
  expect(await stream.next()).toMatchObject({ event: "next", data: { errors: [{ extensions: { code } }] } });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  expect(await stream.next()).toBeNull();
});

test("a subscription without a token is one error and the end", async () => {
  const app = await startApp();
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const body = JSON.stringify({ query: NEW_MESSAGE });
  const text = await (await fetch(app.url, { method: "POST", headers, body })).text();
  expect(text).toContain('"code":"UNAUTHENTICATED"');
  expect(text).toMatch(/event: complete/);
});

test("a token that runs out ends the stream with 4403, to the second", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const bob = await app.person("bob", { expiresIn: HOUR });
  const stream = await openSse(bob, NEW_MESSAGE);
  const expiresAt = Math.floor((app.clock.now() + HOUR) / SECOND) * SECOND;
  await alice.send("bob", "in time");
  expect(await stream.next()).toMatchObject({ event: "next" });
  app.clock.advance(expiresAt - app.clock.now() - 1);
  await alice.send("bob", "just in time");
  expect(await stream.next()).toEqual(message("LIVE", "just in time"));
  app.clock.advance(1);
  expect(await stream.next()).toMatchObject({
    event: "next",
    data: { errors: [{ extensions: { code: "UNAUTHENTICATED", closeCode: 4403 } }] },
  });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  expect(await stream.next()).toBeNull();
});

test.each<[string, (phone: Person, alice: Person) => Promise<unknown>]>([
  ["logging out", (phone) => phone.get("mutation { logout { deviceId } }")],
  ["being put out by another phone", (_, alice) => alice.login("other phone", "IOS")],
])("%s ends the stream with 4401", async (_, end) => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await alice.login("phone", "IOS");
  const stream = await openSse(phone, NEW_MESSAGE);
  await bob.send("alice", "first");
  expect(await stream.next()).toMatchObject({ event: "next" });
  await end(phone, alice);
  expect(await stream.next()).toMatchObject({
    event: "next",
    data: { errors: [{ extensions: { code: "UNAUTHENTICATED", closeCode: 4401 } }] },
  });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  expect((await bob.sees("alice")).online).toBe(false);
});

test("stopping the server ends the stream with 1012", async () => {
  const app = await startApp();
  const stream = await openSse(await app.person("alice"), NEW_MESSAGE);
  const stopped = app.stop();
  expect(await stream.next()).toMatchObject({
    event: "next",
    data: { errors: [{ extensions: { code: "SHUTTING_DOWN", closeCode: 1012 } }] },
  });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  await stopped;
});

test("renewSession over HTTP prolongs a stream of the same session", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const phone = await (await app.person("bob", { expiresIn: HOUR })).login("phone", "IOS");
  const stream = await openSse(phone, NEW_MESSAGE);
  const renew = "mutation R($token: String!) { renewSession(input: { token: $token }) { deviceId } }";
  await phone.get(renew, { token: await app.token("bob") });
  app.clock.advance(2 * HOUR);
  await alice.send("bob", "still there?");
  expect(await stream.next()).toEqual(message("LIVE", "still there?"));
});

test("a user is online while a stream is open, and no longer once it hangs up", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  expect((await alice.sees("bob")).online).toBe(false);
  const stream = await openSse(bob, NEW_MESSAGE);
  expect(await seenOnline(alice, "bob", true)).toBe(true);
  stream.abort();
  expect(await seenOnline(alice, "bob", false)).toBe(false);
});

test("what a stream missed between hanging up and coming back is there", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const first = await openSse(bob, NEW_MESSAGE);
  await alice.send("bob", "one");
  expect(await first.next()).toMatchObject({ event: "next" });
  first.abort();
  await alice.send("bob", "two");
  const second = await openSse(bob, NEW_MESSAGE);
  expect([await second.next(), await second.next()]).toEqual([message("OFFLINE", "one"), message("OFFLINE", "two")]);
});

test("graphql-sse's own client runs a query, a mutation and a subscription", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const client = createClient({ url: app.url, headers: { authorization: `Bearer ${bob.token}` } });
  onTestFinished(() => client.dispose());
  expect(await client.iterate({ query: VIEWER }).next()).toMatchObject({ value: { data: { viewer: { id: "bob" } } } });
  const variables = { to: "alice", text: "hi alice" };
  expect(await client.iterate({ query: SEND, variables }).next()).toMatchObject({
    value: { data: { sendMessage: { message: { content: { summary: "hi alice" } } } } },
  });
  const events = client.iterate<Data>({ query: NEW_MESSAGE });
  const first = events.next();
  await alice.send("bob", "hi bob");
  const summaries: string[] = [];
  for (let event = await first; !summaries.includes("hi bob"); event = await events.next()) {
    summaries.push(event.value.data.newMessage.message.content.summary);
    if (summaries.includes("hi bob")) break;
  }
  expect(summaries.at(-1)).toBe("hi bob");
  await events.return?.();
});
