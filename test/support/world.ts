/** One world of data with a canary in everything that is not for all, and those who may see each. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hooksConfig } from "../../src/hooks/config.ts";
import { type PushConfig, pushConfig } from "../../src/push/config.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { App, NEW_MESSAGE, type Person } from "./app.ts";
import type { MovableClock } from "./clock.ts";
import { register } from "./push/phones.ts";
import { pictureOf, soundOf } from "./samples.ts";
import { type Data, type Result, Socket } from "./socket.ts";
import { bring, ready, ticketFor } from "./uploads.ts";

/** Who asks, as alice sees them; it is her data that they ask for. */
export const CALLERS = {
  nobody: null,
  stranger: "carol",
  blocked: "mallory",
  peer: "bob",
  owner: "alice",
  admin: "anna",
} as const;
export type Caller = keyof typeof CALLERS;
export const EVERYBODY = Object.keys(CALLERS) as Caller[];

/** Each canary, and who may ever see it. What was taken back or replaced, and what only a phone shows, nobody may. */
export const CANARIES: Readonly<Record<string, readonly Caller[]>> = {
  "canary-said": ["owner", "peer", "admin"],
  "canary-data": ["owner", "peer", "admin"],
  "canary-key": ["owner", "admin"],
  "canary-push": [],
  "canary-token": [],
  "canary-before": [],
  "canary-after": ["owner", "peer", "admin"],
  "canary-recalled": [],
  "canary-deleted": ["owner", "admin"],
  "canary-cleared": ["blocked", "admin"],
  "canary-note": ["owner", "admin"],
  "canary-hidden": ["blocked", "admin"],
  "canary-unseen-edit": ["blocked", "admin"],
  "canary-greeting": ["owner", "admin"],
  "canary-device": ["owner", "admin"],
  "canary-friend": ["owner", "admin"],
  "canary-asker": ["owner", "admin"],
  "canary-foe": ["owner", "admin"],
  "canary-upload": ["owner", "admin"],
};

/** What the examples speak of. */
export interface Ids {
  /** Messages from alice to bob. */
  said: string;
  edited: string;
  recalled: string;
  reply: string;
  /** Taken away by bob for himself. */
  deleted: string;
  note: string;
  /** From a person who was erased: to alice, and to bob. */
  erased: string;
  erasedToPeer: string;
  /** From mallory to alice, behind her block. */
  hidden: string;
  /** Sides of conversations. */
  ownerSide: string;
  peerSide: string;
  blockedSide: string;
  /** Uploads of alice's that she has not sent, the last one of which is none. */
  picture: string;
  voice: string;
  refused: string;
  /** Where alice's device is in her log. */
  cursor: string;
}

const KINDS = [
  { face: { index: 1, data: "x" } },
  { location: { name: "Rome", latitude: 41.9, longitude: 12.5 } },
  { image: { url: "https://example.org/i", width: 1, height: 2, size: 3, format: "png" } },
  { sound: { url: "https://example.org/s", size: 3, durationMs: 4 } },
  { file: { url: "https://example.org/f", name: "f", size: 3, mimeType: "text/plain" } },
  {
    video: {
      url: "https://example.org/v",
      size: 3,
      durationMs: 4,
      format: "mp4",
      width: 1,
      height: 2,
      cover: { url: "https://example.org/c", width: 1, height: 2, size: 3 },
    },
  },
  { custom: { data: "x", description: "y", extension: "z" } },
];

/** Where nothing is ever taken. */
async function refuser(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(404).end());
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const url = await refuser();

/** Pushes at once, to a vendor that would not have the server's credentials. */
function pushInVain(): PushConfig {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const fcm = { projectId: "p", clientEmail: "e@example.org", privateKey, tokenUrl: url, sendUrl: url };
  return pushConfig.parse({ delaySeconds: 0, fcm });
}
const push = pushInVain();

/** An app that takes nothing, and wants to be told of few things. */
const endpoint = { url, secrets: [`whsec_${"x".repeat(32)}`], internal: true };
const hooks = hooksConfig.parse({
  events: [{ name: "app", endpoint, types: ["friendship.requested", "message.recalled"] }],
});

