/** Exports: all of a person or of a conversation, as lines that can be gone on behind and are checked at their end. */
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { everythingStored, openBeside } from "./support/data.ts";
import { type Fetched, fetchRecords, sumOf } from "./support/records.ts";
import type { Data } from "./support/socket.ts";
import { CANARIES, createWorld } from "./support/world.ts";

async function linkOf(person: Person, field: string): Promise<string> {
  const { link } = await person.get(`{ link: ${field} { url expiresAt } }`);
  return link.url;
}

async function exported(app: App, person: Person, field: string): Promise<Fetched> {
  return fetchRecords(app.url, await linkOf(person, field));
}

function types(records: readonly Data[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of records) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

test("a user's own export has all that it sees of its own, and nothing else", async () => {
  const world = await createWorld();
  try {
    const { owner, peer, admin } = world.people;
    const own = await exported(world.app, owner, "exportUser");
    const text = own.lines.join("\n");
    const shown = Object.keys(CANARIES).filter((name) => text.includes(name));
    expect(shown).toEqual(Object.keys(CANARIES).filter((name) => CANARIES[name]?.includes("owner") === true));
    expect(own.records[0]).toMatchObject({ type: "header", version: 1, of: "own", user: "alice" });
    expect(own.records.at(-1)).toEqual({
      type: "end",
      lines: own.lines.length - 1,
      sum: sumOf(own.lines.slice(0, -1)),
    });
    const history = await owner.history("bob");
    const messages = own.records.filter(({ type, from, to }) => type === "message" && [from, to].includes("bob"));
    expect(messages.map(({ id }) => id)).toEqual(history.map(({ id }) => id));

    const bobs = (await exported(world.app, peer, "exportUser")).lines.join("\n");
    expect(bobs).not.toContain("canary-key");
    expect(bobs).not.toContain("canary-deleted");

    const whole = await exported(world.app, admin, 'exportUser(of: "alice")');
    const hidden = whole.records.find(({ id }) => id === world.ids.hidden);
    expect(hidden).toMatchObject({ from: "mallory", to: "alice", hidden: true, read: false });
    expect(whole.records.find(({ id }) => id === world.ids.deleted)).toMatchObject({ deletedBy: ["bob"] });
    expect(whole.records.find(({ id }) => id === world.ids.recalled)?.content).toBeUndefined();
    expect(whole.lines.join("\n")).toContain("canary-cleared");
    expect(whole.lines.join("\n")).not.toContain("canary-recalled");
    expect(own.records.find(({ type }) => type === "pushPreferences")).toMatchObject({
      user: "alice",
      preview: "FULL",
    });
    expect(own.records.find(({ type, id }) => type === "device" && id === "default")?.pushTokens).toMatchObject([
      { vendor: "FCM", language: "en" },
    ]);
    expect(types(whole.records)).toMatchObject({ user: 1, friend: 1, friendRequest: 1, block: 2, end: 1 });

    // What is referred to can be had.
    const [picture] = own.records.filter(({ kind, state }) => kind === "IMAGE" && state === "READY");
    const media = await fetch(new URL(picture?.url, world.app.url));
    expect(media.status).toBe(200);
    expect((await media.arrayBuffer()).byteLength).toBe(picture?.size);
  } finally {
    await world.app.stop();
    rmSync(world.app.dataFolder, { recursive: true, force: true });
  }
});

test("a conversation is exported with both sides, and for admins alone", async () => {
  const app = await startApp();
  const [anna, [alice, bob]] = [await app.admin(), await app.people("alice", "bob")];
  const one = await alice.send("bob", "one", { customData: "d", clientMessageId: "k" });
  await bob.send("alice", "two", { replyTo: one.id });
  await alice.send("alice", "a note");
  const { records } = await exported(app, anna, 'exportConversation(user: "bob", peer: "alice")');
  expect(types(records)).toEqual({ header: 1, user: 2, conversation: 2, message: 2, end: 1 });
  expect(records[0]).toMatchObject({ of: "conversation", users: ["bob", "alice"], messages: 2 });
  const [first, second] = records.filter(({ type }) => type === "message");
  expect(first).toEqual({
    type: "message",
    id: one.id,
    seq: 1,
    from: "alice",
    to: "bob",
    sentAt: one.sentAt,
    content: { text: { text: "one" } },
    customData: "d",
    clientMessageId: "k",
    read: false,
    cursor: expect.any(String),
  });
  expect(second).toMatchObject({ from: "bob", replyTo: one.id });
  const note = await exported(app, anna, 'exportConversation(user: "alice", peer: "alice")');
  expect(types(note.records)).toEqual({ header: 1, user: 1, conversation: 1, message: 1, end: 1 });

  expect(await alice.refusal('{ exportConversation(user: "alice", peer: "bob") { url } }')).toBe("FORBIDDEN");
  expect(await alice.refusal('{ exportUser(of: "bob") { url } }')).toBe("FORBIDDEN");
  expect(await anna.get('{ exportConversation(user: "alice", peer: "carol") { url } }')).toEqual({
    exportConversation: null,
  });
  expect(await anna.get('{ exportUser(of: "nobody") { url } }')).toEqual({ exportUser: null });
  const { audit } = everythingStored(app) as { audit: { action: string }[] };
  expect(audit.map(({ action }) => action)).toEqual(["exportConversation", "exportConversation"]);
});

test("behind each line it goes on as if it had not been cut off, after a restart too", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await app.people("carol", "dave", "erin", "frank");
  for (const peer of ["bob", "carol", "dave"]) {
    for (let n = 0; n < 3; n += 1) await alice.send(peer, `${peer} ${n}`);
    await alice.block(peer);
  }
  await bob.send("alice", "hidden");
  const anna = await app.admin();
  for (const friend of ["erin", "frank"]) await anna.change("setFriends", { user: "alice", friend }, "status");
  await alice.login("phone", "IOS");
  const links = [
    await linkOf(alice, "exportUser"),
    await linkOf(anna, 'exportUser(of: "alice")'),
    await linkOf(anna, 'exportConversation(user: "alice", peer: "bob")'),
  ];
  const before = await Promise.all(links.map((link) => fetchRecords(app.url, link)));
  await app.restart();
  for (const [index, { lines, records }] of before.entries()) {
    // The header tells the time; all else is the same.
    for (let kept = 1; kept < lines.length; kept += 1) {
      const place = new URLSearchParams({
        after: records[kept - 1]?.cursor,
        lines: String(kept),
        sum: sumOf(lines.slice(0, kept)),
      });
      const rest = await fetchRecords(app.url, links[index] ?? "", `&${place}`);
      expect(rest.lines, `behind ${lines[kept - 1]}`).toEqual(lines.slice(kept));
    }
  }
});

