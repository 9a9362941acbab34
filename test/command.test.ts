import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { decodeJwt } from "jose";
import { expect, onTestFinished, test, vi } from "vitest";
import type { environment } from "../src/config/environment.ts";
import { COMMAND } from "./support/child-server.ts";
import type { Data } from "./support/socket.ts";

vi.setConfig({ testTimeout: 60_000 });

const SECRET = "a secret of at least thirty-two bytes";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-command-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The command, built, in a process of its own. */
class Command {
  readonly lines: string[] = [];
  errors = "";
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #checks = new Set<() => void>();

  constructor(folder: string, args: string[], settings: Record<string, string>) {
    const { PATH = "" } = process.env;
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      env: { PATH, PARLEY_PORT: "0", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr.on("data", (text) => {
      this.errors += text;
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.lines.push(line);
      for (const check of this.#checks) check();
    });
    this.exited = new Promise((done) => child.on("close", done));
    this.#process = child;
  }

  /** What is found in the lines on standard output, as soon as it is there. */
  async #find<T>(what: (lines: string[]) => T | undefined): Promise<T> {
    const found = new Promise<T>((done) => {
      const check = () => {
        const result = what(this.lines);
        if (result === undefined) return;
        this.#checks.delete(check);
        done(result);
      };
      this.#checks.add(check);
      check();
    });
    const lost = this.exited.then((code) => {
      throw new Error(`it ended with ${code}: ${this.errors}`);
    });
    return Promise.race([found, lost]);
  }

  /** Of the endpoint, once it listens. */
  url(): Promise<string> {
    return this.#find((lines) => /http:\S+/.exec(lines.find((line) => line.includes("listening")) ?? "")?.[0]);
  }

  /** The token that is printed for somebody at the start. */
  token(name: string): Promise<string> {
    return this.#find((lines) => /Bearer (\S+)/.exec(lines[lines.indexOf(name) + 1] ?? "")?.[1]);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

function run(folder: string, args: string[] = [], settings: Record<string, string> = {}): Command {
  const command = new Command(folder, args, settings);
  onTestFinished(async () => {
    command.kill("SIGKILL");
    await command.exited;
  });
  return command;
}

/** Runs a command that ends by itself. */
async function finish(args: string[], settings: Record<string, string> = {}, folder = emptyFolder()) {
  const command = run(folder, args, settings);
  const code = await command.exited;
  return { code, output: command.lines.join("\n"), errors: command.errors };
}

async function ask(url: string, token: string, query: string): Promise<Data> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Data;
}

const VIEWER = "{ viewer { id } }";
const TO_BOB = `mutation { sendMessage(input: { to: "bob", content: { text: { text: "kept" } } }) {
  ... on SendMessageSuccess { message { seq } } ... on Error { code } } }`;
const FROM_ALICE = `{ history(peer: "alice") { nodes { content { summary } } } }`;

test("in an empty folder it makes its data and its secret, and says first where it listens", async () => {
  const folder = emptyFolder();
  const server = run(folder);
  const url = await server.url();

  expect(server.lines[0]).toBe(`Parley is listening on ${url}`);
  expect((await fetch(new URL("/livez", url))).status).toBe(200);
  expect(readdirSync(folder)).toEqual(["data"]);
  expect(readdirSync(join(folder, "data"))).toEqual(expect.arrayContaining(["parley.sqlite", "secret"]));
  expect(statSync(join(folder, "data", "secret")).mode & 0o777).toBe(0o600);
});

test("it prints tokens that work for alice, bob and an admin, who can be written to at once", async () => {
  const server = run(emptyFolder());
  const url = await server.url();
  const [alice, bob, anna] = [
    await server.token("alice"),
    await server.token("bob"),
    await server.token("anna (admin)"),
  ];

  expect(await ask(url, alice, TO_BOB)).toEqual({ data: { sendMessage: { message: { seq: 1 } } } });
  expect(await ask(url, bob, VIEWER)).toEqual({ data: { viewer: { id: "bob" } } });
  expect(await ask(url, anna, "{ viewer { id } settings { friendsOnly } }")).toEqual({
    data: { viewer: { id: "anna" }, settings: { friendsOnly: false } },
  });
  const asked = await ask(url, bob, "{ settings { friendsOnly } }");
  expect(asked.errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
});

test("in development its own page gets tokens, and it says where that is", async () => {
  const server = run(emptyFolder());
  const url = await server.url();
  const { origin } = new URL(url);
  const asked = await fetch(new URL("/development/token", url), {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ user: "alice" }),
  });
  expect(asked.status).toBe(200);
  await server.token("alice");
  expect(server.lines).toContain(`Chat: open ${origin}/ in two windows, as alice and as bob.`);
});

test("`parley start` serves, as no command does", async () => {
  const server = run(emptyFolder(), ["start"]);
  expect((await fetch(new URL("/readyz", await server.url()))).status).toBe(200);
});

test.each([
  { signal: "SIGTERM", exit: 0 },
  { signal: "SIGKILL", exit: null },
] as const)("after $signal it exits with $exit, and what was answered is there at the next start", async (end) => {
  const folder = emptyFolder();
  const first = run(folder);
  const sent = await ask(await first.url(), await first.token("alice"), TO_BOB);
  expect(sent).toEqual({ data: { sendMessage: { message: { seq: 1 } } } });
  first.kill(end.signal);
  expect(await first.exited).toBe(end.exit);

  const second = run(folder);
  const answer = await ask(await second.url(), await second.token("bob"), FROM_ALICE);
  expect(answer).toEqual({ data: { history: { nodes: [{ content: { summary: "kept" } }] } } });
});

test("SIGINT stops it as SIGTERM does", async () => {
  const server = run(emptyFolder());
  await server.url();
  server.kill("SIGINT");
  expect(await server.exited).toBe(0);
});

test("a port in use is told plainly, with exit code 1", async () => {
  const { port } = new URL(await run(emptyFolder()).url());
  const { code, errors } = await finish([], { PARLEY_PORT: port });
  expect(code).toBe(1);
  expect(errors).toMatch(new RegExp(`^[^\n]*in use[^\n]*:${port}[^\n]*\n$`));
});

test.each([
  ["PARLEY_HOST", "203.0.113.7"],
  ["PARLEY_DATA", "/dev/null/data"],
  ["PARLEY_JWKS", "/dev/null/keys.json"],
])("a %s that reads well but cannot be used is named, with exit code 1", async (name, value) => {
  const { code, errors } = await finish([], { [name]: value });
  expect(code).toBe(1);
  expect(errors).toMatch(new RegExp(`^[^\n]*${name}[^\n]*\n$`));
});

test("two processes do not share a data folder", async () => {
  const folder = emptyFolder();
  const first = run(folder);
  const url = await first.url();

  const second = await finish([], {}, folder);
  expect(second).toMatchObject({ code: 1, output: "" });
  expect(second.errors).toMatch(/^Another server has this data open[^\n]*PARLEY_DATA[^\n]*\n$/);
  expect((await fetch(new URL("/readyz", url))).status).toBe(200);
});

test("`parley token` makes a token that a server on the same data takes", async () => {
  const folder = emptyFolder();
  const { code, output } = await finish(["token", "carol"], {}, folder);
  expect(code).toBe(0);

  const url = await run(folder).url();
  expect(await ask(url, output, VIEWER)).toEqual({ data: { viewer: { id: "carol" } } });
});

test("`parley token` signs with the secret that is given, and leaves no file", async () => {
  const folder = emptyFolder();
  const { output } = await finish(["token", "carol"], { PARLEY_SECRET: SECRET }, folder);
  expect(readdirSync(folder)).toEqual([]);

  const url = await run(folder, [], { PARLEY_SECRET: SECRET }).url();
  expect(await ask(url, output, VIEWER)).toEqual({ data: { viewer: { id: "carol" } } });
});

test.each([
  { args: ["carol"], claims: { sub: "carol" }, seconds: 604_800 },
  { args: ["carol", "--admin"], claims: { sub: "carol", role: "admin" }, seconds: 604_800 },
  { args: ["carol", "--expires", "90s"], claims: { sub: "carol" }, seconds: 90 },
  { args: ["carol", "--expires", "5m"], claims: { sub: "carol" }, seconds: 300 },
  { args: ["--expires", "2h", "carol"], claims: { sub: "carol" }, seconds: 7_200 },
  { args: ["carol", "--expires=3650d"], claims: { sub: "carol" }, seconds: 315_360_000 },
])("`parley token $args` says who, which role and until when", async ({ args, claims, seconds }) => {
  const before = Math.floor(Date.now() / 1_000);
  const { output } = await finish(["token", ...args]);
  const { exp = 0, iat = 0, ...rest } = decodeJwt(output);
  expect(rest).toEqual(claims);
  expect(iat).toBeGreaterThanOrEqual(before);
  expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1_000));
  expect(exp).toBeGreaterThanOrEqual(before + seconds);
  expect(exp).toBeLessThanOrEqual(Math.floor(Date.now() / 1_000) + seconds);
});

