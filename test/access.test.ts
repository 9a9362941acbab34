import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Access } from "../src/graphql/access.ts";
import { fields, fieldsOf, inputs, objectTypes, probe, withFragments } from "./support/access.ts";
import { everythingStored } from "./support/data.ts";
import { type Example, MUTATIONS, QUERIES, SUBSCRIPTIONS, stir } from "./support/examples.ts";
import { type Data, type Result, Socket } from "./support/socket.ts";
import {
  CALLERS,
  CANARIES,
  type Caller,
  copyOf,
  createWorld,
  EVERYBODY,
  type Ids,
  makeArchives,
  makeBackups,
  type World,
} from "./support/world.ts";

// ── what the rules mean ─────────────────────────────────────────────────────────────────────────

/** What somebody gets: a value, nothing as if there were nothing, or a code. `any`: whatever is its own. */
type Outcome = "data" | "absent" | "any" | "FORBIDDEN" | "UNAUTHENTICATED";
type Outcomes = Readonly<Record<Exclude<Caller, "nobody">, Outcome>>;

function all(outcome: Outcome): Outcomes {
  return { stranger: outcome, blocked: outcome, peer: outcome, owner: outcome, admin: outcome };
}

/** For a thing of alice's; nobody gets anything without a token. */
const MEANING: Readonly<Record<Access, Outcomes>> = {
  everybody: all("data"),
  self: { ...all("any"), owner: "data" },
  given: all("any"),
  found: all("any"),
  sides: { ...all("data"), stranger: "absent", blocked: "absent" },
  lookingSide: { ...all("absent"), peer: "data", owner: "data" },
  sender: { stranger: "absent", blocked: "absent", peer: "FORBIDDEN", owner: "data", admin: "FORBIDDEN" },
  senderOrAdmin: { stranger: "absent", blocked: "absent", peer: "FORBIDDEN", owner: "data", admin: "data" },
  selfOrAdmin: { ...all("absent"), owner: "data", admin: "data" },
  notBlocked: { ...all("data"), blocked: "absent" },
  admin: { ...all("FORBIDDEN"), admin: "data" },
  operator: { ...all("FORBIDDEN"), admin: "data" },
};

/** Rules under which admins get more than a stranger does: what they then do is in the audit trail. */
const AUDITED: readonly Access[] = ["sides", "senderOrAdmin", "selfOrAdmin", "admin"];

function expected(rule: Access, caller: Caller, isField = false): Outcome {
  if (caller === "nobody") return "UNAUTHENTICATED";
  const outcome = MEANING[rule][caller];
  // A field that is not theirs is null; an operation says so.
  return isField && outcome === "FORBIDDEN" && rule !== "admin" && rule !== "operator" ? "absent" : outcome;
}

/** Everything under a key, wherever it lies. */
function valuesAt(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => (name === key ? [part] : valuesAt(part, key)));
}

function outcomeOf(value: unknown, { errors = [] }: Result): string {
  const refused = (value as Data | null)?.code ?? errors[0]?.extensions?.code;
  if (refused?.endsWith("_NOT_FOUND")) return "absent";
  return refused ?? (value == null ? "absent" : "data");
}

// ── the worlds ──────────────────────────────────────────────────────────────────────────────────

/** Stopped: what others are copied from. */
let planted: World;
/** For asking only. */
let world: World;

beforeAll(async () => {
  planted = await createWorld();
  await planted.app.stop();
  world = await copyOf(planted);
  await makeArchives(world);
  await world.people.admin.mute("alice", 3_600);
  await makeBackups(world);
});
afterAll(async () => {
  await world.end();
  await planted.end();
});

function audited(of: World): number {
  return everythingStored(of.app).audit?.length ?? 0;
}

// ── everything has a rule ───────────────────────────────────────────────────────────────────────

test("no field is without a rule", () => {
  expect(fields.length).toBeGreaterThan(150);
  expect(fields.filter(({ rule }) => rule === null).map(({ name }) => name)).toEqual([]);
});

