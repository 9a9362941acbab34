import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { type App, Person, SECRET, startApp } from "./support/app.ts";
import { HOUR, MINUTE, SECOND } from "./support/clock.ts";
import { dial } from "./support/wire.ts";

const VIEWER = "{ viewer { id } }";

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A JWT put together by hand, so that it can be wrong. */
function jwt(header: object, claims: object, secret: string = SECRET): string {
  const body = `${part(header)}.${part(claims)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

const HS256 = { alg: "HS256", typ: "JWT" };

function soon(app: App): number {
  return Math.floor((app.clock.now() + HOUR) / SECOND);
}

function bearer(app: App, token: string): Person {
  return new Person(app, "?", token);
}

function rs256(claims: object): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const body = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${body}.${sign("sha256", Buffer.from(body), privateKey).toString("base64url")}`;
}

test("a token that the app has signed speaks for its user", async () => {
  const app = await startApp();
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp: soon(app) }));
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

test.each<[string, (app: App) => string]>([
  ["without a signature", (app) => `${part({ alg: "none" })}.${part({ sub: "alice", exp: soon(app) })}.`],
  ["whose header says none but is signed", (app) => jwt({ alg: "none" }, { sub: "alice", exp: soon(app) })],
  ["signed with another key", (app) => jwt(HS256, { sub: "alice", exp: soon(app) }, "x".repeat(40))],
  ["with another HMAC", (app) => jwt({ alg: "HS512" }, { sub: "alice", exp: soon(app) })],
  ["signed with an RSA key", (app) => rs256({ sub: "alice", exp: soon(app) })],
  ["whose header says RS256 over our own HMAC", (app) => jwt({ alg: "RS256" }, { sub: "alice", exp: soon(app) })],
  ["without exp", () => jwt(HS256, { sub: "alice" })],
  ["with an exp that is no number", (app) => jwt(HS256, { sub: "alice", exp: String(soon(app)) })],
  ["without sub", (app) => jwt(HS256, { exp: soon(app) })],
  ["with a sub that is no text", (app) => jwt(HS256, { sub: 7, exp: soon(app) })],
  ["that is not valid yet", (app) => jwt(HS256, { sub: "alice", exp: soon(app), nbf: soon(app) - 60 })],
  ["with a crit that nobody knows", (app) => jwt({ ...HS256, crit: ["b64x"], b64x: 1 }, { sub: "a", exp: soon(app) })],
  ["whose payload is not encoded", (app) => jwt({ ...HS256, crit: ["b64"], b64: false }, { sub: "a", exp: soon(app) })],
  ["with an empty crit", (app) => jwt({ ...HS256, crit: [] }, { sub: "alice", exp: soon(app) })],
  ["with an nbf that is no number", (app) => jwt(HS256, { sub: "alice", exp: soon(app), nbf: "now" })],
  ["with an iat that is no number", (app) => jwt(HS256, { sub: "alice", exp: soon(app), iat: "now" })],
  ["that is encrypted", () => `${part({ alg: "dir", enc: "A256GCM" })}..${part("iv")}.${part("text")}.${part("tag")}`],
  ["whose signature is cut off", (app) => jwt(HS256, { sub: "alice", exp: soon(app) }).replace(/[^.]*$/, "")],
  ["of 10 KB", (app) => jwt(HS256, { sub: "alice", exp: soon(app), pad: "x".repeat(10_000) })],
  ["whose payload is no JSON", () => jwt(HS256, {}).replace(/\.[^.]*\./, ".bm90LWpzb24.")],
  [
    "of two parts",
    (app) =>
      jwt(HS256, { sub: "alice", exp: soon(app) })
        .split(".")
        .slice(0, 2)
        .join("."),
  ],
  ["that is no token at all", () => "undefined"],
])("a token %s is refused", async (_, make) => {
  const app = await startApp();
  expect(await bearer(app, make(app)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  const wire = await dial(app);
  wire.send({ type: "connection_init", payload: { authorization: `Bearer ${make(app)}` } });
  expect((await wire.closed).code).toBe(4403);
});

test.each([
  ["nothing", ""],
  ["NUL", "alice\0"],
  ["a new line", "alice\n"],
  ["an emoji", "alice😀"],
  ["a colon", "m:1:1"],
  ["a space", "alice bob"],
  ["129 bytes", "a".repeat(129)],
  ["the system's name", "system"],
])("a token whose sub is %s is refused", async (_, sub) => {
  const app = await startApp();
  expect(await bearer(app, jwt(HS256, { sub, exp: soon(app) })).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test.each([
  ["one byte", "a"],
  ["128 bytes", "a".repeat(128)],
  ["every character that is allowed", "AZaz09_-.@+|"],
])("a sub of %s is a user's id", async (_, sub) => {
  const app = await startApp();
  expect((await bearer(app, jwt(HS256, { sub, exp: soon(app) })).get(VIEWER)).viewer.id).toBe(sub);
});

test.each([
  ["names a file", { kid: "../../etc/passwd" }],
  ["injects SQL", { kid: "' or 1=1 --" }],
  ["brings a key of its own", { jwk: { kty: "oct", k: Buffer.from("y".repeat(40)).toString("base64url") } }],
  ["points to keys elsewhere", { jku: "http://127.0.0.1:9/keys", x5u: "http://127.0.0.1:9/cert" }],
])("a header that %s changes nothing: the app's secret decides", async (_, more) => {
  const app = await startApp();
  const claims = { sub: "alice", exp: soon(app) };
  expect(await bearer(app, jwt({ ...HS256, ...more }, claims, "y".repeat(40))).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await bearer(app, jwt({ ...HS256, ...more }, claims)).get(VIEWER)).viewer.id).toBe("alice");
});

test("a token is good until its exp and refused from that second on", async () => {
  const app = await startApp();
  const exp = soon(app);
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp }));
  app.clock.advance(exp * SECOND - app.clock.now() - 1);
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
  app.clock.advance(1);
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

// ── what the settings ask for ───────────────────────────────────────────────────────────────────

const RULES = { issuer: "https://app.example.com", audience: "parley" };
const FITTING = { iss: RULES.issuer, aud: RULES.audience };

test.each<[string, object]>([
  ["with both", FITTING],
  ["for several audiences", { ...FITTING, aud: ["elsewhere", "parley"] }],
])("where issuer and audience are set, a token %s is good", async (_, more) => {
  const app = await startApp({ tokenRules: RULES });
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), ...more }));
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
  // Parley's own tokens are for Parley anyway.
  expect((await (await alice.login("phone", "IOS")).get(VIEWER)).viewer.id).toBe("alice");
});