test("`parley token` gives its tokens the issuer and the audience that the server asks for", async () => {
  const folder = emptyFolder();
  const settings = { PARLEY_TOKEN_ISSUER: "https://app.example.com", PARLEY_TOKEN_AUDIENCE: "parley" };
  const { output } = await finish(["token", "carol"], settings, folder);
  expect(decodeJwt(output)).toMatchObject({ iss: "https://app.example.com", aud: "parley" });
  const server = run(folder, [], settings);
  const url = await server.url();
  expect(await ask(url, output, VIEWER)).toEqual({ data: { viewer: { id: "carol" } } });
  expect(await ask(url, await server.token("alice"), VIEWER)).toEqual({ data: { viewer: { id: "alice" } } });
  const { output: plain } = await finish(["token", "carol"], {}, folder);
  expect(await ask(url, plain, VIEWER)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
});

test("with keys of the app it prints no tokens, and signs none", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "keys.json"), '{"keys":[]}');
  const settings = { PARLEY_JWKS: "keys.json" };
  for (const args of [["token", "carol"], ["tour"]]) {
    const { code, output, errors } = await finish(args, settings, folder);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain("PARLEY_JWKS");
  }
  const server = run(folder, [], settings);
  await server.url();
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  expect(server.lines.join("\n")).not.toContain("Bearer");
});

