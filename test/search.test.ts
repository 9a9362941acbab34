/** Searching messages: what is found, by whom, in which order, and what never is. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, HOUR } from "./support/clock.ts";
import { openBeside } from "./support/data.ts";
import type { Data } from "./support/socket.ts";

const SEARCH = `query Search($words: String, $peer: ID, $types: [ContentType!], $since: DateTime, $until: DateTime,
    $first: Int, $after: String, $last: Int, $before: String, $of: ID, $everywhere: Boolean) {
  searchMessages(words: $words, peer: $peer, types: $types, since: $since, until: $until, first: $first, after: $after,
      last: $last, before: $before, of: $of, everywhere: $everywhere) {
    edges { cursor node { id seq sender { id } content { type summary } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function page(person: Person, args: object): Promise<Data> {
  return (await person.get(SEARCH, args)).searchMessages;
}

async function found(person: Person, args: object | string): Promise<(string | null)[]> {
  const wanted = typeof args === "string" ? { words: args } : args;
  return texts((await page(person, wanted)).edges.map(({ node }: Data) => node));
}

describe("a word is found", () => {
  test.each([
    ["Chinese, any two characters", "明天下午开会讨论预算", "下午", true],
    ["Chinese, any one character", "明天下午开会讨论预算", "会", true],
    ["Chinese, several in a row", "明天下午开会讨论预算", "开会讨论", true],
    ["Chinese, not in another order", "明天下午开会讨论预算", "会开", false],
    ["Korean, the middle of a word", "내일 회의실에서만나요", "의실", true],
    ["Korean, decomposed", "내일 회의실에서만나요", "회의".normalize("NFD"), true],
    ["Japanese, katakana in half width", "ミーティングは明日です", "ﾐｰﾃｨﾝｸﾞ", true],
    ["Japanese, across scripts", "東京タワーに行く", "京タ", true],
    ["Thai", "พรุ่งนี้เจอกัน", "เจอ", true],
    ["English, a part", "The quick brown fox", "row", true],
    ["English, whatever the case", "The Quick brown fox", "qUICK", true],
    ["English, the letter it begins with", "The quick brown fox", "q", true],
    ["English, two letters inside", "The quick brown fox", "ui", false],
    ["full width letters", "ＡＢＣ商店", "abc商", true],
    ["accents are letters", "Überraschung am Café", "überrasch", true],
    ["several words in any order", "The quick brown fox", "fox quick", true],
    ["all of several words", "The quick brown fox", "fox slow", false],
    ["numbers with signs", "It costs 3.50 €", "3.50", true],
    ["numbers with other signs", "It costs 3.50 €", "3,50", false],
    ["emoji", "well done 🎉", "🎉", true],
    ["what looks like an operator", 'say "AND" OR not', '"AND"', true],
  ])("%s", async (_, text, words, isFound) => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", text);
    await alice.send("bob", "something else");
    expect(await found(bob, words)).toEqual(isFound ? [text] : []);
  });

  test("in names, descriptions and notices as in texts", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const admin = await app.admin();
    await alice.send("bob", { file: { url: "https://example.org/a.pdf", size: 1, name: "budget 2026.pdf" } });
    await alice.send("bob", { location: { name: "Budget Hotel", latitude: 1, longitude: 1 } });
    await alice.send("bob", { custom: { data: "budget in data", description: "a budget card" } });
    await admin.send("bob", { notice: { title: "Your budget", body: "is used up" } });
    expect(await found(bob, "budget")).toEqual([
      "is used up",
      "a budget card",
      "[Location] Budget Hotel",
      "[File] budget 2026.pdf",
    ]);
    expect(await found(bob, { words: "budget", types: ["FILE", "LOCATION"] })).toHaveLength(2);
  });
});

describe("a search is narrowed", () => {
  test("by peer, type and time, with or without words", async () => {
    const app = await startApp();
    const [alice, bob, carol] = await app.people("alice", "bob", "carol");
    await alice.send("bob", "hello one");
    app.clock.advance(HOUR);
    const between = new Date(app.clock.now()).toISOString();
    await bob.send("alice", "hello two");
    await carol.send("bob", "hello three");
    await carol.send("bob", { face: { index: 1 } });
    expect(await found(bob, "hello")).toEqual(["hello three", "hello two", "hello one"]);
    expect(await found(bob, { words: "hello", peer: "alice" })).toEqual(["hello two", "hello one"]);
    expect(await found(bob, { peer: "carol" })).toEqual(["[Face]", "hello three"]);
    expect(await found(bob, { types: ["FACE"] })).toEqual(["[Face]"]);
    expect(await found(bob, { words: "hello", since: between })).toEqual(["hello three", "hello two"]);
    expect(await found(bob, { words: "hello", until: between })).toEqual(["hello one"]);
    expect(await found(bob, { words: "hello", peer: "nobody" })).toEqual([]);
  });

  test.each([
    [{}, "INVALID_CONTENT"],
    [{ words: "  " }, "INVALID_CONTENT"],
    [{ words: "x".repeat(201) }, "INVALID_CONTENT"],
    [{ words: "a b c d e f g h i j k" }, "INVALID_CONTENT"],
    [{ words: "a", of: "bob" }, "FORBIDDEN"],
    [{ words: "a", everywhere: true }, "FORBIDDEN"],
    [{ words: "a", after: "nonsense" }, "BAD_USER_INPUT"],
    [{ words: "a", first: 101 }, "BAD_USER_INPUT"],
  ])("%j is refused with %s", async (args, code) => {
    const app = await startApp();
    const alice = await app.person("alice");
    expect(await alice.refusal(SEARCH, args)).toBe(code);
  });
});

test("pages forward and backward are the whole, once each, newest first", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const sent: string[] = [];
  for (let number = 0; number < 25; number += 1) {
    if (number % 5 === 0) app.clock.advance(DAY / 4);
    sent.unshift(`hello ${number}`);
    await (number % 2 === 0 ? alice : bob).send(number % 2 === 0 ? "bob" : "alice", `hello ${number}`);
    await alice.send("bob", "noise");
  }
  const forward: (string | null)[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { edges, pageInfo } = await page(bob, { words: "hello", first: 4, after });
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    forward.push(...texts(edges.map(({ node }: Data) => node)));
    after = pageInfo.endCursor;
    more = pageInfo.hasNextPage;
  }
  expect(forward).toEqual(sent);
  const backward: (string | null)[] = [];
  for (let before: string | null = null, more = true; more; ) {
    const { edges, pageInfo } = await page(bob, { words: "hello", last: 7, before });
    expect(pageInfo.hasNextPage).toBe(before !== null);
    backward.unshift(...texts(edges.map(({ node }: Data) => node)));
    before = pageInfo.startCursor;
    more = pageInfo.hasPreviousPage;
  }
  expect(backward).toEqual(sent);
});

describe("nobody finds", () => {
  test("what others wrote to each other, or what a block keeps away", async () => {
    const app = await startApp();
    const [alice, bob, carol] = await app.people("alice", "bob", "carol");
    await alice.send("bob", "secret");
    await bob.block("carol");
    await carol.send("bob", "secret and hidden");
    expect(await found(carol, "secret")).toEqual(["secret and hidden"]);
    expect(await found(carol, { words: "secret", peer: "bob" })).toEqual(["secret and hidden"]);
    expect(await found(bob, "secret")).toEqual(["secret"]);
    expect(await found(alice, "secret")).toEqual(["secret"]);
  });

  test("what is recalled, deleted for oneself, cleared, or past its time; what was edited by its new words alone", async () => {
    const app = await startApp();
    const [alice, bob, carol] = await app.people("alice", "bob", "carol");
    const { id: recalled } = await alice.send("bob", "word recalled");
    const { id: deleted } = await alice.send("bob", "word deleted");
    const { id: edited } = await alice.send("bob", "word before");
    await carol.send("bob", "word cleared");
    expect(await found(bob, "word")).toHaveLength(4);
    await alice.recall(recalled);
    await bob.deleteMessages(deleted);
    await alice.edit(edited, "word after");
    await bob.arrange("clear", "carol");
    expect(await found(bob, "word")).toEqual(["word after"]);
    expect(await found(bob, "before")).toEqual([]);
    expect(await found(alice, "word")).toEqual(["word after", "word deleted"]);
    expect(await found(carol, "word")).toEqual(["word cleared"]);
    app.clock.advance(7 * DAY);
    expect(await found(alice, "word")).toEqual([]);
  });

  test("the words of an edit that only its sender sees", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const { id } = await alice.send("bob", "as it was");
    await bob.block("alice");
    await alice.edit(id, "changed in vain");
    expect(await found(bob, "vain")).toEqual([]);
    expect(await found(bob, "was")).toEqual(["as it was"]);
    expect(await found(alice, "vain")).toEqual(["changed in vain"]);
    expect(await found(alice, "was")).toEqual([]);
  });
});

test("an admin searches as a user and everywhere, and that is in the audit trail", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const admin = await app.admin();
  const { id } = await alice.send("bob", "the word");
  await bob.send("carol", "no").catch(() => {});
  expect(await found(admin, "word")).toEqual([]);
  expect(await found(admin, { words: "word", of: "bob" })).toEqual(["the word"]);
  expect(await found(admin, { words: "word", everywhere: true })).toEqual(["the word"]);
  expect(await found(admin, { words: "word", everywhere: true, peer: "alice" })).toEqual(["the word"]);
  const { auditTrail } = await admin.get("{ auditTrail(first: 3) { nodes { action user { id } subject } } }");
  expect(auditTrail.nodes).toEqual([
    { action: "searchMessages", user: null, subject: id },
    { action: "searchMessages", user: null, subject: id },
    { action: "searchMessages", user: { id: "bob" }, subject: id },
  ]);
});

/** Whether any file of the data holds these bytes. */
function isOnDisk(app: App, text: string): boolean {
  return readdirSync(app.dataFolder)
    .filter((name) => name.includes(".sqlite"))
    .some((name) => readFileSync(join(app.dataFolder, name)).includes(text));
}

