/** What goes out is read when it goes out, however long it has waited for a slow reader. */
import { expect, test } from "vitest";
import { NEW_MESSAGE, type Person, startApp, texts } from "./support/app.ts";
import type { Socket } from "./support/socket.ts";

/** Fills the way to a socket that does not read, so that what is subscribed now leaves later. */
async function stuffed(owner: Person, socket: Socket): Promise<void> {
  const fields = Array.from({ length: 90 }, (_, index) => `text${index}: text`).join(" ");
  const query = `{ history(peer: "carol") { nodes { content { ... on TextContent { ${fields} } } } } }`;
  for (let asked = 0; asked < 4; asked += 1) void socket.ask(query).catch(() => {});
  await owner.get(query);
}

async function bobWhoDoesNotRead() {
  const app = await startApp();
  const [alice, bob, carol] = await app.people("alice", "bob", "carol");
  for (const _ of [1, 2, 3]) await carol.send("bob", "x".repeat(10_000));
  const { socket: first, refreshed } = await bob.sync();
  await bob.acknowledge(refreshed.cursor);
  await first.cut();
  const socket = await bob.connect();
  return { app, alice, bob, socket };
}

test("a message that is recalled or edited while it waits in a backlog goes out as it is then", async () => {
  const { alice, bob, socket } = await bobWhoDoesNotRead();
  const sent = [];
  for (const text of ["one", "two", "three"]) sent.push(await alice.send("bob", text));
  socket.pause();
  await stuffed(bob, socket);
  const messages = socket.subscribe(NEW_MESSAGE);
  // Its frames come behind those of the subscription, so that one has been opened.
  await bob.get("{ viewer { id } }");
  await alice.recall(sent[1]?.id);
  await alice.edit(sent[2]?.id, "three, better");
  socket.resume();
  expect(texts(await messages.take(3))).toEqual(["one", null, "three, better"]);
});

test("a message that is recalled while it waits for a slow live reader goes out without its content", async () => {
  const { alice, bob, socket } = await bobWhoDoesNotRead();
  const messages = socket.subscribe(NEW_MESSAGE);
  await alice.send("bob", "live");
  expect(texts([await messages.next(), await messages.next()]).at(-1)).toBe("live");
  socket.pause();
  await stuffed(bob, socket);
  const sent = [];
  for (const text of ["one", "two", "three"]) sent.push(await alice.send("bob", text));
  await alice.recall(sent[2]?.id);
  socket.resume();
  expect(texts(await messages.take(3))).toEqual(["one", "two", null]);
});