// ── stats ───────────────────────────────────────────────────────────────────────────────────────

test("`parley stats` tells people how the running server is, and programs with --json", async () => {
  const folder = emptyFolder();
  const server = run(folder, [], { PARLEY_SECRET: SECRET });
  const url = await server.url();
  const settings = { PARLEY_SECRET: SECRET, PARLEY_PORT: new URL(url).port };
  await ask(url, await server.token("alice"), TO_BOB);
  const { code, output, errors } = await finish(["stats"], settings, folder);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  const [title, ...lines] = output.split("\n");
  expect(title).toMatch(/^Parley \d+\.\d+\.\d+, up [\d a-z]+$/);
  const told = lines.filter((line) => line.startsWith("  "));
  expect(
    new Set(told.map((line) => line.search(/(?<= {2,})\S[^ ]*( \S+)*$/))).size,
    "all values begin below each other",
  ).toBe(1);
  expect(Object.fromEntries(told.map((line) => line.trim().split(/ {2,}/)))).toMatchObject({
    "users online": "0",
    "in the last hour": "1, at most 1 in a minute",
    clock: "believed",
    // Alice, bob, anna, and who asks.
    users: "4",
    messages: expect.stringMatching(/^1, about; counted \d+ s ago$/),
    database: expect.stringMatching(/^\d[\d.]* [KM]iB$/),
    "last backup": "none since the start",
    "kept for": "7 d",
    "overdue by": "0 s",
  });

  const json = await finish(["stats", "--json"], settings, folder);
  expect(json).toMatchObject({ code: 0, errors: "" });
  const stats = JSON.parse(json.output);
  expect(stats).toMatchObject({ usersOnline: 0, stored: { messages: 1 }, pushQueues: [], lastBackup: null });
  expect(stats.messagesPerMinute.reduce((sum: number, count: number) => sum + count)).toBe(1);
});

test("`parley stats` says in a line that no server answers, and that who asks is no admin", async () => {
  const { folder, server, settings } = await serveWithBackups();
  const { output: nobodys } = await finish(["token", "carol"], settings, folder);
  const forbidden = await finish(["stats"], { ...settings, PARLEY_TOKEN: nobodys }, folder);
  expect(forbidden).toMatchObject({ code: 1, output: "" });
  expect(forbidden.errors).toMatch(/^`serverStats` is for admins[^\n]*\n$/);
  server.kill("SIGTERM");
  await server.exited;
  const alone = await finish(["stats", "--json"], settings, folder);
  expect(alone).toMatchObject({ code: 1, output: "" });
  expect(alone.errors).toBe(`No server answers on http://127.0.0.1:${settings.PARLEY_PORT}/graphql.\n`);
});

// ── backups ─────────────────────────────────────────────────────────────────────────────────────

