/** An admin takes away what a user holds: `revokeTokens`, and what it does to what is open and under way. */
import { join } from "node:path";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Credential } from "../src/engine/store.ts";
import { signAppToken } from "../src/server/tokens.ts";
import { openSqlite } from "../src/store/sqlite/sqlite.ts";
import { createStore } from "../src/store/store.ts";
import { type App, Person, SECRET, startApp } from "./support/app.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import type { Data } from "./support/socket.ts";
import { openSse } from "./support/sse.ts";
import { dial } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";
const LOGIN = 'mutation { login(input: { deviceId: "phone", platform: IOS }) { accessToken } }';
const RENEW = "mutation R($token: String!) { renewSession(input: { token: $token }) { accessToken } }";
const NEW_MESSAGE = "subscription { newMessage { source message { content { summary } } } }";
const OVER = { code: 4401, reason: "Session ended" };

let app: App;
let anna: Person;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
  anna = await app.admin();
  // `iat` counts whole seconds; everybody's token is of an earlier one than what follows.
  app.clock.advance(SECOND);
});

function revoke(user: string, deviceId?: string) {
  return anna.change("revokeTokens", { user, deviceId }, "validFrom endedDevices");
}

/** The close code of a new socket with this token; null where it is let in. */
async function knock(token: string): Promise<number | null> {
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  return Promise.race([wire.next().then(() => null), wire.closed.then(({ code }) => code)]).catch(
    async () => (await wire.closed).code,
  );
}

/** The same user with a token that the app signs now. */
async function fresh(person: Person): Promise<Person> {
  return new Person(app, person.id, await app.token(person.id));
}

test("it says from when on tokens are good, and which devices it has ended", async () => {
  await alice.login("phone", "IOS");
  await alice.login("laptop", "DESKTOP");
  await (await alice.login("tablet", "ANDROID")).get("mutation { logout { deviceId } }");
  const answer = await revoke("alice");
  expect(new Set(answer.endedDevices)).toEqual(new Set(["laptop", "phone"]));
  expect(answer.validFrom).toBe(new Date(Math.ceil(app.clock.now() / SECOND) * SECOND).toISOString());
  expect((await revoke("alice")).endedDevices).toEqual([]);
});

test("sockets close with 4401 at once: of the app's token, of a session, and whatever runs on them", async () => {
  const phone = await alice.login("phone", "IOS");
  const [plain, session, idle] = [await alice.sync(), await phone.sync(), await phone.connect()];
  await revoke("alice");
  for (const { socket } of [plain, session]) expect(await socket.closed).toEqual(OVER);
  expect(await idle.closed).toEqual(OVER);
  expect(await plain.messages.over()).toBe("closed with 4401");
  expect((await bob.sees("alice")).online).toBe(false);
});

test.each(["the app's token", "a session"])("a stream of %s ends with 4401 at once, and nothing more", async (kind) => {
  const person = kind === "a session" ? await alice.login("phone", "IOS") : alice;
  const stream = await openSse(person, NEW_MESSAGE);
  await bob.send("alice", "before");
  expect(await stream.next()).toMatchObject({ data: { data: { newMessage: { source: "LIVE" } } } });
  await revoke("alice");
  await bob.send("alice", "after");
  expect(await stream.next()).toMatchObject({
    event: "next",
    data: { errors: [{ extensions: { code: "UNAUTHENTICATED", closeCode: 4401 } }] },
  });
  expect(await stream.next()).toMatchObject({ event: "complete" });
  expect(await stream.next()).toBeNull();
});

test("what the app has signed before is useless: to ask, to connect, to log in, to renew", async () => {
  const phone = await alice.login("phone", "IOS");
  const second = await fresh(alice);
  await revoke("alice");
  for (const person of [alice, second, phone]) {
    expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
    expect(await person.refusal(LOGIN)).toBe("UNAUTHENTICATED");
    expect(await knock(person.token)).toBe(4401);
  }
  app.clock.advance(SECOND);
  const back = await (await fresh(alice)).login("phone", "IOS");
  for (const { token } of [alice, second, phone]) {
    expect(await back.refusal(RENEW, { token })).toBe("UNAUTHENTICATED");
  }
  expect(await phone.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await back.get(VIEWER)).viewer.id).toBe("alice");
});

