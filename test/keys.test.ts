/** What the app signs with: keys of its own, in a file or behind a URL, and secrets; and how they change. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../src/config/config.ts";
import type { ServerOptions } from "../src/server/server.ts";
import { signAppToken } from "../src/server/tokens.ts";
import { App, Person, SECRET, startApp } from "./support/app.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./support/clock.ts";
import { makeKey, type SigningKey, setOf, startKeyServer } from "./support/key-server.ts";
import { dial } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";
/** How long at least lies between two readings for unknown keys, and how long at most until the next reading. */
const FILE = { cooldown: SECOND, every: 10 * SECOND };
const URL_ = { cooldown: 10 * SECOND, every: 10 * MINUTE };

function seconds(ms: number): number {
  return Math.floor(ms / SECOND);
}

function claims(app: App, sub = "alice", more: object = {}): object {
  const now = app.clock.now();
  return { sub, iat: seconds(now), exp: seconds(now + 365 * DAY), ...more };
}

async function bearer(app: App, token: string | Promise<string>, id = "alice"): Promise<Person> {
  return new Person(app, id, await token);
}

/** Asks until the answer is the expected one: the server reads its keys in its own time. */
async function until(person: Person, code: string | undefined): Promise<void> {
  for (;;) {
    const { errors } = await person.ask(VIEWER);
    if (errors?.[0]?.extensions?.code === code) return;
  }
}

async function expectGood(person: Person): Promise<void> {
  expect(await person.ask(VIEWER)).toEqual({ data: { viewer: { id: person.id } } });
}

/** A file that holds a set of keys. */
function keyFile(text: string): { path: string; write(text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), "parley-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "keys.json");
  const write = (content: string) => writeFileSync(path, content);
  write(text);
  return { path, write };
}

/** A server that takes what these keys have signed. */
function appWith(...keys: readonly SigningKey[]): Promise<App> {
  return startApp({ jwks: keyFile(setOf(...keys)).path });
}