/** A server with a place for backups, and the settings with which a command finds it. */
async function serveWithBackups(more: Record<string, string> = {}) {
  const folder = emptyFolder();
  const backups = join(folder, "backups");
  mkdirSync(backups);
  const settings = { PARLEY_BACKUPS: backups, PARLEY_SECRET: SECRET, ...more };
  const server = run(folder, [], settings);
  const url = await server.url();
  const { port } = new URL(url);
  return { folder, backups, server, url, settings: { ...settings, PARLEY_PORT: port } };
}

test("`parley backup` has the running server make one, of which it tells in a line, and on which a server starts", async () => {
  const { folder, backups, server, url, settings } = await serveWithBackups();
  await ask(url, await server.token("alice"), TO_BOB);
  const { code, output, errors } = await finish(["backup", "today.sqlite"], settings, folder);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  const { size } = statSync(join(backups, "today.sqlite"));
  expect(output).toMatch(new RegExp(`^today\\.sqlite: ${size} bytes in \\d+\\.\\d s, verified$`));

  const restored = emptyFolder();
  copyFileSync(join(backups, "today.sqlite"), join(restored, "parley.sqlite"));
  const second = run(restored, [], { PARLEY_DATA: restored, PARLEY_SECRET: SECRET });
  const answer = await ask(await second.url(), await second.token("bob"), FROM_ALICE);
  expect(answer).toEqual({ data: { history: { nodes: [{ content: { summary: "kept" } }] } } });
});

test("`parley restore` puts it in the place of the data once the server is stopped, and says what it kept", async () => {
  const { folder, backups, server, url, settings } = await serveWithBackups();
  await ask(url, await server.token("alice"), TO_BOB);
  await finish(["backup", "today.sqlite"], settings, folder);
  await ask(url, await server.token("alice"), TO_BOB);
  const running = await finish(["restore", join(backups, "today.sqlite")], settings, folder);
  expect(running).toMatchObject({ code: 1, output: "" });
  expect(running.errors).toMatch(/^Another server has this data open[^\n]*\n$/);
  const bob = await server.token("bob");
  server.kill("SIGTERM");
  await server.exited;
  const { code, output, errors } = await finish(["restore", join(backups, "today.sqlite")], settings, folder);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toMatch(
    /today\.sqlite: \d+ bytes, verified and restored into .*data; what was there is parley-before-\S+Z\.sqlite$/,
  );
  const again = run(folder, [], settings);
  const { data } = await ask(await again.url(), bob, FROM_ALICE);
  expect(data.history.nodes).toEqual([{ content: { summary: "kept" } }]);
  expect((await finish(["restore"], settings, folder)).code).toBe(2);
  expect((await finish(["restore", "nowhere"], settings, folder)).errors).toBe("There is no file nowhere.\n");
});

test("`parley backup` without a name lets the server find one, and stands in the audit trail", async () => {
  const { folder, backups, server, url, settings } = await serveWithBackups();
  const { code, output } = await finish(["backup"], settings, folder);
  expect(code).toBe(0);
  const [name = ""] = readdirSync(backups);
  expect(name).toMatch(/^parley-\d{4}-\d\d-\d\dT[\d-]+Z\.sqlite$/);
  expect(output.startsWith(`${name}: `)).toBe(true);
  const trail = await ask(
    url,
    await server.token("anna (admin)"),
    "{ auditTrail { nodes { actor { id } action subject } } }",
  );
  expect(trail.data.auditTrail.nodes).toEqual([{ actor: { id: "parley-backup" }, action: "backUp", subject: name }]);
});

test("what the server refuses `parley backup` is told in a line, with exit code 1", async () => {
  const { folder, backups, settings } = await serveWithBackups();
  await finish(["backup", "x.sqlite"], settings, folder);
  for (const [args, words] of [
    [["backup", "x.sqlite"], /^There is a file of this name already[^\n]*\n$/],
    [["backup", "../y.sqlite"], /^It is the name of a file[^\n]*\n$/],
  ] as const) {
    const { code, output, errors } = await finish([...args], settings, folder);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(words);
  }
  expect(readdirSync(backups)).toEqual(["x.sqlite"]);
});

