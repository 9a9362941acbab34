import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { expect, test } from "vitest";
import { type App, type Person, SECRET, startApp } from "./support/app.ts";
import { HOUR } from "./support/clock.ts";
import { pictureOf, soundOf } from "./support/samples.ts";
import { hashOf, type Kind, ready, ticketFor } from "./support/uploads.ts";

const URLS = `content { ... on ImageContent { url thumbnail { url } } ... on SoundContent { url } ... on VideoContent { url }
  ... on FileContent { url name } }`;

/** The link that bob gets to what alice has sent him last. */
async function linkFor(bob: Person): Promise<string> {
  const { history } = await bob.get(`{ history(peer: "alice", last: 1) { nodes { ${URLS} } } }`);
  return history.nodes[0].content.url;
}

async function sent(app: App, kind: Kind, bytes: Buffer, name = "a file"): Promise<{ bob: Person; url: string }> {
  const [alice, bob] = await app.people("alice", "bob");
  const upload = await ready(app, alice, kind, bytes, name);
  await alice.send("bob", { [kind.toLowerCase()]: { upload } });
  return { bob, url: await linkFor(bob) };
}

function get(app: App, url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(url, app.url), { headers });
}

test("a link gives what was sent, says what it is, and lets nothing of it run", async () => {
  const app = await startApp();
  const picture = await pictureOf(400, 300);
  const { url } = await sent(app, "IMAGE", picture, '고양이 "1".jpg');
  const answer = await get(app, url);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": "image/jpeg",
    "content-length": String(picture.length),
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "accept-ranges": "bytes",
    "cache-control": expect.stringMatching(/^private, max-age=\d+, immutable$/),
  });
  const disposition = answer.headers.get("content-disposition") ?? "";
  expect(disposition).toMatch(/^inline; /);
  expect(disposition).toContain(`filename*=UTF-8''${encodeURIComponent('고양이 "1".jpg')}`);
  expect(hashOf(await answer.arrayBuffer())).toBe(hashOf(picture));
  const head = await fetch(new URL(url, app.url), { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(picture.length)]);
});

