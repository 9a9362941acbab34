import { expect, test } from "vitest";
import type { Platform } from "../src/engine/model.ts";
import { type App, Person, SECRET, startApp } from "./support/app.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./support/clock.ts";
import type { Socket } from "./support/socket.ts";
import { dial } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";
const DEVICES = "{ devices { deviceId platform signedIn signedInAt expiresAt } }";
const LOGIN = `mutation Login($input: LoginInput!) {
  login(input: $input) { viewer { id } deviceId accessToken expiresAt }
}`;
const RENEW = `mutation Renew($token: String!) {
  renewSession(input: { token: $token }) { viewer { id } deviceId accessToken expiresAt }
}`;
const LOGOUT = "mutation { logout { deviceId } }";

/** The close code of a new socket with this token; null where it is let in. */
async function knock(app: App, token: string): Promise<number | null> {
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  return Promise.race([wire.next().then(() => null), wire.closed.then(({ code }) => code)]).catch(
    async () => (await wire.closed).code,
  );
}

async function signedIn(person: Person): Promise<string[]> {
  const { devices } = await person.get(DEVICES);
  return devices.flatMap((device: { deviceId: string; signedIn: boolean }) =>
    device.signedIn ? [device.deviceId] : [],
  );
}

/** Asks over a socket and expects an answer, so that the socket is known to live. */
async function lives(socket: Socket): Promise<boolean> {
  return (await socket.ask(VIEWER)).data?.viewer.id !== undefined;
}

function instant(ms: number): string {
  return new Date(Math.floor(ms / SECOND) * SECOND).toISOString();
}

test("login answers with the user, the device, an access token and when it runs out", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: HOUR });
  const { login } = await alice.get(LOGIN, { input: { deviceId: "phone", platform: "IOS" } });
  expect(login).toEqual({
    viewer: { id: "alice" },
    deviceId: "phone",
    accessToken: expect.any(String),
    expiresAt: instant(app.clock.now() + HOUR),
  });
});

test.each<[Platform, number]>([
  ["WEB", 10],
  ["IOS", 1],
  ["ANDROID", 1],
  ["DESKTOP", 1],
  ["OTHER", 1],
])("of %s, %i may be signed in; one more ends the oldest", async (platform, limit) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const devices: Person[] = [];
  for (let count = 0; count < limit; count += 1) devices.push(await alice.login(`device-${count}`, platform));
  const sockets = await Promise.all(devices.map((device) => device.connect()));

  await alice.login("newcomer", platform);

  expect(await sockets[0]?.closed).toEqual({ code: 4401, reason: "Session ended" });
  for (const socket of sockets.slice(1)) expect(await lives(socket)).toBe(true);
  const kept = devices.slice(1).map((_, index) => `device-${index + 1}`);
  expect(await signedIn(alice)).toEqual(["newcomer", ...kept.reverse()]);
});

test("the access token of an ended session is refused over HTTP and on connect", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const old = await alice.login("old phone", "IOS");
  expect(await knock(app, old.token)).toBeNull();
  await alice.login("new phone", "IOS");
  expect(await old.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect(await old.refusal(LOGOUT)).toBe("UNAUTHENTICATED");
  expect(await knock(app, old.token)).toBe(4401);
});

test("an ended session stays ended across a restart", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const old = await alice.login("old phone", "IOS");
  const latest = await alice.login("new phone", "IOS");
  await app.restart();
  expect(await old.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await latest.get(VIEWER)).viewer.id).toBe("alice");
});

test("platforms do not count against each other, nor do users", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await alice.login("phone", "IOS");
  await alice.login("other phone", "ANDROID");
  await alice.login("laptop", "DESKTOP");
  await bob.login("phone", "IOS");
  expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
});