test("`parley backup` says which setting the server misses, and where none answers that none does", async () => {
  const { folder, server, settings } = await serveWithBackups({ PARLEY_BACKUPS: "" });
  const refused = await finish(["backup"], settings, folder);
  expect(refused).toMatchObject({ code: 1, output: "" });
  expect(refused.errors).toMatch(/^[^\n]*PARLEY_BACKUPS[^\n]*\n$/);
  server.kill("SIGTERM");
  await server.exited;
  const alone = await finish(["backup"], settings, folder);
  expect(alone).toMatchObject({ code: 1, output: "" });
  expect(alone.errors).toMatch(new RegExp(`^No server answers on http://127.0.0.1:${settings.PARLEY_PORT}[^\n]*\n$`));
});

test("`parley backup` takes a token from PARLEY_TOKEN, which with keys of the app it must", async () => {
  const { folder, settings } = await serveWithBackups();
  const { output: token } = await finish(["token", "anna", "--admin"], settings, folder);
  const { output: nobodys } = await finish(["token", "carol"], settings, folder);
  writeFileSync(join(folder, "keys.json"), '{"keys":[]}');
  const withKeys = { ...settings, PARLEY_JWKS: "keys.json" };
  const without = await finish(["backup"], withKeys, folder);
  expect(without).toMatchObject({ code: 2, output: "" });
  expect(without.errors).toContain("PARLEY_TOKEN");
  expect(await finish(["backup"], { ...withKeys, PARLEY_TOKEN: token }, folder)).toMatchObject({ code: 0 });
  const forbidden = await finish(["backup"], { ...withKeys, PARLEY_TOKEN: nobodys }, folder);
  expect(forbidden).toMatchObject({ code: 1, output: "", errors: expect.stringContaining("for admins") });
});

test("`parley backup` cannot find a server whose port it is not told", async () => {
  const { code, errors } = await finish(["backup"], { PARLEY_SECRET: SECRET, PARLEY_PORT: "0" });
  expect(code).toBe(2);
  expect(errors).toContain("PARLEY_PORT");
});

test("after SIGKILL in the middle of a backup there is none of its name, and the next attempt makes it", async () => {
  const { folder, backups, server, url, settings } = await serveWithBackups({ PARLEY_SEND_RATE: "0" });
  const alice = await server.token("alice");
  const text = "x".repeat(11_000);
  const send = `mutation { sendMessage(input: { to: "bob", content: { text: { text: "${text}" } } }) { __typename } }`;
  for (let n = 0; n < 20; n += 1) await Promise.all(Array.from({ length: 50 }, () => ask(url, alice, send)));
  const command = finish(["backup", "x.sqlite"], settings, folder);
  while (!readdirSync(backups).includes("x.sqlite.partial")) await ask(url, alice, VIEWER);
  server.kill("SIGKILL");
  await server.exited;
  expect(await command).toMatchObject({ code: 1, output: "" });
  expect(readdirSync(backups)).toContain("x.sqlite.partial");
  expect(readdirSync(backups)).not.toContain("x.sqlite");

  await run(folder, [], settings).url();
  expect(await finish(["backup", "x.sqlite"], settings, folder)).toMatchObject({ code: 0 });
  expect(readdirSync(backups)).toEqual(["x.sqlite"]);
});

test.each([
  { args: ["token"], names: "whose token" },
  { args: ["token", ""], names: "user's id" },
  { args: ["token", "a:b"], names: "a:b" },
  { args: ["token", "a".repeat(129)], names: "1 to 128" },
  { args: ["token", "system"], names: "system" },
  { args: ["token", "carol", "--expires", "soon"], names: "--expires soon" },
  { args: ["token", "carol", "--expires", "7"], names: "--expires 7" },
  { args: ["token", "carol", "--expires", "0d"], names: "--expires 0d" },
  { args: ["token", "carol", "--expires", "3651d"], names: "--expires 3651d" },
  { args: ["token", "carol", "--forever"], names: "--forever" },
  { args: ["export", "everything"], names: "of whom" },
  { args: ["import"], names: "which files" },
  { args: ["dance"], names: "parley dance" },
])("`parley $args` is refused with exit code 2, and nothing is made", async ({ args, names }) => {
  const folder = emptyFolder();
  const { code, output, errors } = await finish(args, {}, folder);
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toContain(names);
  expect(errors).not.toContain("    at ");
  expect(readdirSync(folder)).toEqual([]);
});

