/**
 * Makes the database of this version that later ones are tested with: `npx tsx test/support/make-fixture.ts` writes
 * `test/fixtures/<version>.sqlite`, and beside it what its clients knew, and its schema. To be run for each release, when
 * that is settled; the files of earlier releases are never touched again.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { App, NEW_MESSAGE, type Person, REFRESH } from "./app.ts";
import { DAY, HOUR, MovableClock } from "./clock.ts";
import { type Answer, type Backlog, RELEASES, type Release } from "./released.ts";
import { type Data, Socket } from "./socket.ts";

const LONG = 3_650 * DAY;
const MESSAGE = `id seq sender { id } recipient { id } customData clientMessageId sentAt editedAt recalledAt replyTo { id }
  senderProfile { nickname avatarUrl } content { __typename type summary ... on TextContent { text }
  ... on CustomContent { data } ... on NoticeContent { kind title body data } ... on FileContent { name mimeType } }`;
const HISTORY = `query ($peer: ID!) { history(peer: $peer, first: 100) { edges { cursor node { ${MESSAGE}
  deliveredToRecipient readByRecipient } } pageInfo { hasNextPage hasPreviousPage } } }`;
const CONVERSATIONS = `{ conversations(first: 100) { edges { cursor node { id peer { id } unreadCount readSeq peerReadSeq
  pinned muted updatedAt lastMessage { ${MESSAGE} } } } } }`;
const VIEWER = "{ viewer { id nickname avatarUrl friendPolicy mutedUntil } }";
const PEOPLE = `{ friends(first: 100) { nodes { id nickname } } blockedUsers(first: 100) { nodes { id } }
  friendRequests(first: 100) { nodes { id } } }`;
const DEVICES = "{ devices { deviceId platform signedIn signedInAt expiresAt } }";
const SETTINGS = `{ settings { friendsOnly showBlocked recallWindowSeconds offlineRetentionDays roamingRetentionDays
  recentContactsLimit offlineMessagesPerContact auditRetentionDays } }`;
const AUDIT =
  "{ auditTrail(last: 5) { edges { cursor node { at actor { id } deviceId action user { id } subject } } } }";
const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { duplicate message { id seq sentAt } } } }`;

const URL_OF_MEDIA = "https://cdn.example/it";
const media = { url: URL_OF_MEDIA, size: 1_000 };
const CONTENTS: readonly object[] = [
  { text: { text: "Grüße 👋" } },
  { face: { index: 3, data: "set-1" } },
  { location: { name: "Home", latitude: 52.52, longitude: 13.405 } },
  { image: { ...media, width: 640, height: 480, format: "jpeg" } },
  { sound: { ...media, durationMs: 3_000 } },
  { file: { ...media, name: "plan.pdf", mimeType: "application/pdf" } },
  {
    video: { ...media, durationMs: 60_000, format: "mp4", cover: { url: URL_OF_MEDIA, width: 9, height: 8, size: 7 } },
  },
  { custom: { data: "{}", description: "A red packet", extension: "v2" } },
];

/** The first events of a subscription on a socket of its own. */
async function listen(person: Person, query: string, act: () => Promise<unknown>): Promise<Data> {
  const socket = new Socket(person.app.url, { authorization: `Bearer ${person.token}` });
  await socket.opened;
  const stream = socket.subscribe(query);
  // Answered after the subscription, on the same socket.
  await socket.ask("{ viewer { id } }");
  await act();
  const event = await stream.next();
  await socket.cut();
  return event;
}

async function connect(person: Person, who: string, since?: string): Promise<Backlog & { last: Data | undefined }> {
  const socket = new Socket(person.app.url, { authorization: `Bearer ${person.token}` });
  await socket.opened;
  const refresh = socket.subscribe(REFRESH);
  const messages = socket.subscribe(NEW_MESSAGE, { since });
  const refreshed = await refresh.next();
  const handed = await messages.take(refreshed.offlineCount + refreshed.recentCount);
  await socket.cut();
  return { who, ...(since === undefined ? {} : { since }), handed, refreshed, last: handed.at(-1) };
}