test.each<[string, object]>([
  ["of another issuer", { ...FITTING, iss: "https://app.example.com/" }],
  ["of several issuers", { ...FITTING, iss: [RULES.issuer] }],
  ["without an issuer", { aud: "parley" }],
  ["for another audience", { ...FITTING, aud: "Parley" }],
  ["for other audiences", { ...FITTING, aud: ["parley.example.com"] }],
  ["for no audience", { ...FITTING, aud: [] }],
  ["without an audience", { iss: RULES.issuer }],
  ["whose audience is no text", { ...FITTING, aud: { parley: true } }],
])("where issuer and audience are set, a token %s is refused", async (_, more) => {
  const app = await startApp({ tokenRules: RULES });
  const token = jwt(HS256, { sub: "alice", exp: soon(app), ...more });
  expect(await bearer(app, token).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  const phone = await bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), ...FITTING })).login("phone", "IOS");
  const renew = "mutation R($token: String!) { renewSession(input: { token: $token }) { deviceId } }";
  expect(await phone.refusal(renew, { token })).toBe("UNAUTHENTICATED");
});

test("where they are not set, issuer and audience may be anything", async () => {
  const app = await startApp();
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), iss: "anybody", aud: ["anything"] }));
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

test("with a maximal age a token is good for that long, with its session and its sockets, whatever its exp", async () => {
  const app = await startApp({ tokenRules: { maxAge: 600 } });
  const iat = Math.floor(app.clock.now() / SECOND);
  const alice = bearer(app, jwt(HS256, { sub: "alice", iat, exp: iat + 86_400 }));
  const mutation = 'mutation { login(input: { deviceId: "phone", platform: IOS }) { expiresAt } }';
  expect((await alice.get(mutation)).login.expiresAt).toBe(new Date((iat + 600) * SECOND).toISOString());
  const socket = await alice.connect();
  app.clock.advance((iat + 600) * SECOND - app.clock.now() - 1);
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
  app.clock.advance(1);
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  expect((await socket.closed).code).toBe(4403);
});

