import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { DAY, SECOND } from "./support/clock.ts";
import type { Data } from "./support/socket.ts";

const FIELDS = `friendsOnly showBlocked recallWindowSeconds offlineRetentionDays roamingRetentionDays
  recentContactsLimit offlineMessagesPerContact auditRetentionDays friendNotices`;
const DEFAULTS = {
  friendsOnly: false,
  showBlocked: false,
  recallWindowSeconds: 120,
  offlineRetentionDays: 7,
  roamingRetentionDays: 7,
  recentContactsLimit: 100,
  offlineMessagesPerContact: 100,
  auditRetentionDays: 365,
  friendNotices: true,
};

let app: App;
let anna: Person;

beforeEach(async () => {
  app = await startApp();
  anna = await app.admin();
});

async function settings(): Promise<Data> {
  return (await anna.get(`{ settings { ${FIELDS} } }`)).settings;
}

async function update(input: object): Promise<Data> {
  return (await anna.change("updateSettings", input, `settings { ${FIELDS} }`)).settings;
}

test("a new server has the defaults", async () => {
  expect(await settings()).toEqual(DEFAULTS);
});

test("a change answers with all settings; what is left out stays", async () => {
  expect(await update({ friendsOnly: true })).toEqual({ ...DEFAULTS, friendsOnly: true });
  expect(await update({ recallWindowSeconds: 5 })).toEqual({ ...DEFAULTS, friendsOnly: true, recallWindowSeconds: 5 });
  expect(await update({})).toEqual({ ...DEFAULTS, friendsOnly: true, recallWindowSeconds: 5 });
  expect(await settings()).toEqual({ ...DEFAULTS, friendsOnly: true, recallWindowSeconds: 5 });
});

const RANGES: [name: string, lowest: number, highest: number][] = [
  ["recallWindowSeconds", 0, 31_536_000],
  ["offlineRetentionDays", 1, 3_650],
  ["roamingRetentionDays", 1, 3_650],
  ["recentContactsLimit", 1, 10_000],
  ["offlineMessagesPerContact", 1, 1_000_000],
  ["auditRetentionDays", 30, 3_650],
];

test.each(RANGES)("%s is from %i to %i", async (name, lowest, highest) => {
  expect(await update({ [name]: lowest })).toEqual({ ...DEFAULTS, [name]: lowest });
  expect(await update({ [name]: highest })).toEqual({ ...DEFAULTS, [name]: highest });
  for (const value of [lowest - 1, highest + 1, -2_147_483_648, 2_147_483_647]) {
    expect(await anna.refusedChange("updateSettings", { [name]: value }), String(value)).toBe("BAD_USER_INPUT");
  }
  expect(await settings()).toEqual({ ...DEFAULTS, [name]: highest });
});

test.each(Object.keys(DEFAULTS))("%s cannot be null, and nothing else of the change is done then", async (name) => {
  const other = name === "friendsOnly" ? { showBlocked: true } : { friendsOnly: true };
  expect(await anna.refusedChange("updateSettings", { ...other, [name]: null })).toBe("BAD_USER_INPUT");
  expect(await settings()).toEqual(DEFAULTS);
});

test.each([{ friendsOnly: "yes" }, { recallWindowSeconds: 1.5 }, { recallWindowSeconds: "10" }, { sendRate: 5 }])(
  "%j is bad input",
  async (input) => {
    expect(await anna.refusedChange("updateSettings", input)).toBe("BAD_USER_INPUT");
  },
);

test("settings survive a restart", async () => {
  const changed = {
    friendsOnly: true,
    showBlocked: true,
    recallWindowSeconds: 1,
    offlineRetentionDays: 2,
    roamingRetentionDays: 3,
    recentContactsLimit: 4,
    offlineMessagesPerContact: 5,
    auditRetentionDays: 40,
    friendNotices: false,
  };
  await update(changed);
  await app.restart();
  expect(await settings()).toEqual(changed);
});

test("changes of different settings at once are all kept", async () => {
  const changes = { friendsOnly: true, showBlocked: true, recallWindowSeconds: 1, recentContactsLimit: 2 };
  const socket = await anna.connect();
  await Promise.all(
    Object.entries(changes).map(([name, value]) =>
      socket.ask(`mutation { updateSettings(input: { ${name}: ${value} }) { settings { friendsOnly } } }`),
    ),
  );
  expect(await settings()).toEqual({ ...DEFAULTS, ...changes });
  await app.restart();
  expect(await settings()).toEqual({ ...DEFAULTS, ...changes });
});

// ── they hold from the next answer on, without a restart ────────────────────────────────────────

test("recallWindowSeconds holds at once, also for messages that were sent before", async () => {
  const [alice] = await app.people("alice", "bob");
  const { id } = await alice.send("bob", "oops");
  app.clock.advance(10 * SECOND);
  await update({ recallWindowSeconds: 9 });
  expect(await alice.recall(id)).toMatchObject({ code: "RECALL_WINDOW_PASSED" });
  await update({ recallWindowSeconds: 10 });
  expect(await alice.recall(id)).toMatchObject({ message: { content: null } });
});

test("recallWindowSeconds 0 leaves no time at all", async () => {
  const [alice] = await app.people("alice", "bob");
  await update({ recallWindowSeconds: 0 });
  const { id } = await alice.send("bob", "oops");
  app.clock.advance(1);
  expect(await alice.recall(id)).toMatchObject({ code: "RECALL_WINDOW_PASSED" });
});

test("roamingRetentionDays holds at once, in both directions while the message is on disk", async () => {
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "hello");
  app.clock.advance(2 * DAY);
  await update({ roamingRetentionDays: 1 });
  expect(await bob.history("alice")).toEqual([]);
  expect(await bob.conversation("alice")).toMatchObject({ lastMessage: null, unreadCount: 0 });
  await update({ roamingRetentionDays: 3 });
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});

test("offlineRetentionDays holds at once for the backlog, and history is another matter", async () => {
  const [alice, bob] = await app.people("alice", "bob");
  await alice.send("bob", "hello");
  app.clock.advance(2 * DAY);
  await update({ offlineRetentionDays: 1 });
  const phone = await (await bob.login("phone", "IOS")).sync();
  expect(phone.refreshed).toMatchObject({ offlineCount: 0, recentCount: 1, truncated: true });
  expect(texts(await bob.history("alice"))).toEqual(["hello"]);
});

test("offlineMessagesPerContact holds at once: the newest so many are handed over", async () => {
  const [alice, bob] = await app.people("alice", "bob");
  for (const text of ["one", "two", "three"]) await alice.send("bob", text);
  await update({ offlineMessagesPerContact: 2 });
  const phone = await (await bob.login("phone", "IOS")).sync();
  expect(texts(phone.handed)).toEqual(["two", "three"]);
  expect(phone.refreshed).toMatchObject({ offlineCount: 2, truncated: true, truncatedPeers: ["alice"] });
});