test.each(["--help", "-h", "help", "token --help"])("`parley %s` tells what there is", async (line) => {
  const { code, output } = await finish(line.split(" "));
  expect(code).toBe(0);
  for (const word of [
    "start",
    "token <user>",
    "--admin",
    "--expires",
    "backup",
    "export user",
    "import <file>",
    "tour",
    "--once",
    "docs/settings.md",
  ]) {
    expect(output).toContain(word);
  }
});

/** Settings that may be any text. */
type AnyText =
  | "PARLEY_HOST"
  | "PARLEY_DATA"
  | "PARLEY_BACKUPS"
  | "PARLEY_ARCHIVES"
  | "PARLEY_TOKEN"
  | "PARLEY_TOKEN_ISSUER"
  | "PARLEY_TOKEN_AUDIENCE";

const BAD_SETTINGS: Record<Exclude<keyof typeof environment.shape, AnyText>, string> = {
  PARLEY_PORT: "65536",
  PARLEY_DATABASE: "mysql://db.example.com/parley",
  PARLEY_DATABASE_CONNECTIONS: "1",
  PARLEY_DATABASE_UNSAFE: "maybe",
  PARLEY_BUS: "nats://bus.example.com",
  PARLEY_SECRET: "x".repeat(31),
  PARLEY_PREVIOUS_SECRETS: `${"x".repeat(32)},${"y".repeat(31)}`,
  PARLEY_JWKS: "http://app.example.com/keys",
  PARLEY_TOKEN_MAX_AGE: "0",
  PARLEY_CLOCK_TOLERANCE: "5m",
  PARLEY_SEND_RATE: "-1",
  PARLEY_READ_RATE: "fast",
  PARLEY_LOGIN_RATE: "100001",
  PARLEY_ADDRESS_RATE: "1.5",
  PARLEY_TRUST_PROXY: "true",
  PARLEY_MAX_CONNECTIONS: "0",
  PARLEY_USER_CONNECTIONS: "0",
  PARLEY_ADDRESS_CONNECTIONS: "-1",
  PARLEY_WAITING_CONNECTIONS: "0",
  PARLEY_INIT_SECONDS: "0",
  PARLEY_USER_SUBSCRIPTIONS: "0",
  PARLEY_CONNECTION_SUBSCRIPTIONS: "0",
  PARLEY_CONNECTION_OPERATIONS: "0",
  PARLEY_FRAME_BYTES: "1023",
  PARLEY_BODY_BYTES: "1e6",
  PARLEY_DOCUMENT_TOKENS: "99",
  PARLEY_SLOW_READER_SECONDS: "0",
  PARLEY_UNREAD_BYTES: "1",
  PARLEY_SESSION_LIMITS: "WEB=0",
  PARLEY_ALLOWED_ORIGINS: "chat.example.com",
  PARLEY_GRAPHIQL: "yes",
  PARLEY_SEARCH: "1",
  PARLEY_CHAT: "1",
  PARLEY_STATUS: "1",
  PARLEY_METRICS_PORT: "none",
  PARLEY_PUBLIC_URL: "https://chat.example.com/media",
  PARLEY_ARCHIVE_DAYS: "0",
  PARLEY_MEDIA: "s3://B",
  PARLEY_HOOKS: "missing.json",
  PARLEY_PUSH: "missing.json",
  PARLEY_S3_ENDPOINT: "s3.example.com",
  PARLEY_S3_REGION: "Europe",
  PARLEY_S3_PATH_STYLE: "1",
  PARLEY_S3_REDIRECT: "always",
  PARLEY_LINK_HOURS: "0",
  PARLEY_UPLOAD_HOURS: "1d",
  PARLEY_UPLOAD_QUOTA_MIB: "-1",
  PARLEY_UNFINISHED_UPLOADS: "many",
  PARLEY_FREE_MIB: "1.5",
  PARLEY_LOG_LEVEL: "loud",
};

test.each(Object.entries(BAD_SETTINGS))(
  "%s=%s is refused by name, with exit code 2, and nothing is made",
  async (name, value) => {
    const folder = emptyFolder();
    const { code, output, errors } = await finish([], { [name]: value }, folder);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain(name);
    expect(errors).not.toContain("    at ");
    expect(readdirSync(folder)).toEqual([]);
  },
);

test.each([
  { name: "PARLEY_HOST", value: "256.0.0.1" },
  { name: "PARLEY_DATA", value: "/dev/null/data" },
])(
  "$name=$value, which reads well and cannot be used, is told in a line, with exit code 1",
  async ({ name, value }) => {
    const { code, output, errors } = await finish([], { PARLEY_SECRET: SECRET, [name]: value });
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors.split("\n")).toEqual([expect.stringContaining(value), ""]);
  },
);