test.each<[string, (now: number) => object]>([
  ["that does not say when it was signed", () => ({})],
  ["that was signed too long ago", (now) => ({ iat: now - 600 })],
  ["that claims to be signed later than the app's clock can be ahead", (now) => ({ iat: now + 62 })],
  ["whose iat is no number", (now) => ({ iat: String(now) })],
])("with a maximal age a token %s is refused", async (_, more) => {
  const app = await startApp({ tokenRules: { maxAge: 600 } });
  const now = Math.floor(app.clock.now() / SECOND);
  expect(await bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), ...more(now) })).refusal(VIEWER)).toBe(
    "UNAUTHENTICATED",
  );
});

test("without a maximal age a short exp still ends a token before it", async () => {
  const app = await startApp({ tokenRules: { maxAge: 600 } });
  const iat = Math.floor(app.clock.now() / SECOND);
  const alice = bearer(app, jwt(HS256, { sub: "alice", iat, exp: iat + 60 }));
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
  app.clock.advance(MINUTE);
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test.each([
  ["nothing", 0],
  ["a minute, unless it is said otherwise,", undefined],
  ["five minutes", 300],
])("the app's clock may be ahead by %s, and no more", async (_, clockTolerance) => {
  const app = await startApp(clockTolerance === undefined ? {} : { tokenRules: { clockTolerance } });
  const now = Math.floor(app.clock.now() / SECOND);
  const ahead = (seconds: number) => bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), nbf: now + seconds }));
  const most = clockTolerance ?? 60;
  expect((await ahead(most).get(VIEWER)).viewer.id).toBe("alice");
  expect(await ahead(most + 1).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("no tolerance prolongs a token", async () => {
  const app = await startApp({ tokenRules: { clockTolerance: 3_600 } });
  const exp = Math.floor(app.clock.now() / SECOND);
  expect(await bearer(app, jwt(HS256, { sub: "alice", exp })).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test.each(["JWT", "jwt", "at+jwt", "application/at+jwt"])("a token may call itself %s", async (typ) => {
  const app = await startApp();
  const alice = bearer(app, jwt({ alg: "HS256", typ }, { sub: "alice", exp: soon(app) }));
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

test.each(["logout+jwt", "secevent+jwt", "JOSE", "", 7, "application/parley-access+jwt", "Parley-Access+JWT"])(
  "a token that calls itself %j is none of the app's",
  async (typ) => {
    const app = await startApp();
    const alice = bearer(app, jwt({ alg: "HS256", typ }, { sub: "alice", exp: soon(app) }));
    expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  },
);

test("a token that is good for ever opens a session like any other", async () => {
  const app = await startApp();
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp: 1e15 }));
  const mutation = 'mutation { login(input: { deviceId: "phone", platform: IOS }) { expiresAt } }';
  expect((await alice.get(mutation)).login.expiresAt).toBe("9999-12-31T23:59:59.000Z");
});

test("a token that is refused because it is too early is taken when its time has come", async () => {
  const app = await startApp();
  const alice = bearer(app, jwt(HS256, { sub: "alice", exp: soon(app), nbf: soon(app) - 30 * 60 }));
  expect(await alice.refusal(VIEWER)).toBe("UNAUTHENTICATED");
  app.clock.advance(31 * MINUTE);
  expect((await alice.get(VIEWER)).viewer.id).toBe("alice");
});

test("only the role admin makes an admin", async () => {
  const app = await startApp();
  for (const role of ["Admin", "ADMIN", ["admin"], true, { admin: true }]) {
    const person = bearer(app, jwt(HS256, { sub: "mallory", exp: soon(app), role }));
    expect(await person.refusal("{ settings { friendsOnly } }")).toBe("FORBIDDEN");
  }
  const anna = bearer(app, jwt(HS256, { sub: "anna", exp: soon(app), role: "admin" }));
  expect((await anna.get("{ settings { friendsOnly } }")).settings.friendsOnly).toBe(false);
});

test("a user is there from the first sight of a valid token on, and not of a refused one", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  expect(await alice.sees("bob")).toBeNull();
  expect(await bearer(app, jwt(HS256, { sub: "bob", exp: soon(app) }, "x".repeat(40))).refusal(VIEWER)).toBe(
    "UNAUTHENTICATED",
  );
  expect(await alice.sees("bob")).toBeNull();
  await app.person("bob");
  expect(await alice.sees("bob")).toMatchObject({ id: "bob" });
});

test("an access token carries the user, the device and the role, and a typ of its own", async () => {
  const app = await startApp();
  const { token } = await (await app.admin()).login("desk", "DESKTOP");
  expect(decodeJwt(token)).toMatchObject({ sub: "anna", device: "desk", role: "admin" });
  const [header = ""] = token.split(".");
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "HS256", typ: "parley-access+jwt" });
});

