/**
 * A server under attack: mallory tries one generated input after another, while alice and bob have secrets, and two
 * neighbours go on as if nothing happened. What must hold whatever is tried is held here.
 */
import fc from "fast-check";
import { expect } from "vitest";
import { ERRORS } from "../../src/engine/errors.ts";
import { type App, type Person, startApp } from "./app.ts";
import { everythingStored, openBeside } from "./data.ts";
import { megabytesInUse } from "./heap.ts";
import { runs } from "./scale.ts";
import { type Data, type Result, Socket } from "./socket.ts";
import { tally } from "./tally.ts";

/** In everything that mallory must never see, and in no log. */
export const CANARY = "canary-that-nobody-else-may-hear";

const KNOWN_CODES = new Set([...Object.keys(ERRORS), "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"]);
/** Traces of what goes on inside: stacks, paths of files, the database. */
const INSIDES = /\n\s+at |node_modules|\.[jt]s:\d|file:\/\/\/w|SQLITE_|SqliteError|better-sqlite3|drizzle/;
/** A new server after so many inputs, so that what was accepted does not make the next ones slow. */
const INPUTS_PER_SERVER = 1_000;
const MOST_GROWTH_MEGABYTES = 50;

/** Sees that a text which came out of the server gives nothing away. */
export function expectHarmless(text: string): void {
  expect(text).not.toContain(CANARY);
  expect(text).not.toMatch(INSIDES);
}

/** The codes of an answer, errors and errors that are data alike; each must be a known one, and the text harmless. */
export function codesOf(answer: Result): string[] {
  expectHarmless(JSON.stringify(answer));
  const fromErrors = (answer.errors ?? []).map((error) => String(error.extensions?.code));
  const fromData = Object.values(answer.data ?? {}).flatMap((value: Data | null) =>
    String(value?.__typename).endsWith("Error") ? (value?.code ?? []) : [],
  );
  const codes = [...new Set([...fromErrors, ...fromData])];
  expect(codes.filter((code) => !KNOWN_CODES.has(code))).toEqual([]);
  return codes;
}

export interface Siege {
  readonly app: App;
  /** The attacker, and another device of the same user. */
  readonly mallory: Person;
  readonly laptop: Person;
  /** The attacker's only friend. */
  readonly carol: Person;
  /** They write to each other, and all that they write holds the canary. */
  readonly alice: Person;
  readonly bob: Person;
  readonly anna: Person;
  /** Ids of what is mallory's, and of what is not. */
  readonly own: { readonly messages: readonly string[]; readonly conversations: readonly string[] };
  readonly foreign: { readonly messages: readonly string[]; readonly conversations: readonly string[] };
  /** All rows in which alice, bob or their conversations are kept: the same before and after, whatever mallory does. */
  theirRows(): string;
  /** All rows of all tables. */
  everything(): string;
  /** One of mallory's sockets; another one if the last was closed. */
  socket(): Promise<Socket>;
  /** Sees that all is as it was before, and stops. */
  end(): Promise<void>;
}

async function conversationIdOf(person: Person, peer: string): Promise<string> {
  return (await person.conversation(peer))?.id;
}

async function openSocket(person: Person): Promise<Socket> {
  const socket = new Socket(person.app.url, { authorization: `Bearer ${person.token}` });
  await socket.opened;
  return socket;
}