async function plant(app: App): Promise<Ids> {
  const anna = await app.admin();
  const [alice, bob, carol, mallory] = await app.people("alice", "bob", "carol", "mallory");
  const [friend, asker] = await app.people("canary-friend", "canary-asker", "canary-foe", "dave");
  const avatarUrl = "https://example.org/a";
  await alice.change("updateProfile", { nickname: "Alice", avatarUrl }, "user { id }");
  await register(alice, "canary-token", { language: "en" });
  const never = { from: 0, to: 0, timeZone: "UTC" };
  await alice.change("updatePushPreferences", { quietHours: never }, "pushPreferences { preview }");

  const said = await alice.send("bob", "canary-said", {
    customData: "canary-data",
    clientMessageId: "canary-key",
    push: { title: "canary-push", body: "canary-push", data: "canary-push" },
  });
  const edited = await alice.send("bob", "canary-before");
  await alice.edit(edited.id, "canary-after");
  const recalled = await alice.send("bob", "canary-recalled", { customData: "canary-recalled" });
  await alice.recall(recalled.id);
  const deleted = await alice.send("bob", "canary-deleted");
  await bob.deleteMessages(deleted.id);
  const note = await alice.send("alice", "canary-note");
  for (const content of KINDS) await alice.send("bob", content);
  await anna.send("alice", { notice: { title: "t", body: "b", data: "d" } });
  await bob.send("alice", "hello");
  const reply = await alice.send("bob", "well", { replyTo: said.id });
  const broadcast = { to: ["dave", "nobody"], content: { text: { text: "to many" } }, perSecond: 1_000 };
  const root = await app.admin("root");
  await root.change("broadcast", broadcast, "__typename");
  for (let state = ""; state !== "DONE"; ) {
    app.clock.advance(100);
    state = (await root.get("{ broadcasts { state } }")).broadcasts[0].state;
  }
  const gone = await app.person("gone");
  const erased = await gone.send("alice", "to be erased");
  const erasedToPeer = await gone.send("bob", "to be erased");
  await anna.change("eraseUser", { user: "gone" }, "__typename");
  for (let finished = null; finished === null; ) {
    app.clock.advance(100);
    finished = (await anna.get("{ erasures { finishedAt } }")).erasures[0].finishedAt;
  }
  await alice.arrange("pin", "bob");
  await alice.arrange("mute", "bob");

  const image = await pictureOf(1_600, 1_200);
  await alice.send("bob", { image: { upload: await ready(app, alice, "IMAGE", image, "canary-said") } });
  const picture = await ready(app, alice, "IMAGE", image, "canary-upload");
  const voice = await ready(app, alice, "SOUND", soundOf(700), "canary-upload");
  const { upload: refused, ...ticket } = await ticketFor(alice, "IMAGE", 3, "canary-upload");
  await bring(app, ticket, Buffer.from("no!"));

  await mallory.send("alice", "canary-cleared");
  await alice.arrange("clear", "mallory");
  const before = await mallory.send("alice", "before the block");
  await alice.block("mallory");
  const hidden = await mallory.send("alice", "canary-hidden", { replyTo: before.id });
  await mallory.edit(before.id, "canary-unseen-edit");
  await mallory.friend("add", "alice", { greeting: "canary-hidden" });

  await alice.block("canary-foe");
  await anna.change("setFriends", { user: "alice", friend: friend.id }, "status");
  await asker.friend("add", "alice", { greeting: "canary-greeting" });
  await carol.send("dave", "hello");
  await alice.login("canary-device", "DESKTOP");
  const socket = new Socket(app.url, { authorization: `Bearer ${alice.token}` });
  await socket.opened;
  const { cursor } = await socket.subscribe(NEW_MESSAGE).next();
  await socket.close();

  await app.server.engine.pushing.settled();
  await app.server.engine.hooks.settled();
  const side = async (person: Person, peer: string) => ((await person.conversation(peer)) as Data).id;
  return {
    said: said.id,
    edited: edited.id,
    recalled: recalled.id,
    reply: reply.id,
    deleted: deleted.id,
    note: note.id,
    erased: erased.id,
    erasedToPeer: erasedToPeer.id,
    hidden: hidden.id,
    picture,
    voice,
    refused: refused.id,
    cursor,
    ownerSide: await side(alice, "bob"),
    peerSide: await side(bob, "alice"),
    blockedSide: await side(mallory, "alice"),
  };
}