test("every argument that lets an admin stand in another's place says that it is for admins", () => {
  const widening = inputs.filter(({ name, description }) => {
    return /[.(](of|sendAs|notice)\)?$/.test(name) || /admins/i.test(description);
  });
  expect(widening.length).toBeGreaterThan(9);
  expect(widening.filter(({ rule }) => rule !== "admin")).toEqual([]);
  expect(inputs.filter(({ rule }) => rule !== null)).toEqual(widening);
});

// ── queries ─────────────────────────────────────────────────────────────────────────────────────

describe("queries", () => {
  test.each(fieldsOf("Query"))("$name is for $rule", async ({ name, rule }) => {
    const query = name.replace("Query.", "");
    const example = QUERIES[query];
    if (rule === null || example === undefined) throw new Error(`${name} has no example here`);
    const meant = rule === "found" ? "sides" : rule;
    for (const caller of EVERYBODY) {
      const before = audited(world);
      const answer = await world.ask(caller, withFragments(example(world.ids)));
      const outcome = outcomeOf(answer.data?.[query], answer);
      const wanted = expected(meant, caller);
      if (wanted !== "any") expect(outcome, caller).toBe(wanted);
      if (caller !== "admin" || !AUDITED.includes(meant)) continue;
      expect(audited(world), "in the audit trail").toBeGreaterThan(before);
    }
  });

  const NODES: readonly [what: string, rule: Access, id: (ids: Ids) => string][] = [
    ["a user", "everybody", () => "alice"],
    ["a message", "sides", ({ said }) => said],
    ["a message that was recalled", "sides", ({ recalled }) => recalled],
    ["a note to oneself", "selfOrAdmin", ({ note }) => note],
    ["a side of a conversation", "selfOrAdmin", ({ ownerSide }) => ownerSide],
    ["an upload", "selfOrAdmin", ({ picture }) => picture],
  ];
  test.each(NODES)("node, of %s, is for %s", async (_, rule, id) => {
    for (const caller of EVERYBODY) {
      const answer = await world.ask(caller, withFragments(`{ node(id: "${id(world.ids)}") { ...Node3 } }`));
      expect(outcomeOf(answer.data?.node, answer), caller).toBe(expected(rule, caller));
    }
  });

  test("what is not to be seen looks like what never was", async () => {
    const { said, ownerSide, hidden, deleted } = world.ids;
    const never = ["m:999:1", "c:999:alice", "m:1:999"];
    for (const [caller, ids] of [
      ["stranger", [said, ownerSide, hidden, deleted, ...never]],
      ["owner", [hidden, world.ids.peerSide, world.ids.blockedSide, ...never]],
      ["peer", [deleted, ownerSide, hidden, ...never]],
    ] as const) {
      for (const id of ids) {
        expect(await world.ask(caller, `{ node(id: "${id}") { id } }`)).toEqual({ data: { node: null } });
        expect(await world.ask(caller, `{ message(id: "${id}") { id } }`)).toEqual({ data: { message: null } });
      }
    }
  });
});

// ── fields ──────────────────────────────────────────────────────────────────────────────────────

