import { describe, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { everythingStored } from "./support/data.ts";
import type { Data, Result } from "./support/socket.ts";

const SEND = `mutation Send($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { message { id } } ... on SendMessageError { code field }
} }`;
const HISTORY = `query History($peer: ID! = "bob", $first: Int, $after: String, $last: Int, $before: String) {
  history(peer: $peer, first: $first, after: $after, last: $last, before: $before) { edges { cursor } }
}`;
const ACKNOWLEDGE = "mutation Ack($cursor: String!) { acknowledge(input: { cursor: $cursor }) { cursor } }";

/** alice and bob have written to each other; mallory knows both and is known to neither; anna is an admin. */
interface World {
  app: App;
  alice: Person;
  bob: Person;
  mallory: Person;
  anna: Person;
  message: Data;
}

async function world(): Promise<World> {
  const app = await startApp();
  const [alice, bob, mallory] = await app.people("alice", "bob", "mallory");
  const anna = await app.admin();
  const message = await alice.send("bob", "between us");
  await bob.send("alice", "and us alone");
  return { app, alice, bob, mallory, anna, message };
}

/** The codes of the refusals in an answer, each once: top-level errors, then those that are data. */
function codesOf({ data, errors }: Result): unknown[] {
  const fromErrors = (errors ?? []).map((error) => error.extensions?.code);
  const fromData = Object.values(data ?? {}).flatMap((value: Data | null) => value?.code ?? []);
  return [...new Set([...fromErrors, ...fromData])];
}

/** Asks something bad, and sees that it is refused, that nothing is written, and that the server lives. */
async function refuse({ app, alice }: World, asked: Promise<Result>): Promise<unknown[]> {
  const answer = await asked;
  expect(JSON.stringify(answer)).not.toMatch(/sqlite|node_modules|\.[jt]s:\d|stack/i);
  expect((await alice.get("{ viewer { id } }")).viewer.id).toBe("alice");
  expect(app.logged).not.toContain("failed unexpectedly");
  return codesOf(answer);
}

async function refusedWithoutTrace(w: World, ask: () => Promise<Result>): Promise<unknown[]> {
  const before = everythingStored(w.app);
  const codes = await refuse(w, ask());
  expect(everythingStored(w.app)).toEqual(before);
  return codes;
}

function cursor(...parts: unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

async function historyCursor(person: Person, peer: string): Promise<string> {
  return (await person.historyPage(peer, { last: 1 })).edges[0].cursor;
}

async function logCursor(person: Person): Promise<string> {
  const stream = (await person.connect()).subscribe("subscription { newMessage { cursor } }");
  return (await stream.next()).cursor;
}

describe("pages", () => {
  test.each<[string, object]>([
    ["a negative first", { first: -1 }],
    ["a negative last", { last: -1 }],
    ["101 at once", { first: 101 }],
    ["a huge first", { first: 2_147_483_647 }],
    ["a huge last", { last: 2_147_483_647 }],
    ["first and last", { first: 1, last: 1 }],
    ["more than 32 bits", { first: 2_147_483_648 }],
    ["1e308", { first: 1e308 }],
    ["a fraction", { first: 1.5 }],
    ["a number in a text", { first: "10" }],
    ["a list", { first: [10] }],
    ["true", { first: true }],
  ])("%s is BAD_USER_INPUT", async (_, args) => {
    const w = await world();
    expect(await refusedWithoutTrace(w, () => w.alice.ask(HISTORY, args))).toEqual(["BAD_USER_INPUT"]);
  });

  test.each(["conversations", "friends", "friendRequests", "blockedUsers"])("%s refuse the same", async (field) => {
    const w = await world();
    for (const args of ["first: -1", "last: 101", "first: 1, last: 1", 'after: "x"', 'before: "y"']) {
      const query = `{ ${field}(${args}) { nodes { id } } }`;
      expect(await refusedWithoutTrace(w, () => w.alice.ask(query))).toEqual(["BAD_USER_INPUT"]);
    }
  });

  test("a page of none is a page", async () => {
    const { alice } = await world();
    expect((await alice.historyPage("bob", { first: 0 })).edges).toEqual([]);
  });
});

describe("cursors", () => {
  test.each<[string, (w: World) => string | Promise<string>]>([
    ["that is garbage", () => "garbage"],
    ["of emojis", () => "💥💥💥"],
    ["of 100,000 characters", () => "A".repeat(100_000)],
    ["that is JSON but no list", () => Buffer.from('{"a":1}').toString("base64url")],
    ["of another version", () => cursor(2, "h", "alice", 1, 1)],
    ["of no kind", () => cursor(1, null, "alice", 1, 1)],
    ["with a negative place", () => cursor(1, "h", "alice", 1, -1)],
    ["with a place that is no whole number", () => cursor(1, "h", "alice", 1, 1.5)],
    ["with a place past all numbers", () => cursor(1, "h", "alice", 1, 2 ** 60)],
    ["with a text for a place", () => cursor(1, "h", "alice", 1, "1 or 1=1")],
    ["without a place", () => cursor(1, "h", "alice")],
    ["of another user", ({ bob }) => historyCursor(bob, "alice")],
    ["of a list", async ({ alice }) => (await alice.conversationsPage({ first: 1 })).edges[0].cursor],
    ["of the log", ({ alice }) => logCursor(alice)],
    ["of another conversation", () => cursor(1, "h", "alice", 99, 1)],
  ])("a history cursor %s is BAD_USER_INPUT", async (_, make) => {
    const w = await world();
    const after = await make(w);
    for (const args of [
      { first: 5, after },
      { last: 5, before: after },
    ]) {
      expect(await refusedWithoutTrace(w, () => w.alice.ask(HISTORY, args))).toEqual(["BAD_USER_INPUT"]);
    }
  });

  /** alice's cursor, with another place in it. */
  function logCursorAt(place: string) {
    return async ({ alice }: World) => {
      const [version, kind, owner, generation] = JSON.parse(
        Buffer.from(await logCursor(alice), "base64url").toString(),
      );
      const parts = [version, kind, owner, generation].map((part) => JSON.stringify(part));
      return Buffer.from(`[${parts.join()},${place}]`).toString("base64url");
    };
  }

  const wrongPlaces: [string, (w: World) => string | Promise<string>][] = [
    ["that is garbage", () => "garbage"],
    ["of another user", ({ bob }) => logCursor(bob)],
    ["of history", ({ alice }) => historyCursor(alice, "bob")],
    ["one ahead of the log", logCursorAt("3")],
    ["far ahead of the log", logCursorAt("1000000")],
    ["at -1", logCursorAt("-1")],
    ["at 2^53", logCursorAt("9007199254740992")],
    ["at 1e308", logCursorAt("1e308")],
    ["at 1e999", logCursorAt("1e999")],
    ['at "1"', logCursorAt('"1"')],
    ["at null", logCursorAt("null")],
  ];

  test("the place that these are beside is good", async () => {
    const w = await world();
    await w.alice.acknowledge(await logCursorAt("2")(w));
  });

  test("acknowledging for another device is no question that can be asked", async () => {
    const w = await world();
    await w.alice.login("phone");
    const mutation = "mutation A($input: AcknowledgeInput!) { acknowledge(input: $input) { cursor } }";
    const input = { cursor: await logCursor(w.alice), deviceId: "phone" };
    expect(await refusedWithoutTrace(w, () => w.alice.ask(mutation, { input }))).toEqual(["BAD_USER_INPUT"]);
  });

  test.each(wrongPlaces)("acknowledging a cursor %s is BAD_USER_INPUT", async (_, make) => {
    const w = await world();
    const wrong = await make(w);
    expect(await refusedWithoutTrace(w, () => w.alice.ask(ACKNOWLEDGE, { cursor: wrong }))).toEqual(["BAD_USER_INPUT"]);
  });

  test.each(wrongPlaces)("subscribing since a cursor %s is BAD_USER_INPUT", async (_, make) => {
    const w = await world();
    const since = await make(w);
    const socket = await w.alice.connect();
    for (const field of ["newMessage", "messageUpdated", "conversationUpdated"]) {
      const query = `subscription S($since: String) { ${field}(since: $since) { cursor } }`;
      expect(await refusedWithoutTrace(w, () => socket.ask(query, { since }))).toEqual(["BAD_USER_INPUT"]);
    }
  });
});

describe("ids", () => {
  const oddIds = [
    "",
    " ",
    "m:",
    "m:1",
    "m:0:1",
    "m:1:0",
    "m:-1:1",
    "m:1:1:1",
    "m:1:1\0",
    "m:1:1\n",
    "m:01:1",
    "m:1e1:1",
    "m:99999999999999999999:1",
    "m:9999999999999999:9999999999999999",
    "t:1",
    "c:1",
    "c:1:",
    "c:0:alice",
    "c:1:mallory",
    "c:9999999999999999:alice",
    "x:1:1",
    "alice'--",
    "__proto__",
    "nobody",
    "\ud83d",
  ];

  test.each(oddIds)("node, message and user give null for the id %j", async (id) => {
    const w = await world();
    const query = "query Q($id: ID!) { node(id: $id) { id } message(id: $id) { id } user(id: $id) { id } }";
    expect(await w.alice.get(query, { id })).toEqual({ node: null, message: null, user: null });
  });

  test.each(oddIds)("recalling, editing and deleting the id %j finds nothing", async (id) => {
    const w = await world();
    const before = everythingStored(w.app);
    expect(await w.alice.recall(id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
    expect(await w.alice.edit(id, "other words")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
    const mutation = "mutation D($ids: [ID!]!) { deleteMessages(input: { ids: $ids }) { deletedIds } }";
    expect((await w.alice.get(mutation, { ids: [id] })).deleteMessages.deletedIds).toEqual([]);
    expect(everythingStored(w.app)).toEqual(before);
  });

  test.each(["nobody", "system", "", "a b", "alice\0", "m:1:1", "ä", "a".repeat(129), "__proto__\n", "\ud83d"])(
    "a message to %j is RECIPIENT_NOT_FOUND",
    async (to) => {
      const w = await world();
      const before = everythingStored(w.app);
      expect(await w.alice.trySend(to, "hello?")).toMatchObject({ code: "RECIPIENT_NOT_FOUND" });
      expect(everythingStored(w.app)).toEqual(before);
    },
  );

  test.each(["nobody", "", "a b", "alice\0", "system", "a".repeat(129)])(
    "friendship with %j is USER_NOT_FOUND",
    async (user) => {
      const w = await world();
      const before = everythingStored(w.app);
      for (const what of ["add", "accept", "decline", "remove"] as const) {
        expect(await w.alice.friend(what, user)).toMatchObject({ code: "USER_NOT_FOUND" });
      }
      for (const field of ["blockUser", "unblockUser"]) {
        const query = `mutation B($user: ID!) { ${field}(input: { user: $user }) { blocked } }`;
        expect(await refuse(w, w.alice.ask(query, { user }))).toEqual(["USER_NOT_FOUND"]);
      }
      expect(everythingStored(w.app)).toEqual(before);
    },
  );

  test("an id of 10,000 characters is nobody's", async () => {
    const { alice } = await world();
    const query = "query Q($id: ID!) { node(id: $id) { id } message(id: $id) { id } user(id: $id) { id } }";
    expect(await alice.get(query, { id: "m".repeat(10_000) })).toEqual({ node: null, message: null, user: null });
  });

  test("an id may be a number in JSON, as GraphQL says, and nothing else", async () => {
    const { alice } = await world();
    const query = "query Q($id: ID!) { user(id: $id) { id } }";
    expect(await alice.get(query, { id: 7 })).toEqual({ user: null });
    for (const id of [1.5, true, {}, [["alice"]], null])
      expect(await alice.refusal(query, { id })).toBe("BAD_USER_INPUT");
  });
});

describe("what belongs to others", () => {
  test("their messages and conversations answer as if they did not exist", async () => {
    const w = await world();
    const { message, mallory, alice } = w;
    const conversation = (await alice.conversation("bob"))?.id;
    const query = `query Q($m: ID!, $c: ID!) {
      message(id: $m) { id } asNode: node(id: $m) { id } conversation: node(id: $c) { id }
    }`;
    const absent = { message: null, asNode: null, conversation: null };
    expect(await mallory.get(query, { m: message.id, c: conversation })).toEqual(absent);
    expect(await mallory.history("bob")).toEqual([]);
    expect(await mallory.conversation("alice")).toBeNull();
    expect(await mallory.conversations()).toEqual([]);
  });

  test("their messages cannot be recalled, edited, deleted or replied to", async () => {
    const w = await world();
    const { message, mallory } = w;
    const before = everythingStored(w.app);
    expect(await mallory.recall(message.id)).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
    expect(await mallory.edit(message.id, "I never said that")).toMatchObject({ code: "MESSAGE_NOT_FOUND" });
    const mutation = "mutation D($ids: [ID!]!) { deleteMessages(input: { ids: $ids }) { deletedIds } }";
    expect((await mallory.get(mutation, { ids: [message.id] })).deleteMessages.deletedIds).toEqual([]);
    expect(await mallory.trySend("bob", "as I said", { replyTo: message.id })).toMatchObject({
      code: "INVALID_CONTENT",
      field: "replyTo",
    });
    expect(everythingStored(w.app)).toEqual(before);
  });

  test("one side of a conversation is not the other's to see", async () => {
    const { alice, bob } = await world();
    const theirs = (await bob.conversation("alice"))?.id;
    expect(await alice.get("query Q($id: ID!) { node(id: $id) { id } }", { id: theirs })).toEqual({ node: null });
  });

  test("marking, pinning, muting and clearing a conversation that one is not in does nothing", async () => {
    const w = await world();
    const before = everythingStored(w.app);
    expect(await w.mallory.markRead("bob")).toBeNull();
    for (const [field, more] of [
      ["pinConversation", ", pinned: true"],
      ["muteConversation", ", muted: true"],
      ["clearConversation", ""],
    ]) {
      const query = `mutation { ${field}(input: { peer: "bob"${more} }) { conversation { id } } }`;
      expect((await w.mallory.get(query))[field ?? ""].conversation).toBeNull();
    }
    expect(everythingStored(w.app)).toEqual(before);
  });

  test.each([
    'conversation(peer: "bob", of: "alice") { id }',
    'conversations(of: "alice") { nodes { id } }',
    'history(peer: "bob", of: "alice") { nodes { id } }',
    'friends(of: "alice") { nodes { id } }',
    'friendRequests(of: "alice") { nodes { id } }',
    'blockedUsers(of: "alice") { nodes { id } }',
    "settings { friendsOnly }",
  ])("%s is FORBIDDEN to who is no admin", async (field) => {
    const w = await world();
    expect(await refusedWithoutTrace(w, () => w.mallory.ask(`{ ${field} }`))).toEqual(["FORBIDDEN"]);
  });

  test.each([
    'importUsers(input: { users: [{ id: "eve" }] }) { users { id } }',
    "updateSettings(input: { friendsOnly: true }) { settings { friendsOnly } }",
    'setFriends(input: { user: "alice", friend: "mallory" }) { status }',
    'muteUser(input: { user: "alice", seconds: 60 }) { mutedUntil }',
    'updateProfile(input: { of: "alice", nickname: "x" }) { user { id } }',
    'blockUser(input: { user: "bob", of: "alice" }) { blocked }',
    'unblockUser(input: { user: "bob", of: "alice" }) { blocked }',
    'sendMessage(input: { to: "bob", sendAs: "alice", content: { text: { text: "x" } } }) { ...R }',
    'sendMessage(input: { to: "bob", content: { notice: { body: "x" } } }) { ...R }',
  ])("%s is FORBIDDEN to who is no admin", async (field) => {
    const w = await world();
    const fragment = field.includes("...R") ? "fragment R on SendMessageError { code }" : "";
    const query = `mutation { ${field} } ${fragment}`;
    expect(await refusedWithoutTrace(w, () => w.mallory.ask(query))).toEqual(["FORBIDDEN"]);
  });
});

describe("content", () => {
  const text = { text: { text: "hello" } };
  const face = { face: { index: 1 } };

  test.each<[string, object | null]>([
    ["none", {}],
    ["two", { ...text, ...face }],
    ["one that is null", { text: null }],
    ["one and a null", { ...text, face: null }],
    ["an unknown one", { poem: { text: "roses" } }],
    ["null", null],
  ])("%s of the kinds of content is BAD_USER_INPUT", async (_, content) => {
    const w = await world();
    const variables = { input: { to: "bob", content } };
    expect(await refusedWithoutTrace(w, () => w.alice.ask(SEND, variables))).toEqual(["BAD_USER_INPUT"]);
  });

  test.each([
    ["none", "{}"],
    ["two", '{ text: { text: "a" }, face: { index: 1 } }'],
    ["one that is null", "{ text: null }"],
  ])("%s of the kinds of content written out is refused before it runs", async (_, content) => {
    const w = await world();
    const query = `mutation { sendMessage(input: { to: "bob", content: ${content} }) { __typename } }`;
    expect(await refusedWithoutTrace(w, () => w.alice.ask(query))).toEqual(["BAD_USER_INPUT"]);
  });

  const broken: [string, string][] = [
    ["NUL", "a\0b"],
    ["the first half of a pair", "a\ud83d"],
    ["the second half of a pair", "\ude00b"],
    ["halves in the wrong order", "\ude00\ud83d"],
  ];

  test.each(broken)("%s in any text of a message is INVALID_CONTENT and names the field", async (_, bad) => {
    const w = await world();
    const before = everythingStored(w.app);
    const inputs: [string, object][] = [
      ["content.text.text", { content: { text: { text: bad } } }],
      ["content.face.data", { content: { face: { index: 1, data: bad } } }],
      ["content.location.name", { content: { location: { name: bad, latitude: 1, longitude: 1 } } }],
      ["content.custom.data", { content: { custom: { data: bad } } }],
      ["content.custom.description", { content: { custom: { data: "x", description: bad } } }],
      ["content.custom.extension", { content: { custom: { data: "x", extension: bad } } }],
      ["content.file.name", { content: { file: { url: "https://x.example/f", name: bad, size: 1 } } }],
      ["customData", { content: text, customData: bad }],
      ["clientMessageId", { content: text, clientMessageId: bad }],
      ["push.title", { content: text, push: { title: bad } }],
      ["push.body", { content: text, push: { body: bad } }],
      ["push.data", { content: text, push: { data: bad } }],
    ];
    for (const [field, input] of inputs) {
      const { data } = await w.alice.ask(SEND, { input: { to: "bob", ...input } });
      expect(data?.sendMessage).toEqual({ code: "INVALID_CONTENT", field });
    }
    expect(everythingStored(w.app)).toEqual(before);
  });

  test.each(broken)("%s in a profile or a greeting is INVALID_CONTENT", async (_, bad) => {
    const w = await world();
    const before = everythingStored(w.app);
    const profile = "mutation P($bad: String!) { updateProfile(input: { nickname: $bad }) { user { id } } }";
    expect(await refuse(w, w.alice.ask(profile, { bad }))).toEqual(["INVALID_CONTENT"]);
    expect(await w.mallory.friend("add", "bob", { greeting: bad })).toMatchObject({ code: "INVALID_CONTENT" });
    expect(everythingStored(w.app)).toEqual(before);
  });

  test.each([
    ["1e999", '{"location":{"name":"nowhere","latitude":1e999,"longitude":0}}'],
    ["a text", '{"location":{"name":"nowhere","latitude":"1","longitude":0}}'],
    ["nothing", '{"location":{"name":"nowhere","longitude":0}}'],
  ])("a latitude of %s is BAD_USER_INPUT", async (_, content) => {
    const w = await world();
    const body = `{"query":${JSON.stringify(SEND)},"variables":{"input":{"to":"bob","content":${content}}}}`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${w.alice.token}` };
    const ask = async () => (await (await fetch(w.app.url, { method: "POST", headers, body })).json()) as Result;
    expect(await refusedWithoutTrace(w, ask)).toEqual(["BAD_USER_INPUT"]);
  });

  test.each([
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "ftp://x.example/a",
    "//x.example/a",
    "https://",
    "http://[",
    "",
    " ",
  ])("media at %j is INVALID_CONTENT", async (url) => {
    const w = await world();
    const before = everythingStored(w.app);
    const content = { file: { url, name: "a.bin", size: 1 } };
    expect(await w.alice.trySend("bob", content)).toMatchObject({ code: "INVALID_CONTENT", field: "content.file.url" });
    expect(everythingStored(w.app)).toEqual(before);
  });

  test("an address over 2,048 bytes is INVALID_CONTENT", async () => {
    const { alice } = await world();
    const content = { file: { url: `https://x.example/${"a".repeat(2_048)}`, name: "a.bin", size: 1 } };
    expect(await alice.trySend("bob", content)).toMatchObject({ code: "INVALID_CONTENT", field: "content.file.url" });
  });

  test("a text of 12 KiB is taken, one byte more is CONTENT_TOO_LARGE", async () => {
    const w = await world();
    await w.alice.send("bob", "x".repeat(12 * 1024));
    const before = everythingStored(w.app);
    expect(await w.alice.trySend("bob", "x".repeat(12 * 1024 + 1))).toMatchObject({ code: "CONTENT_TOO_LARGE" });
    expect(await w.alice.trySend("bob", "\u200d".repeat(4 * 1024 + 1))).toMatchObject({ code: "CONTENT_TOO_LARGE" });
    expect(everythingStored(w.app)).toEqual(before);
  });

  test("what looks like SQL, HTML or a template is only text", async () => {
    const { alice, bob } = await world();
    const odd = ["'; drop table messages; --", "<script>alert(1)</script>", "{{7*7}} %s %n", "\u202egnol"];
    for (const text of odd) await alice.send("bob", text);
    const page = await bob.get(
      '{ history(peer: "alice", last: 4) { nodes { content { ... on TextContent { text } } } } }',
    );
    expect(page.history.nodes.map((node: Data) => node.content.text)).toEqual(odd);
  });

  test("custom content that is nested 10,000 deep is CONTENT_TOO_LARGE", async () => {
    const w = await world();
    const content = { custom: { data: `${"[".repeat(10_000)}${"]".repeat(10_000)}` } };
    const variables = { input: { to: "bob", content } };
    expect(await refusedWithoutTrace(w, () => w.alice.ask(SEND, variables))).toEqual(["CONTENT_TOO_LARGE"]);
  });

  test("10 MB of zero-width joiners are refused with 413", async () => {
    const w = await world();
    const before = everythingStored(w.app);
    const content = { text: { text: "\u200d".repeat(3_500_000) } };
    const response = await fetch(w.app.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${w.alice.token}` },
      body: JSON.stringify({ query: SEND, variables: { input: { to: "bob", content } } }),
    });
    expect(response.status).toBe(413);
    await response.body?.cancel();
    expect((await w.alice.get("{ viewer { id } }")).viewer.id).toBe("alice");
    expect(everythingStored(w.app)).toEqual(before);
  });

  test("custom content is opaque, however deep it is nested", async () => {
    const { alice, bob } = await world();
    const data = `${"[".repeat(6_000)}${"]".repeat(6_000)}`;
    await alice.send("bob", { custom: { data } });
    const page = await bob.get(
      '{ history(peer: "alice", last: 1) { nodes { content { ... on CustomContent { data } } } } }',
    );
    expect(page.history.nodes[0].content.data).toBe(data);
  });
});

describe("what admins give", () => {
  test.each<[string, object]>([
    ["null", { friendsOnly: null }],
    ["a day of none", { offlineRetentionDays: 0 }],
    ["too many days", { roamingRetentionDays: 3_651 }],
    ["a negative window", { recallWindowSeconds: -1 }],
    ["a window of more than a year", { recallWindowSeconds: 31_536_001 }],
    ["no contacts", { recentContactsLimit: 0 }],
    ["too many contacts", { recentContactsLimit: 10_001 }],
    ["no messages", { offlineMessagesPerContact: 0 }],
    ["too many messages", { offlineMessagesPerContact: 1_000_001 }],
    ["one good and one bad", { friendsOnly: true, recentContactsLimit: 0 }],
    ["an unknown setting", { enabled: true }],
    ["a text", { recentContactsLimit: "10" }],
  ])("settings of %s are BAD_USER_INPUT", async (_, input) => {
    const w = await world();
    const mutation =
      "mutation S($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { friendsOnly } } }";
    expect(await refusedWithoutTrace(w, () => w.anna.ask(mutation, { input }))).toEqual(["BAD_USER_INPUT"]);
    expect((await w.anna.get("{ settings { friendsOnly recentContactsLimit } }")).settings).toEqual({
      friendsOnly: false,
      recentContactsLimit: 100,
    });
  });

  test.each<[string, object[], string]>([
    ["101 users", Array.from({ length: 101 }, (_, index) => ({ id: `u${index}` })), "INVALID_CONTENT"],
    ["one malformed id among good ones", [{ id: "eve" }, { id: "a b" }], "INVALID_CONTENT"],
    ["the system", [{ id: "system" }], "INVALID_CONTENT"],
    ["a nickname of 501 bytes", [{ id: "eve" }, { id: "eva", nickname: "x".repeat(501) }], "INVALID_CONTENT"],
    ["an avatar that is no web address", [{ id: "eve", avatarUrl: "javascript:1" }], "INVALID_CONTENT"],
  ])("importing %s is refused as a whole", async (_, users, code) => {
    const w = await world();
    const mutation =
      "mutation I($users: [ImportUserInput!]!) { importUsers(input: { users: $users }) { users { id } } }";
    expect(await refusedWithoutTrace(w, () => w.anna.ask(mutation, { users }))).toEqual([code]);
  });

  test.each<[string, string, string]>([
    ["a negative time", 'user: "bob", seconds: -1', "INVALID_CONTENT"],
    ["more than ten years", 'user: "bob", seconds: 2147483647', "INVALID_CONTENT"],
    ["nobody", 'user: "nobody", seconds: 1', "USER_NOT_FOUND"],
    ["the system", 'user: "system", seconds: 1', "USER_NOT_FOUND"],
  ])("muting for or of %s is refused", async (_, input, code) => {
    const w = await world();
    const mutation = `mutation { muteUser(input: { ${input} }) { mutedUntil } }`;
    expect(await refusedWithoutTrace(w, () => w.anna.ask(mutation))).toEqual([code]);
  });

  test("`of` and `sendAs` that name nobody are refused", async () => {
    const w = await world();
    const profile = 'mutation { updateProfile(input: { of: "nobody", nickname: "x" }) { user { id } } }';
    expect(await refusedWithoutTrace(w, () => w.anna.ask(profile))).toEqual(["USER_NOT_FOUND"]);
    for (const sendAs of ["nobody", "a b", ""]) {
      const variables = { input: { to: "bob", sendAs, content: { text: { text: "x" } } } };
      expect(await refusedWithoutTrace(w, () => w.anna.ask(SEND, variables))).toEqual(["SENDER_NOT_FOUND"]);
    }
    for (const of of ["a b", "", "m:1:1"]) {
      const query = "query Q($of: ID) { conversations(of: $of) { nodes { id } } }";
      expect(await refusedWithoutTrace(w, () => w.anna.ask(query, { of }))).toEqual(["USER_NOT_FOUND"]);
    }
  });
});

test.each([
  ["20,000", 20_000],
  ["100,000", 100_000],
])("variables that are nested %s deep are refused, and the server lives", async (_, levels) => {
  const w = await world();
  const deep = `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const ask = async (query: string) => {
    const name = /\$(\w+)/.exec(query)?.[1];
    const body = `{"query":${JSON.stringify(query)},"variables":{"${name}":${deep}}}`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${w.alice.token}` };
    return (await (await fetch(w.app.url, { method: "POST", headers, body })).json()) as Result;
  };
  for (const query of [
    SEND,
    "query Q($id: ID!) { user(id: $id) { id } }",
    "mutation D($ids: [ID!]!) { deleteMessages(input: { ids: $ids }) { deletedIds } }",
  ]) {
    expect(await refusedWithoutTrace(w, () => ask(query))).toEqual(["BAD_USER_INPUT"]);
  }
});

test.each([
  ["101 messages", { ids: Array.from({ length: 101 }, (_, index) => `m:1:${index + 1}`) }, "INVALID_CONTENT"],
  ["a list that holds null", { ids: ["m:1:1", null] }, "BAD_USER_INPUT"],
])("deleting %s at once is refused", async (_, variables, code) => {
  const w = await world();
  const mutation = "mutation D($ids: [ID!]!) { deleteMessages(input: { ids: $ids }) { deletedIds } }";
  expect(await refusedWithoutTrace(w, () => w.alice.ask(mutation, variables))).toEqual([code]);
});

test("an answer to a message of another conversation is INVALID_CONTENT", async () => {
  const w = await world();
  const { id: replyTo } = await w.alice.send("mallory", "elsewhere");
  const variables = { input: { to: "bob", content: { text: { text: "as I said there" } }, replyTo } };
  expect(await refusedWithoutTrace(w, () => w.alice.ask(SEND, variables))).toEqual(["INVALID_CONTENT"]);
});

test.each<[string, object]>([
  ["an empty key", { clientMessageId: "" }],
  ["a key of 65 characters", { clientMessageId: "x".repeat(65) }],
  ["a negative lifetime", { lifetimeSeconds: -1 }],
  ["custom data over 4 KiB", { customData: "x".repeat(4 * 1024 + 1) }],
  ["push texts over 4 KiB", { push: { body: "x".repeat(4 * 1024 + 1) } }],
  ["a reply to nothing", { replyTo: "m:1:99" }],
  ["a reply to no id", { replyTo: "what you said" }],
])("sending with %s is INVALID_CONTENT", async (_, more) => {
  const w = await world();
  const variables = { input: { to: "bob", content: { text: { text: "hello" } }, ...more } };
  expect(await refusedWithoutTrace(w, () => w.alice.ask(SEND, variables))).toEqual(["INVALID_CONTENT"]);
});