test("the device `default` counts in no platform and is never put out", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const fallback = await alice.login("default", "IOS");
  const phone = await alice.login("phone", "IOS");
  await alice.login("default", "IOS");
  expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
  await alice.login("other phone", "IOS");
  expect((await fallback.get(VIEWER)).viewer.id).toBe("alice");
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("limits can be set per platform", async () => {
  const app = await startApp({ sessionLimits: { WEB: 1, IOS: 2, ANDROID: 1, DESKTOP: 1, OTHER: 1 } });
  const alice = await app.person("alice");
  for (const device of ["phone", "tablet", "watch"]) await alice.login(device, "IOS");
  expect(await signedIn(alice)).toEqual(["watch", "tablet"]);
});

test("a session that has run out no longer counts", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const short = new Person(app, "alice", await app.token("alice", { expiresIn: MINUTE }));
  await short.login("old phone", "IOS");
  app.clock.advance(MINUTE);
  expect(await signedIn(alice)).toEqual([]);
  await alice.login("new phone", "IOS");
  const { devices } = await alice.get("{ devices { deviceId signedIn } }");
  expect(devices).toEqual([
    { deviceId: "new phone", signedIn: true },
    { deviceId: "old phone", signedIn: false },
  ]);
});

test("logging in again on the same device keeps its session, its socket and its older token", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const phone = await alice.login("phone", "IOS");
  const socket = await phone.connect();
  const again = await alice.login("phone", "IOS");
  expect(await lives(socket)).toBe(true);
  for (const token of [phone, again]) expect((await token.get(VIEWER)).viewer.id).toBe("alice");
  expect(await signedIn(alice)).toEqual(["phone"]);
});

test("logging in again makes a device the youngest", async () => {
  const app = await startApp({ sessionLimits: { WEB: 2, IOS: 1, ANDROID: 1, DESKTOP: 1, OTHER: 1 } });
  const alice = await app.person("alice");
  for (const device of ["one", "two", "one", "three"]) await alice.login(device, "WEB");
  expect(await signedIn(alice)).toEqual(["three", "one"]);
});

test("a device that changes its platform counts in the new one", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  await alice.login("phone", "IOS");
  const moved = await alice.login("phone", "ANDROID");
  await alice.login("other phone", "IOS");
  expect((await moved.get(VIEWER)).viewer.id).toBe("alice");
  await alice.login("third phone", "ANDROID");
  expect(await moved.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("a device that was put out and logs in again has a new session; its old token stays refused", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const old = await alice.login("phone", "IOS");
  await alice.login("other phone", "IOS");
  const back = await alice.login("phone", "IOS");
  expect((await back.get(VIEWER)).viewer.id).toBe("alice");
  expect(await old.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("logins at once leave as many sessions as are allowed", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const phones = await Promise.all(Array.from({ length: 20 }, (_, index) => alice.login(`phone-${index}`, "IOS")));
  const answers = await Promise.all(phones.map((phone) => phone.ask(VIEWER)));
  expect(answers.filter((answer) => answer.errors === undefined)).toHaveLength(1);
  expect(await signedIn(alice)).toHaveLength(1);
});

test("logout ends the session: the token is refused, and every socket of it closes with 4401", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const [phone, laptop] = [await alice.login("phone", "IOS"), await alice.login("laptop", "WEB")];
  const [first, second, other] = [await phone.connect(), await phone.connect(), await laptop.connect()];
  expect((await phone.get(LOGOUT)).logout).toEqual({ deviceId: "phone" });
  for (const socket of [first, second]) expect((await socket.closed).code).toBe(4401);
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect(await knock(app, phone.token)).toBe(4401);
  expect(await lives(other)).toBe(true);
  expect(await signedIn(alice)).toEqual(["laptop"]);
});

const END = "mutation End($input: EndSessionInput!) { endSession(input: $input) { deviceId ended } }";

test("a user signs out another of its devices, which can log in again", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const [phone, laptop] = [await alice.login("phone", "IOS"), await alice.login("laptop", "WEB")];
  const [lost, here] = [await phone.connect(), await laptop.connect()];
  const ended = { endSession: { deviceId: "phone", ended: true } };
  expect(await laptop.get(END, { input: { deviceId: "phone" } })).toEqual(ended);
  expect((await lost.closed).code).toBe(4401);
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect(await lives(here)).toBe(true);
  expect(await signedIn(alice)).toEqual(["laptop"]);
  const again = await laptop.get(END, { input: { deviceId: "phone" } });
  expect(again.endSession.ended).toBe(false);
  await alice.login("phone", "IOS");
  expect(await signedIn(alice)).toEqual(["phone", "laptop"]);
});

test("a device that signs out itself hears that it has", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const socket = await phone.connect();
  const { data } = await socket.ask(END, { input: { deviceId: "phone" } });
  expect(data).toEqual({ endSession: { deviceId: "phone", ended: true } });
  expect((await socket.closed).code).toBe(4401);
});