/** Where objects of alice's are found, for the types with a rule of their own. */
const WAYS: Readonly<Record<string, readonly Example[]>> = {
  User: [() => '{ user(id: "alice") { % } }'],
  Message: [
    ({ said }) => `{ message(id: "${said}") { % } }`,
    ({ edited }) => `{ message(id: "${edited}") { % } }`,
    ({ recalled }) => `{ message(id: "${recalled}") { % } }`,
    ({ reply }) => `{ message(id: "${reply}") { % } }`,
    ({ erased }) => `{ message(id: "${erased}") { % } }`,
    ({ erasedToPeer }) => `{ message(id: "${erasedToPeer}") { % } }`,
  ],
  Conversation: [({ ownerSide }) => `{ node(id: "${ownerSide}") { ... on Conversation { % } } }`],
  Settings: [() => "{ settings { % } }"],
  AuditEntry: [() => "{ auditTrail { nodes { % } } }"],
  Backup: [() => "{ backups { % } }"],
  ServerStats: [() => "{ serverStats { % } }"],
  Erasure: [() => "{ erasures { % } }"],
  Broadcast: [() => "{ broadcasts { % } }"],
  Hook: [() => "{ hooks { % } }"],
  HookDelivery: [() => "{ hookDeliveries(dead: false) { % } }"],
  Device: [() => "{ devices { % } }", () => '{ devices(of: "alice") { % } }'],
  PushToken: [() => "{ devices { pushTokens { % } } }", () => '{ devices(of: "alice") { pushTokens { % } } }'],
  PushRecord: [() => '{ pushReport(user: "alice") { % } }'],
  Upload: [
    ({ picture }) => `{ upload(id: "${picture}") { % } }`,
    ({ voice }) => `{ upload(id: "${voice}") { % } }`,
    ({ refused }) => `{ upload(id: "${refused}") { % } }`,
  ],
};
/** Fields of a user that say nothing of alice to some: what they are asked about instead. */
const ABOUT_OTHERS: Readonly<Record<string, string>> = {
  // They speak of two, and dave is nobody's.
  "User.friendship": "dave",
  "User.blocked": "dave",
  "User.erasedAt": "gone",
};
const SUBSCRIBED = new Set(["NewMessageEvent", "RefreshEvent", "MessageUpdatedEvent", "ConversationUpdatedEvent"]).add(
  "TypingEvent",
);
const ROOTS = ["Query", "Mutation", "Subscription"];

describe("fields", () => {
  const own = fields.filter(({ name, rule }) => {
    const type = name.split(".")[0] ?? "";
    return rule !== "given" && !ROOTS.includes(type) && !SUBSCRIBED.has(type);
  });

  test.each(own)("$name is for $rule", async ({ name, rule }) => {
    const ways = WAYS[name.split(".")[0] ?? ""];
    if (rule === null || ways === undefined) throw new Error(`there is no way to ${name} here`);
    for (const caller of EVERYBODY) {
      const before = audited(world);
      const outcomes: string[] = [];
      for (const way of ways) {
        const query = way(world.ids).replace("alice", ABOUT_OTHERS[name] ?? "alice");
        const answer = await world.ask(caller, probe(query, name));
        const values = valuesAt(answer.data, "probe").filter((value) => value !== null);
        outcomes.push(values.length > 0 ? "data" : outcomeOf(null, answer));
      }
      const wanted = expected(rule, caller, true);
      const outcome = outcomes.find((one) => one === "data") ?? outcomes[0];
      if (wanted !== "any") expect(outcome, caller).toBe(wanted);
      if (caller !== "admin" || !AUDITED.includes(rule)) continue;
      expect(audited(world), "in the audit trail").toBeGreaterThan(before);
    }
  });
});

// ── arguments for admins ────────────────────────────────────────────────────────────────────────