test("a link is good for an hour, for what it was given for, and for reading alone", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const link = await linkOf(alice, "exportUser");
  const statusOf = async (path: string, method = "GET") => {
    const response = await fetch(new URL(path, app.url), { method });
    await response.text();
    return response.status;
  };
  expect(await statusOf(link)).toBe(200);
  expect(await statusOf(link, "HEAD")).toBe(200);
  expect(await statusOf(link, "POST")).toBe(405);
  expect(await statusOf(link.replace("/own/", "/user/"))).toBe(403);
  expect(await statusOf(link.replace("alice", "bob"))).toBe(403);
  expect(await statusOf(link.replace(/e=\d+/, "e=9999999999"))).toBe(403);
  expect(await statusOf("/records/own/alice")).toBe(403);
  expect(await statusOf("/records/%E0%A4%A")).toBe(403);
  for (const after of ["nonsense", "7.0.x", "toString.0.x", "user.-1.x", ""]) {
    expect(await statusOf(`${link}&after=${after}`), after).toBe(400);
  }
  expect(await statusOf(`${link}&after=user.0.alice&lines=-1`)).toBe(400);
  expect(await statusOf(`${link}&after=user.0.alice&sum=xyz`)).toBe(400);
  app.clock.advance(3_600_000 + 1_000);
  expect(await statusOf(link)).toBe(403);
});

/** Gives two people so much to say that no socket holds it: whoever is sent it waits for its reader. */
async function fill(app: App, alice: Person, peer: string): Promise<void> {
  const { id } = await alice.send(peer, "the first");
  const [, conversation] = id.split(":");
  const database = openBeside(app);
  database
    .prepare(
      `insert into messages (conversation_id, seq, sender_id, recipient_id, content, sent_at, hidden)
        with recursive numbers (n) as (select 2 union all select n + 1 from numbers where n < 150)
        select ?, n, ?, ?, json_object('type', 'TEXT', 'text', hex(randomblob(120000))), ?, 0 from numbers`,
    )
    .run(conversation, alice.id, peer, app.clock.now());
  database.prepare("update conversations set last_seq = 150 where id = ?").run(conversation);
  database.close();
}

test("so many are sent at once and no more; who leaves makes room", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await fill(app, alice, "bob");
  const link = new URL(await linkOf(anna, 'exportUser(of: "alice")'), app.url);
  const own = new URL(await linkOf(alice, "exportUser"), app.url);
  const opened: Response[] = [];
  const openOne = async (url: URL) => {
    const response = await fetch(url);
    // What nobody holds is ended.
    opened.push(response);
    return response.status;
  };
  expect(await openOne(own)).toBe(200);
  expect(await openOne(own)).toBe(200);
  // Two each for users; and admins are not kept waiting by it.
  expect(await openOne(own)).toBe(503);
  for (let n = 0; n < 6; n += 1) expect(await openOne(link)).toBe(200);
  const refused = await fetch(link);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
  for (const { body } of opened) await body?.cancel();
  let status = 503;
  while (status === 503) ({ status } = await fetch(own, { method: "HEAD" }));
  expect(status).toBe(200);
});

test("users have half of the places at most", async () => {
  const app = await startApp();
  const people = await app.people("alice", "bob", "carol", "dave", "erin");
  await app.people("zoe");
  const opened: Response[] = [];
  for (const person of people) {
    await fill(app, person, "zoe");
    opened.push(await fetch(new URL(await linkOf(person, "exportUser"), app.url)));
  }
  expect(opened.map(({ status }) => status)).toEqual([200, 200, 200, 200, 503]);
  for (const { body } of opened) await body?.cancel();
});

test("of who was erased there is no export, not even with a link from before", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const anna = await app.admin();
  await alice.send("bob", "canary");
  await bob.send("alice", "answer");
  const link = await linkOf(alice, "exportUser");
  await anna.change("eraseUser", { user: "alice" }, "erasure { finishedAt }");
  expect((await fetch(new URL(link, app.url))).status).toBe(404);
  expect(await anna.get('{ exportUser(of: "alice") { url } }')).toEqual({ exportUser: null });
  const finished = async () => {
    app.clock.advance(1_000);
    return (await anna.get("{ erasures { finishedAt } }")).erasures[0].finishedAt;
  };
  await expect.poll(finished, { interval: 5, timeout: 15_000 }).not.toBeNull();
  const { records } = await exported(app, anna, 'exportConversation(user: "alice", peer: "bob")');
  const messages = records.filter(({ type }) => type === "message");
  expect(messages).toMatchObject([{ from: "alice", erasedAt: expect.any(String) }, { from: "bob" }]);
  expect(messages[0]?.content).toBeUndefined();
});