/** The canaries in a text that this caller should not see. */
function loose(caller: Caller, text: string): string[] {
  return Object.keys(CANARIES).filter((name) => text.includes(name) && CANARIES[name]?.includes(caller) !== true);
}

export class World {
  readonly app: App;
  readonly ids: Ids;
  readonly people: Readonly<Record<Exclude<Caller, "nobody">, Person>>;
  /** Each `Type.field` that was seen with a value, and by whom. */
  readonly shown = new Map<string, Set<Caller>>();
  /** Each canary that was seen, and by whom. */
  readonly canaries = new Map<string, Set<Caller>>();

  constructor(app: App, ids: Ids, people: World["people"]) {
    this.app = app;
    this.ids = ids;
    this.people = people;
  }

  /** Notes what somebody was shown, and throws for a canary that is not for them. */
  look(caller: Caller, answer: Result, asked: string): void {
    const text = JSON.stringify(answer);
    // What a caller has asked for by name is no news to it.
    const found = loose(caller, text).filter((name) => !asked.includes(name));
    if (found.length > 0) throw new Error(`${caller} was shown ${found.join(", ")} by ${asked}: ${text}`);
    for (const name of Object.keys(CANARIES)) {
      if (text.includes(name) && !asked.includes(name)) note(this.canaries, name, caller);
    }
    walk(answer.data, (type, field) => note(this.shown, `${type}.${field}`, caller));
  }

  async ask(caller: Caller, query: string, variables: object = {}): Promise<Result> {
    const person = caller === "nobody" ? null : this.people[caller];
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (person !== null) headers.authorization = `Bearer ${person.token}`;
    const body = JSON.stringify({ query, variables });
    const response = await fetch(this.app.url, { method: "POST", headers, body });
    const answer = (await response.json()) as Result;
    this.look(caller, answer, body);
    return answer;
  }

  async end(): Promise<void> {
    await this.app.stop();
    rmSync(this.app.dataFolder, { recursive: true, force: true });
  }
}

function note(map: Map<string, Set<Caller>>, name: string, caller: Caller): void {
  map.set(name, (map.get(name) ?? new Set()).add(caller));
}

/** Each field with a value of each object that says its type. */
function walk(value: unknown, see: (type: string, field: string) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, see);
  if (typeof value !== "object" || value === null) return;
  const type = "__typename" in value ? String(value.__typename) : null;
  for (const [name, part] of Object.entries(value)) {
    if (type !== null && part !== null && name !== "__typename") see(type, name);
    walk(part, see);
  }
}

async function peopleOf(app: App): Promise<World["people"]> {
  const [carol, mallory, bob, alice] = await app.people("carol", "mallory", "bob", "alice");
  return { stranger: carol, blocked: mallory, peer: bob, owner: alice, admin: await app.admin() };
}

/** A world that is kept until `end`. */
export async function createWorld(): Promise<World> {
  const app = new App({ push, hooks });
  app.archiveDays = 7;
  await app.start();
  const ids = await plant(app);
  return new World(app, ids, await peopleOf(app));
}

/** Another server on a copy of what a stopped one has left, so that what is done there changes nothing here. */
export async function copyOf(world: World, clock?: MovableClock, options: Partial<ServerOptions> = {}): Promise<World> {
  const app = new App({ push, hooks, ...options }, clock);
  app.archiveDays = 7;
  cpSync(world.app.dataFolder, app.dataFolder, { recursive: true });
  await app.start();
  return new World(app, world.ids, await peopleOf(app));
}

/** An archive of all that was planted. */
export async function makeArchives({ app }: World): Promise<void> {
  app.clock.advance(3 * 3_600_000);
  await app.server.engine.writeArchives();
}

/** Two backups, one that is made and one that fails; by another admin, so that a look at them is one at another's. */
export async function makeBackups({ app }: World): Promise<void> {
  const root = await app.admin("root");
  for (const name of ["made.sqlite", "failed.sqlite"]) {
    await root.change("backUp", { name }, "backup { name }");
    if (name === "failed.sqlite") mkdirSync(join(app.backupFolder, name));
    for (let state = ""; state !== "DONE" && state !== "FAILED"; ) {
      state = (await root.get(`{ backups(name: "${name}") { state } }`)).backups[0].state;
    }
  }
}