describe("the app's keys", () => {
  test.each(["EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])(
    "a token signed with %s is good, over HTTP and over a socket, and opens a session",
    async (alg) => {
      const key = await makeKey("one", alg);
      const app = await appWith(key);
      const alice = await bearer(app, key.sign(claims(app)));
      await expectGood(alice);
      await (await alice.connect()).close();
      await expectGood(await alice.login("phone", "IOS"));
    },
  );

  test("the role of an admin comes from them as from the secret", async () => {
    const key = await makeKey("one");
    const app = await appWith(key);
    const anna = await bearer(app, key.sign(claims(app, "anna", { role: "admin" })));
    expect((await anna.get("{ settings { friendsOnly } }")).settings.friendsOnly).toBe(false);
    expect(await (await bearer(app, key.sign(claims(app)))).refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
  });

  test("Parley's secret signs no token of the app any more, not even for an admin", async () => {
    const app = await appWith(await makeKey("one"));
    const token = signAppToken(SECRET, "anna", "admin", app.clock.now() + HOUR, { issuedAt: app.clock.now() });
    expect(await (await bearer(app, token)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  });

  test.each<[string, (app: App, key: SigningKey) => Promise<string>]>([
    ["of a key that nobody knows", async (app) => (await makeKey("two")).sign(claims(app))],
    ["of another key under the same kid", async (app, { kid }) => (await makeKey(kid)).sign(claims(app))],
    ["whose kid is a path", async (app, key) => key.sign(claims(app), { kid: "../../etc/passwd" })],
    ["whose kid is no text", async (app, key) => key.sign(claims(app), { kid: 7 })],
    [
      "that brings its own key",
      async (app) => {
        const own = await makeKey("own");
        return own.sign(claims(app), { jwk: own.publicJwk });
      },
    ],
    [
      "that points to keys elsewhere",
      async (app) => (await makeKey("own")).sign(claims(app), { jku: "http://127.0.0.1:9/keys", x5u: "file:///x" }),
    ],
    [
      "with a crit that nobody knows",
      (app, key) => key.sign(claims(app), { crit: ["b64x"], b64x: 1 }).catch(forge(app)),
    ],
    ["without exp", (app, key) => key.sign({ sub: "alice", iat: seconds(app.clock.now()) })],
    ["that has run out", (app, key) => key.sign(claims(app, "alice", { exp: seconds(app.clock.now()) }))],
    ["of the system", (app, key) => key.sign(claims(app, "system"))],
    ["that is meant for logging out elsewhere", (app, key) => key.sign(claims(app), { typ: "logout+jwt" })],
    ["that calls itself an access token", (app, key) => key.sign(claims(app), { typ: "parley-access+jwt" })],
  ])("a token %s is refused", async (_, make) => {
    const key = await makeKey("one");
    const app = await appWith(key);
    const person = await bearer(app, make(app, key));
    expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
    const wire = await dial(app);
    wire.send({ type: "connection_init", payload: { authorization: `Bearer ${person.token}` } });
    expect((await wire.closed).code).toBe(4403);
  });

  test("the public key is no secret: HMAC with it is refused, in whatever form", async () => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: "one" };
    const app = await startApp({ jwks: keyFile(JSON.stringify({ keys: [jwk] })).path });
    const { n = "" } = jwk;
    const forms = [
      pair.publicKey.export({ type: "spki", format: "pem" }),
      pair.publicKey.export({ type: "pkcs1", format: "pem" }),
      pair.publicKey.export({ type: "spki", format: "der" }),
      JSON.stringify(jwk),
      Buffer.from(n, "base64url"),
      n,
    ];
    for (const form of forms) {
      for (const alg of ["HS256", "HS384", "HS512"]) {
        const secret = Uint8Array.from(Buffer.from(form as string));
        const token = new SignJWT({ ...claims(app) }).setProtectedHeader({ alg, kid: "one" }).sign(secret);
        expect(await (await bearer(app, token)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
      }
    }
    const good = new SignJWT({ ...claims(app) }).setProtectedHeader({ alg: "RS256", kid: "one" }).sign(pair.privateKey);
    await expectGood(await bearer(app, good));
  });

  test("a key is used for its own algorithm only", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "PS256" };
    const app = await startApp({ jwks: keyFile(JSON.stringify({ keys: [jwk] })).path });
    const sign = (alg: string) =>
      new SignJWT({ ...claims(app) }).setProtectedHeader({ alg, kid: "one" }).sign(privateKey);
    expect(await (await bearer(app, sign("RS256"))).refusal(VIEWER)).toBe("UNAUTHENTICATED");
    await expectGood(await bearer(app, sign("PS256")));
  });

  test("a token that names no key is good where only one fits, and refused where two do", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const single = await appWith(one, await makeKey("other", "EdDSA"));
    await expectGood(await bearer(single, one.sign(claims(single), { kid: undefined })));
    const both = await appWith(one, two);
    expect(await (await bearer(both, one.sign(claims(both), { kid: undefined }))).refusal(VIEWER)).toBe(
      "UNAUTHENTICATED",
    );
    await expectGood(await bearer(both, one.sign(claims(both))));
  });

  test("sessions are signed with Parley's own secret, and go on whatever becomes of the keys", async () => {
    const key = await makeKey("one");
    const file = keyFile(setOf(key));
    const app = await startApp({ jwks: file.path });
    const alice = await bearer(app, key.sign(claims(app)));
    const phone = await alice.login("phone", "IOS");
    file.write(setOf());
    app.clock.advance(FILE.every);
    await until(alice, "UNAUTHENTICATED");
    await expectGood(phone);
    await app.restart();
    await expectGood(phone);
  });
});

/** jose does not sign with a `crit` that it does not know. */
function forge(app: App) {
  return async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "ES256", kid: "one", crit: ["b64x"], b64x: 1 })}.${part(claims(app))}.${"A".repeat(86)}`;
  };
}

describe("a file of keys", () => {
  test("is read anew for a key that it did not hold: no restart", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const file = keyFile(setOf(one));
    const app = await startApp({ jwks: file.path });
    const [old, latest] = [await bearer(app, one.sign(claims(app))), await bearer(app, two.sign(claims(app)))];
    expect(await latest.refusal(VIEWER)).toBe("UNAUTHENTICATED");
    file.write(setOf(one, two));
    app.clock.advance(FILE.cooldown);
    await expectGood(latest);
    await expectGood(old);
  });

  test("that no longer holds a key refuses what it signed, also what was good a moment ago", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const file = keyFile(setOf(one, two));
    const app = await startApp({ jwks: file.path });
    const [old, latest] = [await bearer(app, one.sign(claims(app))), await bearer(app, two.sign(claims(app)))];
    await expectGood(old);
    await expectGood(latest);
    file.write(setOf(two));
    app.clock.advance(FILE.every);
    await until(old, "UNAUTHENTICATED");
    await expectGood(latest);
  });

  test.each([
    ["gone", (path: string) => rmSync(path)],
    ["empty", (path: string) => writeFileSync(path, "")],
    ["half written", (path: string) => writeFileSync(path, '{"keys":[{"kty":"EC","crv')],
    ["something else", (path: string) => writeFileSync(path, '["keys"]')],
  ])("that is %s leaves the keys that are known, and an unknown one is to be tried again", async (_, spoil) => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const file = keyFile(setOf(one));
    const app = await startApp({ jwks: file.path });
    const [old, latest] = [await bearer(app, one.sign(claims(app))), await bearer(app, two.sign(claims(app)))];
    spoil(file.path);
    app.clock.advance(FILE.every);
    await app.untilLogged("the app's keys could not be read");
    await expectGood(old);
    expect(await latest.refusal(VIEWER)).toBe("UNAVAILABLE");
    file.write(setOf(one, two));
    app.clock.advance(FILE.cooldown);
    await expectGood(latest);
  });

  test.each<[string, () => Promise<string>]>([
    ["no JSON", async () => "-----BEGIN EC PRIVATE KEY-----"],
    ["no set of keys", async () => '{"secret":"hush"}'],
    ["a private key", async () => JSON.stringify({ keys: [(await makeKey("one")).privateJwk] })],
    ["a shared secret", async () => JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0" }] })],
  ])("with %s stops the start, by name and without what it holds", async (_, text) => {
    const content = await text();
    const app = new App({ jwks: keyFile(content).path });
    onTestFinished(() => rmSync(app.dataFolder, { recursive: true, force: true }));
    const error = await app.start().catch((caught: Error) => caught);
    expect(error).toMatchObject({ message: expect.stringContaining("PARLEY_JWKS") });
    expect(String(error) + app.logged).not.toContain(content.slice(0, 40));
  });

  test("that is not there stops the start", async () => {
    const app = new App({ jwks: join(tmpdir(), "parley-no-such-file.json") });
    onTestFinished(() => rmSync(app.dataFolder, { recursive: true, force: true }));
    await expect(app.start()).rejects.toThrow("PARLEY_JWKS");
  });
});

describe("a URL of keys", () => {
  async function withUrl(...keys: readonly SigningKey[]) {
    const server = await startKeyServer();
    server.answer = { body: setOf(...keys) };
    const app = await startApp({ jwks: server.url });
    return { app, server };
  }

  test("is asked once at the start, and no more while its keys are enough", async () => {
    const key = await makeKey("one");
    const { app, server } = await withUrl(key);
    for (const name of ["alice", "bob", "carol"]) {
      await expectGood(await bearer(app, key.sign(claims(app, name)), name));
    }
    expect(server.asked).toBe(1);
  });

  test("is asked for unknown keys, but only now and then, however many tokens there are", async () => {
    const key = await makeKey("one");
    const { app, server } = await withUrl(key);
    const strangers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        bearer(app, (await makeKey(`stranger-${index}`)).sign(claims(app))),
      ),
    );
    for (const person of strangers) expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
    expect(server.asked).toBe(1);
    app.clock.advance(URL_.cooldown);
    await Promise.all(strangers.map(async (person) => expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED")));
    expect(server.asked).toBe(2);
  });

  test("gives a new key as soon as a token needs it, and takes an old one away with the next reading", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const { app, server } = await withUrl(one);
    const [old, latest] = [await bearer(app, one.sign(claims(app))), await bearer(app, two.sign(claims(app)))];
    await expectGood(old);
    server.answer = { body: setOf(one, two) };
    app.clock.advance(URL_.cooldown);
    await expectGood(latest);
    server.answer = { body: setOf(two) };
    await expectGood(old);
    app.clock.advance(URL_.every);
    await until(old, "UNAUTHENTICATED");
    await expectGood(latest);
  });

  test("that is down leaves the keys that are known, for as long as it takes; an unknown one is to be tried again", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const { app, server } = await withUrl(one);
    const [old, latest] = [await bearer(app, one.sign(claims(app))), await bearer(app, two.sign(claims(app)))];
    server.isDown = true;
    app.clock.advance(DAY);
    await app.untilLogged("the app's keys could not be read");
    await expectGood(old);
    await expectGood(await bearer(app, one.sign(claims(app, "bob")), "bob"));

    const headers = { "content-type": "application/json", authorization: `Bearer ${latest.token}` };
    const response = await fetch(app.url, { method: "POST", headers, body: JSON.stringify({ query: VIEWER }) });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "UNAVAILABLE" } }] });
    const wire = await dial(app);
    wire.send({ type: "connection_init", payload: { authorization: `Bearer ${latest.token}` } });
    expect(await wire.closed).toEqual({ code: 1013, reason: "Try again later" });

    server.isDown = false;
    server.answer = { body: setOf(one, two) };
    app.clock.advance(URL_.cooldown);
    await expectGood(latest);
  });

  test("that is down at the start does not stop it: sessions go on, and tokens are to be tried again", async () => {
    const key = await makeKey("one");
    const { app, server } = await withUrl(key);
    const alice = await bearer(app, key.sign(claims(app)));
    const phone = await alice.login("phone", "IOS");
    await app.stop();
    server.isDown = true;
    await app.start();
    expect(app.logged).toContain("the app's keys could not be read");
    await expectGood(phone);
    expect(await alice.refusal(VIEWER)).toBe("UNAVAILABLE");
    server.isDown = false;
    app.clock.advance(URL_.cooldown);
    await expectGood(alice);
  });

  test("that does not answer makes nobody wait whose key is known", async () => {
    const [one, two] = [await makeKey("one"), await makeKey("two")];
    const { app, server } = await withUrl(one);
    const known = await bearer(app, one.sign(claims(app)));
    server.answer = null;
    app.clock.advance(URL_.cooldown);
    const waiting = (await bearer(app, two.sign(claims(app)))).ask(VIEWER);
    await expectGood(known);
    server.answer = { body: setOf(one, two) };
    while (server.asked < 2) await expectGood(known);
    server.release();
    expect(await waiting).toEqual({ data: { viewer: { id: "alice" } } });
  });

  test.each([
    ["404", { status: 404, body: '{"keys":[]}' }],
    ["a redirect", { status: 302, headers: { location: "/elsewhere" }, body: "" }],
    ["no JSON", { body: "<html>" }],
    ["a set that never ends", { body: `{"keys":[],"pad":"${"x".repeat(300_000)}"}` }],
    ["a shared secret", { body: '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}' }],
  ])("that answers with %s leaves the keys that are known", async (_, answer) => {
    const key = await makeKey("one");
    const { app, server } = await withUrl(key);
    server.answer = answer;
    app.clock.advance(URL_.every);
    await app.untilLogged("the app's keys could not be read");
    expect(server.asked).toBe(2);
    await expectGood(await bearer(app, key.sign(claims(app))));
  });
});

describe("where the keys are", () => {
  test.each([
    "keys.json",
    "/etc/parley/keys.json",
    "C:\\keys.json",
    "https://app.example.com/.well-known/jwks.json",
    "http://127.0.0.1:8080/keys",
    "http://localhost/keys",
    "http://[::1]:8080/keys",
  ])("may be %s", (place) => {
    expect(readConfig({ PARLEY_JWKS: place }).jwks).toBe(place);
  });

  test.each([
    "http://app.example.com/keys",
    "http://127.0.0.1.example.com/keys",
    "http://localhost.example.com/keys",
    "https://user:password@app.example.com/keys",
    "https://",
    "file:///etc/parley/keys.json",
    "ftp://app.example.com/keys",
    "data:application/json,{}",
  ])("may not be %s", (place) => {
    expect(() => readConfig({ PARLEY_JWKS: place })).toThrow("PARLEY_JWKS");
  });
});

describe("secrets", () => {
  const NEXT = "another secret of the app, which comes after the first";

  /** A server whose settings change with its next start. */
  async function changeable(): Promise<{ app: App; start(secret: string, ...previous: string[]): Promise<void> }> {
    const options: { -readonly [K in keyof ServerOptions]?: ServerOptions[K] } = { secret: SECRET };
    const app = await startApp(options);
    return {
      app,
      async start(secret, ...previousSecrets) {
        Object.assign(options, { secret, tokenRules: { previousSecrets } });
        await app.restart();
      },
    };
  }

  test("what a previous one has signed is good: the app's tokens and sessions, which can be renewed", async () => {
    const { app, start } = await changeable();
    const alice = await app.person("alice");
    const phone = await alice.login("phone", "IOS");
    await start(NEXT, SECRET);
    await expectGood(alice);
    await expectGood(phone);
    await (await phone.connect()).close();
    const fresh = await signAppToken(NEXT, "alice", "user", app.clock.now() + HOUR);
    await expectGood(await bearer(app, fresh));
    const { renewSession } = await phone.get(
      "mutation R($token: String!) { renewSession(input: { token: $token }) { accessToken } }",
      { token: fresh },
    );

    await start(NEXT);
    await expectGood(await bearer(app, fresh));
    // Nothing new was signed with the previous one.
    await expectGood(await bearer(app, renewSession.accessToken));
    for (const person of [alice, phone]) expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  });

  test("several are given with commas between, each as long as the one in use", () => {
    const [one, two] = ["x".repeat(32), "y".repeat(40)];
    expect(readConfig({ PARLEY_PREVIOUS_SECRETS: `${one}, ${two}` }).tokenRules.previousSecrets).toEqual([one, two]);
    for (const list of [`${one},`, `${one},short`, ","]) {
      expect(() => readConfig({ PARLEY_PREVIOUS_SECRETS: list })).toThrow("PARLEY_PREVIOUS_SECRETS");
    }
  });

  test("there can be several previous ones, and others are refused", async () => {
    const { app, start } = await changeable();
    const alice = await app.person("alice");
    await start(NEXT, "a secret that was never used, long enough", SECRET);
    await expectGood(alice);
    const stranger = signAppToken("a secret of somebody else, long enough", "alice", "user", app.clock.now() + HOUR);
    expect(await (await bearer(app, stranger)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  });

  test("a new one without the previous one ends every session", async () => {
    const { app, start } = await changeable();
    const alice = await app.person("alice");
    const phone = await alice.login("phone", "IOS");
    await start(NEXT);
    for (const person of [alice, phone]) expect(await person.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  });
});