const SENT = "{ ...SendMessageResult0 }";
const IN_PLACE: Readonly<Record<string, readonly [field: string, document: string][]>> = {
  "Query.conversation(of)": [["conversation", '{ conversation(peer: "carol", of: "dave") { id } }']],
  "Query.conversations(of)": [["conversations", '{ conversations(of: "dave") { nodes { id } } }']],
  "Query.history(of)": [["history", '{ history(peer: "carol", of: "dave") { nodes { id } } }']],
  "Query.searchMessages(of)": [["searchMessages", '{ searchMessages(peer: "carol", of: "dave") { nodes { id } } }']],
  "Query.searchMessages(everywhere)": [
    ["searchMessages", '{ searchMessages(peer: "carol", everywhere: true) { nodes { id } } }'],
  ],
  "Query.exportUser(of)": [["exportUser", '{ exportUser(of: "dave") { url } }']],
  "Query.friends(of)": [["friends", '{ friends(of: "dave") { nodes { id } } }']],
  "Query.friendRequests(of)": [["friendRequests", '{ friendRequests(of: "dave") { nodes { id } } }']],
  "Query.blockedUsers(of)": [["blockedUsers", '{ blockedUsers(of: "dave") { nodes { id } } }']],
  "Query.devices(of)": [["devices", '{ devices(of: "dave") { deviceId } }']],
  "EndSessionInput.of": [["endSession", 'mutation { endSession(input: { deviceId: "x", of: "dave" }) { ended } }']],
  "UpdateProfileInput.of": [
    ["updateProfile", 'mutation { updateProfile(input: { nickname: "x", of: "dave" }) { user { id } } }'],
  ],
  "BlockInput.of": [
    ["blockUser", 'mutation { blockUser(input: { user: "bob", of: "dave" }) { blocked } }'],
    ["unblockUser", 'mutation { unblockUser(input: { user: "bob", of: "dave" }) { blocked } }'],
  ],
  "SendMessageInput.sendAs": [
    [
      "sendMessage",
      `mutation { sendMessage(input: { to: "bob", content: { text: { text: "x" } }, sendAs: "dave" }) ${SENT} }`,
    ],
  ],
  "SendMessagesInput.sendAs": [
    [
      "sendMessages",
      'mutation { sendMessages(input: { to: ["bob"], content: { text: { text: "x" } }, sendAs: "dave" }) { __typename } }',
    ],
  ],
  "BroadcastInput.sendAs": [
    [
      "broadcast",
      'mutation { broadcast(input: { to: ["bob"], content: { text: { text: "x" } }, sendAs: "dave" }) { __typename } }',
    ],
  ],
  "MessageContentInput.notice": [
    ["sendMessage", `mutation { sendMessage(input: { to: "dave", content: { notice: { body: "x" } } }) ${SENT} }`],
  ],
};

describe("arguments for admins", () => {
  test.each(inputs.filter(({ rule }) => rule !== null))("$name is for $rule", async ({ name, rule }) => {
    const examples = IN_PLACE[name];
    if (rule === null || examples === undefined) throw new Error(`${name} has no example here`);
    const copy = await copyOf(planted);
    try {
      for (const [field, document] of examples) {
        for (const caller of EVERYBODY) {
          await copy.app.server.engine.hooks.settled();
          const before = everythingStored(copy.app);
          const answer = await copy.ask(caller, withFragments(document));
          expect(outcomeOf(answer.data?.[field], answer), caller).toBe(expected(rule, caller));
          const after = everythingStored(copy.app);
          if (caller === "admin") expect(after.audit?.length).toBeGreaterThan(before.audit?.length ?? 0);
          else expect(after, "a refusal leaves no trace").toEqual(before);
        }
      }
    } finally {
      for (const [field, callers] of copy.shown) world.shown.set(field, callers);
      await copy.end();
    }
  });
});

// ── mutations ───────────────────────────────────────────────────────────────────────────────────

/** All that is alice's alone, as it lies on disk: not how far others have written to her. */
function ownedByAlice(of: World): Data {
  const stored = everythingStored(of.app) as Record<string, Data[]>;
  const hers = (table: string, column: string, columns?: string[]) =>
    (stored[table] ?? [])
      .filter((row) => row[column] === "alice")
      .map((row) => (columns === undefined ? row : columns.map((name) => row[name])));
  return {
    user: hers("users", "id", ["nickname", "avatar_url", "friend_policy", "muted_until"]),
    sides: hers("members", "user_id", ["read_seq", "cleared_seq", "pinned", "muted"]),
    messages: hers("messages", "sender_id"),
    deleted: hers("deleted_messages", "user_id"),
    devices: hers("devices", "user_id"),
    pushTokens: hers("push_tokens", "user_id"),
    pushPreferences: hers("push_preferences", "user_id"),
    friendships: hers("friendships", "user_id"),
    requests: hers("friend_requests", "user_id"),
    blocks: hers("blocks", "user_id"),
  };
}