test.each([
  ["page.html", "<!doctype html><script>alert(1)</script>"],
  ["drawing.svg", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ["notes.txt", "hello"],
])("%s is saved, and never shown", async (name, text) => {
  const app = await startApp();
  const { url } = await sent(app, "FILE", Buffer.from(text), name);
  const { headers } = await get(app, url);
  expect(headers.get("content-type")).toBe("application/octet-stream");
  expect(headers.get("content-disposition")).toBe(`attachment; filename=${name}`);
});

test("parts of it can be had, and what is had already is not sent again", async () => {
  const app = await startApp();
  const sound = soundOf(2_000);
  const { url } = await sent(app, "SOUND", sound);
  const part = await get(app, url, { range: "bytes=100-199" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 100-199/${sound.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(sound.subarray(100, 200))).toBe(true);
  expect(Buffer.from(await (await get(app, url, { range: "bytes=-10" })).arrayBuffer())).toEqual(sound.subarray(-10));
  expect((await get(app, url, { range: "bytes=99999999-" })).status).toBe(416);
  // By hand: fetch asks for it anew.
  const etag = (await get(app, url)).headers.get("etag") ?? "";
  const [answer] = await once(request(new URL(url, app.url), { headers: { "if-none-match": etag } }).end(), "response");
  expect(answer.resume().statusCode).toBe(304);
});

test("a link is the same for hours, and good for hours after that", async () => {
  const app = await startApp();
  // At the beginning of a step.
  app.clock.advance(12 * HOUR - (app.clock.now() % (12 * HOUR)));
  const { bob, url } = await sent(app, "FILE", randomBytes(100));
  app.clock.advance(11 * HOUR);
  expect(await linkFor(bob)).toBe(url);
  app.clock.advance(2 * HOUR);
  const fresh = await linkFor(bob);
  expect(fresh).not.toBe(url);
  app.clock.advance(10 * HOUR);
  expect((await get(app, url)).status).toBe(200);
  app.clock.advance(HOUR);
  const late = await get(app, url);
  expect([late.status, late.headers.get("cache-control")]).toEqual([403, "no-store"]);
  expect(await late.text()).toContain("expired");
  expect((await get(app, fresh)).status).toBe(200);
});

test("a link with anything changed in it is none", async () => {
  const app = await startApp();
  const { url } = await sent(app, "IMAGE", await pictureOf(400, 300), "a.jpg");
  const characters = Array.from({ length: url.length }, (_, at) => at).filter(
    (at) => at > "/media/".length - 1 && !"?&=/".includes(url[at] ?? ""),
  );
  for (const at of characters) {
    const changed = `${url.slice(0, at)}${url[at] === "1" ? "2" : "1"}${url.slice(at + 1)}`;
    // The last character of a signature holds two bits that stand for nothing.
    if (at === url.length - 1) continue;
    const { status } = await get(app, changed);
    expect([400, 403], changed).toContain(status);
  }
  for (const other of ["/media/", "/media/..%2f..%2fparley.sqlite", `${url}&e=1`, url.replace("original", "other")]) {
    expect([200, 206]).not.toContain((await get(app, other)).status);
  }
});

test("a signature of somebody else's is not good", async () => {
  const app = await startApp();
  const { url } = await sent(app, "FILE", randomBytes(10));
  const [path, query] = url.split("?");
  expect(query).toMatch(/^e=\d+&s=[\w-]{43}$/);
  expect((await get(app, `${path}?${query?.replace(/s=.*/, `s=${"A".repeat(43)}`)}`)).status).toBe(403);
});

test("what a secret has signed is good until the secret is retired", async () => {
  const before = await startApp();
  const { bob, url } = await sent(before, "FILE", randomBytes(10));
  const { endpoint, ticket } = await ticketFor(bob, "FILE", 10);
  await before.stop();
  const { dataFolder } = before;
  const secret = "a newer secret, since the other one was seen";
  const beginAndStop = async (app: App) => {
    const headers = { Authorization: `Bearer ${ticket}`, "Tus-Resumable": "1.0.0", "Upload-Length": "10" };
    const begun = await fetch(new URL(endpoint, app.url), { method: "POST", headers });
    await app.stop();
    return begun.status;
  };
  const replaced = await startApp({ dataFolder, secret, tokenRules: { previousSecrets: [SECRET] } }, before.clock);
  expect((await get(replaced, url)).status).toBe(200);
  expect(await beginAndStop(replaced)).toBe(201);
  const retired = await startApp({ dataFolder, secret }, before.clock);
  expect((await get(retired, url)).status).toBe(403);
  expect(await beginAndStop(retired)).toBe(401);
});

test("links are for those who may see the message", async () => {
  const app = await startApp();
  const { bob, url } = await sent(app, "FILE", randomBytes(10));
  const [carol, anna] = [await app.person("carol"), await app.admin()];
  const { history } = await bob.get(`{ history(peer: "alice", last: 1) { nodes { id } } }`);
  const [{ id }] = history.nodes;
  const query = `{ node(id: "${id}") { ... on Message { ${URLS} } } }`;
  expect((await bob.get(query)).node.content.url).toBe(url);
  expect((await anna.get(query)).node.content.url).toBe(url);
  expect((await carol.get(query)).node).toBeNull();
});

test("pages of allowed origins may read it, and others may not", async () => {
  const app = await startApp({ allowedOrigins: ["https://chat.example.com"] });
  const { url } = await sent(app, "FILE", randomBytes(10));
  const allowed = await get(app, url, { origin: "https://chat.example.com" });
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://chat.example.com");
  expect((await get(app, url, { origin: "https://evil.example.com" })).headers.has("access-control-allow-origin")).toBe(
    false,
  );
});

test("with a public URL links and the place of uploads begin with it", async () => {
  const app = await startApp({ media: { publicUrl: "https://chat.example.com" } });
  const alice = await app.person("alice");
  const { createUpload } = await alice.get(
    'mutation { createUpload(input: { kind: FILE, name: "a", size: 1 }) { ... on CreateUploadSuccess { endpoint } } }',
  );
  expect(createUpload.endpoint).toBe("https://chat.example.com/uploads");
});

test("media is only read", async () => {
  const app = await startApp();
  const { url } = await sent(app, "FILE", randomBytes(10));
  const { status, headers } = await fetch(new URL(url, app.url), { method: "DELETE" });
  expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