test("what the app signs afterwards is good: to ask, to connect, to log in, to renew", async () => {
  await revoke("alice");
  app.clock.advance(SECOND);
  const again = await fresh(alice);
  expect((await again.get(VIEWER)).viewer.id).toBe("alice");
  expect(await knock(again.token)).toBeNull();
  const phone = await again.login("phone", "IOS");
  expect((await phone.get(RENEW, { token: again.token })).renewSession.accessToken).toEqual(expect.any(String));
  await bob.send("alice", "welcome back");
  expect((await phone.sync()).handed).toMatchObject([{ message: { content: { summary: "welcome back" } } }]);
});

test("the whole second of the revocation is over, and not one more", async () => {
  app.clock.advance(SECOND - (app.clock.now() % SECOND) + 400);
  const { validFrom } = await revoke("alice");
  const at = Date.parse(validFrom);
  expect(at - app.clock.now()).toBe(600);
  app.clock.advance(599);
  expect(await (await fresh(alice)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  app.clock.advance(1);
  expect((await (await fresh(alice)).get(VIEWER)).viewer.id).toBe("alice");
});

test("a revocation on the second leaves what is signed in it", async () => {
  app.clock.advance(SECOND - (app.clock.now() % SECOND));
  const same = await fresh(alice);
  expect(Date.parse((await revoke("alice")).validFrom)).toBe(app.clock.now());
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await same.get(VIEWER)).viewer.id).toBe("alice");
});

test("a token that does not say when it was signed is good until its user's tokens are revoked, and never after", async () => {
  const expiresAt = app.clock.now() + HOUR;
  const undated = new Person(app, "alice", await signAppToken(SECRET, "alice", "user", expiresAt));
  const undatedBob = new Person(app, "bob", await signAppToken(SECRET, "bob", "user", expiresAt));
  expect(decodeJwt(undated.token).iat).toBeUndefined();
  expect((await undated.get(VIEWER)).viewer.id).toBe("alice");
  await revoke("alice");
  app.clock.advance(SECOND);
  expect(await undated.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await undatedBob.get(VIEWER)).viewer.id).toBe("bob");
});