/** Names columns in which no row holds anything: a world with every kind of row has none. */
function emptyColumns(path: string): string[] {
  const database = new Sqlite(path, { readonly: true });
  const tables = database
    .prepare<[], string>(
      "select name from sqlite_master where type = 'table' and name not like '\\_\\_%' escape '\\' and name not like 'sqlite\\_%' escape '\\'",
    )
    .pluck()
    .all();
  const empty = tables.flatMap((table) =>
    (database.pragma(`table_info("${table}")`) as { name: string }[])
      .filter(({ name }) => {
        const filled = `select 1 from "${table}" where "${name}" is not null and "${name}" not in (0, '') limit 1`;
        return database.prepare(filled).get() === undefined;
      })
      .map(({ name }) => `${table}.${name}`),
  );
  database.close();
  return empty;
}

async function makeWorld(app: App): Promise<Omit<Release, "version" | "at">> {
  const person = async (id: string, role: "user" | "admin" = "user") => app.person(id, { role, expiresIn: LONG });
  const anna = await person("anna", "admin");
  const [alice, bob, carol, dave, erin] = await Promise.all(
    ["alice", "bob", "carol", "dave", "erin"].map((id) => person(id)),
  );
  if (alice === undefined || bob === undefined || carol === undefined || dave === undefined || erin === undefined) {
    throw new Error("nobody is there");
  }
  const alicesPhone = await alice.login("phone", "IOS");
  const bobsPhone = await bob.login("phone", "ANDROID");

  // What the sweeper takes, unread by alice's phone.
  const old = await bob.send("alice", "long ago");
  await bob.recall(old.id);
  await alice.arrange("pin", "bob");
  app.clock.advance(8 * DAY);
  await app.server.engine.sweep();

  await anna.updateSettings({ recallWindowSeconds: 3_600, recentContactsLimit: 50 });
  await alice.change(
    "updateProfile",
    { nickname: "Alice", avatarUrl: URL_OF_MEDIA, friendPolicy: "NOBODY" },
    "user { id }",
  );
  await alice.friend("add", "bob", { greeting: "It is me" });
  await bob.friend("accept", "alice");
  await carol.friend("add", "bob");
  await dave.block("erin");
  await erin.friend("add", "dave");
  await anna.mute("erin", 1_000);
  await anna.mute("erin", 0);
  await anna.mute("carol", 10 * 86_400);

  // Bob's phone knows a place in each of its streams.
  const updated = await listen(bobsPhone, "subscription { messageUpdated { cursor } }", async () => {
    const { id } = await bob.send("alice", "read me");
    await alice.markRead("bob");
    return id;
  });
  await bobsPhone.acknowledge(updated.cursor);
  const arranged = await listen(bobsPhone, "subscription { conversationUpdated { cursor } }", () =>
    bob.arrange("mute", "alice"),
  );
  await bobsPhone.acknowledge(arranged.cursor);
  const before = await connect(bobsPhone, "bob's phone");
  await bobsPhone.acknowledge(before.refreshed.cursor);

  const ids: string[] = [];
  for (const [index, content] of CONTENTS.entries()) {
    const more = {
      clientMessageId: `key ${index}`,
      customData: `data ${index}`,
      push: { title: "Alice", body: "has written", data: "{}" },
      ...(ids[0] === undefined ? {} : { replyTo: ids[0] }),
    };
    ids.push((await alice.send("bob", content, more)).id);
    app.clock.advance(HOUR);
  }
  const knownCursor = (await connect(bobsPhone, "bob's phone")).handed[1]?.cursor;
  await alicesPhone.send("bob", "from the phone", { lifetimeSeconds: 2 * 86_400 });
  await bob.send("alice", "a note from bob");
  await bob.send("bob", "a note to himself");
  await anna.send("bob", "in alice's name", { sendAs: "alice" });
  await anna.send("bob", { notice: { title: "News", body: "There are news.", data: "{}" } });
  const edited = await alice.send("bob", "a slip");
  await alice.edit(edited.id, "edited");
  const recalled = await alice.send("bob", "never said");
  await alice.recall(recalled.id);
  const deleted = await alice.send("bob", "not for me");
  await bob.deleteMessages(deleted.id);
  // Erin is blocked and does not know it: what she writes, and what she makes of it, she alone sees.
  const hidden = await erin.send("dave", "dave does not see this");
  const reached = await erin.send("bob", "bob sees this");
  await bob.block("erin");
  await erin.edit(reached.id, "bob does not see this");
  await dave.send("carol", "put away");
  await carol.arrange("clear", "dave");
  await dave.send("carol", "still there");
  const tablet = await dave.login("tablet", "OTHER");
  await tablet.get("mutation { logout { deviceId } }");
  await person("frank");
  app.clock.advance(1_000);
  await anna.change("revokeTokens", { user: "frank" }, "__typename");
  await app.server.engine.sweep();

  const people: Record<string, Person> = { alice, bob, carol, dave, erin, anna, "bob's phone": bobsPhone };
  const questions: [string, string, object][] = [
    ...["alice", "bob", "carol", "dave", "erin"].flatMap((who): [string, string, object][] => [
      ...["alice", "bob", "carol", "dave", "erin", "system"].map((peer): [string, string, object] => [
        who,
        HISTORY,
        { peer },
      ]),
      [who, CONVERSATIONS, {}],
      [who, VIEWER, {}],
      [who, PEOPLE, {}],
      [who, DEVICES, {}],
    ]),
    ["anna", SETTINGS, {}],
    ["anna", AUDIT, {}],
  ];
  const ask = async (who: string, query: string, variables: object): Promise<Answer> => {
    const data = await people[who]?.get(query, variables);
    return { who, query, variables, data: data ?? {} };
  };
  const answers: Answer[] = [];
  for (const [who, query, variables] of questions) answers.push(await ask(who, query, variables));
  const repeats: Answer[] = [];
  for (const [index, content] of CONTENTS.entries()) {
    const input = {
      to: "bob",
      content,
      clientMessageId: `key ${index}`,
      customData: `data ${index}`,
      ...(index === 0 ? {} : { replyTo: ids[0] }),
    };
    repeats.push(await ask("alice", SEND, { input }));
  }
  const backlogs: Backlog[] = [];
  for (const [who, since] of [["alice"], ["bob"], ["bob's phone"], ["bob's phone", knownCursor], ["carol"]] as const) {
    const device = people[who];
    if (device === undefined) throw new Error(`${who} is nobody`);
    const { last: _last, ...backlog } = await connect(device, who, since);
    backlogs.push(backlog);
  }
  const tokens = Object.fromEntries(Object.entries(people).map(([who, { token }]) => [who, token]));
  return { tokens, endedToken: tablet.token, answers, repeats, backlogs, hidden: [hidden.id] };
}

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const app = new App({}, new MovableClock(Date.UTC(2026, 0, 1)));
  try {
    await app.start();
    const world = await makeWorld(app);
    await app.stop();
    const stored = join(app.dataFolder, "parley.sqlite");
    // One small file, without what is empty and what SQLite keeps beside it.
    const database = new Sqlite(stored);
    database.pragma("journal_mode = DELETE");
    database.exec("vacuum");
    database.close();
    const empty = emptyColumns(stored);
    if (empty.length > 0) throw new Error(`the world has nothing in ${empty.join(", ")}`);
    const release: Release = { version, at: app.clock.now(), ...world };
    copyFileSync(stored, fileURLToPath(new URL(`${version}.sqlite`, RELEASES)));
    copyFileSync(new URL("../../schema.graphql", import.meta.url), new URL(`${version}.graphql`, RELEASES));
    writeFileSync(new URL(`${version}.json`, RELEASES), `${JSON.stringify(release, null, 1)}\n`);
    process.stdout.write(`test/fixtures/${version}.sqlite\n`);
  } finally {
    await app.stop();
    rmSync(app.dataFolder, { recursive: true, force: true });
  }
}

await main();