test("an access token whose payload was altered to claim admin is refused", async () => {
  const app = await startApp();
  const phone = await (await app.person("mallory")).login("phone", "IOS");
  const [header, , signature] = phone.token.split(".");
  const altered = `${header}.${part({ ...decodeJwt(phone.token), role: "admin" })}.${signature}`;
  expect(await bearer(app, altered).refusal("{ settings { friendsOnly } }")).toBe("UNAUTHENTICATED");
});

test("an access token that was signed again with the app's secret is refused", async () => {
  const app = await startApp();
  const phone = await (await app.person("mallory")).login("phone", "IOS");
  const again = jwt({ alg: "HS256", typ: "parley-access+jwt" }, { ...decodeJwt(phone.token), role: "admin" });
  expect(await bearer(app, again).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("an access token cannot pass for one of the app's", async () => {
  const app = await startApp();
  const phone = await (await app.person("mallory")).login("phone", "IOS");
  const [, payload, signature] = phone.token.split(".");
  expect(await bearer(app, `${part(HS256)}.${payload}.${signature}`).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("the app's token names no device, whatever it claims", async () => {
  const app = await startApp();
  const phone = await (await app.person("alice")).login("phone", "IOS");
  const claims = { sub: "alice", exp: soon(app), device: "phone", session: decodeJwt(phone.token).session };
  const logout = await bearer(app, jwt(HS256, claims)).get("mutation { logout { deviceId } }");
  expect(logout.logout.deviceId).toBe("default");
  expect((await phone.get(VIEWER)).viewer.id).toBe("alice");
});

test("a token of another server is refused", async () => {
  const app = await startApp();
  const secret = "a secret of quite another app, long enough";
  const foreign = await startApp({ secret });
  const signed = jwt(HS256, { sub: "alice", exp: soon(app) }, secret);
  const phone = await bearer(foreign, signed).login("phone", "IOS");
  for (const token of [signed, phone.token]) {
    expect((await bearer(foreign, token).get(VIEWER)).viewer.id).toBe("alice");
    expect(await bearer(app, token).refusal(VIEWER)).toBe("UNAUTHENTICATED");
  }
});

test.each([
  ["Basic", (token: string) => `Basic ${token}`],
  ["no scheme", (token: string) => token],
  ["two tokens", (token: string) => `Bearer ${token} ${token}`],
  ["an empty Bearer", () => "Bearer"],
])("an authorization with %s is refused, not taken for none", async (_, header) => {
  const app = await startApp();
  const response = await fetch(app.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: header(await app.token("alice")) },
    body: JSON.stringify({ query: "{ __typename }" }),
  });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
});

test("a token of 8,192 characters is good, and one of 8,193 is refused", async () => {
  const app = await startApp();
  const make = (inHeader: number, inPayload: number) =>
    jwt({ ...HS256, pad: "x".repeat(inHeader) }, { sub: "alice", exp: soon(app), pad: "x".repeat(inPayload) });
  // Base64 skips a length in four; between header and payload there is a way to each.
  const ofLength = (length: number) => {
    for (let inHeader = 0; inHeader < 4; inHeader += 1) {
      const inPayload = Math.floor(((length - make(inHeader, 0).length) * 3) / 4);
      for (const more of [-1, 0, 1, 2]) {
        const token = make(inHeader, inPayload + more);
        if (token.length === length) return token;
      }
    }
    throw new Error(`no token has ${length} characters`);
  };
  expect((await bearer(app, ofLength(8_192)).get(VIEWER)).viewer.id).toBe("alice");
  expect(await bearer(app, ofLength(8_193)).refusal(VIEWER)).toBe("UNAUTHENTICATED");
});

test("without a token only what is about nobody is answered", async () => {
  const app = await startApp();
  const ask = async (query: string) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(app.url, { method: "POST", headers, body: JSON.stringify({ query }) });
    return response.json();
  };
  expect(await ask("{ __typename }")).toEqual({ data: { __typename: "Query" } });
  for (const query of [VIEWER, "mutation { logout { deviceId } }", '{ message(id: "m:1:1") { id } }']) {
    expect(await ask(query)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  }
});

test("no token, secret or key ever appears in the log or in an answer that is not a login's", async () => {
  const app = await startApp({ tokenRules: { previousSecrets: ["a secret that was in use before, long enough"] } });
  const alice = await app.person("alice");
  const anna = await app.admin();
  const phone = await alice.login("phone", "IOS");
  const answers: unknown[] = [];
  const told: string[] = [SECRET, "in use before", alice.token, anna.token, phone.token];

  const bad = [
    jwt(HS256, { sub: "alice", exp: soon(app) }, "x".repeat(40)),
    jwt(HS256, { sub: "alice", exp: 1 }),
    `${alice.token}x`,
    "hunter2-is-no-token",
    alice.token.slice(0, 30),
  ];
  for (const token of bad) {
    told.push(token);
    answers.push(await bearer(app, token).ask(VIEWER));
    const wire = await dial(app);
    wire.send({ type: "connection_init", payload: { authorization: `Bearer ${token}`, password: "hunter2" } });
    answers.push(await wire.closed);
    answers.push(
      await phone.ask("mutation R($token: String!) { renewSession(input: { token: $token }) { deviceId } }", { token }),
    );
  }
  for (const authorization of ["Basic aHVudGVyMg==", `Bearer ${alice.token} ${phone.token}`, alice.token]) {
    const headers = { "content-type": "application/json", authorization };
    const response = await fetch(app.url, { method: "POST", headers, body: JSON.stringify({ query: VIEWER }) });
    answers.push(await response.text(), [...response.headers]);
  }
  const socket = await phone.connect();
  answers.push(await socket.ask("{ nonsense }"), await socket.ask('{ node(id: "x") { id } }'));
  answers.push(await anna.ask('mutation { revokeTokens(input: { user: "alice" }) { validFrom endedDevices } }'));
  answers.push(await socket.closed, await alice.ask(VIEWER), await phone.ask(VIEWER));
  await app.stop();

  // Something was logged, of these people.
  expect(app.logged).toContain('"device":"phone"');
  const everything = app.logged + JSON.stringify(answers);
  // A signature is what makes a token; a header alone gives nothing away.
  const secrets = told.flatMap((text) => [text, ...text.split(".").slice(1)]).filter((text) => text.length > 6);
  expect(secrets.filter((text) => everything.includes(text))).toEqual([]);
  expect(everything).not.toMatch(/hunter2|aHVudGVyMg|eyJ/i);
});