/** What keeps the process busy: timers, sockets, servers. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => !name.startsWith("FS")).length;
}

async function startSiege(): Promise<Siege> {
  const busyBefore = resources();
  const app = await startApp();
  const [mallory, carol, alice, bob] = await app.people("mallory", "carol", "alice", "bob");
  const [left, right] = await app.people("left-neighbour", "right-neighbour");
  const anna = await app.admin();
  const laptop = await mallory.login("mallory-laptop", "DESKTOP");
  await mallory.friend("add", "carol");
  await carol.friend("accept", "mallory");
  await alice.friend("add", "bob", { greeting: CANARY });
  await alice.login(CANARY, "WEB");

  const own = [await mallory.send("carol", "my own"), await carol.send("mallory", "yours too")];
  const secret = { text: { text: `${CANARY} in a text` } };
  const foreign = [
    await alice.send("bob", secret, { customData: CANARY, clientMessageId: CANARY }),
    await bob.send("alice", { file: { url: `https://example.org/${CANARY}`, name: CANARY, size: 1 } }),
    await alice.send("alice", secret),
  ];

  const neighbour = await openSocket(right);
  const refreshed = neighbour.subscribe("subscription { refresh { offlineCount } }");
  const delivered = neighbour.subscribe("subscription { newMessage { source message { seq content { summary } } } }");
  await refreshed.next();

  const database = openBeside(app);
  const theirs = [
    "select * from messages where sender_id in ('alice', 'bob')",
    "select * from members where user_id in ('alice', 'bob')",
    "select * from devices where user_id in ('alice', 'bob')",
    "select * from user_log where user_id in ('alice', 'bob')",
    "select * from friend_requests",
  ].map((sql) => database.prepare(sql));

  let seen = { version: -1, rows: "" };
  let attacking: Socket | null = null;
  let isOpen = false;
  return {
    app,
    mallory,
    laptop,
    carol,
    alice,
    bob,
    anna,
    own: { messages: own.map(({ id }) => id), conversations: [await conversationIdOf(mallory, "carol")] },
    foreign: {
      messages: foreign.map(({ id }) => id),
      conversations: [
        await conversationIdOf(alice, "bob"),
        await conversationIdOf(bob, "alice"),
        await conversationIdOf(carol, "mallory"),
      ],
    },
    everything() {
      // SQLite's own count of what others have committed saves reading what cannot have changed.
      const version = Number(database.pragma("data_version", { simple: true }));
      if (version !== seen.version) seen = { version, rows: JSON.stringify(everythingStored(app)) };
      return seen.rows;
    },
    theirRows: () => JSON.stringify(theirs.map((statement) => statement.all())),
    async socket() {
      if (attacking === null || !isOpen) {
        attacking = await openSocket(mallory);
        isOpen = true;
        void attacking.closed.then(() => {
          isOpen = false;
        });
      }
      return attacking;
    },
    async end() {
      if (isOpen) await attacking?.cut();
      expect((await fetch(new URL("/readyz", app.url))).status).toBe(200);
      // An admin writes whatever settings and mutes were made on the way.
      await anna.trySend("right-neighbour", "after all that", { sendAs: "left-neighbour" });
      expect(await delivered.next()).toMatchObject({
        source: "LIVE",
        message: { seq: 1, content: { summary: "after all that" } },
      });
      expect((await left.get("{ viewer { id } }")).viewer.id).toBe("left-neighbour");
      await expect.poll(() => app.server.engine.connections.count, { timeout: 10_000 }).toBe(1);
      await neighbour.cut();
      database.close();
      await app.stop();
      expect(app.logged).not.toContain(CANARY);
      expect(app.logged.split("\n").filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
      // What one input leaves behind, many leave behind many times; the client's own pool may leave a few.
      await expect.poll(resources, { timeout: 10_000 }).toBeLessThan(busyBefore + 20);
    },
  };
}

/**
 * Tries generated inputs of a kind, one after another, and sees that each is answered as `attack` says, and that
 * nothing is left behind: no error in the log, no connection, no timer, no memory.
 * @param short how many, in the short form
 */
export async function besiege<Input>(
  kind: string,
  short: number,
  inputs: fc.Arbitrary<Input>,
  attack: (siege: Siege, input: Input) => Promise<void>,
): Promise<void> {
  const numRuns = runs(short);
  let siege: Siege | null = null;
  let tried = 0;
  let before = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    if (siege !== null && tried % INPUTS_PER_SERVER === 0) {
      await siege.end();
      siege = null;
    }
    siege ??= await startSiege();
    // By then caches are warm.
    if (tried === Math.floor(numRuns / 4)) before = await megabytesInUse();
    tried += 1;
    await attack(siege, input);
  });
  await fc.assert(property, { numRuns });
  const grown = (await megabytesInUse()) - before;
  // TypeScript does not see that the property has run.
  await (siege as Siege | null)?.end();
  tally(kind, tried);
  expect(grown).toBeLessThan(MOST_GROWTH_MEGABYTES);
}