test("an admin looks at a user's devices and signs one out, which the audit trail tells; nobody else does", async () => {
  const app = await startApp();
  const [alice, mallory] = await app.people("alice", "mallory");
  const admin = await app.admin();
  const socket = await (await alice.login("phone", "IOS")).connect();
  const input = { deviceId: "phone", of: "alice" };
  expect(await mallory.refusal(END, { input })).toBe("FORBIDDEN");
  expect(await mallory.refusal('{ devices(of: "alice") { deviceId } }')).toBe("FORBIDDEN");
  expect((await mallory.get(END, { input: { deviceId: "phone" } })).endSession.ended).toBe(false);
  expect(await admin.get('{ devices(of: "alice") { deviceId } }')).toEqual({ devices: [{ deviceId: "phone" }] });
  expect((await admin.get(END, { input })).endSession.ended).toBe(true);
  expect((await socket.closed).code).toBe(4401);
  const { auditTrail } = await admin.get('{ auditTrail(user: "alice") { nodes { action subject } } }');
  expect(auditTrail.nodes).toEqual([
    { action: "endSession", subject: "device phone" },
    { action: "devices", subject: "" },
  ]);
});

test("logout over a socket answers before the socket closes", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const socket = await phone.connect();
  expect((await socket.ask(LOGOUT)).data).toEqual({ logout: { deviceId: "phone" } });
  expect((await socket.closed).code).toBe(4401);
});

test("after logout the same device can log in again", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const phone = await alice.login("phone", "IOS");
  await phone.get(LOGOUT);
  const back = await alice.login("phone", "IOS");
  expect(await knock(app, back.token)).toBeNull();
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("devices lists what has logged in, the last login first, and only one's own", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const firstAt = app.clock.now();
  await alice.login("phone", "IOS");
  app.clock.advance(MINUTE);
  const laptop = await alice.login("laptop", "WEB");
  await bob.login("tablet", "ANDROID");
  const { devices } = await laptop.get(DEVICES);
  expect(devices).toMatchObject([
    { deviceId: "laptop", platform: "WEB", signedIn: true, signedInAt: new Date(firstAt + MINUTE).toISOString() },
    { deviceId: "phone", platform: "IOS", signedIn: true, signedInAt: new Date(firstAt).toISOString() },
  ]);
});

test("an access token never outlives the token that it was made from", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: HOUR });
  const phone = await alice.login("phone", "IOS");
  app.clock.advance(HOUR - SECOND);
  expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
  app.clock.advance(SECOND);
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("an access token that logs in again gains no time", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: HOUR });
  const expiresAt = instant(app.clock.now() + HOUR);
  const phone = await alice.login("phone", "IOS");
  app.clock.advance(30 * MINUTE);
  const { login } = await phone.get(LOGIN, { input: { deviceId: "phone", platform: "IOS" } });
  expect(login.expiresAt).toBe(expiresAt);
});

test("a shorter token logging in does not shorten the session that is there", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: DAY });
  const phone = await alice.login("phone", "IOS");
  const short = new Person(app, "alice", await app.token("alice", { expiresIn: MINUTE }));
  await short.login("phone", "IOS");
  app.clock.advance(HOUR);
  expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
  expect(await signedIn(alice)).toEqual(["phone"]);
});