describe("mutations", () => {
  test.each(fieldsOf("Mutation"))("$name is for $rule", async ({ name, rule }) => {
    const mutation = name.replace("Mutation.", "");
    const example = MUTATIONS[mutation];
    if (rule === null || example === undefined) throw new Error(`${name} has no example here`);
    const copy = await copyOf(planted);
    try {
      const document = withFragments(`mutation { ${example(copy.ids, copy)} }`);
      // Whoever may do it comes last, and the owner behind the admin: it is done to what is hers.
      const rank = (caller: Caller) => Number(expected(rule, caller) === "data") * (caller === "owner" ? 2 : 1);
      for (const caller of EVERYBODY.toSorted((a, b) => rank(a) - rank(b))) {
        await copy.app.server.engine.hooks.settled();
        const before = everythingStored(copy.app);
        const hers = ownedByAlice(copy);
        const answer = await copy.ask(caller, document);
        const wanted = expected(rule, caller);
        const outcome = outcomeOf(answer.data?.[mutation], answer);
        if (wanted !== "any") expect(outcome, caller).toBe(wanted);
        if (wanted === "any") expect(ownedByAlice(copy), `${caller} changes nothing of alice's`).toEqual(hers);
        else if (wanted !== "data") expect(everythingStored(copy.app), "no trace").toEqual(before);
        else if (caller === "admin") expect(audited(copy)).toBeGreaterThan(before.audit?.length ?? 0);
      }
    } finally {
      for (const [field, callers] of copy.shown) world.shown.set(field, callers);
      await copy.end();
    }
  });
});

// ── subscriptions ───────────────────────────────────────────────────────────────────────────────

/** All that a stream says until it ends; for what is refused. */
async function streamed(of: World, caller: Caller, query: string): Promise<string> {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "text/event-stream" };
  if (caller !== "nobody") headers.authorization = `Bearer ${of.people[caller].token}`;
  const response = await fetch(of.app.url, { method: "POST", headers, body: JSON.stringify({ query }) });
  return response.text();
}

/** Everybody with a token. */
const PEOPLE = EVERYBODY.filter((caller) => caller !== "nobody");

describe("subscriptions", () => {
  test.each(fieldsOf("Subscription"))("$name is for $rule", async ({ name, rule }) => {
    const subscription = name.replace("Subscription.", "");
    const example = SUBSCRIPTIONS[subscription];
    if (rule !== "self" || example === undefined) throw new Error(`${name} has no example here`);
    const document = withFragments(`subscription { ${example} }`);
    const copy = await copyOf(planted);
    const sockets = new Map<Caller, Socket>();
    try {
      expect(await streamed(copy, "nobody", document)).toContain('"code":"UNAUTHENTICATED"');
      for (const caller of PEOPLE) {
        const socket = new Socket(copy.app.url, { authorization: `Bearer ${copy.people[caller].token}` });
        sockets.set(caller, socket);
        await socket.opened;
        socket.subscribe("subscription { newMessage { message { content { summary } } } }");
        socket.subscribe(document);
        // Answered behind the subscriptions: they are open.
        await socket.ask("{ viewer { id } }");
      }
      await stir(copy);
      for (const [caller, socket] of sockets) {
        await copy.people.admin.send(CALLERS[caller] ?? "", { notice: { body: "the end" } });
        while (!JSON.stringify(socket.frames).includes("the end")) await socket.ask("{ viewer { id } }");
        const texts = socket.frames.map(({ payload }) => JSON.stringify(payload) ?? "");
        const events = texts.filter((text) => text.includes(`"${subscription}":{"__typename"`));
        for (const text of events) copy.look(caller, JSON.parse(text), document);
        if (caller === "owner") expect(events, "alice hears of what is hers").not.toEqual([]);
      }
    } finally {
      for (const socket of sockets.values()) await socket.cut();
      for (const [field, callers] of copy.shown) world.shown.set(field, callers);
      await copy.end();
    }
  });

  test.each(["newMessage", "messageUpdated", "conversationUpdated"])(
    "%s does not go on from another's cursor",
    async (subscription) => {
      const query = `subscription { ${subscription}(since: "${world.ids.cursor}") { cursor } }`;
      for (const caller of ["stranger", "blocked", "peer", "admin"] as const) {
        expect(await streamed(world, caller, query), caller).toContain('"code":"BAD_USER_INPUT"');
      }
    },
  );
});

