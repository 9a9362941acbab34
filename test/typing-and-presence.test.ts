import { beforeEach, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import { SECOND } from "./support/clock.ts";
import { openSse } from "./support/sse.ts";

let app: App;
let alice: Person;
let bob: Person;
let carol: Person;

beforeEach(async () => {
  app = await startApp();
  [alice, bob, carol] = await app.people("alice", "bob", "carol");
});

// ── typing ──────────────────────────────────────────────────────────────────────────────────────

test("bob sees alice type, and stop", async () => {
  const typing = await bob.typing();
  expect(await alice.change("setTyping", { peer: "bob" }, "typing")).toEqual({ typing: true });
  expect(await typing.next()).toEqual({ typing: true, user: { id: "alice" } });
  expect(await alice.change("setTyping", { peer: "bob", typing: false }, "typing")).toEqual({ typing: false });
  expect(await typing.next()).toEqual({ typing: false, user: { id: "alice" } });
});

test("each of bob's connected devices sees it", async () => {
  const streams = [await bob.typing(), await (await bob.login("phone", "IOS")).typing()];
  await alice.setTyping("bob");
  for (const stream of streams) expect(await stream.next()).toEqual({ typing: true, user: { id: "alice" } });
});

test("nobody else sees it, nor does alice", async () => {
  const [atAlice, atCarol] = [await alice.typing(), await carol.typing()];
  await alice.setTyping("bob");
  await bob.setTyping("alice");
  await bob.setTyping("carol");
  expect(await atAlice.next()).toEqual({ typing: true, user: { id: "bob" } });
  expect(await atCarol.next()).toEqual({ typing: true, user: { id: "bob" } });
});

test("typing is kept nowhere: who connects later sees what comes then", async () => {
  await alice.setTyping("bob");
  const typing = await bob.typing();
  await carol.setTyping("bob");
  expect(await typing.next()).toEqual({ typing: true, user: { id: "carol" } });
  expect(await bob.conversations()).toEqual([]);
  expect((await bob.sync()).refreshed).toMatchObject({ offlineCount: 0, recentCount: 0 });
});

test("typing in a note to oneself looks done and tells nobody", async () => {
  const typing = await alice.typing();
  await alice.setTyping("alice");
  await bob.setTyping("alice");
  expect(await typing.next()).toEqual({ typing: true, user: { id: "bob" } });
});

test("typing comes over SSE too", async () => {
  const stream = await openSse(bob, "subscription { typing { typing user { id } } }");
  await alice.setTyping("bob");
  expect(await stream.next()).toEqual({
    event: "next",
    data: { data: { typing: { typing: true, user: { id: "alice" } } } },
  });
});

test.each(["nobody", "system", "no user", "\ud800"])("nobody types to %j", async (peer) => {
  expect(await alice.refusedChange("setTyping", { peer })).toBe("RECIPIENT_NOT_FOUND");
});

test("too much typing is refused, and takes nothing from sending", async () => {
  const slow = await startApp({ sendRate: 2 });
  const [dave] = await slow.people("dave", "erin");
  for (let n = 1; n <= 6; n += 1) await dave.setTyping("erin");
  expect(await dave.refusedChange("setTyping", { peer: "erin" })).toBe("RATE_LIMITED");
  for (let n = 1; n <= 6; n += 1) await dave.send("erin", `${n}`);
  slow.clock.advance(SECOND);
  await dave.setTyping("erin");
});

// ── presence ────────────────────────────────────────────────────────────────────────────────────

/** Asks until the viewer sees somebody offline: the server hears of a closed connection when the network tells it. */
async function untilOffline(viewer: Person, id: string): Promise<void> {
  while ((await viewer.sees(id)).online !== false);
}

test("who only asks over HTTP is not online", async () => {
  await bob.conversations();
  expect(await alice.sees("bob")).toMatchObject({ online: false });
});

test("bob is online while he has a socket open", async () => {
  const socket = await bob.connect();
  expect(await alice.sees("bob")).toMatchObject({ online: true });
  expect(await bob.sees("bob")).toMatchObject({ online: true });
  await socket.close();
  await untilOffline(alice, "bob");
});

test("bob goes offline when his network drops", async () => {
  const { socket } = await bob.sync();
  expect(await alice.sees("bob")).toMatchObject({ online: true });
  await socket.cut();
  await untilOffline(alice, "bob");
});

test("bob is online while an SSE stream is open", async () => {
  const stream = await openSse(bob, "subscription { newMessage { cursor } }");
  expect(await alice.sees("bob")).toMatchObject({ online: true });
  stream.abort();
  await untilOffline(alice, "bob");
});

test("bob is online until the last of his devices has gone", async () => {
  const first = await (await bob.login("phone", "IOS")).connect();
  const second = await (await bob.login("laptop")).connect();
  const stream = await openSse(bob, "subscription { newMessage { cursor } }");
  await alice.connect();
  await first.close();
  await second.cut();
  expect(await carol.sees("bob")).toMatchObject({ online: true });
  stream.abort();
  await untilOffline(carol, "bob");
  expect(await carol.sees("alice")).toMatchObject({ online: true });
});

test("bob is offline once he has logged out", async () => {
  const phone = await bob.login("phone", "IOS");
  const socket = await phone.connect();
  await phone.get("mutation { logout { deviceId } }");
  await socket.closed;
  await untilOffline(alice, "bob");
});

test("bob is offline once his token has expired", async () => {
  const brief = await app.person("bob", { expiresIn: 60 * SECOND });
  const socket = await brief.connect();
  expect(await alice.sees("bob")).toMatchObject({ online: true });
  app.clock.advance(60 * SECOND);
  expect(await alice.sees("bob")).toMatchObject({ online: false });
  await socket.closed;
});

test("the system is never online", async () => {
  expect(await alice.sees("system")).toMatchObject({ online: false });
});