test.each(["an access token", "a token of the app"])(
  "%s that runs out closes the socket with 4403, to the second",
  async (kind) => {
    const app = await startApp();
    const alice = await app.person("alice", { expiresIn: HOUR });
    const person = kind === "an access token" ? await alice.login("phone", "IOS") : alice;
    const socket = await person.connect();
    const expiresAt = Math.floor((app.clock.now() + HOUR) / SECOND) * SECOND;
    app.clock.advance(expiresAt - app.clock.now() - 1);
    expect(await lives(socket)).toBe(true);
    app.clock.advance(1);
    expect(await socket.closed).toEqual({ code: 4403, reason: "Token expired" });
  },
);

test("renewSession over a socket prolongs that socket and the other ones of its session", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: HOUR });
  const [phone, laptop] = [await alice.login("phone", "IOS"), await alice.login("laptop", "WEB")];
  const [first, second, other] = [await phone.connect(), await phone.connect(), await laptop.connect()];

  const fresh = await app.token("alice", { expiresIn: DAY });
  const { data } = await first.ask(RENEW, { token: fresh });
  expect(data?.renewSession).toMatchObject({
    viewer: { id: "alice" },
    deviceId: "phone",
    expiresAt: instant(app.clock.now() + DAY),
  });

  app.clock.advance(2 * HOUR);
  expect((await other.closed).code).toBe(4403);
  for (const socket of [first, second]) expect(await lives(socket)).toBe(true);
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  const renewed = new Person(app, "alice", data?.renewSession.accessToken);
  expect((await renewed.get(VIEWER)).viewer.id).toBe("alice");
  expect(await signedIn(renewed)).toEqual(["phone"]);

  app.clock.advance(22 * HOUR);
  for (const socket of [first, second]) expect((await socket.closed).code).toBe(4403);
});

test("renewSession over HTTP prolongs the living sockets of the session", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice", { expiresIn: HOUR })).login("phone", "IOS");
  const socket = await phone.connect();
  await phone.get(RENEW, { token: await app.token("alice", { expiresIn: DAY }) });
  app.clock.advance(2 * HOUR);
  expect(await lives(socket)).toBe(true);
});

test("a subscription goes on through a renewal", async () => {
  const app = await startApp();
  const bob = await app.person("bob");
  const phone = await (await app.person("alice", { expiresIn: HOUR })).login("phone", "IOS");
  const { socket, messages } = await phone.sync();
  await socket.ask(RENEW, { token: await app.token("alice", { expiresIn: DAY }) });
  app.clock.advance(2 * HOUR);
  await bob.send("alice", "still there?");
  expect(await messages.next()).toMatchObject({ source: "LIVE", message: { content: { summary: "still there?" } } });
});

test("a socket without login is prolonged alone", async () => {
  const app = await startApp();
  const alice = await app.person("alice", { expiresIn: HOUR });
  const [first, second] = [await alice.connect(), await alice.connect()];
  const fresh = await app.token("alice", { expiresIn: DAY });
  const { data } = await first.ask(RENEW, { token: fresh });
  expect(data?.renewSession).toMatchObject({ deviceId: "default", expiresAt: instant(app.clock.now() + DAY) });
  app.clock.advance(2 * HOUR);
  expect((await second.closed).code).toBe(4403);
  expect(await lives(first)).toBe(true);
});

