/** The event feed: each change is in it once, in order, with the commit that made it; a refused one is not. */
import { expect, test } from "vitest";
import { type App, startApp } from "./support/app.ts";
import { DAY } from "./support/clock.ts";
import { everythingStored, openBeside } from "./support/data.ts";

function kinds(app: App): unknown[] {
  return (everythingStored(app).events as { kind: string }[]).map(({ kind }) => kind);
}

test("what happens is noted in its order, what is refused or changes nothing is not", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  await alice.friend("add", "bob");
  await bob.friend("accept", "alice");
  const { id } = await alice.send("bob", "hello", { clientMessageId: "one" });
  await alice.send("bob", "hello", { clientMessageId: "one" });
  await alice.edit(id, "hello!");
  await bob.markRead("alice");
  await bob.markRead("alice");
  await alice.recall(id);
  await alice.recall(id);
  await bob.block("alice");
  await bob.block("alice");
  await bob.unblock("alice");
  await alice.trySend("nobody", "hello");
  const notices = kinds(app).filter((kind) => kind !== "sent");
  expect(notices).toEqual([
    "friendRequested",
    "friendAdded",
    "edited",
    "read",
    "recalled",
    "blocked",
    "friendRemoved",
    "unblocked",
  ]);
  // The message, and the notices of the request and of its acceptance.
  const sent = (everythingStored(app).events as { kind: string; user_id: string }[]).filter((e) => e.kind === "sent");
  expect(sent.map(({ user_id: user }) => user)).toEqual(["system", "system", "alice"]);
});

test("it is kept until its readers have passed it, but no longer than what it is about, and no id comes twice", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const database = openBeside(app);
  database.exec("delete from event_readers; insert into event_readers values ('slow', 0)");
  for (const text of ["one", "two", "three"]) await alice.send("bob", text);
  await app.server.engine.sweep();
  expect(kinds(app)).toHaveLength(3);
  database.exec("update event_readers set position = 2");
  await app.server.engine.sweep();
  expect(kinds(app)).toHaveLength(1);
  await alice.send("bob", "four");
  app.clock.advance(8 * DAY);
  await app.server.engine.sweep();
  expect(everythingStored(app).events).toMatchObject([{ id: 4 }]);
  await alice.send("bob", "five");
  expect(everythingStored(app).events).toMatchObject([{ id: 4 }, { id: 5 }]);
  database.close();
});