test.each([
  ["recalled", async (alice: Person, id: string) => void (await alice.recall(id))],
  ["edited", async (alice: Person, id: string) => void (await alice.edit(id, "other"))],
  ["past its time", async (_: Person, __: string, app: App) => app.clock.advance(8 * DAY)],
])("what is %s leaves no trace in the index", async (_, forget) => {
  const app = await startApp();
  const alice = await app.person("alice");
  await app.person("bob");
  for (let number = 0; number < 100; number += 1) await alice.send("bob", `message ${number}`);
  const { id } = await alice.send("bob", "qzxwvjkq");
  expect(await found(alice, "qzxwvjkq")).toEqual(["qzxwvjkq"]);
  expect(isOnDisk(app, "zxw")).toBe(true);
  await forget(alice, id, app);
  await found(alice, "qzxwvjkq");
  await app.server.engine.sweep();
  // Neither the text nor a piece of it.
  expect(isOnDisk(app, "zxw")).toBe(false);
});

describe("the index is made of what is stored", () => {
  test("anew where it is missing, damaged or of another life of the data", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    for (let number = 0; number < 200; number += 1) await alice.send("bob", `hello ${number}`);
    expect((await page(bob, { words: "hello", first: 100 })).pageInfo.hasNextPage).toBe(true);
    const { writeFileSync, rmSync } = await import("node:fs");
    const path = join(app.dataFolder, "search.sqlite");
    for (const spoil of [
      () => rmSync(path),
      () => writeFileSync(path, "this is no database"),
      () => {
        const database = openBeside(app);
        database.exec("update store_info set generation = 'another'");
        database.close();
      },
    ]) {
      await app.stop();
      spoil();
      await app.start();
      expect(await found(bob, "199")).toEqual(["hello 199"]);
      expect(await found(bob, { words: "hello", last: 1 })).toEqual(["hello 0"]);
    }
  });

  test("and misses nothing that happened while it was not there", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    await alice.send("bob", "one");
    await app.stop();
    const database = openBeside(app);
    database.exec("delete from event_readers");
    database.close();
    await app.start();
    await alice.send("bob", "two");
    expect(await found(bob, { peer: "alice" })).toEqual(["two", "one"]);
  });

  test("or not at all, where the operator wants none", async () => {
    const app = await startApp({ search: false });
    const alice = await app.person("alice");
    expect(await alice.refusal(SEARCH, { words: "hello" })).toBe("UNAVAILABLE");
    expect(readdirSync(app.dataFolder)).not.toContain("search.sqlite");
  });
});