test("a token that claims to come from the future is good, but outlasts no revocation", async () => {
  const exp = app.clock.now() + HOUR;
  const sign = (user: string, aheadMs: number) =>
    signAppToken(SECRET, user, "user", exp, { issuedAt: app.clock.now() + aheadMs });
  const [slightly, far] = [
    new Person(app, "alice", await sign("alice", MINUTE)),
    new Person(app, "alice", await sign("alice", MINUTE + SECOND)),
  ];
  for (const person of [slightly, far]) expect((await person.get(VIEWER)).viewer.id).toBe("alice");
  await revoke("alice");
  // As far ahead as the app's clock may be, so that it was signed later for all that is known.
  expect((await slightly.get(VIEWER)).viewer.id).toBe("alice");
  expect(await far.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("revoking with a clock that is behind revokes what was signed by the right time", async () => {
  app.clock.jump(-DAY);
  await revoke("alice");
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  app.clock.jump(DAY);
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  app.clock.advance(SECOND);
  expect((await (await fresh(alice)).get(VIEWER)).viewer.id).toBe("alice");
});

test("other users notice nothing", async () => {
  const phone = await bob.login("phone", "IOS");
  const [plain, session] = [await bob.sync(), await phone.sync()];
  const stream = await openSse(bob, NEW_MESSAGE);
  await revoke("alice");
  await anna.send("bob", "still there?");
  expect((await plain.messages.next()).source).toBe("LIVE");
  expect((await session.messages.next()).source).toBe("LIVE");
  expect(await stream.next()).toMatchObject({ data: { data: { newMessage: { source: "LIVE" } } } });
  expect((await phone.get(VIEWER)).viewer.id).toBe("bob");
});

describe("of one device", () => {
  test("its session is ended and what the app has signed is revoked; the other sessions go on", async () => {
    const [phone, laptop] = [await alice.login("phone", "IOS"), await alice.login("laptop", "DESKTOP")];
    const [lost, kept, plain] = [await phone.sync(), await laptop.sync(), await alice.sync()];
    expect((await revoke("alice", "phone")).endedDevices).toEqual(["phone"]);
    expect(await lost.socket.closed).toEqual(OVER);
    expect(await plain.socket.closed).toEqual(OVER);
    // The phone cannot come back with the token that it had from the app.
    for (const person of [phone, alice]) expect(await person.refusal(LOGIN)).toBe("UNAUTHENTICATED");

    await bob.send("alice", "to the laptop");
    expect((await kept.messages.next()).source).toBe("LIVE");
    expect((await laptop.get(VIEWER)).viewer.id).toBe("alice");
    app.clock.advance(SECOND);
    await laptop.get(RENEW, { token: (await fresh(alice)).token });
  });

  test("a device that there is not ends no session", async () => {
    const phone = await alice.login("phone", "IOS");
    expect((await revoke("alice", "no such device")).endedDevices).toEqual([]);
    expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
    expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  });
});

test("it survives a restart, before the user has been seen again", async () => {
  const phone = await alice.login("phone", "IOS");
  await revoke("alice");
  await app.restart();
  for (const person of [alice, phone]) {
    expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
    expect(await knock(person.token)).toBe(4401);
  }
  app.clock.advance(SECOND);
  expect((await (await fresh(alice)).get(VIEWER)).viewer.id).toBe("alice");
});

test("a later revocation counts, and an earlier clock takes none back", async () => {
  await revoke("alice");
  app.clock.advance(SECOND);
  const between = await fresh(alice);
  app.clock.advance(SECOND);
  await revoke("alice");
  expect(await between.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("it is in the audit trail, with what it was of", async () => {
  await revoke("alice");
  await revoke("bob", "phone");
  const rows = (everythingStored(app).audit as Data[]).filter(({ action }) => action === "revokeTokens");
  expect(rows).toMatchObject([
    { actor_id: "anna", user_id: "alice", subject: "all devices" },
    { actor_id: "anna", user_id: "bob", subject: "device phone" },
  ]);
});

test("it is for admins, and then changes nothing", async () => {
  expect(await bob.refusedChange("revokeTokens", { user: "alice" })).toBe("FORBIDDEN");
  expect(await bob.refusedChange("revokeTokens", { user: "bob" })).toBe("FORBIDDEN");
  const socket = await bob.connect();
  const refused = await socket.ask('mutation { revokeTokens(input: { user: "alice" }) { validFrom } }');
  expect(refused.errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
  for (const person of [alice, bob]) expect((await person.get(VIEWER)).viewer.id).toBe(person.id);
});

test.each(["nobody", "system", "", "two words"])("there is no user %j to revoke", async (user) => {
  expect(await anna.refusedChange("revokeTokens", { user })).toBe("USER_NOT_FOUND");
});

test.each(["", "x".repeat(65), "phone\0"])("a device id %j is refused and revokes nothing", async (deviceId) => {
  expect(await anna.refusedChange("revokeTokens", { user: "alice", deviceId })).toBe("INVALID_CONTENT");
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

describe("what is under way", () => {
  const ITSELF = `mutation {
    revokeTokens(input: { user: "anna" }) { validFrom }
    updateSettings(input: { friendsOnly: true }) { settings { friendsOnly } }
  }`;

  test.each(["the app's token", "a session"])("stops between two steps, over HTTP with %s", async (kind) => {
    const person = kind === "a session" ? await anna.login("desk", "DESKTOP") : anna;
    const { data, errors } = await person.ask(ITSELF);
    expect(data).toEqual({ revokeTokens: { validFrom: expect.any(String) }, updateSettings: null });
    expect(errors).toMatchObject([{ path: ["updateSettings"], extensions: { code: "UNAUTHENTICATED" } }]);
    expect(await (await app.admin("arthur")).get("{ settings { friendsOnly } }")).toEqual({
      settings: { friendsOnly: false },
    });
  });

  test.each(["the app's token", "a session"])(
    "stops between two steps, over a socket with %s, which hears the answer first",
    async (kind) => {
      const person = kind === "a session" ? await anna.login("desk", "DESKTOP") : anna;
      const [socket, other] = [await person.connect(), await anna.connect()];
      const { data, errors } = await socket.ask(ITSELF);
      expect(data).toEqual({ revokeTokens: { validFrom: expect.any(String) }, updateSettings: null });
      expect(errors).toMatchObject([{ path: ["updateSettings"], extensions: { code: "UNAUTHENTICATED" } }]);
      expect(await socket.closed).toEqual(OVER);
      expect(await other.closed).toEqual(OVER);
    },
  );

  test("logging out stops the rest of the same operation", async () => {
    const phone = await alice.login("phone", "IOS");
    const two = `mutation { logout { deviceId } blockUser(input: { user: "bob" }) { blocked } }`;
    const { data, errors } = await phone.ask(two);
    expect(data).toEqual({ logout: { deviceId: "phone" }, blockUser: null });
    expect(errors).toMatchObject([{ path: ["blockUser"], extensions: { code: "UNAUTHENTICATED" } }]);
    expect(await alice.sees("bob")).toMatchObject({ blocked: false });
  });

  test.each(["the app's token", "a session"])(
    "of logins by %s in the moment of the revocation, none leaves a session behind",
    async (kind) => {
      const person = kind === "a session" ? await anna.login("desk", "DESKTOP") : anna;
      const socket = await person.connect();
      // All in one go, so that they are under way together.
      const revoked = socket.ask('mutation { revokeTokens(input: { user: "anna" }) { validFrom } }');
      const logins = Array.from({ length: 20 }, (_, index) =>
        socket
          .ask(`mutation { login(input: { deviceId: "phone-${index}", platform: WEB }) { accessToken } }`)
          .catch(() => null),
      );
      expect((await revoked).errors).toBeUndefined();
      await socket.closed;
      for (const login of await Promise.all(logins)) {
        const token = login?.data?.login?.accessToken;
        if (token !== undefined) expect(await new Person(app, "anna", token).refusal(VIEWER)).toBe("UNAUTHENTICATED");
      }
      app.clock.advance(SECOND);
      const again = new Person(app, "anna", await app.token("anna"));
      const { devices } = await again.get("{ devices { deviceId signedIn } }");
      expect(devices.filter(({ signedIn }: { signedIn: boolean }) => signedIn)).toEqual([]);
    },
  );
});

test("a session that has ended, or was never there, opens no other", async () => {
  const store = createStore(
    openSqlite(join(app.dataFolder, "beside", "parley.sqlite"), { committed() {}, failed() {} }),
  );
  onTestFinished(() => store.close());
  const now = app.clock.now();
  await store.ensureUser("alice", now);
  const open = (deviceId: string, by: Credential) =>
    store.openSession({ userId: "alice", deviceId, by, platform: "WEB", now, expiresAt: now + HOUR, limit: 10 });
  const phone = { deviceId: "phone", session: 1 };
  expect((await open("phone", { issuedAt: null }))?.device).toMatchObject(phone);
  expect((await open("laptop", phone))?.device).toMatchObject({ deviceId: "laptop", session: 1 });
  expect(await open("tablet", { deviceId: "watch", session: 1 })).toBeNull();
  await store.endSession("alice", "phone", now, null);
  expect(await open("tablet", phone)).toBeNull();
  await open("phone", { issuedAt: null });
  expect(await open("tablet", phone)).toBeNull();
  expect((await store.devices("alice")).map(({ deviceId }) => deviceId).sort()).toEqual(["laptop", "phone"]);
});