// ── nothing gets out by a way round ─────────────────────────────────────────────────────────────

describe("all that can be reached", () => {
  const USERS = ["alice", "bob", "carol", "mallory", "anna", "dave", "system", "canary-friend", "canary-foe"];

  const ABOUT_USER = [
    "query ($id: ID!) { user(id: $id) { ...User2 } }",
    "query ($id: ID!) { conversation(peer: $id) { ...Conversation3 } }",
    "query ($id: ID!) { history(peer: $id, last: 20) { ...MessageConnection3 } }",
    "query ($id: ID!) { conversations(of: $id, first: 20) { ...ConversationConnection3 } }",
    "query ($id: ID!) { friends(of: $id) { ...UserConnection2 } friendRequests(of: $id) { ...UserConnection2 } }",
    "query ($id: ID!) { devices(of: $id) { ...Device2 } }",
    'query ($id: ID!) { searchMessages(words: "canary", peer: $id, first: 20) { ...MessageConnection3 } }',
    'query ($id: ID!) { searchMessages(words: "canary", of: $id, first: 20) { ...MessageConnection3 } }',
    "query ($id: ID!) { blockedUsers(of: $id) { ...UserConnection2 } }",
    'query ($id: ID!) { history(peer: $id, of: "alice", last: 20) { ...MessageConnection3 } }',
    'query ($id: ID!) { history(peer: $id, of: "mallory", last: 20) { ...MessageConnection3 } }',
  ];
  const ABOUT_ID = [
    "query ($id: ID!) { node(id: $id) { ...Node3 } }",
    "query ($id: ID!) { message(id: $id) { ...Message3 } }",
  ];
  const LISTS = [
    "{ viewer { ...User2 } }",
    "{ devices { ...Device2 } }",
    "{ settings { ...Settings2 } }",
    "{ friends { ...UserConnection2 } friendRequests { ...UserConnection2 } blockedUsers { ...UserConnection2 } }",
    "{ conversations(first: 20) { ...ConversationConnection3 } }",
  ];

  /** Every query, asked about everybody and everything, as deep as a document may cost. */
  function everyQuestion(ids: Ids): [document: string, variables: object][] {
    const guessed = ["m:1:1", "m:1:2", "m:2:1", "c:1:alice", "c:1:bob", "c:2:alice"];
    const about = (documents: string[], all: string[]) =>
      documents.map(withFragments).flatMap((one) => all.map((id): [string, object] => [one, { id }]));
    return [
      ...about(ABOUT_USER, USERS),
      ...about(ABOUT_ID, [...Object.values(ids), ...guessed]),
      ...LISTS.map((one): [string, object] => [withFragments(one), {}]),
    ];
  }

  test.each(EVERYBODY)("%s is shown nothing that is not for them", async (caller) => {
    const answers = [];
    for (const question of everyQuestion(world.ids)) answers.push(await world.ask(caller, ...question));
    const tooMuch = answers.filter(({ errors }) => errors?.[0]?.extensions?.code?.startsWith("Q"));
    expect(tooMuch).toEqual([]);
    for (const answer of answers) if (caller === "nobody") expect(answer.errors).not.toBeUndefined();
  });

  test("each canary was seen by those who may see it: the search would have found it", () => {
    for (const [name, callers] of Object.entries(CANARIES)) {
      expect([...(world.canaries.get(name) ?? [])].sort(), name).toEqual([...callers].sort());
    }
  });

  test("every field was shown to somebody: no rule went untried", () => {
    expect(objectTypes.length).toBeGreaterThan(40);
    const names = fields.map(({ name }) => name).filter((name) => !ROOTS.includes(name.split(".")[0] ?? ""));
    // A refusal speaks of what its caller has sent.
    const tried = (name: string) => world.shown.has(name) || /Error\.(field|retryAfterMs|appCode)$/.test(name);
    expect(names.filter((name) => !tried(name))).toEqual([]);
  });
});
