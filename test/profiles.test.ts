import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import type { Data } from "./support/socket.ts";

let app: App;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob] = await app.people("alice", "bob");
});

const PROFILE = "user { id nickname avatarUrl friendPolicy }";

async function update(person: Person, input: object): Promise<Data> {
  return (await person.change("updateProfile", input, PROFILE)).user;
}

test("a user appears with its first token, with an empty profile", async () => {
  expect(await alice.sees("carol")).toBeNull();
  const carol = await app.person("carol");
  expect(await carol.get("{ viewer { id nickname avatarUrl friendPolicy mutedUntil } }")).toEqual({
    viewer: { id: "carol", nickname: null, avatarUrl: null, friendPolicy: "ASK", mutedUntil: null },
  });
  expect(await alice.sees("carol")).toMatchObject({ id: "carol", nickname: null });
});

test("what is left out stays, null clears", async () => {
  const avatarUrl = "https://example.org/a.png";
  const full = { id: "alice", nickname: "Alice 👋", avatarUrl, friendPolicy: "ANYONE" };
  expect(await update(alice, { nickname: "Alice 👋", avatarUrl, friendPolicy: "ANYONE" })).toEqual(full);
  expect(await update(alice, {})).toEqual(full);
  expect(await update(alice, { nickname: null })).toEqual({ ...full, nickname: null });
  expect(await update(alice, { avatarUrl: null, friendPolicy: null })).toEqual({
    id: "alice",
    nickname: null,
    avatarUrl: null,
    friendPolicy: "ASK",
  });
});

test("a profile survives a restart", async () => {
  await update(alice, { nickname: "Alice", friendPolicy: "NOBODY" });
  await app.restart();
  expect(await alice.get(`{ viewer { nickname friendPolicy } }`)).toEqual({
    viewer: { nickname: "Alice", friendPolicy: "NOBODY" },
  });
});

test("everybody may see nickname and avatar; the policy is the user's own and the admins'", async () => {
  const avatarUrl = "https://example.org/a.png";
  await update(alice, { nickname: "Alice", avatarUrl, friendPolicy: "NOBODY" });
  const query = '{ user(id: "alice") { id nickname avatarUrl friendPolicy } }';
  const seen = { id: "alice", nickname: "Alice", avatarUrl };
  expect(await bob.get(query)).toEqual({ user: { ...seen, friendPolicy: null } });
  expect(await alice.get(query)).toEqual({ user: { ...seen, friendPolicy: "NOBODY" } });
  expect(await (await app.admin()).get(query)).toEqual({ user: { ...seen, friendPolicy: "NOBODY" } });
});

test("nickname and avatar have at most 500 bytes in UTF-8", async () => {
  const url = (bytes: number) => `https://example.org/${"x".repeat(bytes - 20)}`;
  await update(alice, { nickname: "é".repeat(250), avatarUrl: url(500) });
  expect(await alice.refusedChange("updateProfile", { nickname: `${"é".repeat(250)}x` })).toBe("INVALID_CONTENT");
  expect(await alice.refusedChange("updateProfile", { avatarUrl: url(501) })).toBe("INVALID_CONTENT");
  expect(await alice.sees("alice")).toMatchObject({ nickname: "é".repeat(250) });
});

test.each([
  "javascript:alert(1)",
  "file:///etc/passwd",
  "ftp://example.org/a",
  "data:image/png;base64,AA",
  "a.png",
  "",
])("an avatar may not lie at %j", async (avatarUrl) => {
  expect(await alice.refusedChange("updateProfile", { nickname: "Alice", avatarUrl })).toBe("INVALID_CONTENT");
  expect(await alice.sees("alice")).toMatchObject({ nickname: null });
});

test.each(["a\u0000b", "a\ud83d", "\udc4bb"])(
  "a nickname is whole characters without NUL, not %j",
  async (nickname) => {
    const mutation = "mutation U($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id } } }";
    const { errors } = await alice.ask(mutation, { input: { nickname } });
    expect(errors).toMatchObject([{ extensions: { code: "INVALID_CONTENT", field: "nickname" } }]);
  },
);

test("a policy that is none is bad input", async () => {
  expect(await alice.refusedChange("updateProfile", { friendPolicy: "SOMETIMES" })).toBe("BAD_USER_INPUT");
});

test("a message keeps the sender's profile of its time; the sender is as of today", async () => {
  const avatarUrl = "https://example.org/old.png";
  await update(alice, { nickname: "Alice", avatarUrl });
  await alice.send("bob", "one");
  await update(alice, { nickname: "Alicia", avatarUrl: null });
  await alice.send("bob", "two");
  const profile = "{ nickname avatarUrl }";
  const query = `{ history(peer: "alice") { nodes { senderProfile ${profile} sender ${profile} } } }`;
  const sender = { nickname: "Alicia", avatarUrl: null };
  expect((await bob.get(query)).history.nodes).toEqual([
    { senderProfile: { nickname: "Alice", avatarUrl }, sender },
    { senderProfile: sender, sender },
  ]);
});

test("editing and recalling leave the profile of the time of sending", async () => {
  await update(alice, { nickname: "Alice" });
  const edited = await alice.send("bob", "one");
  const recalled = await alice.send("bob", "two");
  await update(alice, { nickname: "Alicia" });
  await alice.edit(edited.id, "changed");
  await alice.recall(recalled.id);
  expect(await bob.get('{ history(peer: "alice") { nodes { senderProfile { nickname } } } }')).toEqual({
    history: { nodes: [{ senderProfile: { nickname: "Alice" } }, { senderProfile: { nickname: "Alice" } }] },
  });
});

test("what an admin sends as alice carries alice's profile", async () => {
  await update(alice, { nickname: "Alice" });
  const anna = await app.admin();
  await update(anna, { nickname: "The office" });
  await anna.send("bob", "hello", { sendAs: "alice" });
  expect(await bob.get('{ history(peer: "alice") { nodes { senderProfile { nickname } } } }')).toEqual({
    history: { nodes: [{ senderProfile: { nickname: "Alice" } }] },
  });
});

test("two mutations in one document each answer with what they have made", async () => {
  const mutation = `mutation {
    a: updateProfile(input: { nickname: "one" }) { user { nickname } }
    b: updateProfile(input: { nickname: "two" }) { user { nickname } }
  }`;
  expect(await alice.get(mutation)).toEqual({ a: { user: { nickname: "one" } }, b: { user: { nickname: "two" } } });
});

test.each(["nobody", "", "no user", "m:1:1", "\ud800"])("there is no user %j", async (id) => {
  expect(await alice.sees(id)).toBeNull();
});
