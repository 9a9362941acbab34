import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { environment } from "../src/config/environment.ts";
import { DEFAULT_SETTINGS } from "../src/engine/settings.ts";
import { REFUSAL_REASONS } from "../src/server/refusals.ts";

const ROOT = resolve(import.meta.dirname, "..");

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The cells of each row of the tables in a part of `docs/settings.md`. */
function rows(heading: string): string[][] {
  const part =
    read("docs/settings.md")
      .split(/^## /m)
      .find((text) => text.startsWith(heading)) ?? "";
  return part
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
}

function names(heading: string): string[] {
  return rows(heading).map(([, name = ""]) => name.replaceAll("`", ""));
}

function defaultIn(heading: string, name: string): string {
  const row = rows(heading).find((cells) => cells[1] === `\`${name}\``) ?? [];
  return (row[5] ?? "").replaceAll("`", "");
}

test("docs/settings.md has each environment variable once, and no other", () => {
  expect(names("Of the process")).toEqual(Object.keys(environment.shape));
});

test("each reason for a refusal is described: codes in docs/errors.md, transports in docs/settings.md", () => {
  const [errors, settings] = [read("docs/errors.md"), read("docs/settings.md")];
  const described = (reason: string) =>
    (reason === reason.toUpperCase() ? errors : settings).includes(`| \`${reason}\` |`);
  expect(REFUSAL_REASONS.filter((reason) => !described(reason))).toEqual([]);
});

test("docs/settings.md has each setting that an admin changes once, and no other", () => {
  expect(names("While it runs")).toEqual(Object.keys(DEFAULT_SETTINGS));
});

test.each(Object.entries(DEFAULT_SETTINGS))("docs/settings.md has the default of %s", (name, value) => {
  expect(defaultIn("While it runs", name)).toBe(String(value));
});

test("docs/settings.md has the defaults of the environment", () => {
  const {
    host,
    port,
    dataFolder,
    sendRate,
    limits: most,
    proxies,
    sessionLimits,
    graphiql,
    search,
    chat,
    status,
    logLevel,
  } = readConfig({});
  const limits = Object.entries(sessionLimits).map(([platform, limit]) => `${platform}=${limit}`);
  const defaults = {
    PARLEY_HOST: host,
    PARLEY_PORT: String(port),
    PARLEY_DATA: dataFolder,
    PARLEY_SEND_RATE: String(sendRate),
    PARLEY_READ_RATE: String(most.readRate),
    PARLEY_LOGIN_RATE: String(most.loginRate),
    PARLEY_ADDRESS_RATE: String(most.addressRate),
    PARLEY_TRUST_PROXY: String(proxies),
    PARLEY_MAX_CONNECTIONS: String(most.connections),
    PARLEY_USER_CONNECTIONS: String(most.connectionsPerUser),
    PARLEY_ADDRESS_CONNECTIONS: String(most.connectionsPerAddress),
    PARLEY_WAITING_CONNECTIONS: String(most.waitingConnections),
    PARLEY_INIT_SECONDS: String(most.initTimeoutMs / 1_000),
    PARLEY_USER_SUBSCRIPTIONS: String(most.subscriptionsPerUser),
    PARLEY_CONNECTION_SUBSCRIPTIONS: String(most.subscriptionsPerConnection),
    PARLEY_CONNECTION_OPERATIONS: String(most.operationsPerConnection),
    PARLEY_FRAME_BYTES: String(most.frameBytes),
    PARLEY_BODY_BYTES: String(most.bodyBytes),
    PARLEY_DOCUMENT_TOKENS: String(most.documentTokens),
    PARLEY_SLOW_READER_SECONDS: String(most.slowReaderMs / 1_000),
    PARLEY_UNREAD_BYTES: String(most.unreadBytes),
    PARLEY_SESSION_LIMITS: limits.join(","),
    PARLEY_GRAPHIQL: String(graphiql),
    PARLEY_SEARCH: String(search),
    PARLEY_CHAT: `${chat}; in production ${!chat}`,
    PARLEY_STATUS: `${status}; in production ${!status}`,
    PARLEY_LOG_LEVEL: logLevel,
  };
  const documented = Object.keys(defaults).map((name) => [name, defaultIn("Of the process", name)]);
  expect(Object.fromEntries(documented)).toEqual(defaults);
});

const documents = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** A heading as GitHub names it in links. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchor(heading));
}

test.each(documents)("the links of %s lead somewhere", (path) => {
  const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const relative = targets.filter((target) => !/^https?:/.test(target));
  const broken = relative.filter((target) => {
    const [file = "", fragment] = target.split("#");
    const place = file === "" ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, place))) return true;
    return fragment !== undefined && !anchorsOf(place).includes(fragment);
  });
  expect(broken).toEqual([]);
});

test.each(documents)("the npm scripts that %s names exist", (path) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...read(path).matchAll(/\bnpm (?:run )?([a-z:]+)/g)].map(([, name = ""]) => name);
  const known = [...Object.keys(scripts), "ci", "init", "install", "pack", "pkg", "prune", "run"];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test("the README begins with the commands that are all the set-up", () => {
  const commands = read("README.md").match(/^ {4}npm .*$/gm) ?? [];
  expect(commands.map((line) => line.split("#")[0]?.trim())).toEqual(["npm ci && npm start", "npm ci && npm test"]);
});

test("the architecture says where each subject of the engine is", () => {
  const table = read("docs/architecture.md").split("## Where things go")[1]?.split("\n## ")[0] ?? "";
  const engine = readdirSync(join(ROOT, "src/engine")).filter((name) => name.endsWith(".ts"));
  const shared = ["clock", "core", "engine", "ids", "model", "rates", "rests", "store", "viewer"];
  const nouns = engine.filter((name) => !shared.includes(name.replace(".ts", "")));
  expect(nouns.filter((name) => !table.includes(`(../src/engine/${name})`))).toEqual([]);
});