test("`parley version` says which it is, as `--version` does", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const args of [["version"], ["--version"]]) {
    expect(await finish(args)).toEqual({ code: 0, output: version, errors: "" });
  }
});

test("a setting that does not exist is refused by name, with exit code 2", async () => {
  const { code, errors } = await finish([], { PARLEY_PROT: "4000" });
  expect(code).toBe(2);
  expect(errors).toContain("PARLEY_PROT");
});

test("all settings at fault are told at once", async () => {
  const { errors } = await finish([], { PARLEY_SEND_RATE: "many", PARLEY_GRAPHIQL: "maybe" });
  expect(errors).toContain("PARLEY_SEND_RATE");
  expect(errors).toContain("PARLEY_GRAPHIQL");
});

test("a setting that is empty counts as none", async () => {
  const folder = emptyFolder();
  await run(folder, [], { PARLEY_HOST: "", PARLEY_DATA: "", PARLEY_SECRET: "" }).url();
  expect(existsSync(join(folder, "data", "secret"))).toBe(true);
});

test.each([{ secret: "" }, { secret: "short" }])(
  "in production it does not start with the secret `$secret`",
  async ({ secret }) => {
    const folder = emptyFolder();
    const settings = { NODE_ENV: "production", PARLEY_SECRET: secret };
    const { code, errors } = await finish([], settings, folder);
    expect(code).toBe(2);
    expect(errors).toContain("PARLEY_SECRET");
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("in production with a secret it prints no tokens and keeps no secret", async () => {
  const folder = emptyFolder();
  const server = run(folder, [], { NODE_ENV: "production", PARLEY_SECRET: SECRET });
  const url = await server.url();
  const { output: token } = await finish(["token", "carol"], { PARLEY_SECRET: SECRET }, folder);
  expect(await ask(url, token, VIEWER)).toEqual({ data: { viewer: { id: "carol" } } });
  const headers = { "content-type": "application/json", origin: new URL(url).origin };
  const body = JSON.stringify({ user: "alice", role: "admin" });
  const asked = await fetch(new URL("/development/token", url), { method: "POST", headers, body });
  expect(asked.status).toBe(404);
  expect((await fetch(new URL("/", url))).status).toBe(404);
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  expect(server.lines).toEqual([`Parley is listening on ${url}`]);
  expect(existsSync(join(folder, "data", "secret"))).toBe(false);
});

test("`parley tour --once` plays the offline flow in its order, and ends with 0", async () => {
  const { code, output } = await finish(["tour", "--once"]);
  expect(code).toBe(0);
  const told = [
    "listening",
    "→ seq 1  Are you there?",
    "→ seq 2  Dinner at seven?",
    "→ seq 3  I'll bring the wine.",
    "seq 3 again: a duplicate",
    "3 unread",
    "phone  ← OFFLINE seq 1",
    "phone  ← OFFLINE seq 2",
    "phone  ← OFFLINE seq 3",
    "phone  ← refresh: in step (3 missed, 0 recent)",
    "laptop ← OFFLINE seq 1",
    "laptop ← OFFLINE seq 2",
    "laptop ← OFFLINE seq 3",
    "laptop ← refresh: in step (3 missed, 0 recent)",
    "← LIVE    seq 4  Great, see you!",
    "phone  ← OFFLINE seq 4",
    "phone  ← refresh: in step (1 missed, 0 recent)",
    "seq 1  Are you there?",
    "seq 4  Great, see you!",
    "That was the tour.",
  ];
  let from = 0;
  for (const words of told) {
    expect(output.slice(from)).toContain(words);
    from = output.indexOf(words, from) + words.length;
  }
  expect(output).toContain("phone  ← LIVE    seq 4");
  expect(output).toContain("laptop ← LIVE    seq 4");
});

test("the tour can be played twice on the same data, and goes on serving without --once", async () => {
  const folder = emptyFolder();
  expect((await finish(["tour", "--once"], {}, folder)).code).toBe(0);
  const tour = run(folder, ["tour"]);
  const alice = await tour.token("alice");
  expect(tour.lines).toContain("That was the tour.");
  expect(await ask(await tour.url(), alice, VIEWER)).toEqual({ data: { viewer: { id: "alice" } } });
});
