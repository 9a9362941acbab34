/** `parley export` and `parley import`: the real command, against a real server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProgress } from "../src/commands/progress.ts";
import { type App, SECRET, startApp, texts } from "./support/app.ts";
import { COMMAND } from "./support/child-server.ts";
import { everythingStored } from "./support/data.ts";
import { NetworkProxy } from "./support/proxy.ts";
import { fetchRecords, parseRecords, sumOf } from "./support/records.ts";
import type { Data } from "./support/socket.ts";

vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-records-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the command to its end. */
async function parley(app: { readonly url: string }, folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PARLEY_SECRET: SECRET,
      PARLEY_PORT: new URL(app.url).port,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const [code] = await once(child, "close");
  return { code, output, errors };
}

function recordsIn(path: string): Data[] {
  const bytes = readFileSync(path);
  const { lines, records } = parseRecords((path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
  expect(records.at(-1)).toEqual({ type: "end", lines: lines.length - 1, sum: sumOf(lines.slice(0, -1)) });
  return [...records];
}

test("what one server exports another one imports, once", async () => {
  const [from, to, folder] = [await startApp(), await startApp(), emptyFolder()];
  const [alice, bob] = await from.people("alice", "bob", "carol");
  const anna = await from.admin();
  await alice.change("updateProfile", { nickname: "Alice" }, "user { id }");
  await anna.change("setFriends", { user: "alice", friend: "bob" }, "status");
  await alice.block("carol");
  await alice.send("bob", "one", { customData: "data" });
  await alice.recall((await alice.send("bob", "taken back")).id);
  await bob.send("alice", { location: { name: "Rome", latitude: 41.9, longitude: 12.5 } });
  await alice.send("bob", "not read", { clientMessageId: "key" });
  await anna.send("alice", { notice: { title: "t", body: "news" } });

  const exported = await parley(from, folder, "export", "user", "alice");
  expect(exported).toEqual({
    code: 0,
    output: expect.stringMatching(/^alice\.jsonl\.gz: 6 messages, \d+ lines, complete\n$/),
    errors: "",
  });
  const records = recordsIn(join(folder, "alice.jsonl.gz"));
  expect(records[0]).toMatchObject({ type: "header", of: "user", user: "alice" });
  expect(await parley(from, folder, "export", "user", "alice")).toMatchObject({
    code: 1,
    errors: "alice.jsonl.gz is there already.\n",
  });

  const imported = await parley(to, folder, "import", "alice.jsonl.gz");
  expect(imported).toMatchObject({ code: 0, errors: "" });
  expect(imported.output).toContain("7 imported, 1 users, 0 there before, 0 too old, 0 refused");
  const again = await parley(to, folder, "import", "alice.jsonl.gz");
  expect(again.output).toContain("0 imported, 1 users, 7 there before, 0 too old, 0 refused");

  const [aliceThere, bobThere] = await to.people("alice", "bob");
  const here = (await alice.history("bob")).filter(({ content }) => content !== null);
  const there = await aliceThere.history("bob");
  const told = ({ content, customData, sentAt, sender }: Data) => ({ content, customData, sentAt, sender });
  expect(there.map(told)).toEqual(here.map(told));
  expect(texts(await aliceThere.history("system"))).toEqual(texts(await alice.history("system")));
  expect(await aliceThere.conversation("bob")).toMatchObject({ unreadCount: 0 });
  expect(await bobThere.conversation("alice")).toMatchObject({ unreadCount: 1 });
  expect(await bobThere.sees("alice")).toMatchObject({ nickname: "Alice", friendship: "FRIENDS" });
  expect(await aliceThere.sees("carol")).toMatchObject({ blocked: true });
  const { audit } = everythingStored(to) as { audit: { actor_id: string }[] };
  expect(new Set(audit.map(({ actor_id: actor }) => actor))).toEqual(new Set(["parley-import"]));
});

test("an export that was cut off goes on behind its last whole line, and what was damaged is noticed", async () => {
  const [app, folder] = [await startApp(), emptyFolder()];
  const [alice] = await app.people("alice", "bob");
  for (let n = 0; n < 30; n += 1) await alice.send("bob", `message ${n} – ünïcödé`);
  const anna = await app.admin();
  const { link } = await anna.get('{ link: exportConversation(user: "alice", peer: "bob") { url } }');
  const { lines } = await fetchRecords(app.url, link.url);
  const whole = `${lines.join("\n")}\n`;
  const out = join(folder, "talk.jsonl");
  for (const kept of [
    "",
    lines[0]?.slice(0, 20) ?? "",
    `${lines.slice(0, 9).join("\n")}\n${lines[9]?.slice(0, -7)}`,
    `${lines.slice(0, 9).join("\n")}\n${"\0".repeat(40)}\n${lines[10]}\n`,
    whole,
  ]) {
    writeFileSync(`${out}.part`, kept);
    const done = await parley(app, folder, "export", "conversation", "alice", "bob", "--out", "talk.jsonl");
    expect(done, kept).toMatchObject({ code: 0, errors: "" });
    const records = recordsIn(out);
    expect(records.slice(1).map(({ id, seq }) => [id, seq])).toEqual(
      parseRecords(whole)
        .records.slice(1)
        .map(({ id, seq }) => [id, seq]),
    );
    expect(existsSync(`${out}.part`)).toBe(false);
    rmSync(out);
  }
  writeFileSync(`${out}.part`, whole.replace("message 3 ", "message 4 "));
  const noticed = await parley(app, folder, "export", "conversation", "alice", "bob", "--out", "talk.jsonl");
  expect(noticed).toMatchObject({ code: 1, output: "", errors: expect.stringContaining("damaged") });
  expect(existsSync(out)).toBe(false);
  expect(existsSync(`${out}.part`)).toBe(true);
  const other = await parley(app, folder, "export", "user", "alice", "--out", "talk.jsonl");
  expect(other).toMatchObject({ code: 1, errors: expect.stringContaining("another export") });
});

test("a connection that is cut is gone on with, by the command itself", async () => {
  const [from, to, folder] = [await startApp(), await startApp(), emptyFolder()];
  const [alice] = await from.people("alice", "bob");
  const text = () => Array.from({ length: 200 }, () => Math.random().toString(36).slice(2)).join(" ");
  const said: string[] = [];
  for (let n = 0; n < 200; n += 1) said.push((await alice.send("bob", text())).content.summary);
  const proxies = await Promise.all(
    [from, to].map(async (app) => {
      const proxy = new NetworkProxy(() => app.port);
      await proxy.listen();
      onTestFinished(() => proxy.close());
      return proxy;
    }),
  );
  const [source, target] = proxies as [NetworkProxy, NetworkProxy];
  source.fates.push(...Array.from({ length: 4 }, () => ({ cutAfterDown: 40_000 })));
  const exported = await parley(source, folder, "export", "conversation", "alice", "bob", "--out", "talk.jsonl");
  expect(exported).toMatchObject({ code: 0, errors: "" });
  // Some connections are used for nothing but the link.
  expect(source.cuts).toBeGreaterThan(1);
  expect(recordsIn(join(folder, "talk.jsonl")).filter(({ type }) => type === "message")).toHaveLength(200);

  target.fates.push({ cutAfterUp: 150_000 }, { cutAfterUp: 1_000 }, { cutAfterUp: 150_000 });
  const { code, output } = await parley(target, folder, "import", "talk.jsonl");
  expect(code).toBe(0);
  expect(target.cuts).toBeGreaterThan(1);
  const [, imported, before] = /^(\d+) imported, 2 users, (\d+) there before, 0 too old, 0 refused/.exec(output) ?? [];
  expect(Number(imported) + Number(before)).toBe(200);
  const [aliceThere] = await to.people("alice");
  const { history } = await aliceThere.get('{ history(peer: "bob", first: 100) { nodes { content { summary } } } }');
  expect(history.nodes.map(({ content }: Data) => content.summary)).toEqual(said.slice(0, 100));
});

const AGO = (app: App, hours: number) => Math.floor((app.clock.now() - hours * HOUR) / 1_000);

function historyFile(messages: readonly object[], chatType = "C2C"): string {
  const head = JSON.stringify({ SdkAppId: 1_400_000_000, ChatType: chatType, MsgTime: "2026112614" });
  const lines = messages.map((message) => `${JSON.stringify(message)},`);
  return [`${head.slice(0, -1)},"MsgList":[`, ...lines, "]}"].join("\n");
}

function historyMessage(app: App, n: number, ...elements: [type: string, content: object][]): object {
  return {
    From_Account: n % 2 === 0 ? "alice" : "bob",
    To_Account: n % 2 === 0 ? "bob" : "alice",
    MsgTimestamp: AGO(app, 5) + n,
    MsgSeq: n,
    MsgRandom: 4_000_000_000 + n,
    MsgBody: elements.map(([MsgType, MsgContent]) => ({ MsgType, MsgContent })),
  };
}

test("hourly files of get_history become messages, each element one, and say what they could not", async () => {
  const [app, folder] = [await startApp(), emptyFolder()];
  const messages = [
    historyMessage(app, 0, ["TIMTextElem", { Text: "hello" }]),
    historyMessage(app, 1, ["TIMTextElem", { Text: "look:" }], ["TIMFaceElem", { Index: 3, Data: "x" }]),
    historyMessage(app, 2, ["TIMLocationElem", { Desc: "Rome", Latitude: 41.9, Longitude: 12.5 }]),
    historyMessage(app, 3, ["TIMRelayElem", { Title: "t" }]),
    { ...historyMessage(app, 4, ["TIMTextElem", { Text: "x" }]), From_Account: "@TIM#SYSTEM" },
    historyMessage(app, 5, ["TIMTextElem", { Text: "" }]),
    { ...historyMessage(app, 6, ["TIMTextElem", { Text: "too old" }]), MsgTimestamp: AGO(app, 24 * 30) },
  ];
  writeFileSync(join(folder, "1400000000_C2C_2026112614.gz"), gzipSync(historyFile(messages)));
  const args = ["import", "--format", "get-history", "1400000000_C2C_2026112614.gz"];
  const first = await parley(app, folder, ...args);
  expect(first.code).toBe(1);
  expect(first.output).toBe("4 imported, 0 users, 0 there before, 1 too old, 3 refused, 2 lines passed over\n");
  expect(first.errors.split("\n").map((line) => /\.gz:(\d+): (.{12})/.exec(line)?.slice(1))).toEqual([
    ["5", "TIMRelayElem"],
    ["6", "From_Account"],
    ["7", "INVALID_CONT"],
    undefined,
  ]);
  expect((await parley(app, folder, ...args)).output).toContain("0 imported, 0 users, 4 there before");
  const [alice] = await app.people("alice");
  const history = await alice.history("bob");
  expect(texts(history)).toEqual(["hello", "look:", "[Face]", "[Location] Rome"]);
  expect(history.map(({ sentAt }) => Date.parse(sentAt) / 1_000 - AGO(app, 5))).toEqual([0, 1, 1, 2]);

  writeFileSync(join(folder, "group"), historyFile([], "Group"));
  expect(await parley(app, folder, "import", "--format", "get-history", "group")).toMatchObject({
    code: 1,
    errors: expect.stringContaining("group:1: its ChatType is Group"),
  });
  writeFileSync(join(folder, "cut"), historyFile(messages).split("\n").slice(0, 2).join("\n"));
  expect(await parley(app, folder, "import", "--format", "get-history", "cut")).toMatchObject({
    code: 1,
    errors: "cut: it has no last line: the file is cut off\n",
  });
  writeFileSync(join(folder, "half.gz"), gzipSync(historyFile(messages)).subarray(0, 60));
  expect(await parley(app, folder, "import", "--format", "get-history", "half.gz")).toMatchObject({
    code: 1,
    errors: expect.stringContaining("half.gz is cut off or damaged"),
  });
});

test("one line at fault keeps out none of the others, and many are sent in requests that the server takes", async () => {
  const [app, folder] = [await startApp(), emptyFolder()];
  const at = new Date(app.clock.now() - HOUR).toISOString();
  const message = (n: number, more: object = {}) =>
    JSON.stringify({
      type: "message",
      from: "alice",
      to: "bob",
      sentAt: at,
      content: { text: { text: `${n}` } },
      clientMessageId: `${n}`,
      ...more,
    });
  const large = "ü".repeat(5_000);
  const lines = [
    JSON.stringify({ type: "user", id: "alice", nickname: "x".repeat(501) }),
    JSON.stringify({ type: "user", id: "bob", nickname: "Bob" }),
    JSON.stringify({ type: "user", id: "a:b" }),
    JSON.stringify({ type: "friend", user: "alice", other: "alice" }),
    ...Array.from({ length: 250 }, (_, n) => message(n, n % 2 === 0 ? {} : { content: { text: { text: large } } })),
    message(1_000, { content: { text: { text: "x" }, face: { index: 1 } } }),
    message(1_001, { content: { face: { index: 3_000_000_000 } } }),
    message(1_002, { sentAt: "yesterday" }),
    message(1_003, { clientMessageId: undefined }),
    "no JSON",
    JSON.stringify({ type: "header", version: 2 }),
    JSON.stringify({ type: "somethingNew" }),
  ];
  writeFileSync(join(folder, "records.jsonl"), lines.join("\n"));
  const { code, output, errors } = await parley(app, folder, "import", "records.jsonl");
  expect(code).toBe(1);
  expect(output).toBe("250 imported, 1 users, 0 there before, 0 too old, 9 refused, 1 lines passed over\n");
  const refused = errors.split("\n").flatMap((line) => /^records\.jsonl:(\d+): /.exec(line)?.[1] ?? []);
  expect(refused.map(Number).sort((a, b) => a - b)).toEqual([1, 3, 4, 255, 256, 257, 258, 259, 260]);
});

test.each([
  [["export"], "of whom"],
  [["export", "user"], "of whom"],
  [["export", "conversation", "alice"], "of whom"],
  [["export", "everything"], "of whom"],
  [["import"], "which files"],
  [["import", "x", "--format", "xml"], "--format xml"],
])("`parley %s` is refused with exit code 2", async (args, words) => {
  const app = await startApp();
  const { code, output, errors } = await parley(app, emptyFolder(), ...args);
  expect({ code, output }).toEqual({ code: 2, output: "" });
  expect(errors).toContain(words);
});

test("notices come in, and who sends them is no user to create", async () => {
  const [from, to, folder] = [await startApp(), await startApp(), emptyFolder()];
  const anna = await from.admin();
  await from.people("alice");
  await anna.send("alice", { notice: { title: "t", body: "news", data: "d" } });
  await parley(from, folder, "export", "conversation", "alice", "system", "--out", "news.jsonl.gz");
  expect(await parley(to, folder, "import", "news.jsonl.gz")).toMatchObject({ code: 0, errors: "" });
  const [alice] = await to.people("alice");
  expect(texts(await alice.history("system"))).toEqual(["news"]);
});

test("who was erased is not brought back by what others have kept of it", async () => {
  const [app, folder] = [await startApp(), emptyFolder()];
  const [alice] = await app.people("alice", "bob", "carol");
  const anna = await app.admin();
  await alice.send("bob", "mine", { clientMessageId: "key" });
  await parley(app, folder, "export", "user", "alice");
  await anna.change("eraseUser", { user: "alice" }, "erasure { finishedAt }");
  const finished = async () => {
    app.clock.advance(1_000);
    return (await anna.get("{ erasures { finishedAt } }")).erasures[0].finishedAt;
  };
  await expect.poll(finished, { interval: 5, timeout: 15_000 }).not.toBeNull();
  const { code, output, errors } = await parley(app, folder, "import", "alice.jsonl.gz");
  expect(code).toBe(1);
  expect(output).toMatch(/^0 imported, 0 users, 0 there before, 0 too old, 2 refused/);
  expect(errors).toContain("alice was erased; importUsers alone brings it back");
  const { user } = await anna.get('{ user(id: "alice") { erasedAt } }');
  expect(user.erasedAt).not.toBeNull();
});

test("a terminal is shown how far it is; what is none is told nothing", () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  createProgress({ isTTY: true, write }, () => 400).show(100, "100 of 400 messages");
  expect(written).toEqual([expect.stringMatching(/█{8}░{22} +25 % +100 of 400 messages$/)]);
  createProgress({ isTTY: false, write }, () => 400).show(100, "");
  expect(written).toHaveLength(1);
});

test("who is not there, and a server that is not there, is told in a line", async () => {
  const [app, folder] = [await startApp(), emptyFolder()];
  await app.people("alice", "bob");
  expect((await parley(app, folder, "export", "user", "nobody")).errors).toBe("There is no user nobody.\n");
  expect((await parley(app, folder, "export", "conversation", "alice", "bob")).errors).toMatch(/no conversation/);
  expect((await parley(app, folder, "import", "missing")).errors).toMatch(/missing/);
  writeFileSync(join(folder, "one"), '{"type":"user","id":"alice"}\n');
  const { url } = app;
  await app.stop();
  const gone = { url };
  for (const args of [
    ["export", "user", "alice"],
    ["import", "one"],
  ]) {
    const { code, errors } = await parley(gone, folder, ...args);
    expect(code).toBe(1);
    expect(errors).toMatch(/^No server answers on [^\n]*\n$/);
  }
});