test("a renewal gives the role of its token: an admin no more, an admin from now on", async () => {
  const app = await startApp();
  const settings = "{ settings { friendsOnly } }";
  const anna = await (await app.admin("anna")).login("desk", "DESKTOP");
  const socket = await anna.connect();
  expect((await socket.ask(settings)).data).toEqual({ settings: { friendsOnly: false } });
  await socket.ask(RENEW, { token: await app.token("anna") });
  expect((await socket.ask(settings)).errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
  await socket.ask(RENEW, { token: await app.token("anna", { role: "admin" }) });
  expect((await socket.ask(settings)).data).toEqual({ settings: { friendsOnly: false } });
});

test.each<[string, (app: App, phone: Person) => Promise<string> | string]>([
  ["another user's token", (app) => app.token("bob")],
  ["an expired token", (app) => app.token("alice", { expiresIn: -SECOND })],
  ["its own access token", (_, phone) => phone.token],
  ["the access token of another device", async (_, phone) => (await phone.login("laptop", "WEB")).token],
  ["no token at all", () => "nonsense"],
  ["an empty text", () => ""],
])("renewing with %s is refused and changes nothing", async (_, make) => {
  const app = await startApp();
  const phone = await (await app.person("alice", { expiresIn: HOUR })).login("phone", "IOS");
  const socket = await phone.connect();
  const { errors } = await socket.ask(RENEW, { token: await make(app, phone) });
  expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
  expect(await phone.refusal(RENEW, { token: await make(app, phone) })).toBe("UNAUTHENTICATED");
  expect(await lives(socket)).toBe(true);
  app.clock.advance(HOUR);
  expect((await socket.closed).code).toBe(4403);
});

test("renewing with a foreign signature is refused", async () => {
  const app = await startApp();
  const foreign = await startApp({ secret: `${SECRET}, but another one` });
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const token = await app.token("alice");
  expect((await phone.get(RENEW, { token })).renewSession.deviceId).toBe("phone");
  expect(await new Person(foreign, "alice", token).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect(await phone.refusal(RENEW, { token: `${token.slice(0, -4)}AAAA` })).toBe("UNAUTHENTICATED");
});

test("an ended session cannot be renewed", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  await phone.get(LOGOUT);
  expect(await phone.refusal(RENEW, { token: await app.token("alice") })).toBe("UNAUTHENTICATED");
});

test.each([
  ["empty", ""],
  ["65 characters", "x".repeat(65)],
  ["NUL", "phone\0"],
  ["a line break", "my\nphone"],
  ["half of a surrogate pair", "phone\ud83d"],
])("a device id of %s is refused", async (_, deviceId) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const { errors } = await alice.ask(LOGIN, { input: { deviceId, platform: "WEB" } });
  expect(errors).toMatchObject([{ path: ["login"], extensions: { code: "INVALID_CONTENT", field: "deviceId" } }]);
  expect((await alice.get(DEVICES)).devices).toEqual([]);
});

test.each([
  ["one character", "x"],
  ["64 characters", "x".repeat(64)],
  ["64 emojis", "😀".repeat(64)],
  ["quotes and marks", "'; drop table devices; -- \"%_"],
  ["a name that objects have", "__proto__"],
])("a device id of %s is fine", async (_, deviceId) => {
  const app = await startApp();
  const alice = await app.person("alice");
  const device = await alice.login(deviceId, "WEB");
  expect(await signedIn(device)).toEqual([deviceId]);
});

test("a user is online while a socket of any device is open", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await bob.login("phone", "IOS");
  const [first, second] = [await phone.connect(), await bob.connect()];
  expect((await alice.sees("bob")).online).toBe(true);
  await first.close();
  expect((await alice.sees("bob")).online).toBe(true);
  await second.cut();
  // The server hears of a cut line in its own time; each answer is a new look.
  let seen = await alice.sees("bob");
  while (seen.online) seen = await alice.sees("bob");
  expect(seen.online).toBe(false);
});

test("whose session has ended is offline at once", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const phone = await bob.login("phone", "IOS");
  const socket = await phone.connect();
  await bob.login("other phone", "IOS");
  expect((await alice.sees("bob")).online).toBe(false);
  expect((await socket.closed).code).toBe(4401);
});

test("logout with an app's token closes the socket that asks, and no other of the user", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const other = await bob.sync();
  const socket = await bob.connect();
  expect((await socket.ask(LOGOUT)).data).toEqual({ logout: { deviceId: "default" } });
  expect(await socket.closed).toMatchObject({ code: 4401 });
  await alice.send("bob", "still there?");
  expect((await other.messages.next()).source).toBe("LIVE");
});
